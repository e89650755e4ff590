"""What was paid wrongly is given back after a decision: by instalments that a month can bear, and never where we were wrong."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from api.database import transaction
from api.domain import recoveries as rules
from api.domain.clocks import months_after
from api.domain.errors import NotDone, StopHeld
from api.domain.official_errors import OfficialErrorKind
from api.domain.recoveries import RecoveryCause
from api.domain.stops import StopKind
from api.loaders import incomes
from api.models import FundEntry, Household, OfficialError, Recovery, RecoveryEntry
from api.services import official_errors, recoveries, stop_requests
from api.services.official_errors import Wrong
from api.services.stop_requests import Asking
from tests.api import granted
from tests.api.conftest import Service
from tests.api.county import Life
from tests.api.leaving import on_file
from tests.api.paying import Paying, allocated, said
from tests.api.services.reviewed import viewer
from tests.api.services.test_stops import KNOWN, MONTHS, NOW, THIS, TODAY, Given, given

OURS = "OFFICIAL_ERROR"


def asked(sum_fen: int, cause: RecoveryCause | None = None) -> Asking:
    return Asking(StopKind.RECOVER_AID, MONTHS[0], months_after(MONTHS[0], 1), sum_fen, cause)


async def recovering(service: Service, cause: RecoveryCause | None, wage: int | None = 5000_00) -> tuple[Given, int]:
    """A household that gives 720 yuan back of what was paid in two months, with this wage in the running month."""
    home = await given(service, paid=2)
    await home.stopped(asked(720_00, cause))
    await granted.earning(service.engine, home.life, THIS, wage, NOW)
    async with transaction(service.engine) as connection:
        key = await connection.scalar(select(Recovery.id).where(Recovery.household_id == home.life.household_id))
    assert key is not None
    return home, key


async def entries(service: Service, recovery: int) -> list[Any]:
    async with transaction(service.engine) as connection:
        found = select(RecoveryEntry).where(RecoveryEntry.recovery_id == recovery).order_by(RecoveryEntry.number)
        return list(await connection.execute(found))


async def pay(home: Given, recovery: int, fen: int, month: dt.date = THIS) -> int:
    async with transaction(home.service.engine) as connection:
        return await recoveries.pay_in(connection, home.clerk, recovery, month, fen, TODAY, NOW)


async def test_f_34_an_error_of_ours_is_waived_and_is_what_is_assumed(service: Service) -> None:
    _, recovery = await recovering(service, None)
    opened, waived = await entries(service, recovery)
    assert (opened.kind, opened.left_fen, opened.cause) == ("OPENED", 720_00, OURS)
    assert (waived.kind, waived.amount_fen, waived.left_fen) == ("WAIVED", 720_00, 0)


async def test_f_34_it_is_given_back_by_instalments_that_a_month_can_bear(service: Service) -> None:
    home, recovery = await recovering(service, RecoveryCause.NOT_REPORTED)
    with pytest.raises(NotDone):
        await pay(home, recovery, 60_01)
    await pay(home, recovery, 60_00)
    with pytest.raises(NotDone) as again:
        await pay(home, recovery, 60_00)
    assert again.value.path == ("input", "month")
    with pytest.raises(NotDone):
        await pay(home, recovery, 1, months_after(THIS, 1))
    _, paid = await entries(service, recovery)
    assert (paid.amount_fen, paid.left_fen, paid.cap_fen) == (60_00, 660_00, (5000_00 - 2 * 690_00) // 10)
    async with transaction(service.engine) as connection:
        await recoveries.waive(connection, service.vault, home.chief, recovery, "家中有人患病。", NOW)
    assert (await entries(service, recovery))[-1].left_fen == 0
    with pytest.raises(NotDone) as over:
        await pay(home, recovery, 1, THIS)
    assert over.value.path == ("input", "recoveryId")


@pytest.mark.parametrize("wage", [None, 0, 1380_00])
async def test_f_34_nothing_is_due_below_the_line_nor_where_nobody_knows(service: Service, wage: int | None) -> None:
    home, recovery = await recovering(service, RecoveryCause.UNCLEAR, wage)
    with pytest.raises(NotDone) as refused:
        await pay(home, recovery, 1)
    assert refused.value.path == ("input", "amount")


async def test_f_32_while_an_objection_is_open_no_instalment_is_taken(service: Service) -> None:
    home, recovery = await recovering(service, RecoveryCause.UNCLEAR)
    await granted.objected(service.engine, home.life, home.clerk, TODAY, NOW)
    with pytest.raises(NotDone):
        await pay(home, recovery, 1)


async def test_f_10_no_more_is_recovered_than_was_paid(service: Service) -> None:
    home = await given(service, paid=2)
    with pytest.raises(NotDone):
        await home.propose(asked(1000_01))
    await home.stopped(asked(1000_00))
    with pytest.raises(NotDone) as refused:
        await home.propose(asked(2))
    assert "already" in refused.value.en
    async with transaction(service.engine) as connection:
        run = incomes.running(connection, home.clerk)
        with pytest.raises(NotDone) as shown:
            await stop_requests.previewed(run, home.grant, asked(2), TODAY)
    assert shown.value.en == refused.value.en, "it is not shown as if it could be proposed"


async def test_f_10_no_month_is_recovered_twice_though_others_were_paid(service: Service) -> None:
    home = await given(service, paid=4)
    first = Asking(StopKind.RECOVER_AID, MONTHS[0], MONTHS[0], 500_00, RecoveryCause.NOT_REPORTED)
    await home.stopped(first)
    with pytest.raises(NotDone) as refused:
        await home.propose(first)
    assert refused.value.path == ("input", "request", "amount")
    await home.stopped(asked(500_00, RecoveryCause.NOT_REPORTED))
    with pytest.raises(NotDone):
        await home.propose(asked(2, RecoveryCause.NOT_REPORTED))


async def test_f_03_e_a_recovery_is_measured_by_what_there_is_today(service: Service) -> None:
    """Who had enough in the month that was paid wrongly, and has nothing now, is referred first."""
    home = await on_file(service)
    life = Life(home.key, home.file_key, home.people_keys)
    officers = await viewer(service, "caseworker"), await viewer(service, "county-reviewer")
    past = months_after(THIS, -6)
    months = [past, months_after(THIS, -5)]
    grant = await granted.granted(service.engine, life, officers, NOW, months=months, paid=months)
    await granted.earning(service.engine, life, past, 9000_00, NOW)
    await granted.earning(service.engine, life, KNOWN, 0, NOW)
    poor = Given(service, life, grant, *officers, referral=0)
    proposal = await poor.propose(Asking(StopKind.RECOVER_AID, past, past, 500_00, RecoveryCause.UNCLEAR))
    await poor.told(proposal)
    await poor.answered(proposal)
    with pytest.raises(StopHeld) as refused:
        await poor.decide(proposal, referral=None)
    assert refused.value.item == "FLOOR"


async def paid_by_the_bank(service: Service) -> tuple[Given, Paying, int]:
    """A household whose three months until now were settled by one order, not answered yet; and the county's books."""
    home = await given(service)
    officers = {"clerk": home.clerk, "chief": home.chief}
    async with transaction(service.engine) as connection:
        fund = await allocated(connection, officers, 5_000_00)
        payee = {"payee_name": "张三", "payee_account": "6222020200112233445"}
        sealed = {name: service.vault.seal(f"households.{name}", text) for name, text in payee.items()}
        await connection.execute(update(Household).where(Household.id == home.life.household_id).values(**sealed))
    books = Paying(service.engine, service.vault, officers, fund)
    return home, books, await books.paid()


