"""Random lives of a lead: whatever officers do, in whatever order, and whatever is written past them, nothing is concluded
against a household without two officers, a notice, an answer or the days over, and nobody who waits to be answered."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import workdays
from api.domain import days
from api.domain.conclusions import WEIGHING
from api.domain.errors import Forbidden, NotDone
from api.domain.inquiries import Asked, RepairOutcome, RepairReason
from api.domain.objections import Ground, ObjectionOutcome, Objector
from api.domain.review import Outcome
from api.domain.stages import Stage
from api.domain.stops import Delivery
from api.models import Conclusion, Finding, Inquiry, LeadHolder, Objection, Review, Scan, Stop
from api.services import conclusions, inquiries, lead_notices, lead_objections, leads, objections, reviews
from api.services.inquiries import Question, Repair
from api.services.lead_objections import Said
from api.services.reviews import Concluded
from tests.api import claiming
from tests.api import county as place
from tests.api.test_lifecycle_walks import START, Office, opened
from tests.conftest import copied

OFFICERS = st.sampled_from(["chief", "second-chief", "chief", "second-chief", "clerk", "stranger"])
CAR = {"source": "vehicles", "record_id": "V-1"}


@pytest.fixture
def office(migrated: str, tmp_path: Path) -> Iterator[Office]:
    with asyncio.Runner() as runner:
        database = copied(migrated, tmp_path)
        made = opened(runner, runner.run(database.__aenter__()))
        made.officers["office"] = dataclasses.replace(made.officers["office"], sources=("vehicles",))
        yield made
        runner.run(made.engine.dispose())
        runner.run(database.__aexit__(None, None, None))


class Walk(RuleBasedStateMachine):
    """One lead at the hands of officers who do as they like."""

    office: Office
    reached: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.key, self.household = 0, 0

    @initialize()
    def begin(self) -> None:
        async def raise_it(connection: AsyncConnection) -> tuple[int, int]:
            life = await place.taken_over(connection, Stage.RECORDED, self.now)
            scan = {"status": "SUCCEEDED", "division_code": "410500", "division_from": "4105", "division_to": "4106"}
            times = {"created_at": self.now, "as_of": days.today(self.now), "rules": []}
            scan_id = (await connection.execute(insert(Scan).values(**scan, **times).returning(Scan.id))).scalar_one()
            found = await claiming.raised(
                connection, life.household_id, scan_id, 1, days.today(self.now), name=f"walk-{scan_id}"
            )
            await connection.execute(update(Finding).where(Finding.id == found[0]).values(evidence=[CAR]))
            return found[0], life.household_id

        self.key, self.household = self.office.do(raise_it)

    def done(self, name: str, act: Any) -> bool:
        """Whether an act was carried out; where it was refused nothing has changed."""
        try:
            self.office.do(act)
        except (NotDone, Forbidden):
            return False
        self.reached.add(name)
        return True

    def version(self) -> int:
        return int(
            self.office.do(
                lambda connection: connection.scalar(select(Finding.version).where(Finding.id == self.key))
            )
            or 0
        )

    @rule(by=OFFICERS)
    def claim(self, by: str) -> None:
        who, version = self.office.officers[by], self.version()
        self.done("claim", lambda connection: leads.claim(connection, who, self.key, version, self.now))

    @rule(by=OFFICERS)
    def ask(self, by: str) -> None:
        who, version, vault = self.office.officers[by], self.version(), self.office.vault
        question = Question(Asked.HOUSEHOLD, "何时购车？", days.today(self.now))
        self.done(
            "ask", lambda connection: inquiries.ask(connection, vault, who, self.key, version, question, self.now)
        )

    @rule(by=OFFICERS)
    def notify(self, by: str) -> None:
        who, version, vault = self.office.officers[by], self.version(), self.office.vault
        told = ("核1号", Delivery.POST, days.today(self.now), self.now)
        self.done("notify", lambda connection: lead_notices.notify(connection, vault, who, self.key, version, *told))

    @rule(by=OFFICERS)
    def hear(self, by: str) -> None:
        who, version, vault = self.office.officers[by], self.version(), self.office.vault
        said = (days.today(self.now), "已卖。", self.now)
        self.done("hear", lambda connection: lead_notices.answer(connection, vault, who, self.key, version, *said))

    @rule(by=OFFICERS, outcome=st.sampled_from(sorted(WEIGHING)))
    def propose(self, by: str, outcome: Outcome) -> None:
        who, version, vault = self.office.officers[by], self.version(), self.office.vault
        why = (outcome, "已核实。", "处1号", self.now)
        self.done("propose", lambda connection: conclusions.propose(connection, vault, who, self.key, version, *why))

    @rule(by=OFFICERS)
    def confirm(self, by: str) -> None:
        who, version, vault = self.office.officers[by], self.version(), self.office.vault
        why = ("同意。", self.now)
        waits = self.waits()
        if self.done(
            "confirm", lambda connection: conclusions.confirm(connection, vault, who, self.key, version, *why)
        ):
            assert not waits, "somebody waits to be answered"

    @rule(by=OFFICERS)
    def give_up(self, by: str) -> None:
        who, version, vault = self.office.officers[by], self.version(), self.office.vault
        why = ("再核实。", self.now)
        self.done("give up", lambda connection: conclusions.give_up(connection, vault, who, self.key, version, *why))

    @rule(by=OFFICERS, outcome=st.sampled_from(Outcome))
    def review(self, by: str, outcome: Outcome) -> None:
        who, version, vault = self.office.officers[by], self.version(), self.office.vault
        said = (Concluded(outcome, "已核实。", "处1号"), self.now)
        if self.done("review", lambda connection: reviews.review(connection, vault, who, self.key, version, *said)):
            assert outcome not in WEIGHING, "one officer concludes nothing that weighs"

    @rule(by=OFFICERS, reason=st.sampled_from(RepairReason))
    def repair(self, by: str, reason: RepairReason) -> None:
        who, version, vault = self.office.officers[by], self.version(), self.office.vault
        said = (Repair("vehicles", "V-1", reason, "不是我的。"), self.now)
        self.done("repair", lambda connection: inquiries.report(connection, vault, who, self.key, version, *said))

    @rule(outcome=st.sampled_from(RepairOutcome), by=st.sampled_from(["office", "office", "chief"]))
    def look(self, outcome: RepairOutcome, by: str) -> None:
        who, vault = self.office.officers[by], self.office.vault
        statement = select(Inquiry.id, Inquiry.version).where(
            Inquiry.finding_id == self.key, Inquiry.kind == "REPAIR"
        )
        found = self.office.do(
            lambda connection: connection.execute(statement.order_by(Inquiry.id.desc()).limit(1))
        ).one_or_none()
        if found is not None:
            said = (outcome, "见登记。", self.now)
            act = self.done(
                "look", lambda connection: inquiries.answer(connection, vault, who, found.id, found.version, *said)
            )
            assert not act or by == "office", "nobody answers for a department"

    @rule(by=OFFICERS)
    def object(self, by: str) -> None:
        who, vault = self.office.officers[by], self.office.vault
        said = (Said(Objector.HOUSEHOLD, [Ground.NOT_ME], "不是我的。"), self.now)
        self.done("object", lambda connection: lead_objections.object_to(connection, vault, who, self.key, *said))

    @rule(by=OFFICERS, outcome=st.sampled_from(ObjectionOutcome))
    def settle(self, by: str, outcome: ObjectionOutcome) -> None:
        who, vault = self.office.officers[by], self.office.vault
        statement = select(Objection.id, Objection.version).where(
            Objection.finding_id == self.key, Objection.state == "OPEN"
        )
        found = self.office.do(lambda connection: connection.execute(statement.limit(1))).one_or_none()
        if found is not None:
            said = (outcome, "见答复。", self.now)
            self.done(
                "settle", lambda connection: objections.answer(connection, vault, who, found.id, found.version, *said)
            )

    @rule(length=st.sampled_from([1, 3, 20]))
    def days_pass(self, length: int) -> None:
        self.now += dt.timedelta(days=length)

    # What is written past them

    @rule(outcome=st.sampled_from(sorted(WEIGHING)))
    def concluded_past_them(self, outcome: Outcome) -> None:
        row = {"finding_id": self.key, "reviewer_id": 1, "outcome": outcome, "note": b"", "evidence_hash": "x"}
        with pytest.raises(DBAPIError):
            self.office.do(lambda connection: connection.execute(insert(Review).values(**row, reviewed_at=self.now)))

    @rule()
    def confirmed_past_them(self) -> None:
        there = select(func.count()).where(Conclusion.finding_id == self.key, Conclusion.state == "PROPOSED")
        if self.office.do(lambda connection: connection.scalar(there)):
            mine = {"confirmed_by": Conclusion.proposed_by, "confirmed_by_kind": "PERSON", "confirmed_at": self.now}
            of = update(Conclusion).where(Conclusion.finding_id == self.key, Conclusion.state == "PROPOSED")
            with pytest.raises(DBAPIError):
                self.office.do(lambda connection: connection.execute(of.values(state="CONFIRMED", **mine)))

    def waits(self) -> bool:
        """Whether somebody waits to be answered: an objection, or a record that is not found right."""

        async def asked(connection: AsyncConnection) -> bool:
            objected = select(func.count()).where(Objection.household_id == self.household, Objection.state == "OPEN")
            doubts = select(Inquiry.outcome).where(Inquiry.finding_id == self.key, Inquiry.kind == "REPAIR")
            doubted = any(each != "STANDS" for each in await connection.scalars(doubts))
            return bool(await connection.scalar(objected)) or doubted

        return self.office.do(asked)

    @invariant()
    def f2_f3_nothing_that_weighs_rests_on_one_officer_or_on_a_household_that_was_not_heard(self) -> None:
        async def read(connection: AsyncConnection) -> tuple[Any, ...]:
            weighing = select(Review.reviewer_id, Conclusion).join_from(
                Review, Conclusion, Conclusion.id == Review.conclusion_id, isouter=True
            )
            rows = (
                await connection.execute(weighing.where(Review.finding_id == self.key, Review.outcome.in_(WEIGHING)))
            ).all()
            state = await connection.scalar(select(Finding.state).where(Finding.id == self.key))
            last = await connection.scalar(select(Finding.review_id).where(Finding.id == self.key))
            holders = await connection.scalar(select(func.count()).where(LeadHolder.finding_id == self.key))
            stopped = await connection.scalar(select(func.count()).select_from(Stop))
            return rows, state, last, holders, stopped

        rows, state, last, holders, stopped = self.office.do(read)
        for row in rows:
            assert row.state == "CONFIRMED"
            assert row.confirmed_by == row.reviewer_id != row.proposed_by
            assert row.answered_on is not None or row.proposed_on > row.wait_until >= workdays.add(
                row.delivered_on, 10
            )
        assert state != "CLOSED" or last is not None, "a person closed it"
        assert holders <= 1
        assert stopped == 0, "no aid is touched"


def test_f2_f3_f32_f33_random_lives_of_a_lead_never_weigh_on_a_household_without_two_officers(office: Office) -> None:
    reached: set[str] = set()
    run_state_machine_as_test(
        type("OfThisOffice", (Walk,), {"office": office, "reached": reached}),
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck),
            derandomize=bool(os.environ.get("JIEKUN_REQUIRE_ALL")),
        ),
    )  # fmt: skip
    assert {"claim", "notify", "hear", "review", "repair", "object"} <= reached
