"""Who did something, and which organisation is to: as they are shown beside what they did; and who may be given a household."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api.domain.permissions import Permission
from api.loaders import officers as loaders
from api.loaders.reading import Reading
from api.schema import guards
from api.schema.context import Info
from api.schema.selection import wanted
from api.schema.values import division_code_of
from api.schema.words import Role


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


@strawberry.type(
    description="Somebody to whom a household may be given: as its contact officer, to visit it, for a task."
)
class AssignableOfficer:
    """Somebody to whom a household may be given."""

    login: str = strawberry.field(description="By which they are named in inputs.")
    display_name: str = strawberry.field(description="Their name.")
    role: Role = strawberry.field(description="What they are.")
    organisation: ResponsibleOrganisation | None = strawberry.field(
        description="The organisation that they belong to; null for none."
    )


def officer(login: str | None, display_name: str | None) -> Officer | None:
    """Somebody, or nobody."""
    return None if login is None else Officer(login=login, display_name=display_name or login)


def handler(reading: Reading, row: Any, login: str | None, display_name: str | None) -> Officer | None:
    """Who handled what a row tells; nobody where that is hidden (F-29)."""
    return reading.whereabouts(row, officer(login, display_name))


def organisation_of(row: Any) -> ResponsibleOrganisation:
    """The organisation that a row names."""
    return ResponsibleOrganisation(code=row.code, name_zh=row.name_zh, name_en=row.name_en)


@strawberry.type(description="What may be asked about those who work with households.")
class OfficerQueries:
    """Those who work with households."""

    @guards.query(
        Permission.READ_CASES,
        "Officers to whom a household of a division may be given: who keeps files for that division or one that holds it; "
        "by login, the first 100. Empty where the viewer does not answer for the division.",
        rows=20,
    )
    async def officers(
        self,
        info: Info,
        division_code: Annotated[
            str | None, strawberry.argument(description="The household's division; the viewer's own by default.")
        ] = None,
        login_prefix: Annotated[str | None, strawberry.argument(description="Whose login begins so.")] = None,
    ) -> list[AssignableOfficer] | None:
        """Officers for a division."""
        asked = wanted(info)
        async with info.context.reading() as reading:
            code = division_code_of(division_code or reading.viewer.division_code)
            rows = await loaders.of_division(reading, code, login_prefix or "")
            reading.budget.spend(len(rows) * asked.times * asked.values(()))
        return [
            AssignableOfficer(
                login=row.login,
                display_name=row.display_name,
                role=Role(row.role),
                organisation=organisation_of(row) if row.code else None,
            )
            for row in rows
        ]
