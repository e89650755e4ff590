"""Who lives in the city this month, read as plain rows: of whom the month's acts are chosen, each household for one at most."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import reading

HOMES = (
    "SELECT h.id, h.division_code, h.stage, f.id, f.subject_member_id, f.opened_on, o.code FROM households h "
    "JOIN files f ON f.household_id = h.id AND f.closed_on IS NULL LEFT JOIN organisations o ON o.id = f.organisation_id "
    "WHERE h.stage IN ('RECORDED', 'RELIEVED') ORDER BY h.id"
)
GONE = (
    "SELECT h.id, h.division_code, f.closed_on FROM households h JOIN files f ON f.household_id = h.id "
    "WHERE h.stage = 'GRADUATED' AND f.closing = 'GRADUATED' ORDER BY h.id"
)
PEOPLE = (
    "SELECT id, household_id, relation, birth_date, name_index IS NOT NULL, overlapping FROM members "
    "WHERE left_on IS NULL AND valid_to IS NULL ORDER BY id"
)
AID = (
    "SELECT g.id, g.household_id, g.programme_code, g.period, g.amount_fen, g.first_month, g.last_month, e.end_month "
    "FROM grants g JOIN enrolments e ON e.id = g.enrolment_id WHERE g.state = 'GRANTED' ORDER BY g.id"
)
VERSION = text("SELECT version FROM households WHERE id = :household")


@dataclass(frozen=True)
class Person:
    """Somebody who is in a household now."""

    member: int
    relation: str
    born: str
    named: bool
    overlapping: bool

    def aged(self, month: dt.date) -> int | None:
        """Years, roughly; None where nobody knows."""
        return month.year - int(self.born[:4]) if self.born else None


@dataclass(frozen=True)
class Aid:
    """A grant as it stands, its last month as it was decided since."""

    grant: int
    programme: str
    period: str
    fen: int
    first: str
    last: str


@dataclass
class Home:
    """A household whose file is open."""

    id: int
    division: str
    stage: str
    file: int
    subject: int | None
    opened: str
    union: str | None
    people: list[Person] = field(default_factory=list)
    aid: list[Aid] = field(default_factory=list)

    def aided(self, month: dt.date) -> list[Aid]:
        """What goes on in a month or after it."""
        return [each for each in self.aid if each.last >= str(month)]


@dataclass
class Homes:
    """The households of a month, from which acts take one after another."""

    by_key: dict[int, Home]
    gone: list[tuple[int, str, str]]
    """Those that left hardship: key, division, and when."""
    waiting: list[int]

    @classmethod
    async def read(cls, engine: AsyncEngine, rng: random.Random) -> Homes:
        """As they stand now, in an order of chance."""
        async with reading(engine) as connection:
            by_key = {
                row[0]: Home(row[0], row[1], row[2], row[3], row[4], str(row[5] or "9999"), row[6])
                for row in await connection.execute(text(HOMES))
            }
            for key, home, relation, born, named, overlapping in await connection.execute(text(PEOPLE)):
                if home in by_key:
                    person = Person(key, relation or "", str(born or ""), bool(named), bool(overlapping))
                    by_key[home].people.append(person)
            for key, home, programme, period, fen, first, last, ended in await connection.execute(text(AID)):
                if home in by_key:
                    until = min(str(last), str(ended or last))
                    by_key[home].aid.append(Aid(key, programme, period, fen, str(first), until))
            gone = [(row[0], row[1], str(row[2])) for row in await connection.execute(text(GONE))]
        waiting = list(by_key)
        rng.shuffle(waiting)
        return cls(by_key, gone, waiting)

    def take(self, count: int, which: Callable[[Home], bool]) -> list[Home]:
        """So many of these as there still are, for one act of this month."""
        taken: list[Home] = []
        passed: list[int] = []
        while self.waiting and len(taken) < count:
            home = self.by_key[self.waiting.pop()]
            if home.people and which(home):
                taken.append(home)
            else:
                passed.append(home.id)
        self.waiting += passed[::-1]
        return taken


async def version(connection: AsyncConnection, household: int) -> int:
    """The household's version as it is now."""
    return int((await connection.execute(VERSION, {"household": household})).scalar_one())
