"""A linkage plan as data: which fields are compared, which blocks propose pairs, how large a chunk is; read from TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import polars as pl

from matcher.blocking import Block
from matcher.comparing.kinds import COMPARISONS
from matcher.comparing.levels import Comparison
from matcher.errors import InputRefused
from matcher.normalising.fields import FACETS, prepare
from matcher.prepared import Field, Prepared

SHIPPED = "persons.toml"
KEYS = {"version", "model", "chunk_rows", "ids", "fields", "blocks", "thresholds", "about"}
FIELD_KEYS = {field.name for field in fields(Field)} - {"name"}


@dataclass(frozen=True)
class Plan:
    """What the kernel is to do.

    `left_id` and `right_id` name the columns that identify rows (None: rows are numbered from 1). `model` is the shipped
    model's file, None where one must be trained. `link` and `review`, where given, are the probabilities that decide.
    """

    version: str
    fields: tuple[Field, ...]
    blocks: tuple[Block, ...]
    chunk_rows: int = 400_000
    model: str | None = None
    left_id: str | None = None
    right_id: str | None = None
    link: float | None = None
    review: float | None = None

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparison of each field."""
        return tuple(COMPARISONS[field.kind] for field in self.fields)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def facets(self) -> frozenset[str]:
        """The facets that blocks name."""
        return frozenset(facet for block in self.blocks for facet in block.facets)

    def place(self, name: str) -> int:
        """Where a field stands among the fields."""
        return self.names.index(name)

    def prepare(self, rows: pl.DataFrame, prefix: str = "") -> Prepared:
        """The rows made ready to be compared under this plan (matcher.prepared), in the same order."""
        return prepare(rows, self.fields, prefix, self.facets)


def shipped() -> tuple[str, ...]:
    """The names of the plans that come with the library."""
    return tuple(
        sorted(
            entry.name.removesuffix(".toml")
            for entry in files("matcher.plans").iterdir()
            if entry.name.endswith(".toml")
        )
    )


