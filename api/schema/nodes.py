"""Reading a thing again by its id: what is not there, what the viewer may not see and what is no id look the same."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry.types.base import StrawberryObjectDefinition

from api.domain.errors import BadInput
from api.domain.permissions import Permission
from api.loaders.pages import MOST
from api.loaders.reading import Reading, Rows
from api.schema import guards
from api.schema.context import Info
from api.schema.selection import Wanted, wanted
from api.schema.tree import Make, grow, leads_on
from api.schema.values import Node
from api.sealing import NotOurs

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


@dataclass(frozen=True, slots=True)
class Kind:
    """How things of one type are read by their key, and what it takes."""

    load: Callable[[Reading, Sequence[int]], Awaitable[Rows]]
    make: Make
    permission: Permission


_KINDS: dict[str, Kind] = {}


def kind(type_name: str, how: Kind) -> None:
    """Declares that a type can be read by its id."""
    _KINDS[type_name] = how


def known() -> frozenset[str]:
    """The types that can be read by their id."""
    return frozenset(_KINDS)


def key_of(info: Info, type_name: str, public_id: strawberry.ID) -> int | None:
    """The row that an id of this type names, or None."""
    try:
        return info.context.vault.key(type_name, public_id)
    except NotOurs:
        return None


async def one(info: Info, type_name: str, public_id: strawberry.ID, as_of: dt.date | None = None) -> Any:
    """The thing of this type, with all that is asked for below it, as it is or as it was on a day, or None."""
    key = key_of(info, type_name, public_id)
    if key is None or not info.context.viewer_who_may(None).may(_KINDS[type_name].permission):
        return None
    return await _one(info, type_name, key, wanted(info, frozenset({type_name, "Node"})), as_of)


async def below_payload(info: Info, type_name: str, field: str, key: int | None) -> Any:
    """The thing that a mutation changed, with all that its payload's field asks for, or None."""
    return None if key is None else await _one(info, type_name, key, wanted(info).below(field))


async def many_below_payload(info: Info, type_name: str, field: str, keys: Sequence[int]) -> list[Any]:
    """The things that a mutation changed, in this order, with all that its payload's field asks for."""
    below = wanted(info).below(field)
    async with info.context.reading(at_once=_at_once(info, type_name, below)) as reading:
        found = {each.key: each for each in await _read(reading, _KINDS[type_name], sorted(keys), below, below.times)}
    return [found[key] for key in keys if key in found]


async def several(info: Info, public_ids: Sequence[strawberry.ID]) -> list[Any]:
    """The things that ids name, each where its id stands, or None there; one statement for each type. Raises BadInput."""
    if len(public_ids) > MOST:
        raise BadInput(f"一次最多 {MOST} 个 id。", f"Up to {MOST} ids at a time.")
    viewer = info.context.viewer_who_may(None)
    keys: dict[str, set[int]] = {}
    asked = [named(info, public_id) for public_id in public_ids]
    for type_name, key in filter(None, asked):
        if viewer.may(_KINDS[type_name].permission):
            keys.setdefault(type_name, set()).add(key)
    found: dict[tuple[str, int], Any] = {}
    if not keys:
        return [None] * len(asked)
    async with info.context.reading() as reading:
        for type_name, some in keys.items():
            below = wanted(info, frozenset({type_name, "Node"}))
            times = _times(asked, type_name)
            for each in await _read(reading, _KINDS[type_name], sorted(some), below, times):
                found[type_name, each.key] = each
    return [found.get(name) if name else None for name in asked]


def named(info: Info, public_id: strawberry.ID) -> tuple[str, int] | None:
    """Of which type an id is, and which row it names."""
    vault = info.context.vault
    try:
        type_name = vault.type_of(public_id, list(_KINDS))
        return type_name, vault.key(type_name, public_id)
    except NotOurs:
        return None


def _times(named: Sequence[tuple[str, int] | None], type_name: str) -> int:
    """How often the answer may hold one thing of this type: an id given twice is answered twice."""
    given = Counter(name for name in named if name and name[0] == type_name)
    return max(given.values())


async def _one(info: Info, type_name: str, key: int, below: Wanted, as_of: dt.date | None = None) -> Any:
    at_once = as_of is None and _at_once(info, type_name, below)
    async with info.context.reading(as_of, at_once=at_once) as reading:
        return next(iter(await _read(reading, _KINDS[type_name], [key], below, 1)), None)


def _at_once(info: Info, type_name: str, below: Wanted) -> bool:
    """Whether one statement reads all that is wanted: things as they are do so by their keys, unless they lead to others."""
    definition = info.schema.get_type_by_name(type_name)
    return not (isinstance(definition, StrawberryObjectDefinition) and leads_on(definition.origin, below))


async def _read(reading: Reading, how: Kind, keys: Sequence[int], below: Wanted, times: int) -> list[Any]:
    found = how.make(reading, await how.load(reading, keys), below)
    await grow(reading, found, below, below.times * times)
    return found


@strawberry.type(description="What may be asked by id alone.")
class NodeQueries:
    """Anything by its id."""

    @guards.query(guards.SIGNED_IN, "Anything with an id; null where there is none that this viewer may see.")
    async def node(self, info: Info, id: Id) -> Node | None:
        """Anything with an id."""
        found: Node | None = (await several(info, [id]))[0]
        return found

    @guards.query(
        guards.SIGNED_IN,
        "Things with these ids, up to 100, each where its id stands; null where there is none that this viewer may see.",
        rows=100,
    )
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids.")]
    ) -> list[Node | None]:
        """Things with these ids."""
        return await several(info, ids)
