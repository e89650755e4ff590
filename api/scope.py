"""Narrows any select to what the viewer may see: the only place that does.

A statement is narrowed when it is written, and given the viewer's range when it is run; so it can be written once, and
none can be run for nobody in particular. A test finds selects of the loaders that are not narrowed.

What is about a kind of department data is narrowed by it: a department sees its own alone.
"""

from __future__ import annotations

from typing import Any, TypeVarTuple

from sqlalchemy import Boolean, Column, Select, String, bindparam, or_
from sqlalchemy.orm import InstrumentedAttribute

from api.database import among
from api.domain import divisions
from api.domain.accounts import Administrator
from api.domain.permissions import Viewer

Columns = TypeVarTuple("Columns")
FROM, TO = "scope_from", "scope_to"
EVERY_SOURCE, SOURCES = "scope_every_source", "scope_sources"


def narrow(statement: Select[*Columns], division_code: Column[str] | InstrumentedAttribute[str]) -> Select[*Columns]:
    """Only rows of the viewer's division and those below it."""
    return statement.where(division_code >= bindparam(FROM), division_code < bindparam(TO))


def narrow_to_sources(statement: Select[*Columns], source: Column[str]) -> Select[*Columns]:
    """Only rows about the data that the viewer's department keeps, where the viewer is a department's."""
    return statement.where(or_(bindparam(EVERY_SOURCE, type_=Boolean()), among(source, SOURCES, String)))


def of(who: Viewer | Administrator) -> dict[str, Any]:
    """The parameters of every narrowed statement."""
    low, high = divisions.span(who.division_code)
    sources = who.sources if isinstance(who, Viewer) else None
    return {FROM: low, TO: high, EVERY_SOURCE: sources is None, SOURCES: list(sources or ())}