async def test_f_10_only_what_the_bank_paid_is_recovered_and_it_is_asked_again_at_the_decision(
    service: Service,
) -> None:
    home, books, cycle = await paid_by_the_bank(service)
    wanted = asked(720_00, RecoveryCause.NOT_REPORTED)
    with pytest.raises(NotDone):
        await home.propose(wanted)
    (order,) = await books.orders(cycle)
    await books.answer(cycle, [said(order)], "1" * 64)
    proposal = await home.propose(wanted)
    await home.told(proposal)
    await home.answered(proposal)
    await books.answer(cycle, [said(order, "退回", 原因="账号已销户")], "2" * 64)
    with pytest.raises(NotDone) as refused:
        await home.decide(proposal)
    assert refused.value.path == ("input", "proposalId")


@pytest.mark.parametrize("returned", [False, True])
async def test_what_is_paid_in_is_the_fund_s_again_and_nothing_is_paid_in_of_what_the_bank_returned(
    service: Service, returned: bool
) -> None:
    home, books, cycle = await paid_by_the_bank(service)
    (order,) = await books.orders(cycle)
    await books.answer(cycle, [said(order)], "1" * 64)
    await home.stopped(asked(720_00, RecoveryCause.NOT_REPORTED))
    await granted.earning(service.engine, home.life, THIS, 5000_00, NOW)
    async with transaction(service.engine) as connection:
        recovery = await connection.scalar(select(Recovery.id).where(Recovery.household_id == home.life.household_id))
    assert recovery is not None
    if returned:
        await books.answer(cycle, [said(order, "退回", 原因="账号已销户")], "2" * 64)
        with pytest.raises(NotDone) as refused:
            await pay(home, recovery, 60_00)
        assert refused.value.path == ("input", "recoveryId")
        return
    available, _, paid = await books.balances()
    await pay(home, recovery, 60_00)
    assert await books.balances() == (available + 60_00, 0, paid - 60_00)
    assert await books.sound()
    async with transaction(service.engine) as connection:
        reference = await connection.scalar(select(FundEntry.reference).where(FundEntry.kind == "RECOVERED"))
    assert reference == f"RECOVERY:{recovery}:2:{order.id}"


