"""What a department promises: its columns, their types, the headings and values it may use, one TOML a source.

A new department is one TOML in `departments/` and no Python. `_identity.toml` holds the columns of every table about
people, `_record.toml` the name of a record; `[headings]` adds to the headings of these in one source alone.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import polars as pl

from matcher.errors import MatcherError, UsageError
from matcher.frames import MONEY

Kind = Literal["text", "name", "id_number", "date", "month", "money", "integer", "decimal", "enum", "programme"]
Fate = Literal["null", "reject", "refuse"]
Sensitivity = Literal["NONE", "PERSONAL", "SENSITIVE"]
Unit = Literal[
    "yuan", "yuan/month", "yuan/year", "percent", "m2", "people", "vehicles", "homes", "businesses", "year"
]  # fmt: skip

TYPES: Mapping[Kind, pl.DataType] = {
    "text": pl.String(),
    "name": pl.String(),
    "id_number": pl.String(),
    "date": pl.Date(),
    "month": pl.Date(),
    "money": MONEY,
    "integer": pl.Int64(),
    "decimal": pl.Float64(),
    "enum": pl.String(),
    "programme": pl.String(),
}
"""How each kind stands in a typed frame; a month is the date of its first day."""

MEASURED: frozenset[Kind] = frozenset({"money", "integer", "decimal"})
"""Kinds of columns that count something, and so have a unit."""

_UNIT = re.compile(
    r"\((?:单位[:：]?)?(?:人民币[:：]?)?(?:元|万元|万|人民币|元/月|元/年|元/学年|元/学期|㎡|m2|平方米|平米|%)\)$"
)
_COLUMN_KEYS = {
    "type", "unit", "title_en", "must_exist", "never_null", "sensitivity", "on_error", "note_zh", "note_en", "headers",
    "unknown", "values",
}  # fmt: skip
_CONTRACT_KEYS = {
    "id", "aliases", "title_zh", "title_en", "agency_zh", "identity", "record", "parties", "max_age_days", "headings",
    "columns",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind, whether it must be there and filled, what becomes of a broken value, how it may be headed.

    `on_error`: "null", the value is null and counted; "reject", the row is set aside; "refuse", the feed is refused.
    `values` maps a department's word (folded) to the contract's, for enumerations; `unknown` are words (folded) that
    say that nothing is known, and break nothing. `unit` is what a number counts, as the contract keeps it.
    """

    name: str
    kind: Kind
    must_exist: bool = False
    never_null: bool = False
    sensitivity: Sensitivity = "NONE"
    on_error: Fate = "null"
    headers: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    unit: Unit | None = None
    title_en: str = ""
    note_zh: str = ""
    note_en: str = ""

    @property
    def personal(self) -> bool:
        """Whether its values are shown masked wherever they are shown."""
        return self.sensitivity != "NONE"

    @property
    def title_zh(self) -> str:
        """What it is called in Chinese: its first heading."""
        return self.headers[0] if self.headers else self.name


@dataclass(frozen=True, slots=True)
class Contract:
    """All that is known of one source before its first file is opened."""

    id: str
    title_zh: str
    title_en: str
    agency_zh: str
    aliases: tuple[str, ...]
    columns: tuple[Column, ...]
    parties: tuple[str, ...]
    max_age_days: int | None

    def schema(self) -> pl.Schema:
        """The typed columns of an accepted row."""
        return pl.Schema({column.name: TYPES[column.kind] for column in self.columns})

    @property
    def about_people(self) -> bool:
        """Whether its rows name somebody, so that they can be linked."""
        return bool(self.parties) or any(column.name == "name" for column in self.columns)

    def names(self) -> frozenset[str]:
        """The folded words by which an authorisation or an answer list may call the source."""
        return frozenset(fold(word) for word in (self.id, self.title_zh, self.title_en, *self.aliases))

    def headings(self) -> dict[str, str]:
        """Folded heading → column: the column's own name first, then its synonyms."""
        found = {fold(column.name): column.name for column in self.columns}
        for column in self.columns:
            for header in column.headers:
                found.setdefault(fold(header), column.name)
        return found


def fold(heading: str) -> str:
    """A heading or an enumerated value as it is compared: widths, blanks, quotes, case and bracketed units folded.

    >>> fold("公民身份号码 "), fold("金额（元）"), fold("ID_Number")
    ('公民身份号码', '金额', 'id_number')
    """
    text = unicodedata.normalize("NFKC", heading)
    return _UNIT.sub("", re.sub(r"[\s\ufeff\"'`*“”‘’]+", "", text)).lower()


@cache
def load(source_id: str) -> Contract:
    """The contract of a source. Raises UsageError for an id that no TOML describes."""
    path = files("matcher.sources.departments").joinpath(f"{source_id}.toml")
    if source_id.startswith("_") or not path.is_file():
        raise UsageError(f"there is no source {source_id!r}; known are {', '.join(source_ids())}")
    return of_toml(tomllib.loads(path.read_text(encoding="utf-8")), source_id)


