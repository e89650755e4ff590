"""Cycles of payments through the services: drawn up, approved by another, settled, answered, returned, paid again, cancelled."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from api.database import transaction
from api.domain import payments
from api.domain.errors import Conflict, NotDone
from api.domain.ledger import FundSource
from api.models import (
    AidNotice,
    AuditEvent,
    Claim,
    Decision,
    Enrolment,
    File,
    FundEntry,
    Grant,
    Household,
    Human,
    OrderMonth,
    Payment,
    PaymentCheck,
    PaymentCycle,
    PaymentOrder,
    Stop,
    StopProposal,
    Task,
    Transition,
    User,
)  # fmt: skip
from api.services import bank, funds, payment_checks, settlement
from tests.api import county, paying
from tests.api.county import Life
from tests.api.granted import add as added
from tests.api.paying import MONTH, NOW, Paying, granted, month, said


async def ended(books: Paying, grant: int, last: dt.date) -> None:
    """The grant's last month is this one. What stands before that is the gate's, which is tested where it is built."""
    async with transaction(books.engine) as connection:
        on = " ON enrolments" if connection.dialect.name == "postgresql" else ""
        await connection.execute(text(f"DROP TRIGGER IF EXISTS enrolments_granted{on}"))
        changed = update(Enrolment).where(Enrolment.source_record == f"GRANT:{grant}")
        await connection.execute(changed.values(end_month=last))


async def back_on_file(books: Paying, life: Life) -> None:
    """The household that left returns to hardship: another file of it is opened."""
    clerk, chief = (books.officers[login].user_id for login in ("clerk", "chief"))
    async with transaction(books.engine) as connection:
        file = await added(
            connection, File, household_id=life.household_id, number=f"NEW-{life.household_id}", opened_on=paying.TODAY,
            previous_id=life.file_id, version=1, created_at=NOW,
        )  # fmt: skip
        of = {"household_id": life.household_id, "file_id": file}
        decision = await added(
            connection, Decision, **of, kind="REINSTATE", proposed_by=clerk, user_id=chief, user_kind="PERSON",
            reason=b"r", evidence=[], made_at=NOW,
        )  # fmt: skip
        await added(
            connection, Transition, **of, number=3, previous_number=2, from_stage="DEREGISTERED", action="REINSTATE",
            adverse=False, to_stage="RECORDED", user_id=chief, decision_id=decision, evidence=[],
            effective_on=paying.TODAY, happened_at=NOW,
        )  # fmt: skip
        back = {"stage": "RECORDED", "transition_number": 3, "file_closed_on": None}
        await connection.execute(update(Household).where(Household.id == life.household_id).values(**back))


async def reduced(books: Paying, life: Life, grant: int, since: dt.date, fen: int, at: dt.datetime = NOW) -> None:
    """From this month on the grant is less, by a decision behind which all stands that has to."""
    clerk, chief = (books.officers[login].user_id for login in ("clerk", "chief"))
    of, days_of = {"household_id": life.household_id}, {"delivered_on": paying.TODAY, "working_days": 10}
    told = {**days_of, "wait_until": paying.TODAY + dt.timedelta(days=20), "answered_on": paying.TODAY}
    what = {
        **of,
        "grant_id": grant,
        "kind": "REDUCE_AID",
        "from_month": since,
        "amount_fen": fen,
        "proposed_by": clerk,
    }
    async with transaction(books.engine) as connection:
        enrolment = await connection.scalar(select(Grant.enrolment_id).where(Grant.id == grant))
        proposal = await added(
            connection, StopProposal, **what, file_id=life.file_id, statement=b"s", proposed_at=at, state="PROPOSED",
            version=1,
        )  # fmt: skip
        notice = await added(
            connection, AidNotice, **of, **told, proposal_id=proposal, document_no="1", facts=b"f",
            delivery="IN_PERSON", recorded_by=clerk, recorded_at=at, answer=b"a", answer_recorded_by=clerk, version=2,
        )  # fmt: skip
        decision = await added(
            connection, Decision, **of, file_id=life.file_id, kind="REDUCE_AID", proposed_by=clerk, user_id=chief,
            user_kind="PERSON", reason=b"r", evidence=[], made_at=at,
        )  # fmt: skip
        await added(
            connection, Stop, **what, **told, enrolment_id=enrolment, last_month=month(1), proposal_id=proposal,
            notice_id=notice, decided_by=chief, decision_id=decision, decided_on=paying.TODAY, floor="REACHED",
            left_fen=690_00, line_fen=690_00, created_at=at,
        )  # fmt: skip


async def test_a_month_is_paid_by_two_officers_and_the_bank(books: Paying) -> None:
    await granted(books)
    cycle = await books.draw_up()
    (order,) = await books.orders(cycle)
    assert (order.state, order.amount_fen, await books.balances()) == ("DRAWN_UP", 100_00, (900_00, 100_00, 0))
    await books.approve(cycle)
    assert await books.months_paid() == [], "nothing is paid by an approval"
    await books.settle(cycle)
    assert (await books.balances(), await books.months_paid()) == ((900_00, 0, 100_00), [(MONTH, 100_00)])
    (order,) = await books.orders(cycle)
    taken = await books.answer(cycle, [said(order)], "first")
    assert (taken.paid, taken.returned, await books.state(cycle)) == (1, 0, "RECONCILED")
    assert [each.state for each in await books.orders(cycle)] == ["PAID"]
    assert await books.sound()


async def test_months_that_were_missed_are_due_and_none_is_paid_twice(books: Paying) -> None:
    await granted(books, 10_00, first=2, last=-2)
    await books.paid()
    assert await books.months_paid() == [(month(ago), 10_00) for ago in (2, 1, 0)]
    with pytest.raises(NotDone, match="nothing is due"):
        await books.draw_up()


async def test_a_grant_that_ended_early_is_never_paid_for_the_months_after(books: Paying) -> None:
    _, grant = await granted(books, 10_00, first=3, last=0)
    await ended(books, grant, month(2))
    await books.paid()
    assert await books.months_paid() == [(month(3), 10_00), (month(2), 10_00)]


async def test_what_ended_after_it_was_approved_is_held_and_its_money_is_free(books: Paying) -> None:
    _, grant = await granted(books, 10_00, first=1)
    cycle = await books.draw_up()
    await books.approve(cycle)
    await ended(books, grant, month(1))
    await books.settle(cycle)
    (order,) = await books.orders(cycle)
    assert (order.state, order.held_because, await books.months_paid()) == ("HELD", "MONTHS_ENDED", [])
    assert await books.balances() == (1_000_00, 0, 0)
    await books.paid()
    assert await books.months_paid() == [(month(1), 10_00)], "what is still granted is paid by the next cycle"
    assert await books.sound()


async def test_f_37_without_an_active_file_no_order_is_carried_out_and_everybody_sees_why(books: Paying) -> None:
    life, _ = await granted(books)
    await granted(books, account=None)
    await granted(books)
    cycle = await books.draw_up()
    assert [(each.state, each.held_because) for each in await books.orders(cycle)] == [
        ("DRAWN_UP", None), ("HELD", "NO_ACCOUNT"), ("DRAWN_UP", None),
    ]  # fmt: skip
    await books.approve(cycle)
    await county.leave(books.engine, books.officers, life, NOW)
    await books.settle(cycle)
    assert [(each.state, each.held_because) for each in await books.orders(cycle)] == [
        ("HELD", "NO_ACTIVE_FILE"), ("HELD", "NO_ACCOUNT"), ("SETTLED", None),
    ]  # fmt: skip
    assert (await books.balances(), await books.sound()) == ((900_00, 0, 100_00), True)
    again = await books.draw_up()
    assert [(each.state, each.held_because) for each in await books.orders(again)] == [
        ("HELD", "NO_ACTIVE_FILE"), ("HELD", "NO_ACCOUNT"),
    ]  # fmt: skip
    with pytest.raises(NotDone, match="nothing to approve"):
        await books.approve(again)


async def test_f_37_the_database_pays_nothing_unapproved_unfiled_or_untold(books: Paying) -> None:
    await granted(books)
    cycle = await books.draw_up()
    (order,) = await books.orders(cycle)
    O, C = paying.O, paying.C  # noqa: E741
    paid = {"enrolment_id": order.enrolment_id, "month": MONTH, "amount_fen": 100_00}
    clerk, chief = (books.officers[login].user_id for login in ("clerk", "chief"))
    approval = {"state": "APPROVED", "approved_by_kind": "PERSON", "approved_at": NOW}
    settled = {"state": "SETTLED", "settled_by": chief, "settled_at": NOW}
    refused = [
        update(PaymentOrder).where(O.id == order.id).values(state="SETTLED"),
        update(PaymentOrder).where(O.id == order.id).values(amount_fen=1),
        update(PaymentOrder).where(O.id == order.id).values(state="PAID", answered_on=MONTH),
        update(PaymentCycle).where(C.id == cycle).values(**settled),
        update(PaymentCycle).where(C.id == cycle).values(**approval, approved_by=clerk),
        insert(Payment).values(**paid),
        insert(Payment).values(**paid, order_id=order.id),
        delete(PaymentOrder).where(O.id == order.id),
        delete(OrderMonth),
        update(OrderMonth).values(live=False),
        delete(FundEntry),
        update(FundEntry).values(amount_fen=1),
    ]
    for statement in refused:
        with pytest.raises(DatabaseError):
            async with transaction(books.engine) as connection:
                await connection.execute(statement)
    await books.approve(cycle)
    await books.settle(cycle)
    for statement in (delete(Payment), update(Payment).values(amount_fen=1)):
        with pytest.raises(DatabaseError):
            async with transaction(books.engine) as connection:
                await connection.execute(statement)
    returned = update(PaymentOrder).where(O.id == order.id).values(state="RETURNED", answered_on=MONTH)
    with pytest.raises(DatabaseError):
        async with transaction(books.engine) as connection:
            await connection.execute(returned)
    assert await books.sound()


async def test_nobody_approves_what_they_drew_up_and_no_machine_does(books: Paying) -> None:
    await granted(books)
    cycle = await books.draw_up(by="chief")
    with pytest.raises(NotDone, match="Another officer"):
        await books.approve(cycle, by="chief")
    async with transaction(books.engine) as connection:
        await connection.execute(update(User).where(User.login == "second-chief").values(kind="SERVICE"))
    with pytest.raises(NotDone, match="Only a person"):
        await books.approve(cycle, by="second-chief")
    async with transaction(books.engine) as connection:
        await connection.execute(update(User).where(User.login == "second-chief").values(kind="PERSON"))
    with pytest.raises(NotDone, match="no such cycle"):
        await books.approve(cycle, by="stranger")
    await books.approve(cycle, by="second-chief")
    with pytest.raises(NotDone, match="APPROVED"):
        await books.approve(cycle, by="second-chief")


async def test_what_was_read_before_is_not_what_is_changed(books: Paying) -> None:
    await granted(books)
    cycle = await books.draw_up()
    await books.approve(cycle)
    with pytest.raises(Conflict):
        async with transaction(books.engine) as connection:
            await settlement.settle(connection, books.officers["chief"], cycle, 1, NOW)


async def test_a_cycle_is_cancelled_until_it_is_settled(books: Paying) -> None:
    await granted(books)
    for approved in (False, True):
        cycle = await books.draw_up()
        if approved:
            await books.approve(cycle)
        await books.cancel(cycle)
        assert (await books.state(cycle), await books.balances()) == ("CANCELLED", (1_000_00, 0, 0))
        assert [each.state for each in await books.orders(cycle)] == ["CANCELLED"]
    cycle = await books.paid()
    with pytest.raises(NotDone, match="SETTLED"):
        await books.cancel(cycle)
    assert (await books.months_paid(), await books.sound()) == ([(MONTH, 100_00)], True)


async def test_a_fund_pays_no_more_than_it_has(books: Paying) -> None:
    for _ in range(3):
        await granted(books, 400_00)
    with pytest.raises(NotDone, match=r"1000\.00 yuan to dispose of, and 1200\.00"):
        await books.draw_up()
    assert (await books.orders(), await books.balances()) == ([], (1_000_00, 0, 0))


async def test_what_the_bank_returns_is_the_fund_s_again_and_is_paid_anew_to_the_right_account(books: Paying) -> None:
    life, _ = await granted(books, 30_00, first=1)
    cycle = await books.paid()
    (order,) = await books.orders(cycle)
    await books.answer(cycle, [said(order, "退回", 原因="账号有误")], "returned")
    assert (await books.months_paid(), await books.balances()) == ([], (1_000_00, 0, 0))
    async with transaction(books.engine) as connection:
        kinds = select(FundEntry.kind).where(FundEntry.order_id == order.id).order_by(FundEntry.id)
        assert (await connection.scalars(kinds)).all() == ["COMMITTED", "SETTLED", "RETURNED"]
        task = (
            await connection.execute(select(Task.state, Task.household_id).where(Task.kind == "PAYMENT_RETURNED"))
        ).one()
        assert tuple(task) == ("OPEN", life.household_id)
        account = books.vault.seal("households.payee_account", "6217000000000000001")
        await connection.execute(update(Household).values(payee_account=account))
    with pytest.raises(NotDone, match="nothing is due"):
        await books.draw_up()
    again = await books.repay(order.id)
    with pytest.raises(NotDone, match="paid again already"):
        await books.repay(order.id)
    (new,) = await books.orders(again)
    assert (new.repays_id, new.amount_fen, new.state) == (order.id, 60_00, "DRAWN_UP")
    assert new.payee_account is not None
    assert books.vault.open("payment_orders.payee_account", new.payee_account) == "6217000000000000001"
    with pytest.raises(NotDone, match="Another officer"):
        await books.approve(again, by="clerk")
    await books.approve(again)
    await books.settle(again)
    assert await books.months_paid() == [(month(1), 30_00), (month(0), 30_00)]
    assert (await books.balances(), await books.sound()) == ((940_00, 0, 60_00), True)


async def test_the_same_answer_twice_changes_nothing(books: Paying) -> None:
    for _ in range(3):
        await granted(books, 10_00)
    cycle = await books.paid()
    orders = await books.orders(cycle)
    lines = [said(orders[0]), said(orders[1], "退回", 3)]
    first = await books.answer(cycle, lines, "a file")
    before = (await books.orders(), await books.balances(), await books.months_paid())
    assert await books.answer(cycle, lines, "a file") == first
    other = await books.answer(cycle, lines, "the same rows in another file")
    assert (other.paid, other.returned, other.unchanged) == (0, 0, 2)
    assert (await books.orders(), await books.balances(), await books.months_paid()) == before
    assert await books.state(cycle) == "SETTLED", "one order waits for its answer"
    await books.answer(cycle, [said(orders[2])], "the rest")
    assert await books.state(cycle) == "RECONCILED"
    late = await books.answer(cycle, [said(orders[2], "失败")], "returned later")
    assert (late.returned, await books.balances(), await books.sound()) == (1, (990_00, 0, 10_00), True)


async def test_rows_that_cannot_be_taken_are_told_by_their_place_and_nothing_is_taken(books: Paying) -> None:
    for _ in range(2):
        await granted(books, 10_00)
    cycle = await books.paid()
    one, two = await books.orders(cycle)
    lines = [
        said(one), said(one, row=3), said(two, "也许", 4), said(two, row=5, 金额="10.01"), said(two, row=6, 日期="2999-01-01"),
        said(two, row=7, 指令号="JK9-00001-1"), said(two, row=8, 金额="十元"),
    ]  # fmt: skip
    with pytest.raises(bank.AnswersRefused) as why:
        await books.answer(cycle, lines, "bad")
    assert [(each.file, each.row, each.column) for each in why.value.rows][:6] == [
        ("answer.csv", 3, "指令号"), ("answer.csv", 4, "结果"), ("answer.csv", 5, "指令号"), ("answer.csv", 5, "金额（元）"),
        ("answer.csv", 6, "指令号"), ("answer.csv", 6, "日期"),
    ]  # fmt: skip
    assert [each.state for each in await books.orders(cycle)] == ["SETTLED", "SETTLED"]
    with pytest.raises(bank.AnswersRefused):
        await books.answer(cycle, [], "empty")


async def test_the_list_for_the_bank_opens_accounts_and_says_who_took_it(books: Paying) -> None:
    life, _ = await granted(books, 10_00, first=1)
    cycle = await books.draw_up()
    chief = books.officers["chief"]
    async with transaction(books.engine) as connection:
        with pytest.raises(NotDone, match="not been settled"):
            await bank.listed(connection, books.vault, chief, cycle, NOW)
    await books.approve(cycle)
    await books.settle(cycle)
    (order,) = await books.orders(cycle)
    async with transaction(books.engine) as connection:
        given = await bank.listed(connection, books.vault, chief, cycle, NOW)
    months = f"{month(1):%Y-%m}..{month(0):%Y-%m}"
    assert given.table.rows == [(order.reference, "张三", "6222020200112233445", "", "20.00", "困难生活补贴", months)]
    assert (given.households, given.people) == ((life.household_id,), life.people)
    async with transaction(books.engine) as connection:
        told = select(AuditEvent.user_id, AuditEvent.subject).where(AuditEvent.action == "cycle.listed")
        assert (await connection.execute(told)).all() == [(chief.user_id, cycle)]
        with pytest.raises(NotDone, match="no such cycle"):
            await bank.listed(connection, books.vault, books.officers["stranger"], cycle, NOW)


async def test_a_quarter_is_paid_when_it_is_over_and_its_months_come_to_its_sum(books: Paying) -> None:
    await granted(books, 100_00, first=11, last=0, period="QUARTER")
    await books.paid()
    found = dict(await books.months_paid())
    assert set(found) == {month(ago) for ago in range(12)}, "its own last month ends the last quarter"
    whole = [sum(found[m] for m in found if (m.year, (m.month - 1) // 3) == quarter)
             for quarter in {(m.year, (m.month - 1) // 3) for m in found}]  # fmt: skip
    assert whole.count(100_00) >= 3
    assert await books.sound()


async def test_recipients_are_drawn_by_the_cycle_s_seed_and_asked_by_others_than_those_who_paid(
    books: Paying,
) -> None:
    for _ in range(8):
        await granted(books, 10_00)
    cycle = await books.paid()
    K = PaymentCheck
    async with transaction(books.engine) as connection:
        checks = (await connection.execute(select(K.id, K.order_id).order_by(K.order_id))).all()
        seed = await connection.scalar(select(PaymentCycle.seed).where(PaymentCycle.id == cycle))
        tasks = select(Task.reference).where(Task.kind == "PAYMENT_CHECK", Task.state == "OPEN").order_by(Task.id)
        references = (await connection.scalars(tasks)).all()
    drawn = payments.sample(str(seed), [each.id for each in await books.orders(cycle)], 5, 3)
    assert [each.order_id for each in checks] == drawn
    assert references == [f"PAYMENT_CHECK:{key}" for key in drawn]
    asked = (checks[0].id, 1, payments.CheckOutcome.RECEIVED, "电话核实，已收到。", NOW)
    for paid_by in ("clerk", "chief"):
        with pytest.raises(NotDone, match="does not check it"):
            async with transaction(books.engine) as connection:
                await payment_checks.record(connection, books.vault, books.officers[paid_by], *asked)
    async with transaction(books.engine) as connection:
        await payment_checks.record(connection, books.vault, books.officers["second-clerk"], *asked)
    async with transaction(books.engine) as connection:
        state = select(Task.state).where(Task.reference == f"PAYMENT_CHECK:{checks[0].order_id}")
        assert await connection.scalar(state) == "DONE"
    with pytest.raises(Conflict):
        async with transaction(books.engine) as connection:
            await payment_checks.record(connection, books.vault, books.officers["second-clerk"], *asked)


async def test_a_document_allocates_once_and_no_more_goes_back_than_there_is(books: Paying) -> None:
    chief = books.officers["chief"]
    told = (FundSource.CENTRAL, county.COUNTY, 2026, 50_00, "财社〔2026〕1号", NOW)
    async with transaction(books.engine) as connection:
        fund = await funds.allocate(connection, chief, *told)
    with pytest.raises(NotDone, match="entered already"):
        async with transaction(books.engine) as connection:
            await funds.allocate(connection, chief, *told)
    with pytest.raises(NotDone, match=r"50\.00 yuan to dispose of"):
        async with transaction(books.engine) as connection:
            await funds.allocate(connection, chief, *told[:3], 50_01, "退回", NOW, back=True)
    async with transaction(books.engine) as connection:
        await funds.allocate(connection, chief, *told[:3], 50_00, "退回", NOW, back=True)
    assert (await books.balances(fund), await books.sound()) == ((0, 0, 0), True)
    with pytest.raises(NotDone, match="no such division"):
        async with transaction(books.engine) as connection:
            await funds.allocate(connection, chief, told[0], "410500", 2026, 1, "越级", NOW)


async def test_what_is_recovered_is_never_more_than_was_paid(books: Paying) -> None:
    await granted(books, 100_00)
    cycle = await books.paid()
    (order,) = await books.orders(cycle)
    chief = books.officers["chief"]
    async with transaction(books.engine) as connection:
        await funds.recovered(connection, chief, order.id, 60_00, "RECOVERY:1", NOW)
    with pytest.raises(NotDone, match="No more comes back"):
        async with transaction(books.engine) as connection:
            await funds.recovered(connection, chief, order.id, 40_01, "RECOVERY:2", NOW)
    assert (await books.balances(), await books.sound()) == ((960_00, 0, 40_00), True)


async def test_f_37_only_months_of_the_grant_s_own_file_are_paid(books: Paying) -> None:
    early, grant = await granted(books, 10_00, first=3, last=0)
    left, other = await granted(books, 10_00, first=1, last=0)
    async with transaction(books.engine) as connection:
        opened = update(File).where(File.id == early.file_id).values(opened_on=month(1).replace(day=20))
        await connection.execute(opened)
    cycle = await books.draw_up()
    await books.approve(cycle)
    await county.leave(books.engine, books.officers, left, NOW)
    await back_on_file(books, left)
    await books.settle(cycle)
    orders = {each.grant_id: each for each in await books.orders(cycle)}
    assert await books.months_paid() == [(month(1), 10_00), (month(0), 10_00)]
    assert (orders[grant].state, orders[other].held_because) == ("SETTLED", "NO_ACTIVE_FILE")
    again = await books.draw_up()
    assert [(each.grant_id, each.held_because) for each in await books.orders(again)] == [(other, "NO_ACTIVE_FILE")]
    assert await books.sound()


async def test_f_37_the_database_pays_only_months_of_the_grant_s_own_file(books: Paying) -> None:
    life, grant = await granted(books, 10_00, first=3, last=0)
    async with transaction(books.engine) as connection:
        await connection.execute(update(File).values(opened_on=month(1).replace(day=20)))
    cycle = await books.draw_up()
    (order,) = await books.orders(cycle)
    before = {"order_id": order.id, "grant_id": grant, "month": month(2), "amount_fen": 1, "live": True}
    with pytest.raises(DatabaseError, match="before the file was opened"):
        async with transaction(books.engine) as connection:
            await connection.execute(insert(OrderMonth).values(**before))
    await county.leave(books.engine, books.officers, life, NOW)
    await back_on_file(books, life)
    row = {"cycle_id": cycle, "reference": "x", "grant_id": grant, "household_id": life.household_id, "version": 1}
    told = {"enrolment_id": order.enrolment_id, "amount_fen": 1, "state": "DRAWN_UP"}
    added_by_hand = insert(PaymentOrder).values(**row, **told, payee_name=b"x", payee_account=b"x")
    with pytest.raises(DatabaseError, match="without an active file"):
        async with transaction(books.engine) as connection:
            await connection.execute(added_by_hand)


async def test_a_household_that_moved_away_is_paid_by_whoever_keeps_the_cycle(books: Paying) -> None:
    life, _ = await granted(books, 10_00, first=1)
    cycle = await books.paid()
    async with transaction(books.engine) as connection:
        moved = update(Household).where(Household.id == life.household_id).values(division_code="410581")
        await connection.execute(moved)
        given = await bank.listed(connection, books.vault, books.officers["clerk"], cycle, NOW)
    (order,) = await books.orders(cycle)
    assert ([row[0] for row in given.table.rows], given.households) == ([order.reference], (life.household_id,))
    await books.answer(cycle, [said(order, "退回")], "returned")
    again = await books.repay(order.id)
    await books.approve(again)
    await books.settle(again)
    assert await books.months_paid() == [(month(1), 10_00), (month(0), 10_00)]
    assert await books.sound()


async def test_what_is_paid_again_is_what_the_months_are_worth_now(books: Paying) -> None:
    life, grant = await granted(books, 500_00, first=1)
    cycle = await books.paid()
    (order,) = await books.orders(cycle)
    await books.answer(cycle, [said(order, "退回")], "returned")
    await reduced(books, life, grant, month(0), 200_00)
    (new,) = await books.orders(await books.repay(order.id))
    assert new.amount_fen == 700_00


async def test_a_reduction_that_came_to_be_at_an_earlier_hour_holds_the_order_back_too(books: Paying) -> None:
    life, grant = await granted(books, 500_00)
    cycle = await books.draw_up()
    await books.approve(cycle)
    await reduced(books, life, grant, month(0), 200_00, at=NOW - dt.timedelta(minutes=1))
    await books.settle(cycle)
    assert [each.held_because for each in await books.orders(cycle)] == ["AMOUNT_CHANGED"]
    await books.paid()
    assert await books.months_paid() == [(month(0), 200_00)]


async def test_f_29_the_list_for_the_bank_tells_no_branch_of_a_protected_household_to_the_uncleared(
    books: Paying,
) -> None:
    await granted(books, 10_00)
    async with transaction(books.engine) as connection:
        form = books.vault.seal("households.form", json.dumps({"BANK": "安阳银行", "BANK_BRANCH": "水冶镇支行"}))
        await connection.execute(update(Household).values(form=form))
    cycle = await books.paid()
    cleared = replace(books.officers["clerk"], cleared=True)

    async def branches() -> list[str]:
        async with transaction(books.engine) as connection:
            told = [
                await bank.listed(connection, books.vault, who, cycle, NOW, "核对清单")
                for who in (books.officers["clerk"], cleared)
            ]
        return [str(each.table.rows[0][3]) for each in told]

    assert await branches() == ["安阳银行 水冶镇支行"] * 2
    async with transaction(books.engine) as connection:
        await connection.execute(update(Human).values(protected_since=NOW))
    assert await branches() == ["", "安阳银行 水冶镇支行"]


async def test_months_that_a_grant_let_go_are_not_paid_by_it(books: Paying) -> None:
    await granted(books, 10_00, first=2)
    async with transaction(books.engine) as connection:
        await connection.execute(delete(Claim).where(Claim.month == month(1)))
    await books.paid()
    assert await books.months_paid() == [(month(2), 10_00), (month(0), 10_00)]
