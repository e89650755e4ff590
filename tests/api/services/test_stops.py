"""Aid that was granted ends early, or is lowered, only by a decision with all that stands before it: in the service and past it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DatabaseError

from api import workdays
from api.database import transaction
from api.domain import days, payments
from api.domain.accounts import UserKind
from api.domain.clocks import months_after
from api.domain.errors import NotDone, StopHeld
from api.domain.permissions import Viewer
from api.domain.stops import Delivery, StopKind
from api.loaders import effects, incomes
from api.matching import income
from api.models import (
    AidNotice,
    Claim,
    Decision,
    Enrolment,
    Grant,
    Objection,
    Organisation,
    Payment,
    Referral,
    Stop,
    StopProposal,
    User,
)
from api.services import aid_notices, stop_decisions, stop_requests, stops
from api.services.stop_requests import Asking
from tests.api import granted
from tests.api.conftest import Service
from tests.api.county import Life
from tests.api.leaving import on_file
from tests.api.services.reviewed import viewer

NOW = dt.datetime.now(dt.UTC)
TODAY = days.today(NOW)
THIS = TODAY.replace(day=1)
KNOWN = income.tested_until(TODAY, "410502")
FROM = months_after(THIS, 2)
"""The month from which on there is to be less: late enough to hear the household first."""
MONTHS = [months_after(THIS, -2), months_after(THIS, 6)]
FACTS, REASON = "本人已于上月就业，工资见附件。", "收入已高于标准，另有补助。"


@dataclass(frozen=True)
class Given:
    """A household that is given a living subsidy of 500 yuan a month, and who works on it."""

    service: Service
    life: Life
    grant: int
    clerk: Viewer
    chief: Viewer
    referral: int

    async def propose(self, asking: Asking | None = None, by: Viewer | None = None) -> int:
        asked = asking or Asking(StopKind.STOP_AID, FROM)
        async with transaction(self.service.engine) as connection:
            return await stops.propose(
                connection, self.service.vault, by or self.clerk, self.grant, asked, "拟停发。", NOW
            )

    async def version(self, proposal: int) -> int:
        async with transaction(self.service.engine) as connection:
            return int(
                (await connection.scalar(select(StopProposal.version).where(StopProposal.id == proposal))) or 0
            )

    async def told(self, proposal: int, now: dt.datetime = NOW) -> None:
        version = await self.version(proposal)
        async with transaction(self.service.engine) as connection:
            await aid_notices.record(
                connection, self.service.vault, self.clerk, proposal, version, FACTS, f"告[{self.grant}]号",
                Delivery.HANDED_OVER, days.today(now), now,
            )  # fmt: skip

    async def answered(self, proposal: int, now: dt.datetime = NOW) -> None:
        version = await self.version(proposal)
        async with transaction(self.service.engine) as connection:
            await aid_notices.answer(
                connection, self.service.vault, self.clerk, proposal, version, days.today(now), "知道了。", now
            )

    async def decide(self, proposal: int, now: dt.datetime = NOW, **changed: Any) -> int:
        given: dict[str, Any] = {"by": self.chief, "reason": REASON, "referral": self.referral, **changed}
        version = await self.version(proposal)
        async with transaction(self.service.engine) as connection:
            return await stop_decisions.decide(
                connection, self.service.vault, given["by"], proposal, version, given["reason"], None,
                given["referral"], now,
            )  # fmt: skip

    async def stopped(self, asking: Asking | None = None) -> int:
        proposal = await self.propose(asking)
        await self.told(proposal)
        await self.answered(proposal)
        return await self.decide(proposal)

    async def worth(self, *months: dt.date) -> list[int]:
        """What a period of the grant is worth in these months, as whoever proposes something else is told."""
        async with transaction(self.service.engine) as connection:
            run = incomes.running(connection, self.clerk)
            grant = await effects.grant(run, self.grant)
            return [await effects.stands_at(run, grant, each) for each in months]


async def given(service: Service, *, wage: int | None = None, paid: int = 0, **more: Any) -> Given:
    home = await on_file(service)
    life = Life(home.key, home.file_key, home.people_keys)
    clerk, chief = await viewer(service, "caseworker"), await viewer(service, "county-reviewer")
    months = [months_after(MONTHS[0], place) for place in range(paid)]
    grant = await granted.granted(service.engine, life, (clerk, chief), NOW, months=MONTHS, paid=months, **more)
    if wage is not None:
        await granted.earning(service.engine, life, KNOWN, wage, NOW)
    async with transaction(service.engine) as connection:
        police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
    assert police is not None
    due = TODAY + dt.timedelta(days=60)
    referral = await granted.referred(service.engine, life, police, clerk, due, NOW)
    return Given(service, life, grant, clerk, chief, referral)


async def test_a_stop_that_has_all_five_things_ends_aid_releases_its_months_and_nothing_before(
    service: Service,
) -> None:
    home = await given(service, paid=2)
    await home.stopped()
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(Stop).where(Stop.grant_id == home.grant))).one()
        enrolment = (
            await connection.execute(select(Enrolment).where(Enrolment.source_record == f"GRANT:{home.grant}"))
        ).one()
        last = await connection.scalar(select(func.max(Claim.month)).where(Claim.grant_id == home.grant))
        kind = await connection.scalar(select(Decision.kind).where(Decision.id == row.decision_id))
    assert (row.kind, kind, row.amount_fen) == ("STOP_AID", "STOP_AID", 0)
    assert enrolment.end_month == last == row.last_month == months_after(FROM, -1)
    assert await home.worth(*payments.months(*MONTHS)) == [500_00] * 4 + [0] * 5


async def test_a_reduction_is_dated_and_leaves_the_enrolment_and_its_claims(service: Service) -> None:
    home = await given(service)
    await home.stopped(Asking(StopKind.REDUCE_AID, FROM, amount_fen=300_00))
    async with transaction(service.engine) as connection:
        last = await connection.scalar(select(func.max(Claim.month)).where(Claim.grant_id == home.grant))
    assert last == MONTHS[1]
    assert await home.worth(months_after(FROM, -1), FROM) == [500_00, 300_00]
    with pytest.raises(NotDone):
        await home.propose(Asking(StopKind.REDUCE_AID, months_after(FROM, 1), amount_fen=400_00))
    await home.stopped(Asking(StopKind.REDUCE_AID, months_after(FROM, -1), amount_fen=400_00))
    sums = await home.worth(*(months_after(FROM, place) for place in (-2, -1, 0, 1)))
    assert sums == [500_00, 400_00, 300_00, 300_00], "one that begins earlier raises nothing afterwards"
    await home.stopped()
    with pytest.raises(NotDone) as twice:
        await home.propose(Asking(StopKind.STOP_AID, months_after(FROM, 2)))
    assert "already" in twice.value.en


async def test_f_03_a_without_a_notice_nothing_is_decided(service: Service) -> None:
    home = await given(service)
    proposal = await home.propose()
    with pytest.raises(StopHeld) as refused:
        await home.decide(proposal)
    assert refused.value.item == "NOTICE"


async def test_f_03_b_the_household_is_heard_or_has_had_its_ten_working_days(service: Service) -> None:
    home = await given(service)
    proposal = await home.propose()
    await home.told(proposal)
    for waited, held in ((0, True), (10, True), (11, False)):
        day = workdays.add(TODAY, waited) if waited else TODAY
        now = NOW + (day - TODAY)
        if held:
            with pytest.raises(StopHeld) as refused:
                await home.decide(proposal, now)
            assert refused.value.item == "ANSWER"
        else:
            await home.decide(proposal, now)


async def test_f_03_c_a_reason_is_given(service: Service) -> None:
    home = await given(service)
    proposal = await home.propose()
    await home.told(proposal)
    await home.answered(proposal)
    with pytest.raises(StopHeld) as refused:
        await home.decide(proposal, reason="  ")
    assert refused.value.item == "REASON"


async def test_f_03_d_another_officer_decides_and_a_person(service: Service) -> None:
    home = await given(service)
    proposal = await home.propose(by=home.chief)
    await home.told(proposal)
    await home.answered(proposal)
    with pytest.raises(StopHeld) as refused:
        await home.decide(proposal)
    assert refused.value.item == "SECOND_OFFICER"
    other = await viewer(service, "reviewer")
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.id == other.user_id).values(kind=UserKind.SERVICE))
    with pytest.raises(StopHeld) as refused:
        await home.decide(proposal, by=other)
    assert refused.value.item == "SECOND_OFFICER", "no machine decides, whatever its role"


@pytest.mark.parametrize(
    ("wage", "enough"), [(None, False), (0, False), (1378_00, False), (1380_00, True), (9_000_00, True)]
)
async def test_f_03_e_what_is_left_reaches_the_line_or_there_is_a_dated_referral(
    service: Service, wage: int | None, enough: bool
) -> None:
    home = await given(service, wage=wage)
    proposal = await home.propose()
    await home.told(proposal)
    await home.answered(proposal)
    if not enough:
        with pytest.raises(StopHeld) as refused:
            await home.decide(proposal, referral=None)
        assert refused.value.item == "FLOOR"
        async with transaction(service.engine) as connection:
            past = update(Referral).where(Referral.id == home.referral)
            await connection.execute(past.values(due_on=TODAY - dt.timedelta(days=1)))
        with pytest.raises(StopHeld):
            await home.decide(proposal)
        async with transaction(service.engine) as connection:
            await connection.execute(past.values(due_on=TODAY + dt.timedelta(days=30)))
        await home.decide(proposal)
    else:
        await home.decide(proposal, referral=None)
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(Stop).where(Stop.grant_id == home.grant))).one()
    assert row.floor == ("REACHED" if enough else "UNKNOWN" if wage is None else "BELOW")


async def test_f_32_while_an_objection_is_open_no_aid_is_taken_away(service: Service) -> None:
    home = await given(service)
    proposal = await home.propose()
    await home.told(proposal)
    await home.answered(proposal)
    await granted.objected(service.engine, home.life, home.clerk, TODAY, NOW)
    with pytest.raises(StopHeld) as refused:
        await home.decide(proposal)
    assert refused.value.item == "NO_OBJECTION"
    row = await _gate(home, proposal)
    assert not await _takes(service, insert(Stop).values(**row))
    assert await _takes(service, delete(Objection))
    assert await _takes(service, insert(Stop).values(**row)), "and nothing else was wrong with it"


async def _takes(service: Service, statement: Any) -> bool:
    """Whether the database takes it."""
    try:
        async with transaction(service.engine) as connection:
            await connection.execute(statement)
    except DatabaseError:
        return False
    return True


async def _gate(home: Given, proposal: int) -> dict[str, Any]:
    """A row of the gate as SQL would write it, with a decision of its own."""
    async with transaction(home.service.engine) as connection:
        grant = (await connection.execute(select(Grant).where(Grant.id == home.grant))).one()
        notice = (await connection.execute(select(AidNotice).where(AidNotice.proposal_id == proposal))).one()
        decision = await granted.decided(connection, home.life, (home.clerk, home.chief), "STOP_AID", NOW)
    return {
        "household_id": home.life.household_id, "proposal_id": proposal, "grant_id": home.grant,
        "enrolment_id": grant.enrolment_id, "kind": "STOP_AID", "from_month": FROM,
        "last_month": months_after(FROM, -1), "amount_fen": 0, "notice_id": notice.id,
        "delivered_on": notice.delivered_on, "working_days": notice.working_days, "wait_until": notice.wait_until,
        "answered_on": notice.answered_on, "proposed_by": home.clerk.user_id, "decided_by": home.chief.user_id,
        "decision_id": decision, "decided_on": TODAY, "floor": "UNKNOWN", "left_fen": 0, "line_fen": 690_00,
        "referral_id": home.referral, "created_at": NOW,
    }  # fmt: skip


async def test_f_03_the_database_takes_no_stop_that_lacks_one_of_the_five(service: Service) -> None:
    home, other = await given(service), await given(service)
    proposal, theirs = await home.propose(), await other.propose()
    for one, of in ((home, proposal), (other, theirs)):
        await one.told(of)
    unheard = await _gate(home, proposal)
    foreign = await _gate(other, theirs)
    await home.answered(proposal)
    whole = unheard | {"answered_on": TODAY}
    async with transaction(service.engine) as connection:
        officers = (home.clerk, home.chief)
        unreasoned = await granted.decided(connection, home.life, officers, "STOP_AID", NOW, reason=b"")
    wrong: dict[str, dict[str, Any]] = {
        "no notice": {"notice_id": None},
        "another household's notice": {"notice_id": foreign["notice_id"]},
        "a notice of another day": {"delivered_on": TODAY - dt.timedelta(days=30)},
        "no answer, and the days not over": {"answered_on": None},
        "an answer that nobody gave": {"answered_on": TODAY - dt.timedelta(days=1)},
        "days made shorter": {"answered_on": None, "wait_until": TODAY - dt.timedelta(days=1)},
        "no reason": {"decision_id": unreasoned},
        "no decision": {"decision_id": None},
        "another household's decision": {"decision_id": foreign["decision_id"]},
        "one officer": {"decided_by": home.clerk.user_id},
        "another proposer": {"proposed_by": home.chief.user_id},
        "no referral": {"referral_id": None},
        "another household's referral": {"referral_id": other.referral},
        "below the line, and called enough": {"floor": "REACHED", "referral_id": None},
        "an unknown line, and called enough": {"floor": "REACHED", "line_fen": None, "referral_id": None},
        "another month": {"from_month": months_after(FROM, -1), "last_month": months_after(FROM, -2)},
        "an earlier last month": {"last_month": months_after(FROM, -2)},
        "another grant's enrolment": {"enrolment_id": foreign["enrolment_id"]},
    }
    taken = [why for why, change in wrong.items() if await _takes(service, insert(Stop).values(**whole | change))]
    assert taken == []
    assert await _takes(service, insert(Stop).values(**whole)), "and nothing else was wrong with it"
    for undone in (update(Stop).values(from_month=THIS), delete(Stop), update(AidNotice).values(delivered_on=THIS)):
        assert not await _takes(service, undone)


async def test_f_02_no_sql_lowers_aid_that_was_granted_without_a_decision(service: Service) -> None:
    home = await given(service)
    of = Enrolment.source_record == f"GRANT:{home.grant}"
    for worse in (
        update(Enrolment).where(of).values(end_month=months_after(FROM, -1)),
        update(Enrolment).where(of).values(amount_fen=499_99),
        update(Enrolment).where(of).values(amount_fen=None),
        update(Enrolment).where(of).values(start_month=THIS),
        update(Enrolment).where(of).values(source_record="AID:1"),
        delete(Enrolment).where(of),
    ):
        assert not await _takes(service, worse)
    await home.stopped()
    assert not await _takes(service, update(Enrolment).where(of).values(end_month=months_after(FROM, -2)))


async def test_what_cannot_be_proposed_or_decided_is_refused_in_words(service: Service) -> None:
    home = await given(service, paid=2)
    for wrong in (
        Asking(StopKind.STOP_AID, THIS),
        Asking(StopKind.STOP_AID, months_after(MONTHS[1], 1)),
        Asking(StopKind.REDUCE_AID, FROM),
        Asking(StopKind.REDUCE_AID, FROM, amount_fen=500_00),
        Asking(StopKind.REDUCE_AID, FROM, amount_fen=0),
    ):
        with pytest.raises(NotDone):
            await home.propose(wrong)
    proposal = await home.propose()
    with pytest.raises(NotDone):
        await home.propose()
    elsewhere = await viewer(service, "elsewhere")
    with pytest.raises(NotDone):
        await home.decide(proposal, by=elsewhere)
    await home.told(proposal)
    with pytest.raises(NotDone):
        await home.told(proposal)
    await home.answered(proposal)
    with pytest.raises(NotDone):
        await home.answered(proposal)
    late = NOW + (months_after(FROM, 1) - TODAY)
    with pytest.raises(NotDone) as refused:
        await home.decide(proposal, late)
    assert "propose a later one" in refused.value.en
    version = await home.version(proposal)
    async with transaction(service.engine) as connection:
        await stops.withdraw(connection, service.vault, home.chief, proposal, version, "证据不足。", NOW)
    async with transaction(service.engine) as connection:
        state = await connection.scalar(select(StopProposal.state).where(StopProposal.id == proposal))
    assert state == "REJECTED", "by another than who proposed it"
    await home.propose()


async def test_a_preview_shows_what_the_decision_then_keeps(service: Service) -> None:
    home = await given(service, wage=1200_00, code="DIBAO")
    async with transaction(service.engine) as connection:
        run = incomes.running(connection, home.clerk)
        told = await stop_requests.previewed(run, home.grant, Asking(StopKind.STOP_AID, FROM), TODAY)
        assert await stop_requests.previewed(run, 10**9, Asking(StopKind.STOP_AID, FROM), TODAY) is None
    assert told is not None
    _, effect = told
    assert [(each.month, each.before, each.after) for each in effect.months][:1] == [(FROM, 500_00, 0)]
    assert effect.lost == 5 * 500_00
    assert (effect.floor, effect.left.head.low, effect.line) == ("BELOW", 600_00, 690_00)
    assert effect.possible == ("TEKUN",)
    await home.stopped()
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(Stop).where(Stop.grant_id == home.grant))).one()
    assert (row.floor, row.left_fen, row.line_fen) == (effect.floor, effect.left.head.low, effect.line)


async def test_f_03_e_a_quarter_that_is_stopped_within_leaves_nothing_of_itself_to_live_on(service: Service) -> None:
    """1200 yuan a quarter, and 1000 of wage for two: with the quarter's third there is enough, without it there is not."""
    home = await given(service, wage=1000_00, amount_fen=1200_00, period="QUARTER")
    for since in (months_after(FROM, place) for place in range(3)):
        async with transaction(service.engine) as connection:
            run = incomes.running(connection, home.clerk)
            told = await stop_requests.previewed(run, home.grant, Asking(StopKind.STOP_AID, since), TODAY)
        assert told is not None
        assert (told[1].floor, told[1].left.head.low) == ("BELOW", 500_00)
        assert told[1].lost == sum(each.before for each in told[1].months if each.month >= since)
        assert told[1].months[0].before == 400_00
    proposal = await home.propose()
    await home.told(proposal)
    await home.answered(proposal)
    with pytest.raises(StopHeld) as refused:
        await home.decide(proposal, referral=None)
    assert refused.value.item == "FLOOR"