def source_ids() -> tuple[str, ...]:
    """The ids of all contracts, sorted."""
    folder = files("matcher.sources.departments")
    return tuple(
        sorted(
            entry.name.removesuffix(".toml")
            for entry in folder.iterdir()
            if entry.name.endswith(".toml") and not entry.name.startswith("_")
        )
    )


@cache
def all_contracts() -> tuple[Contract, ...]:
    """Every contract, sorted by id."""
    return tuple(load(source_id) for source_id in source_ids())


def of_toml(content: dict[str, Any], source_id: str) -> Contract:
    """The contract that a TOML's content describes. Raises MatcherError, naming source and column, where it cannot be."""
    if unknown := set(content) - _CONTRACT_KEYS:
        raise MatcherError(f"contract {source_id}: unknown keys {sorted(unknown)}")
    if content["id"] != source_id:
        raise MatcherError(f"contract {source_id}: its id says {content['id']}")
    if missing := {"title_zh", "title_en", "agency_zh", "columns"} - set(content):
        raise MatcherError(f"contract {source_id}: {sorted(missing)} are not there")
    tables: dict[str, Any] = {}
    if content.get("record", True):
        tables |= _shared("_record.toml")
    if content.get("identity", False):
        tables |= _shared("_identity.toml")
    for name, more in content.get("headings", {}).items():
        if name not in tables:
            raise MatcherError(f"contract {source_id}: `headings` names {name}, which is no shared column")
        tables[name] = tables[name] | {"headers": [*tables[name].get("headers", ()), *more]}
    tables |= content["columns"]
    columns = tuple(_column(source_id, name, entry) for name, entry in tables.items())
    _every_heading_means_one(source_id, columns)
    return Contract(
        id=source_id,
        title_zh=content["title_zh"],
        title_en=content["title_en"],
        agency_zh=content["agency_zh"],
        aliases=tuple(content.get("aliases", ())),
        columns=columns,
        parties=tuple(content.get("parties", ())),
        max_age_days=content.get("max_age_days"),
    )


def shared_columns() -> dict[str, Column]:
    """The columns of every table about people, and the name of a record, as they are where no source adds to them."""
    return {
        name: _column(table, name, entry)
        for table in ("_identity.toml", "_record.toml")
        for name, entry in _shared(table).items()
    }


@cache
def _shared(name: str) -> dict[str, Any]:
    columns: dict[str, Any] = tomllib.loads(
        files("matcher.sources.departments").joinpath(name).read_text(encoding="utf-8")
    )["columns"]
    return columns


def _every_heading_means_one(source_id: str, columns: tuple[Column, ...]) -> None:
    means: dict[str, str] = {}
    for column in columns:
        for heading in (column.name, *column.headers):
            if (other := means.setdefault(fold(heading), column.name)) != column.name:
                raise MatcherError(f"contract {source_id}: the heading {heading!r} means {other} and {column.name}")


def _column(source_id: str, name: str, entry: dict[str, Any]) -> Column:
    where = f"contract {source_id}, column {name}"
    if unknown := set(entry) - _COLUMN_KEYS:
        raise MatcherError(f"{where}: unknown keys {sorted(unknown)}")
    kind: Any = entry.get("type")
    for key, value, known in (
        ("type", kind, get_args(Kind)),
        ("on_error", entry.get("on_error", "null"), get_args(Fate)),
        ("sensitivity", entry.get("sensitivity", "NONE"), get_args(Sensitivity)),
        ("unit", entry.get("unit"), get_args(Unit) if kind in MEASURED else (None,)),
    ):
        if value not in known:
            raise MatcherError(f"{where}: {key} {value!r} is not one of {', '.join(map(str, known))}")
    if (kind == "enum") != ("values" in entry) or ("unknown" in entry and kind != "enum"):
        raise MatcherError(f"{where}: an enum, and only an enum, lists its values")
    if not all(isinstance(word, str) for key in ("headers", "unknown") for word in entry.get(key, ())):
        raise MatcherError(f"{where}: headers and unknown words are texts")
    return Column(
        name=name,
        kind=kind,
        must_exist=entry.get("must_exist", False),
        never_null=entry.get("never_null", False),
        sensitivity=entry.get("sensitivity", "NONE"),
        on_error=entry.get("on_error", "null"),
        headers=tuple(entry.get("headers", ())),
        values=_words(where, entry),
        unknown=frozenset(map(fold, entry.get("unknown", ()))),
        unit=entry.get("unit"),
        title_en=entry.get("title_en", name.removesuffix("_yuan").replace("_", " ")),
        note_zh=entry.get("note_zh", ""),
        note_en=entry.get("note_en", ""),
    )


def _words(where: str, entry: dict[str, Any]) -> dict[str, str]:
    """Folded word → value, of an enumeration. Raises MatcherError for a word that stands for two values."""
    values: dict[str, str] = {}
    unknown = {fold(word) for word in entry.get("unknown", ())}
    for value, synonyms in entry.get("values", {}).items():
        for word in (value, *synonyms):
            if values.setdefault(fold(word), value) != value or fold(word) in unknown:
                raise MatcherError(f"{where}: {word!r} stands for two values")
    return values
