"""What the filters of all lists share: all that is given must hold; `and`, `or` and `not` join filters; divisions and days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, Self, TypeVar

import strawberry

from api.domain import days, divisions
from api.domain.errors import BadInput
from api.loaders.conditions import All, Condition, Either, Is, Not
from api.schema import nodes
from api.schema.context import Info
from api.schema.values import DateRange, division_code_of

MOST_LEVELS = 10
AND = "All of these hold too."
OR = "At least one of these holds; of none, it does not hold."
NOT = "This does not hold. What is unknown does not hold, so that its opposite does."


class Filter(Protocol):
    """A filter that joins others of its own kind."""

    and_: list[Self] | None
    or_: list[Self] | None
    not_: Self | None


F = TypeVar("F", bound=Filter)


def joined(given: F | None, conditions: Callable[[F, bool], Iterator[Condition]]) -> Condition:
    """What must hold. `conditions` gives what a filter says itself, told whether it stands in an `or` or a `not`.

    Raises BadInput.
    """
    return All() if given is None else _joined(given, conditions, False, 1)


def _joined(given: F, conditions: Callable[[F, bool], Iterator[Condition]], inside: bool, level: int) -> Condition:
    if level > MOST_LEVELS:
        raise BadInput(f"筛选条件嵌套不得超过 {MOST_LEVELS} 层。", f"A filter has up to {MOST_LEVELS} levels.")
    parts: list[Condition] = list(conditions(given, inside))
    parts += [_joined(each, conditions, inside, level + 1) for each in given.and_ or ()]
    if given.or_ is not None:
        parts.append(Either(tuple(_joined(each, conditions, True, level + 1) for each in given.or_)))
    if given.not_ is not None:
        parts.append(Not(_joined(given.not_, conditions, True, level + 1)))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def in_division(code: str | None) -> Iterator[Is]:
    """In this division or below it. Raises BadInput."""
    if code is not None:
        low, high = divisions.span(division_code_of(code))
        yield Is("division", {"division_from": low, "division_to": high})


def of_households(info: Info, ids: list[strawberry.ID] | None, told: bool = True) -> Iterator[Is]:
    """About one of these households; an id that names none finds nothing, nor does any for who is not told of households."""
    yield from of_keys(info, "households", "Household", ids if told or ids is None else [])


def of_keys(info: Info, name: str, type_name: str, ids: list[strawberry.ID] | None) -> Iterator[Is]:
    """Of one of these things; an id that names none finds nothing."""
    if ids is not None:
        keys = [nodes.key_of(info, type_name, each) for each in ids]
        yield Is(name, {name: [key for key in keys if key is not None]})


def between(name: str, given: DateRange | None) -> Iterator[Is]:
    """Within these days: the conditions NAME_from and NAME_to, as far as they are given."""
    if given is not None:
        for end, day in ((f"{name}_from", given.from_), (f"{name}_to", given.to)):
            if day is not None:
                yield Is(end, {end: day})


def unchanged_since(day: dt.date | None) -> Iterator[Is]:
    """Last changed before this day began."""
    if day is not None:
        yield Is("unchanged_since", {"unchanged_since": days.begins(day)})


def one_of(name: str, values: list[Any] | None) -> Iterator[Is]:
    """One of these values; of none, nothing is."""
    if values is not None:
        yield Is(name, {name: [str(value) for value in values]})


def whether(name: str, given: bool | None, values: Mapping[str, Any] | None = None) -> Iterator[Condition]:
    """The condition of this name, or that it does not hold."""
    if given is not None:
        holds = Is(name, values or {})
        yield holds if given else Not(holds)
