"""What a file says of a household: its tier, its category, why it was closed."""

from __future__ import annotations

from enum import StrEnum

from api.domain.errors import NotDone, UserErrorCode


class Tier(StrEnum):
    """Which level of the unions keeps the file and pays for it (domain.md B1)."""

    NATIONAL = "NATIONAL"
    PROVINCIAL = "PROVINCIAL"
    MUNICIPAL = "MUNICIPAL"
    COUNTY = "COUNTY"
    GRASSROOTS = "GRASSROOTS"


class Closing(StrEnum):
    """Why a file, or an application, ended."""

    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    GRADUATED = "GRADUATED"
    DECEASED = "DECEASED"
    RETIRED_SOCIALISED = "RETIRED_SOCIALISED"
    ERROR = "ERROR"
    MOVED = "MOVED"
    AS_REGISTERED = "AS_REGISTERED"


ON_PROPOSAL = frozenset(
    {Closing.DECEASED, Closing.RETIRED_SOCIALISED, Closing.ERROR, Closing.MOVED, Closing.WITHDRAWN}
)
"""What a file may be deregistered for; another register's closing, AS_REGISTERED, does not say why."""


def in_another_file() -> NotDone:
    """What is told where somebody is counted in another file; whose it is, is not."""
    return NotDone(
        UserErrorCode.INVALID,
        ("input",),
        "有家庭成员已列入另一份在办或在档的档案；一人只能列入一份档案，请先核实。",
        "Somebody in the household is counted in another file; a person is counted in one, so find out which is right.",
    )
