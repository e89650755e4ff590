"""What a department promises: its columns, their types, the headings and values it may use, one TOML a source.

A new department is one TOML in `departments/` and no Python. `_identity.toml` holds the columns of every table about
people, `_record.toml` the name of a record.
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

_UNIT = re.compile(r"\((?:单位[:：]?)?(?:人民币[:：]?)?(?:元|万元|万|人民币|元/月|㎡|m2|平方米|平米|%)\)$")
_COLUMN_KEYS = {"type", "must_exist", "never_null", "personal", "on_error", "headers", "values"}
_CONTRACT_KEYS = {
    "id", "aliases", "title_zh", "title_en", "agency_zh", "identity", "record", "parties", "max_age_days", "columns",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind, whether it must be there and filled, what becomes of a broken value, how it may be headed.

    `on_error`: "null", the value is null and counted; "reject", the row is set aside; "refuse", the feed is refused.
    `values` maps a department's word (folded) to the contract's, for enumerations.
    """

    name: str
    kind: Kind
    must_exist: bool = False
    never_null: bool = False
    personal: bool = False
    on_error: Fate = "null"
    headers: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


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
    tables |= content["columns"]
    return Contract(
        id=source_id,
        title_zh=content["title_zh"],
        title_en=content["title_en"],
        agency_zh=content["agency_zh"],
        aliases=tuple(content.get("aliases", ())),
        columns=tuple(_column(source_id, name, entry) for name, entry in tables.items()),
        parties=tuple(content.get("parties", ())),
        max_age_days=content.get("max_age_days"),
    )


def describe(source_id: str | None, language: str) -> str:
    """The list of sources, or one source's columns, values and recognised headings, as text for people."""
    if source_id is None:
        return "\n".join(
            f"{contract.id:<22}{contract.title_zh if language == 'zh' else contract.title_en}"
            for contract in all_contracts()
        )
    contract = load(source_id)
    title = f"{contract.title_zh}（{contract.agency_zh}）" if language == "zh" else contract.title_en
    lines = [f"{contract.id}  {title}", ""]
    for column in contract.columns:
        marks = [
            word
            for word, holds in (("*", column.must_exist), ("key", column.never_null), ("personal", column.personal))
            if holds
        ]
        lines.append(f"  {column.name:<32}{column.kind:<10}{' '.join(marks)}")
        if column.values:
            lines.append(f"      = {' '.join(dict.fromkeys(column.values.values()))}")
        if column.headers:
            lines.append(f"      ← {'、'.join(column.headers)}")
    return "\n".join(lines)


@cache
def _shared(name: str) -> dict[str, Any]:
    columns: dict[str, Any] = tomllib.loads(
        files("matcher.sources.departments").joinpath(name).read_text(encoding="utf-8")
    )["columns"]
    return columns


def _column(source_id: str, name: str, entry: dict[str, Any]) -> Column:
    where = f"contract {source_id}, column {name}"
    if unknown := set(entry) - _COLUMN_KEYS:
        raise MatcherError(f"{where}: unknown keys {sorted(unknown)}")
    kind: Any = entry.get("type")
    fate = entry.get("on_error", "null")
    if kind not in get_args(Kind) or fate not in get_args(Fate):
        raise MatcherError(f"{where}: type {kind!r} or on_error {fate!r} is not known")
    if (kind == "enum") != ("values" in entry):
        raise MatcherError(f"{where}: an enum, and only an enum, lists its values")
    values: dict[str, str] = {}
    for value, synonyms in entry.get("values", {}).items():
        for word in (value, *synonyms):
            if values.setdefault(fold(word), value) != value:
                raise MatcherError(f"{where}: {word!r} stands for two values")
    if not all(isinstance(header, str) for header in entry.get("headers", ())):
        raise MatcherError(f"{where}: headers are texts")
    return Column(
        name=name,
        kind=kind,
        must_exist=entry.get("must_exist", False),
        never_null=entry.get("never_null", False),
        personal=entry.get("personal", False),
        on_error=fate,
        headers=tuple(entry.get("headers", ())),
        values=values,
    )
