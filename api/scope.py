"""Narrows any select to what the viewer may see: the only place that does.

A statement is narrowed when it is written, and given the viewer's range when it is run; so it can be written once, and
none can be run for nobody in particular. A test finds selects of the loaders that are not narrowed.
"""

from __future__ import annotations

from typing import TypeVarTuple

from sqlalchemy import Column, Select, bindparam
from sqlalchemy.orm import InstrumentedAttribute

from api.domain import divisions
from api.domain.accounts import Administrator
from api.domain.permissions import Viewer

Columns = TypeVarTuple("Columns")
FROM, TO = "scope_from", "scope_to"


def narrow(statement: Select[*Columns], division_code: Column[str] | InstrumentedAttribute[str]) -> Select[*Columns]:
    """Only rows of the viewer's division and those below it."""
    return statement.where(division_code >= bindparam(FROM), division_code < bindparam(TO))


def of(who: Viewer | Administrator) -> dict[str, str]:
    """The parameters of every narrowed statement."""
    low, high = divisions.span(who.division_code)
    return {FROM: low, TO: high}