def load(path: Path | None = None) -> Plan:
    """The plan in the file, or the shipped one of this name; without a path, the one for Chinese persons.

    Raises InputRefused, naming the file and the key, for a file that is no plan.
    """
    source: Path | Traversable = path if path is not None else files("matcher.plans").joinpath(SHIPPED)
    if path is not None and not path.exists() and path.name.removesuffix(".toml") in shipped():
        source = files("matcher.plans").joinpath(f"{path.name.removesuffix('.toml')}.toml")
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputRefused(
            "the plan cannot be opened",
            file=path,
            remedy=f"Check the path after --plan, or name a shipped plan: {', '.join(shipped())}",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(f"this is no TOML ({error})", file=path, remedy="Compare it with docs/plans.md") from error
    try:
        return _from_toml(content)
    except _Wrong as error:
        raise InputRefused(
            str(error), file=path, column=error.key, remedy="See docs/plans.md for every key of a plan"
        ) from error


class _Wrong(Exception):
    """A key of a plan that does not say what it should."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(what)
        self.key = key


def _from_toml(content: dict[str, Any]) -> Plan:
    _known(content, KEYS, "")
    read = tuple(_field(name, entry) for name, entry in _table(content, "fields").items())
    if not read:
        raise _Wrong("fields", "a plan compares at least one field")
    blocks = content.get("blocks", [])
    if not isinstance(blocks, list) or not blocks:
        raise _Wrong("blocks", "a plan needs at least one block, written [[blocks]] with keys")
    for place, field in enumerate(read):
        _check_references(field, read[:place], {other.name for other in read})
    ids, thresholds = _table(content, "ids"), _table(content, "thresholds")
    _known(ids, {"left", "right"}, "ids.")
    _known(thresholds, {"link", "review"}, "thresholds.")
    plan = Plan(
        version=str(content.get("version", "unnamed")),
        fields=read,
        blocks=tuple(_block(entry, place, read) for place, entry in enumerate(blocks, start=1)),
        chunk_rows=_whole(content, "chunk_rows", 400_000),
        model=content.get("model"),
        left_id=ids.get("left"),
        right_id=ids.get("right"),
        link=_share(thresholds, "link"),
        review=_share(thresholds, "review"),
    )
    if len(plan.blocks) > 32:
        raise _Wrong("blocks", "at most 32 blocks fit a plan")
    if plan.link is not None and plan.review is not None and plan.link < plan.review:
        raise _Wrong("thresholds", "link must not lie below review")
    return plan


def _field(name: str, entry: Any) -> Field:
    if not isinstance(entry, dict):
        raise _Wrong(f"fields.{name}", "a field is a table with kind and column")
    _known(entry, FIELD_KEYS, f"fields.{name}.")
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in COMPARISONS:
        raise _Wrong(f"fields.{name}.kind", f"there is no kind {kind!r}; there are {', '.join(sorted(COMPARISONS))}")
    levels = set(COMPARISONS[kind].names)
    made = {**entry, "column": entry.get("column", name)}
    for key in ("veto", "veto_alone", "veto_partly"):
        listed = entry.get(key, [])
        if not isinstance(listed, list) or not set(listed) <= levels:
            raise _Wrong(f"fields.{name}.{key}", f"levels of {kind} are {', '.join(sorted(levels))}")
        made[key] = tuple(listed)
    for key in ("late", "frequency"):
        if not isinstance(entry.get(key, False), bool):
            raise _Wrong(f"fields.{name}.{key}", "this is true or false")
    for key in ("column", "former", "fallback", "likeness_beside", "muted_beside", "form"):
        if not isinstance(made.get(key, ""), str):
            raise _Wrong(f"fields.{name}.{key}", "this is a text")
    return Field(name=name, **made)


def _check_references(field: Field, before: tuple[Field, ...], every: set[str]) -> None:
    """What a field refers to must stand before it, since fields are read and settled in their order."""
    earlier = {other.name: other for other in before}
    for key in ("likeness_beside", "muted_beside"):
        other = getattr(field, key)
        if other is not None and other not in earlier:
            problem = "stands after it" if other in every else "is no field"
            raise _Wrong(f"fields.{field.name}.{key}", f"{other!r} {problem}")
    for key in ("veto_alone", "veto_partly"):
        if getattr(field, key) and field.likeness_beside is None:
            raise _Wrong(
                f"fields.{field.name}.{key}", "needs likeness_beside, the field whose agreement lifts the veto"
            )
    if field.fallback is not None:
        _facet(field.fallback, before, f"fields.{field.name}.fallback")


def _block(entry: Any, place: int, read: tuple[Field, ...]) -> Block:
    where = f"blocks[{place}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("keys"), str):
        raise _Wrong(where, 'a block has keys, as in keys = "surname.soundex & postcode"')
    _known(entry, {"keys", "cap"}, f"{where}.")
    facets = tuple(part.strip() for part in entry["keys"].split("&"))
    for facet in facets:
        _facet(facet, read, f"{where}.keys")
    return Block(facets, _whole(entry, "cap", 1_000))


def _facet(name: str, read: tuple[Field, ...], where: str) -> None:
    field, _, facet = name.partition(".")
    kinds = {other.name: other.kind for other in read}
    if field not in kinds:
        raise _Wrong(where, f"{field!r} is no field that stands before; there are {', '.join(kinds) or 'none'}")
    possible = FACETS.get(kinds[field], ())
    if facet and facet not in possible:
        raise _Wrong(where, f"{kinds[field]} has no facet {facet!r}; it has {', '.join(possible) or 'none'}")


def _known(content: dict[str, Any], keys: set[str], prefix: str) -> None:
    for key in content:
        if key not in keys:
            raise _Wrong(prefix + key, f"a plan has no such key; here stand {', '.join(sorted(keys))}")


def _table(content: dict[str, Any], key: str) -> dict[str, Any]:
    table = content.get(key, {})
    if not isinstance(table, dict):
        raise _Wrong(key, "this is a table")
    return table


def _whole(content: dict[str, Any], key: str, default: int) -> int:
    value = content.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _Wrong(key, "this is a whole number from 1 on")
    return value


def _share(content: dict[str, Any], key: str) -> float | None:
    value = content.get(key)
    if value is not None and (not isinstance(value, int | float) or not 0 < value < 1):
        raise _Wrong(f"thresholds.{key}", "a probability lies between 0 and 1")
    return None if value is None else float(value)


PERSONS = load()
"""Applicants against department records about people."""
