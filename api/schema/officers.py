"""Who did something, and which organisation is to: as they are shown beside what they did."""

from __future__ import annotations

from typing import Any

import strawberry

from api.loaders.reading import Reading


@strawberry.type(description="Somebody who works with households.")
class Officer:
    """Somebody who works with households."""

    login: str = strawberry.field(description="By which they are named in inputs.")
    display_name: str = strawberry.field(description="Their name.")


@strawberry.type(description="An organisation that is to do something, or does it.")
class ResponsibleOrganisation:
    """An organisation that is to do something."""

    code: str = strawberry.field(description="By which it is named in inputs.")
    name_zh: str = strawberry.field(description="Its Chinese name.")
    name_en: str = strawberry.field(description="Its English name.")


def officer(login: str | None, display_name: str | None) -> Officer | None:
    """Somebody, or nobody."""
    return None if login is None else Officer(login=login, display_name=display_name or login)


def handler(reading: Reading, row: Any, login: str | None, display_name: str | None) -> Officer | None:
    """Who handled what a row tells; nobody where that is hidden (F-29)."""
    return reading.whereabouts(row, officer(login, display_name))


def organisation_of(row: Any) -> ResponsibleOrganisation:
    """The organisation that a row names."""
    return ResponsibleOrganisation(code=row.code, name_zh=row.name_zh, name_en=row.name_en)
