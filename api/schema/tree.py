"""Loads what a query asks for, level by level: one statement for each relation, however many rows it leads from.

A type names its relations as branches. `grow` follows those that are wanted, attaches what it loads to the objects
that were there, and goes on from there; so resolvers only read attributes. What it attaches is counted as often as
the answer holds it, and too large an answer is refused before it is built.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.domain.permissions import Permission
from api.loaders.reading import Reading, Rows
from api.schema.selection import Wanted

Load = Callable[[Reading, Sequence[Any], Wanted], Awaitable[Rows]]
Make = Callable[[Reading, Rows, Wanted], list[Any]]


@dataclass(frozen=True, slots=True)
class Branch:
    """A relation: the parent's attribute whose values are the keys, the loader, and how rows become objects.

    The first column of a loaded row is the key it belongs to. `attribute` is where the children go; of `many` that is
    a list. A viewer without the permission finds nothing there.
    """

    by: str
    load: Load
    make: Make
    attribute: str
    many: bool = True
    permission: Permission | None = None


_BRANCHES: dict[type, dict[str, Branch]] = defaultdict(dict)


def branch(parent: type, field: str, to: Branch) -> None:
    """Declares that a type's field leads to others."""
    _BRANCHES[parent][field] = to


def leads_on(kind: type, wanted: Wanted) -> bool:
    """Whether any of the fields that are wanted of this type is loaded by itself."""
    return not _BRANCHES[kind].keys().isdisjoint(wanted.fields)


async def grow(reading: Reading, parents: Sequence[Any], wanted: Wanted, times: int = 1) -> None:
    """Loads all that is wanted below these objects, which are of one type."""
    if not parents:
        return
    branches = _BRANCHES[type(parents[0])]
    reading.budget.spend(len(parents) * times * wanted.values(branches))
    reading.log.asked(type(parents[0]).__name__, wanted.fields)
    for field, to in branches.items():
        below = wanted.fields.get(field)
        if below is not None:
            children = await _attach(reading, parents, to, below)
            await grow(reading, children, below, times * below.times)


async def _attach(reading: Reading, parents: Sequence[Any], to: Branch, below: Wanted) -> list[Any]:
    """The children, each as often as a parent leads to it."""
    keys = {getattr(parent, to.by) for parent in parents} - {None}
    permitted = to.permission is None or reading.viewer.may(to.permission)
    rows = await to.load(reading, sorted(keys), below) if keys and permitted else []
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for row, child in zip(rows, to.make(reading, rows, below), strict=True):
        grouped[row[0]].append(child)
    children = []
    for parent in parents:
        own = grouped.get(getattr(parent, to.by), [])
        setattr(parent, to.attribute, own if to.many else next(iter(own), None))
        children += own
    return children