async def test_f_03_e_what_is_stopped_does_not_go_on_because_a_register_of_aid_told_of_it_too(
    service: Service,
) -> None:
    home = await given(service, wage=1000_00, code="DIBAO")
    async with transaction(service.engine) as connection:
        enrolment = await granted.add(
            connection, Enrolment, household_id=home.life.household_id, member_id=home.life.people[0],
            programme_code="DIBAO", start_month=KNOWN, amount_fen=500_00, source_record=f"AID:{home.grant}",
        )  # fmt: skip
        await granted.add(connection, Payment, enrolment_id=enrolment, month=KNOWN, amount_fen=500_00)
        run = incomes.running(connection, home.clerk)
        told = await stop_requests.previewed(run, home.grant, Asking(StopKind.STOP_AID, FROM), TODAY)
    assert told is not None
    assert (told[1].floor, told[1].left.head.low) == ("BELOW", 500_00)


async def test_other_aid_that_goes_on_counts_and_aid_that_ends_before_does_not(service: Service) -> None:
    home = await given(service, wage=1000_00)
    for start, counted in ((None, False), (1, True)):
        async with transaction(service.engine) as connection:
            await granted.programme(connection, "TEKUN")
            enrolment = await granted.add(
                connection, Enrolment, household_id=home.life.household_id, member_id=home.life.people[0],
                programme_code="TEKUN", start_month=KNOWN, end_month=None if counted else months_after(FROM, -1),
                amount_fen=400_00, source_record=f"AID:{home.grant}:{start}",
            )  # fmt: skip
            await granted.add(connection, Payment, enrolment_id=enrolment, month=KNOWN, amount_fen=400_00)
            run = incomes.running(connection, home.clerk)
            told = await stop_requests.previewed(run, home.grant, Asking(StopKind.STOP_AID, FROM), TODAY)
        assert told is not None
        assert told[1].left.head.low == (700_00 if counted else 500_00)
