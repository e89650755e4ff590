"""Random lives, read as of each of their days: what is told of a day is what was read on it, whatever has happened since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.casework import HardshipCause
from api.domain.categories import HardshipCategory
from api.domain.errors import Forbidden, NotDone
from api.domain.files import Tier
from api.domain.lifecycle import Action
from api.domain.stages import ACTIVE, Stage
from api.loaders import causes as cause_loaders
from api.loaders import files as file_loaders
from api.loaders import households as loaders
from api.loaders import visits as visit_loaders
from api.loaders.reading import Budget, Reading
from api.models import Cause, Member, table
from api.schema.files import file_objects
from api.schema.selection import Wanted
from api.services import causes, files, memberships, officers, transfers
from api.services.recognition import Kept
from tests.api import county
from tests.api.test_lifecycle_walks import Office, Walk, lives, office

__all__ = ["office"]

Seen = Mapping[str, Any]
OF_THE_DAY = ("stage", "division_code", "applied_on", "file_opened_on", "file_closed_on")
OF_A_FILE = ("number", "stage", "tier", "category", "applied_on", "opened_on", "closed_on", "closing")
RECOGNISED = ("tier", "category", "method", "since", "action", "decided_by")
REACH = "second-chief"
"""Who sees the household wherever it went."""


async def seen(
    office: Office, connection: AsyncConnection, household: int, today: dt.date, as_of: dt.date | None
) -> Seen:
    """What is told of a household: now, or as of a day."""
    reading = Reading(connection, office.officers[REACH], office.vault, Budget(), as_of=as_of, today=today)
    homes = await loaders.by_key(reading, [household])
    kept = await file_loaders.files_of(reading, [household])
    told = file_objects(reading, kept, Wanted())
    recognised = await file_loaders.recognised(reading, [row.id for row in kept])
    handed = await file_loaders.transfers_of(reading, [row.id for row in kept])
    named = await cause_loaders.of_households(reading, [household])
    return {
        "household": [[getattr(row, name) for name in OF_THE_DAY] for row in homes],
        "members": [row.id for row in await loaders.members_of(reading, [household])],
        "files": [
            [*(getattr(file, name) for name in OF_A_FILE), file.union and file.union.code, file.division.code]
            for file in told
        ],
        "open": [row.id for row in await file_loaders.current_of(reading, [household])],
        "recognitions": [[getattr(row, name) for name in RECOGNISED] for row in recognised],
        "transfers": [row.transferred_on for row in handed],
        "moves": [(row.number, row.action) for row in await file_loaders.moves_of(reading, [household])],
        "causes": sorted((row.id, row.cause, row.since, bool(row.main), row.resolved_on) for row in named),
        "officers": [(row.login, row.since) for row in await visit_loaders.officer_of(reading, [household])],
    }


class Remembered(Walk):
    """A walk of which every evening is remembered, and in which what a file says changes too."""

    office: Office
    told: set[str]

    @initialize(stage=st.sampled_from([Stage.RECORDED, Stage.RELIEVED, Stage.PUBLIC_NOTICE, *Stage]))
    def begin(self, stage: Stage) -> None:
        super().begin(stage)
        self.evenings: dict[dt.date, Seen] = {}

    def act(self, action: Action, login: str, stale: int) -> None:
        """As the table says, not as anybody likes."""
        super().act(action, login, stale)

    @rule(days_later=st.sampled_from([1, 5, 12, 40]))
    def days_pass(self, days_later: int) -> None:
        today = days.today(self.now)
        self.evenings[today] = self._seen(today, None)
        super().days_pass(days_later)

    def _seen(self, today: dt.date, as_of: dt.date | None) -> Seen:
        household = self.life.household_id
        return self.office.do(lambda connection: seen(self.office, connection, household, today, as_of))

    def _try(self, what: str, act: Any, *, counts: bool = True) -> None:
        with suppress(NotDone, Forbidden):
            self.office.do(act)
            self.told.add(what)
            self.version += counts

    @precondition(lambda self: self.stage in ACTIVE)
    @rule(tier=st.sampled_from([None, *Tier]), category=st.sampled_from([None, *HardshipCategory]))
    def kept_otherwise(self, tier: Tier | None, category: HardshipCategory | None) -> None:
        viewer, before = self.office.officers[REACH], self.version
        self._try(
            "kept otherwise",
            lambda connection: files.reverify(
                connection, self.office.vault, viewer, self.life.household_id, self.version, Kept(tier, category),
                "情况有变。", (), self.now,
            ),
        )  # fmt: skip
        self.moves += self.version - before

    @rule(union=st.sampled_from(["one", "other"]), division=st.sampled_from(["410502", "410503"]))
    def handed_over(self, union: str, division: str) -> None:
        viewer = self.office.officers[REACH]
        self._try(
            "handed over",
            lambda connection: transfers.transfer(
                connection, self.office.vault, viewer, self.life.household_id, self.version, union, division, "迁移。",
                self.now,
            ),
        )  # fmt: skip

    @rule(cause=st.sampled_from(list(HardshipCause)[:4]), main=st.booleans())
    def cause_named(self, cause: HardshipCause, main: bool) -> None:
        viewer, today = self.office.officers[REACH], days.today(self.now)
        self._try(
            "cause named",
            lambda connection: causes.add(
                connection, self.office.vault, viewer, self.life.household_id, cause, today, None, main, self.now
            ),
            counts=False,
        )

    @rule(which=st.integers(0, 3), becomes=st.sampled_from(["resolved", "reopened", "main"]))
    def cause_changed(self, which: int, becomes: str) -> None:
        viewer, vault, today = self.office.officers[REACH], self.office.vault, days.today(self.now)

        async def change(connection: AsyncConnection) -> None:
            of = table(Cause).c
            rows = select(of.id, of.version).where(of.household_id == self.life.household_id).order_by(of.id.desc())
            there = (await connection.execute(rows)).all()
            if not there:
                return
            key, version = there[which % len(there)]
            match becomes:
                case "resolved":
                    await causes.resolve(connection, vault, viewer, key, version, today, "已消除。", (), self.now)
                case "reopened":
                    await causes.reopen(connection, vault, viewer, key, version, "再次出现。", self.now)
                case _:
                    await causes.make_main(connection, viewer, key, version, self.now)

        self._try(f"cause {becomes}", change, counts=False)

    @rule(login=st.sampled_from(["clerk", "second-clerk", None]))
    def officer_assigned(self, login: str | None) -> None:
        viewer = self.office.officers[REACH]
        self._try(
            "officer assigned",
            lambda connection: officers.assign(connection, viewer, self.life.household_id, login, None, self.now),
            counts=False,
        )

    @rule()
    def somebody_leaves(self) -> None:
        viewer, today = self.office.officers[REACH], days.today(self.now)

        async def leave(connection: AsyncConnection) -> None:
            of = table(Member).c
            spouse = select(of.id).where(
                of.household_id == self.life.household_id, of.relation == "SPOUSE", of.left_on.is_(None)
            )
            key = await connection.scalar(spouse)
            await memberships.end(connection, self.office.vault, viewer, key, self.version, today, "迁出。", self.now)

        self._try("somebody left", leave)

    def teardown(self) -> None:
        today = days.today(self.now)
        for day, then in getattr(self, "evenings", {}).items():
            assert self._seen(today, day) == then, f"as of {day}"
        super().teardown()


def test_as_of_a_day_is_told_what_was_read_on_it(office: Office) -> None:
    """Whatever has its own days: stage, file, tier, category, union, division, members, causes, officer."""
    told: set[str] = set()

    async def unions(connection: AsyncConnection) -> None:
        for code in ("one", "other"):
            await county.union(connection, code, "410500", dt.datetime(2025, 3, 3, 2, 0, tzinfo=dt.UTC))

    office.do(unions)
    lives(Remembered, office, 15, walked=set(), told=told)
    assert told, "something happened"