async def test_f_34_the_database_takes_no_recovery_in_one_piece_and_no_entry_that_does_not_add_up(
    service: Service,
) -> None:
    home, recovery = await recovering(service, RecoveryCause.UNCLEAR)
    opened = (await entries(service, recovery))[0]
    of = {"recovery_id": recovery, "household_id": home.life.household_id, "total_fen": 720_00, "most_fen": 60_00}
    entry = of | {"cause": "UNCLEAR", "number": 2, "previous_number": 1, "kind": "INSTALMENT", "month": THIS}
    money = {"before_fen": 720_00, "amount_fen": 60_00, "left_fen": 660_00, "cap_fen": 100_00, "paid_on": TODAY}
    whole = entry | money | {"user_id": home.clerk.user_id, "entered_at": NOW}
    wrong: tuple[dict[str, Any], ...] = (
        {"left_fen": 600_00},
        {"before_fen": 700_00, "left_fen": 640_00},
        {"amount_fen": 61_00, "left_fen": 659_00},
        {"amount_fen": 61_00, "left_fen": 659_00, "most_fen": 100_00},
        {"cap_fen": 59_99},
        {"cap_fen": None},
        {"cause": OURS},
        {"number": 3, "previous_number": 2},
        {"kind": "INTEREST"},
        {"kind": "WITHHELD"},
        {"amount_fen": -1_00, "left_fen": 721_00},
    )
    for change in wrong:
        with pytest.raises(DatabaseError):
            async with transaction(service.engine) as connection:
                await connection.execute(insert(RecoveryEntry).values(**whole | change))
    for statement in (
        update(Recovery).where(Recovery.id == recovery).values(most_fen=360_00),
        update(RecoveryEntry).where(RecoveryEntry.id == opened.id).values(left_fen=800_00),
        delete(RecoveryEntry).where(RecoveryEntry.id == opened.id),
    ):
        with pytest.raises(DatabaseError):
            async with transaction(service.engine) as connection:
                await connection.execute(statement)
    at_once = insert(Recovery).values(
        household_id=home.life.household_id, stop_id=1, kind="RECOVER_AID", total_fen=720_00, most_fen=360_01,
        cause="UNCLEAR", opened_at=NOW,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="ck_recoveries_instalments"):
        async with transaction(service.engine) as connection:
            await connection.execute(at_once)
    async with transaction(service.engine) as connection:
        await connection.execute(insert(RecoveryEntry).values(**whole))


