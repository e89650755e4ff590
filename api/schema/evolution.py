"""How the schema changes: what goes is announced, with what takes its place and a day; what would break a client is told.

The schema has no versions. It grows, and what is deprecated goes ninety days after it was announced at the earliest; the
changes since the last release are told in docs/schema-changes.md, and a test compares them with docs/released.graphql.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)
from graphql.utilities import BreakingChange, DangerousChange, find_schema_changes
from graphql.utilities.find_schema_changes import SafeChangeType

NOTICE = dt.timedelta(days=90)
REASON = re.compile(r"use `(?P<use>.+)`; removed after (?P<day>\d{4}-\d{2}-\d{2})")


def deprecated(use: str, removed_after: dt.date) -> str:
    """Why something is deprecated: what to use, and until when it stands.

    >>> deprecated("filter", dt.date(2027, 6, 30))
    'use `filter`; removed after 2027-06-30'
    """
    return f"use `{use}`; removed after {removed_after.isoformat()}"


class Effect(StrEnum):
    """What a change means to clients."""

    BREAKING = "Breaks clients"
    SURPRISING = "May surprise clients"
    HARMLESS = "Harmless"


def changes(old: str, new: str) -> Iterator[tuple[Effect, str]]:
    """What changed from one schema to another, in words; other words of a description are no change."""
    for change in find_schema_changes(build_schema(old), build_schema(new)):
        if isinstance(change, BreakingChange):
            yield Effect.BREAKING, change.description
        elif isinstance(change, DangerousChange):
            yield Effect.SURPRISING, change.description
        elif change.type is not SafeChangeType.DESCRIPTION_CHANGED:
            yield Effect.HARMLESS, change.description


def told(old: str, new: str) -> str:
    """The changes as a text, the gravest first."""
    found = list(changes(old, new))
    parts = {effect: "".join(f"  {what}\n" for each, what in found if each is effect) for effect in Effect}
    return "".join(f"{effect}:\n{lines}" for effect, lines in parts.items() if lines) or "Nothing has changed.\n"


def deprecations(schema: GraphQLSchema) -> dict[str, str]:
    """Whatever is deprecated, by its coordinate, with the reason."""
    return {where: part.deprecation_reason for where, part in _parts(schema) if part.deprecation_reason}


def _parts(schema: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", part) for value, part in kind.values.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, part in kind.fields.items():
                yield f"{name}.{field}", part
                yield from ((f"{name}.{field}({key}:)", each) for key, each in getattr(part, "args", {}).items())
