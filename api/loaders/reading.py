"""One viewer reading one unchanging state of the database, with what it takes to show a row: ids and opened values.

Whatever is shown of people passes here, and is noted: which columns were opened, and whose rows they are (F-28). What
tells where a protected person is, is unknown to whoever is not cleared, as it would be of somebody who told none (F-29).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import planned_anew
from api.domain import days
from api.domain.errors import TooCostly
from api.domain.permissions import Permission, Viewer
from api.domain.reads import ReadLog
from api.sealing import Vault

MOST_VALUES = 50_000
"""How many values an answer may hold: fields of objects, each as often as it is asked for."""

OF_HOUSEHOLDS = frozenset(
    {
        "Finding",
        "Inquiry",
        "BlindCase",
        "Enrolment",
        "Grant",
        "Attachment",
        "Authorisation",
        "EmergencyException",
        "HardshipFile",
        "PublicNotice",
        "Objection",
        "Proposal",
        "Watch",
        "Task",
        "Cause",
        "HomeVisit",
        "AssistancePlan",
        "PlannedMeasure",
        "Referral",
        "VerificationRequest",
        "VerificationAnswer",
        "ApplicantCheck",
        "StopProposal",
        "Recovery",
        "OfficialError",
        "PaymentOrder",
        "PaymentCheck",
    }
)
"""Types whose rows are a household's, by `household_id`."""

Rows = Sequence[Row[*tuple[Any, ...]]]
Mask = Callable[[str | None], str | None]
Value = TypeVar("Value")


@dataclass
class Budget:
    """How many values an answer holds so far, all its root fields together."""

    values: int = 0

    def spend(self, values: int) -> None:
        """Counts values. Raises TooCostly beyond what one answer may hold."""
        self.values += values
        if self.values > MOST_VALUES:
            raise TooCostly


@dataclass(frozen=True, slots=True)
class Reading:
    """What loaders need: a connection for reading, the viewer, the vault, what the answer may still hold, the log, the day.

    With `as_of`, all that is loaded is told as it was on that day, as far as the register knows.
    """

    connection: AsyncConnection
    viewer: Viewer
    vault: Vault
    budget: Budget
    log: ReadLog = field(default_factory=ReadLog)
    as_of: dt.date | None = None
    today: dt.date = field(default_factory=lambda: days.today(days.this_moment()))

    async def rows(self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any] | None = None) -> Rows:
        """The rows of a narrowed statement; one that asks after a day in `as_of` or `today` is told the reading's."""
        told = {"today": self.today} if self.as_of is None else {"today": self.today, "as_of": self.as_of}
        found = await self.connection.execute(statement, {**scope.of(self.viewer), **told, **(parameters or {})})
        return found.all()

    async def counted(self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any] | None = None) -> Rows:
        """The same of one that goes through all of a city, or a county: planned for which of the two it is."""
        await planned_anew(self.connection)
        return await self.rows(statement, parameters)

    @property
    def sees_identity(self) -> bool:
        """Whether names, numbers, telephones and addresses are shown whole: by the role, for the purpose of the request."""
        return self.viewer.may(Permission.READ_IDENTITY)

    def hides(self, row: Row[*tuple[Any, ...]]) -> bool:
        """Whether this viewer is not told where the person, or household, of this row is; it says so in `protected`."""
        return bool(row.protected) and not self.viewer.cleared

    def whereabouts(self, row: Row[*tuple[Any, ...]], value: Value) -> Value | None:
        """A value of the row that tells where somebody is: address, telephone, employer, school, who handles them."""
        return None if self.hides(row) else value

    def ids(self, type_name: str, rows: Rows) -> Iterator[str]:
        """The opaque ids of rows, which have their key in `id`; whose they are is noted."""
        keys = [row.id for row in rows]
        if type_name == "Person":
            self.log.saw_people(keys)
        elif type_name == "Household":
            self.log.saw_households(keys)
        elif type_name in OF_HOUSEHOLDS:
            self.log.saw_households([row.household_id for row in rows if row.household_id is not None])
        return iter(self.vault.ids(type_name, keys))

    def shown(self, column: str, wanted: bool, mask: Mask) -> Callable[[bytes | None], str | None]:
        """How a sealed column is shown to this viewer: whole, masked, or not opened at all where nobody asks for it."""
        if not wanted:
            return _nothing
        opened = self.vault.open
        self.log.opened(column, whole=self.sees_identity)
        if self.sees_identity:
            return lambda sealed: opened(column, sealed)
        return lambda sealed: mask(opened(column, sealed))


def _nothing(sealed: bytes | None) -> None:
    return None
