"""How many people's identities somebody may see whole in a time before it is told: by role, and for a window (F-28)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.domain.permissions import Role


class AlarmKind(StrEnum):
    """In which window too many people were seen."""

    PEOPLE_AN_HOUR = "PEOPLE_AN_HOUR"
    PEOPLE_A_DAY = "PEOPLE_A_DAY"


@dataclass(frozen=True, slots=True)
class Threshold:
    """More people than this in the window raise an alarm; a role may have its own number."""

    kind: AlarmKind
    window: dt.timedelta
    ordinary: int
    roles: Mapping[Role, int]

    def of(self, role: Role) -> int:
        """The number for a role."""
        return self.roles.get(role, self.ordinary)


DEFAULTS = {
    AlarmKind.PEOPLE_AN_HOUR: Threshold(AlarmKind.PEOPLE_AN_HOUR, dt.timedelta(hours=1), 300, {}),
    AlarmKind.PEOPLE_A_DAY: Threshold(AlarmKind.PEOPLE_A_DAY, dt.timedelta(days=1), 1_200, {}),
}
"""A reviewer who looks into a household of four every five minutes sees some fifty people an hour, four hundred a day."""


def thresholds(said: Mapping[AlarmKind, str | None]) -> tuple[Threshold, ...]:
    """The thresholds, where settings say otherwise `300`, or `300 REVIEWER=600 CASEWORKER=200`. Raises ValueError."""
    return tuple(_read(usual, said.get(kind)) for kind, usual in DEFAULTS.items())


def _read(usual: Threshold, said: str | None) -> Threshold:
    if not said:
        return usual
    ordinary, roles = usual.ordinary, {}
    for word in said.replace(",", " ").split():
        name, equals, number = word.rpartition("=")
        if not number.isascii() or not number.isdecimal() or (equals and name.upper() not in Role.__members__):
            raise ValueError(f"{usual.kind}: a number, and by role such as REVIEWER=600; not {word!r}")
        if equals:
            roles[Role[name.upper()]] = int(number)
        else:
            ordinary = int(number)
    return Threshold(usual.kind, usual.window, ordinary, roles)
