"""Random lives: whatever officers do, in whatever order, and whatever is written past them, no household comes to where the
table does not lead, and its history has no gap."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import sealing, workdays
from api.database import open_engine, transaction
from api.domain.attachments import AttachmentKind
from api.domain.categories import HardshipCategory
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.exits import ExitAction, ProposalState
from api.domain.files import Closing, Tier
from api.domain.lifecycle import BY_PLACE, NOTHING, Action, moves_from
from api.domain.notices import NoticePlace, ObjectionChannel
from api.domain.permissions import Viewer
from api.domain.stages import ACTIVE, PENDING, Stage
from api.models import File, FilePerson, HomeVisit, Household, Proposal, Transition, table
from api.sealing import Vault
from api.services import applications, audit, changes, exits, files, notices
from api.services.applications import Application, ReviewOutcome
from api.services.recognition import Kept
from tests.api import county as place
from tests.api.county import OFFICERS, Life
from tests.api.filled import fill_in
from tests.api.papers import consent, paper
from tests.conftest import copied

START = dt.datetime(2025, 3, 3, 2, 0, tzinfo=dt.UTC)
H, T, F = table(Household).c, table(Transition).c, table(File).c
KEPT, NOT_KEPT = Kept(Tier.COUNTY, HardshipCategory.RELATIVE), Kept()
Answer = TypeVar("Answer")


@dataclass
class Office:
    """A county's database, and one loop in which all is done that is done to it."""

    runner: asyncio.Runner
    engine: AsyncEngine
    vault: Vault
    officers: dict[str, Viewer]

    def do(self, act: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
        """What an act comes to, in a transaction of its own."""

        async def done() -> Answer:
            async with transaction(self.engine) as connection:
                return await act(connection)

        return self.runner.run(done())


def opened(runner: asyncio.Runner, url: str) -> Office:
    """An office over an empty database."""

    async def open_it() -> tuple[AsyncEngine, dict[str, Viewer]]:
        engine = open_engine(url)
        async with transaction(engine) as connection:
            return engine, await place.officers(connection, START)

    engine, officers = runner.run(open_it())
    return Office(runner, engine, sealing.vault(sealing.new_key()), officers)


@pytest.fixture
def office(migrated: str, tmp_path: Path) -> Iterator[Office]:
    with asyncio.Runner() as runner:
        database = copied(migrated, tmp_path)
        made = opened(runner, runner.run(database.__aenter__()))
        yield made
        runner.run(made.engine.dispose())
        runner.run(database.__aexit__(None, None, None))


class Walk(RuleBasedStateMachine):
    """One household's life at the hands of officers who do as they like."""

    office: Office
    walked: set[tuple[str, str]]

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.life: Life

    @initialize(stage=st.sampled_from(Stage))
    def begin(self, stage: Stage) -> None:
        self.stage, self.version, self.moves = stage, 1, 1
        self.life = self.office.do(lambda connection: place.taken_over(connection, stage, self.now))

    # What officers do

    @rule(
        action=st.sampled_from(Action),
        login=st.sampled_from([*OFFICERS, "chief", "chief", "clerk"]),
        stale=st.sampled_from([0, 0, 0, 0, 1]),
    )
    def act(self, action: Action, login: str, stale: int) -> None:
        viewer, made = self.office.officers[login], BY_PLACE.get((self.stage, action))
        try:
            self.office.do(lambda connection: self._act(connection, action, viewer, self.version + stale))
        except (NotDone, Forbidden):
            return  # nothing has changed, which the invariant finds
        assert not stale, "what was read before it changed is not changed again"
        assert made is not None, f"{self.stage} {action} is not in the table"
        assert viewer.may(made.permission)
        assert login != "stranger"
        self.walked.add((self.stage, action))
        self.stage, self.version, self.moves = made.next, self.version + 1, self.moves + 1

    @rule(choice=st.integers(0, 59), ready=st.booleans())
    def act_as_the_table_says(self, choice: int, ready: bool) -> None:
        """What leads on from here, by somebody who may; whether what it takes is there or not."""
        moves = moves_from(self.stage)
        if ready and self.stage in PENDING:
            self.papers()
        if ready and self.stage in ACTIVE:
            self.propose("clerk")
        self.act(moves[choice % len(moves)].action, "chief", 0)

    async def _act(self, connection: AsyncConnection, action: Action, viewer: Viewer, version: int) -> object:
        vault, key, now, why = self.office.vault, self.life.household_id, self.now, "理由"
        match action:
            case Action.APPLY:
                return await applications.submit(connection, vault, viewer, key, version, Application(), now)
            case Action.ACCEPT | Action.RETURN | Action.REFUSE:
                outcome = ReviewOutcome(action.value)
                return await applications.review(
                    connection, vault, viewer, key, version, outcome, NOT_KEPT, why, (), now
                )
            case Action.WITHDRAW:
                return await applications.withdraw(connection, vault, viewer, key, version, why, now)
            case Action.PUBLISH:
                places, channels = [NoticePlace.COMMUNITY], [ObjectionChannel.LETTER]
                return await notices.open_notice(connection, vault, viewer, key, version, places, channels, None, now)
            case Action.RECORD:
                return await files.record(connection, vault, viewer, key, version, KEPT, why, now)
            case Action.REVERIFY:
                return await files.reverify(connection, vault, viewer, key, version, NOT_KEPT, why, (), now)
            case Action.REPORT_CHANGE:
                return await changes.report(connection, vault, viewer, key, version, (), None, why, now)
            case Action.FALL_BACK:
                return await files.fall_back(connection, vault, viewer, key, version, NOT_KEPT, why, (), now)
            case Action.REINSTATE:
                return await files.reinstate(connection, vault, viewer, key, version, why, (), now)
            case _:
                return await self._leave(connection, action, viewer, version)

    async def _leave(self, connection: AsyncConnection, action: Action, viewer: Viewer, version: int) -> object:
        """The second officer approves what was proposed, if it is this."""
        waiting = select(Proposal.id, Proposal.version).where(
            Proposal.household_id == self.life.household_id,
            Proposal.action == action,
            Proposal.state == ProposalState.OPEN,
        )
        found = (await connection.execute(waiting)).first()
        if found is None or version != self.version:
            raise NotDone(
                UserErrorCode.NOT_FOUND, ("input", "proposalId"), "没有此提议。", "There is no such proposal."
            )
        return await exits.decide(
            connection, self.office.vault, viewer, found.id, found.version, True, "同意", None, self.now
        )

    # What has to be there for some of it

    @precondition(lambda self: self.stage in PENDING)
    @rule()
    def papers(self) -> None:
        self.office.do(self._papers)

    async def _papers(self, connection: AsyncConnection) -> None:
        """The form is filled in, everybody has signed, and somebody was there."""
        vault, key, clerk = self.office.vault, self.life.household_id, self.office.officers["clerk"].user_id
        await fill_in(connection, vault, key)
        last = select(func.max(F.id)).where(F.household_id == key)
        file = await connection.scalar(last)
        for kind in (AttachmentKind.APPLICATION_FORM, AttachmentKind.AUTHORISATION):
            signed = await paper(connection, vault, key, clerk, self.now, kind, file=file)
        for person in self.life.people:
            await consent(connection, person, signed, clerk, self.now)
        said = {"met": b"", "findings": b"", "income_changed": "NO", "causes_gone": "NO", "to_be_closed": "NO"}
        visit = {"household_id": key, "file_id": file, "kind": "VERIFICATION", "visited_on": self.now.date()}
        await connection.execute(insert(HomeVisit).values(**visit, **said, recorded_by=clerk, recorded_at=self.now))

    @precondition(lambda self: self.stage in ACTIVE)
    @rule(login=st.sampled_from(["clerk", "second-clerk"]))
    def propose(self, login: str) -> None:
        with suppress(NotDone):
            self.office.do(
                lambda connection: exits.propose(
                    connection,
                    self.office.vault,
                    self.office.officers[login],
                    self.life.household_id,
                    self.version,
                    ExitAction.DEREGISTER,
                    Closing.MOVED,
                    "已迁往外地。",
                    (),
                    self.now,
                )
            )

    @rule(days=st.sampled_from([1, 5, 12, 40]))
    def days_pass(self, days: int) -> None:
        day = workdays.add(self.now.date(), days)
        self.now = dt.datetime.combine(day, START.time(), dt.UTC)
        self.office.do(lambda connection: notices.take_down(connection, self.office.vault, self.now))

    # What always holds

    @invariant()
    def stands_where_its_last_move_led(self) -> None:
        if hasattr(self, "stage"):
            self.office.do(self._holds)

    async def _holds(self, connection: AsyncConnection) -> None:
        key = self.life.household_id
        home = (await connection.execute(select(H.stage, H.version, H.transition_number).where(H.id == key))).one()
        assert tuple(home) == (self.stage, self.version, self.moves)
        moves = (await connection.execute(select(*T).where(T.household_id == key).order_by(T.number))).all()
        assert [row.number for row in moves] == list(range(1, self.moves + 1)), "no gap, and none twice"
        before = NOTHING
        for row in moves:
            assert row.from_stage == before
            if row.action != Action.TAKE_OVER:
                made = BY_PLACE[Stage(row.from_stage), Action(row.action)]
                assert (made.next, made.adverse) == (row.to_stage, row.adverse)
            assert not row.adverse or row.decision_id is not None
            before = row.to_stage
        assert before == self.stage
        own = (await connection.execute(select(*F).where(F.household_id == key))).all()
        still = [row for row in own if row.closed_on is None]
        assert len(still) == (self.stage in PENDING | ACTIVE)
        assert all(row.due_on is None for row in own if row.closed_on is not None) or self.moves == 1
        counted = select(FilePerson.id).where(
            FilePerson.file_id.in_([row.id for row in own if row.closed_on is not None]), FilePerson.until.is_(None)
        )
        assert (await connection.execute(counted)).all() == [], "nobody is counted in a file that ended"

    def teardown(self) -> None:
        broken = self.office.do(lambda connection: audit.prove(connection)).broken
        assert broken is None


class PastThem(Walk):
    """The same, with SQL written past the officers."""

    @rule(action=st.sampled_from(Action), to=st.sampled_from(Stage), skipped=st.integers(0, 2), adverse=st.booleans())
    def past_them(self, action: Action, to: Stage, skipped: int, adverse: bool) -> None:
        """SQL that makes a step of its own: the database takes none that the table has not, nor one for the worse."""
        row = {
            "household_id": self.life.household_id, "number": self.moves + 1 + skipped, "previous_number": self.moves + skipped,
            "from_stage": self.stage, "action": action, "to_stage": to, "adverse": adverse, "evidence": [],
            "effective_on": self.now.date(), "happened_at": self.now,
        }  # fmt: skip
        known = BY_PLACE.get((self.stage, action))
        listed = known is not None and (known.next, known.adverse) == (to, adverse) and not adverse and not skipped
        if listed or action is Action.TAKE_OVER:
            return

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(insert(Transition).values(**row))

        with pytest.raises(DBAPIError):
            self.office.do(write)

    @rule(stage=st.sampled_from(Stage), further=st.integers(-1, 2))
    def stage_set(self, stage: Stage, further: int) -> None:
        if (stage, further) == (self.stage, 0):
            return

        async def write(connection: AsyncConnection) -> None:
            there = {"stage": stage, "transition_number": self.moves + further}
            await connection.execute(update(Household).where(H.id == self.life.household_id).values(**there))

        with pytest.raises(DBAPIError):
            self.office.do(write)

    @rule(
        table=st.sampled_from(["transitions", "decisions"]),
        act=st.sampled_from(["DELETE FROM {}", "UPDATE {} SET evidence = evidence"]),
    )
    def history_touched(self, table: str, act: str) -> None:
        statement = f"{act.format(table)} WHERE household_id = {self.life.household_id}"
        there = self.office.do(
            lambda connection: connection.scalar(
                text(f"SELECT count(*) FROM {table} WHERE household_id = {self.life.household_id}")
            )
        )
        if there:
            with pytest.raises(DBAPIError):
                self.office.do(lambda connection: connection.execute(text(statement)))


def lives(walk: type[Walk], office: Office, how_many: int, **noted: object) -> None:
    """So many random lives of this kind in the office."""
    run_state_machine_as_test(
        type("OfThisOffice", (walk,), {"office": office, **noted}),
        settings=settings(
            max_examples=how_many,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=bool(os.environ.get("JIEKUN_REQUIRE_ALL")),
        ),
    )


def test_f_37_random_lives_never_come_to_where_the_table_does_not_lead(office: Office) -> None:
    """What PostgreSQL adds is its own constraints and triggers."""
    walked: set[tuple[str, str]] = set()
    lives(PastThem, office, 25, walked=walked)
    assert walked, "officers got somewhere"