@examples(st.integers(2, 10**9), st.integers(2, 60), st.integers(0, 10**7), st.integers(1, 10**6), st.integers(1, 9))
def test_f_34_whatever_is_due_leaves_a_household_above_its_line_and_takes_more_than_one_month(
    total: int, instalments: int, income: int, line: int, members: int
) -> None:
    bears = rules.cap(income, line, members, Fraction(1, 10))
    due = rules.due(total, rules.most_a_month(total, instalments), bears)
    assert due * 2 <= total
    assert due == 0 or income - due >= line * members
    assert rules.due(total, total, rules.cap(income, None, members, Fraction(1, 10))) == 0


async def test_an_error_of_ours_is_on_record_as_ours_and_put_right_once(service: Service) -> None:
    home = await given(service, paid=1)
    other = await given(service)
    of: dict[str, Any] = {"household_id": home.life.household_id, "grant_id": home.grant, "month": MONTHS[0]}
    async with transaction(service.engine) as connection:
        wrong = Wrong(OfficialErrorKind.PAID_TWICE, "同一月份发放两次。", TODAY, **of)
        key = await official_errors.record(connection, service.vault, home.clerk, wrong, NOW)
    for bad in (
        Wrong(OfficialErrorKind.OTHER, "x", TODAY + dt.timedelta(days=1)),
        Wrong(OfficialErrorKind.OTHER, " ", TODAY),
        Wrong(OfficialErrorKind.OTHER, "x", TODAY, **of | {"grant_id": other.grant}),
        Wrong(OfficialErrorKind.OTHER, "x", TODAY, home.life.household_id, month=THIS),
    ):
        with pytest.raises(NotDone):
            async with transaction(service.engine) as connection:
                await official_errors.record(connection, service.vault, home.clerk, bad, NOW)
    elsewhere, listed = await viewer(service, "elsewhere"), "{ officialErrors { nodes { kind } } }"
    async with transaction(service.engine) as connection:
        moved = update(Household).where(Household.id == home.life.household_id)
        await connection.execute(moved.values(division_code=elsewhere.division_code))
    with pytest.raises(NotDone) as hidden:
        async with transaction(service.engine) as connection:
            await official_errors.put_right(connection, service.vault, home.chief, key, 1, TODAY, "已更正。", NOW)
    assert hidden.value.path == ("input", "errorId"), "it goes where the household goes"
    seen = {by: (await service.data(listed, by=by))["officialErrors"]["nodes"] for by in ("caseworker", "elsewhere")}
    assert seen == {"caseworker": [], "elsewhere": [{"kind": "PAID_TWICE"}]}
    async with transaction(service.engine) as connection:
        await official_errors.put_right(connection, service.vault, elsewhere, key, 1, TODAY, "已更正台账。", NOW)
    with pytest.raises(NotDone):
        async with transaction(service.engine) as connection:
            await official_errors.put_right(connection, service.vault, elsewhere, key, 2, TODAY, "又一次。", NOW)
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(OfficialError).where(OfficialError.id == key))).one()
    assert (row.division_code, row.put_right_on, row.version) == ("410502", TODAY, 2)
    assert "台账".encode() not in bytes(row.remedy)
