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
from api.domain.errors import NotDone
from api.domain.official_errors import OfficialErrorKind
from api.domain.recoveries import RecoveryCause
from api.domain.stops import StopKind
from api.models import Objection, OfficialError, Recovery, RecoveryEntry
from api.services import official_errors, recoveries
from api.services.official_errors import Wrong
from api.services.stop_requests import Asking
from tests.api import granted
from tests.api.conftest import Service
from tests.api.services.test_stops import MONTHS, NOW, THIS, TODAY, Given, given

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
    row = {"household_id": home.life.household_id, "stage": "RECORDED", "objector": "APPLICANT", "grounds": ["OTHER"]}
    when = {"received_on": TODAY, "due_on": TODAY, "raised_at": NOW, "state": "OPEN", "version": 1}
    async with transaction(service.engine) as connection:
        await connection.execute(insert(Objection).values(**row, **when, text=b"t", received_by=home.clerk.user_id))
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
        insert(Recovery).values(
            household_id=home.life.household_id, stop_id=1, kind="RECOVER_AID", total_fen=2, most_fen=2,
            cause="UNCLEAR", opened_at=NOW,
        ),
    ):  # fmt: skip
        with pytest.raises(DatabaseError):
            async with transaction(service.engine) as connection:
                await connection.execute(statement)
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
    async with transaction(service.engine) as connection:
        await official_errors.put_right(connection, service.vault, home.chief, key, 1, TODAY, "已更正台账。", NOW)
    with pytest.raises(NotDone):
        async with transaction(service.engine) as connection:
            await official_errors.put_right(connection, service.vault, home.chief, key, 2, TODAY, "又一次。", NOW)
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(OfficialError).where(OfficialError.id == key))).one()
    assert (row.division_code, row.put_right_on, row.version) == ("410502", TODAY, 2)
    assert "台账".encode() not in bytes(row.remedy)
