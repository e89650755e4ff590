"""Who is asking."""

from __future__ import annotations

import strawberry

from api.domain.permissions import Viewer
from api.schema import guards
from api.schema.context import Info
from api.schema.values import Division, division_of
from api.schema.words import Permission, Role


@strawberry.type(name="Viewer", description="Who is asking.")
class ViewerType:
    """Who is asking."""

    login: str = strawberry.field(description="The login.")
    display_name: str = strawberry.field(description="The name shown to others.")
    role: Role = strawberry.field(description="What the viewer is.")
    division: Division = strawberry.field(description="The division that the viewer answers for, with all below it.")
    permissions: list[Permission] = strawberry.field(description="What the role permits.")


async def viewer(info: Info) -> ViewerType | None:
    """Who is asking, or None without a token."""
    who: Viewer | None = info.context.viewer
    if who is None:
        return None
    return ViewerType(
        login=who.login,
        display_name=who.display_name,
        role=who.role,
        division=division_of(who.division_code),
        permissions=sorted(who.permissions),
    )


@strawberry.type(description="What may be asked about whoever asks.")
class AccountQueries:
    """Whoever asks."""

    @guards.query(guards.ANYBODY, "Who is asking; null without a token.")
    async def viewer(self, info: Info) -> ViewerType | None:
        """Who is asking."""
        return await viewer(info)
