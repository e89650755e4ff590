"""What must hold of a list's rows: named conditions with their values, joined by and, or, not; a statement a shape.

Two filters of the same shape differ in their values only, and share one statement: the parameters of each condition
are named after its place in the tree. What is unknown does not hold, so that `not` of it does: a row is always on one of the two
sides, and none falls between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BinaryExpression, BindParameter, ColumnElement, and_, bindparam, false, func, not_, or_, true
from sqlalchemy.sql.operators import is_, is_not
from sqlalchemy.sql.visitors import replacement_traverse

from api.domain.errors import BadInput

MOST_CONDITIONS, MOST_PARTS = 20, 60

Shape = tuple[Any, ...]
"""A tree without its values: ("stages",) or ("or", …); equal where the statement is."""

AND, OR, NOT = "and", "or", "not"


@dataclass(frozen=True, slots=True)
class Is:
    """One of the list's named conditions, with its parameters."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these; of none, it holds."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these; of none, it does not hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Condition


Condition = Is | All | Either | Not


def in_division(code: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition of every list that is about divisions: in one, or below it."""
    return and_(code >= bindparam("division_from"), code < bindparam("division_to"))


def checked(where: Condition) -> Condition:
    """The same. Raises BadInput beyond as many conditions as a statement should have."""
    if sum(1 for _ in _leaves(where)) > MOST_CONDITIONS or _parts(where) > MOST_PARTS:
        raise BadInput(
            f"筛选条件不得超过 {MOST_CONDITIONS} 项。", f"A filter has up to {MOST_CONDITIONS} conditions."
        )
    return where


def shape(where: Condition) -> Shape:
    """The tree without its values."""
    match where:
        case Is(name):
            return (name,)
        case All(parts):
            return (AND, *(shape(part) for part in parts))
        case Either(parts):
            return (OR, *(shape(part) for part in parts))
        case Not(part):
            return (NOT, shape(part))


def names(where: Condition) -> set[str]:
    """Which of the list's conditions stand in it."""
    return {leaf.name for leaf in _leaves(where)}


def parameters(where: Condition) -> dict[str, Any]:
    """The values of all conditions, each parameter named after its condition's place."""
    return {
        _placed(name, place): value
        for place, leaf in enumerate(_leaves(where))
        for name, value in leaf.values.items()
    }


def condition(known: Mapping[str, ColumnElement[bool]], where: Shape) -> ColumnElement[bool]:
    """The tree as SQL over a list's named conditions."""
    return _sql(known, where, iter(range(MOST_CONDITIONS)))


def _parts(where: Condition) -> int:
    match where:
        case Is():
            return 1
        case All(parts) | Either(parts):
            return 1 + sum(_parts(part) for part in parts)
        case Not(part):
            return 1 + _parts(part)


def _leaves(where: Condition) -> Iterator[Is]:
    match where:
        case Is():
            yield where
        case All(parts) | Either(parts):
            for part in parts:
                yield from _leaves(part)
        case Not(part):
            yield from _leaves(part)


def _sql(known: Mapping[str, ColumnElement[bool]], where: Shape, places: Iterator[int]) -> ColumnElement[bool]:
    kind, *parts = where
    if kind == AND:
        return and_(true(), *(_sql(known, part, places) for part in parts))
    if kind == OR:
        return or_(false(), *(_sql(known, part, places) for part in parts))
    if kind == NOT:
        return _opposite(_sql(known, parts[0], places))
    return _at_place(known[kind], next(places))


def _opposite(held: ColumnElement[bool]) -> ColumnElement[bool]:
    """Where the other does not hold or nobody knows; a test for null alone is always known, and an index answers its opposite."""
    if isinstance(held, BinaryExpression) and held.operator in (is_, is_not):
        return not_(held)
    return not_(func.coalesce(held, false()))


def _at_place(known: ColumnElement[bool], place: int) -> ColumnElement[bool]:
    def renamed(element: Any, **_: Any) -> Any:
        if isinstance(element, BindParameter) and element.required:
            return bindparam(_placed(element.key, place), type_=element.type)
        return None

    found: ColumnElement[bool] = replacement_traverse(known, {}, renamed)
    return found


def _placed(name: str, place: int) -> str:
    return f"{name}_{place}"
