"""Reading a thing again by its id: what is not there, what the viewer may not see and what is no id look the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from api.domain.permissions import Permission
from api.loaders.reading import Reading, Rows
from api.schema import guards
from api.schema.context import Info
from api.schema.selection import Wanted, wanted
from api.schema.tree import Make, grow
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


def key_of(info: Info, type_name: str, public_id: strawberry.ID) -> int | None:
    """The row that an id of this type names, or None."""
    try:
        return info.context.vault.key(type_name, public_id)
    except NotOurs:
        return None


async def one(info: Info, type_name: str, public_id: strawberry.ID) -> Any:
    """The thing of this type, with all that is asked for below it, or None."""
    key, how = key_of(info, type_name, public_id), _KINDS[type_name]
    if key is None or not info.context.viewer_who_may(None).may(how.permission):
        return None
    return await _read(info, how, key, wanted(info, frozenset({type_name, "Node"})))


async def below_payload(info: Info, type_name: str, field: str, key: int | None) -> Any:
    """The thing that a mutation changed, with all that its payload's field asks for, or None."""
    return None if key is None else await _read(info, _KINDS[type_name], key, wanted(info).below(field))


async def any_kind(info: Info, public_id: strawberry.ID) -> Any:
    """The thing that an id names, whatever its type, or None."""
    try:
        type_name = info.context.vault.type_of(public_id, list(_KINDS))
    except NotOurs:
        return None
    return await one(info, type_name, public_id)


async def _read(info: Info, how: Kind, key: int, below: Wanted) -> Any:
    async with info.context.reading() as reading:
        found = how.make(reading, await how.load(reading, [key]), below)
        await grow(reading, found, below, below.times)
    return next(iter(found), None)


@strawberry.type(description="What may be asked by id alone.")
class NodeQueries:
    """Anything by its id."""

    @guards.query(guards.SIGNED_IN, "Anything with an id; null where there is none that this viewer may see.")
    async def node(self, info: Info, id: Id) -> Node | None:
        """Anything with an id."""
        found: Node | None = await any_kind(info, id)
        return found
