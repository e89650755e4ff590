"""Aid through the service: proposed by one officer, decided by another, and held against all aid that is there already."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import transaction
from api.domain import days
from api.domain.accounts import UserKind
from api.domain.casework import HardshipCause
from api.domain.errors import Conflict, NotDone
from api.domain.grants import Bill, GrantEffect, GrantFindingKind, GrantHeld, GrantPeriod, Request
from api.domain.stages import ACTIVE, Stage
from api.matching import reference
from api.models import (
    AuditEvent,
    Cause,
    Claim,
    Cost,
    CostShare,
    Decision,
    Enrolment,
    File,
    Grant,
    Human,
    Member,
    Programme,
    User,
    table,
)
from api.schema.grants import BillShareInput, added_up
from api.sealing import Vault
from api.services import causes, granting
from tests.api import county, grants
from tests.api.county import Life, Officers
from tests.api.grants import FIRST, asked, decided, granted, looked_at, paid_elsewhere, proposed, state_of

NOW = days.this_moment()
APRIL, OPENED = dt.date(2026, 4, 1), dt.date(2020, 1, 15)
E, K = GrantEffect, GrantFindingKind
CLIENTS = 32
WELFARE, BENEFIT = "PUBLIC_WELFARE_POST", "UI_BENEFIT"
"""Of all that the matrix excludes, what is verified as it is shipped."""


@pytest.fixture
async def programmes(empty: AsyncEngine) -> AsyncEngine:
    async with transaction(empty) as connection:
        rows = [
            {
                "code": each.code,
                "name_zh": each.name_zh,
                "name_en": each.name_en,
                "unit": each.unit,
                "position": place,
            }
            for place, each in enumerate(reference.programmes())
        ]
        await connection.execute(insert(Programme), rows)
    return empty


@pytest.fixture
async def home(programmes: AsyncEngine) -> Life:
    life = await county.standing(programmes, Stage.RECORDED, NOW, since=OPENED)
    await grants.in_deep_hardship(programmes, life)
    return life


@pytest.fixture
def asks_for(home: Life) -> Callable[..., Request]:
    return lambda code, **given: asked(home, code, **{"member_id": home.people[0], **given})


async def count(engine: AsyncEngine, model: Any, *where: Any) -> int:
    async with transaction(engine) as connection:
        return int(await connection.scalar(select(func.count()).select_from(model).where(*where)) or 0)


async def kinds_refusing(awaited: Any) -> list[GrantFindingKind]:
    with pytest.raises(GrantHeld) as held:
        await awaited
    return [each.kind for each in held.value.findings]


async def test_a_grant_is_proposed_and_made_and_everything_else_meets_it_as_aid(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    request = asked(home, months=3)
    key = await proposed(programmes, vault, officers["clerk"], request, NOW)
    assert (await state_of(programmes, key), await count(programmes, Enrolment)) == ("PROPOSED", 0)
    await decided(programmes, vault, officers["chief"], key, NOW)
    async with transaction(programmes) as connection:
        grant = (await connection.execute(select(Grant))).one()
        enrolment = (await connection.execute(select(Enrolment))).one()
        decision = (await connection.execute(select(Decision))).one()
        trail = (await connection.scalars(select(AuditEvent.action).where(AuditEvent.subject_type == "Grant"))).all()
    assert (grant.state, grant.decided_by, grant.enrolment_id) == ("GRANTED", officers["chief"].user_id, enrolment.id)
    assert (enrolment.source_record, enrolment.start_month, enrolment.end_month, enrolment.amount_fen) == (
        f"GRANT:{key}", FIRST, dt.date(2026, 5, 1), 500_00,
    )  # fmt: skip
    assert (decision.kind, decision.proposed_by, decision.user_kind) == ("GRANT", officers["clerk"].user_id, "PERSON")
    assert await count(programmes, Claim, Claim.cell == "LIVING_SUBSIDY") == 3 * len(home.people)
    assert [*trail] == ["grant.proposed", "grant.made"]


async def test_f_02_another_person_decides_and_no_machine(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    key = await proposed(programmes, vault, officers["chief"], asked(home), NOW)
    for approve in (True, False):
        with pytest.raises(NotDone, match="Another officer"):
            await decided(programmes, vault, officers["chief"], key, NOW, approve=approve)
    async with transaction(programmes) as connection:
        await connection.execute(update(User).where(User.login == "second-chief").values(kind=UserKind.SERVICE))
    with pytest.raises(NotDone, match="Only a person"):
        await decided(programmes, vault, officers["second-chief"], key, NOW)
    assert (await state_of(programmes, key), await count(programmes, Claim)) == ("PROPOSED", 0)


async def test_what_is_refused_or_withdrawn_leaves_no_aid_and_is_not_decided_again(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    refused = await proposed(programmes, vault, officers["clerk"], asked(home), NOW)
    await decided(programmes, vault, officers["chief"], refused, NOW, approve=False)
    withdrawn = await proposed(programmes, vault, officers["clerk"], asked(home), NOW)
    async with transaction(programmes) as connection:
        await granting.withdraw(connection, officers["second-clerk"], withdrawn, 1, NOW)
    assert [await state_of(programmes, key) for key in (refused, withdrawn)] == ["REFUSED", "WITHDRAWN"]
    assert (await count(programmes, Enrolment), await count(programmes, Claim)) == (0, 0)
    with pytest.raises(Conflict):
        await decided(programmes, vault, officers["chief"], refused, NOW)
    for key in (refused, withdrawn):
        with pytest.raises(NotDone, match="decided or withdrawn"):
            await decided(programmes, vault, officers["second-chief"], key, NOW, version=2)
    with pytest.raises(NotDone, match="no such grant"):
        await decided(programmes, vault, officers["stranger"], withdrawn, NOW, version=2)


@pytest.mark.parametrize("stage", [each for each in Stage if each not in ACTIVE])
async def test_f_37_without_an_active_file_nothing_is_granted_by_the_service(
    programmes: AsyncEngine, vault: Vault, officers: Officers, stage: Stage
) -> None:
    life = await county.standing(programmes, stage, NOW)
    with pytest.raises(NotDone, match="no active file"):
        await proposed(
            programmes, vault, officers["clerk"], asked(life, "WINTER_WARMTH", period=GrantPeriod.ONCE), NOW
        )


async def test_f_37_a_file_that_was_closed_meanwhile_is_given_nothing(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    key = await proposed(programmes, vault, officers["clerk"], asked(home), NOW)
    await county.leave(programmes, officers, home, NOW)
    with pytest.raises(NotDone, match="no active file"):
        await decided(programmes, vault, officers["chief"], key, NOW)


def by_hand(home: Life, officers: Officers, **given: Any) -> dict[str, Any]:
    """A proposal's row, as somebody would write it past the service."""
    return {
        "household_id": home.household_id, "file_id": home.file_id, "member_id": None, "programme_code": "LIVING_SUBSIDY",
        "division_code": county.COUNTY, "first_month": FIRST, "last_month": FIRST, "period": "MONTH", "amount_fen": 1,
        "state": "PROPOSED", "reason": b"", "proposed_by": officers["clerk"].user_id, "version": 1, "created_at": NOW,
        **given,
    }  # fmt: skip


async def test_f_37_sql_grants_nothing_without_an_active_file_either(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    applied, other = [
        await county.standing(programmes, stage, NOW, since=OPENED) for stage in (Stage.APPLIED, Stage.RECORDED)
    ]
    foreign = by_hand(home, officers, file_id=other.file_id)
    for row in (by_hand(applied, officers), foreign, by_hand(home, officers, state="GRANTED")):
        with pytest.raises(DBAPIError):
            async with transaction(programmes) as connection:
                await connection.execute(insert(Grant).values(**row))
    key = await proposed(programmes, vault, officers["clerk"], asked(home), NOW)
    await county.leave(programmes, officers, home, NOW)
    with pytest.raises(DBAPIError, match="without an active file"):
        await made_by_hand(programmes, officers, key, home)


async def made_by_hand(
    engine: AsyncEngine, officers: Officers, key: int, home: Life, *, claiming: bool = True
) -> None:
    """The grant is made by SQL alone, with a decision and an enrolment, and the claims of its own programme."""
    async with transaction(engine) as connection:
        grant = (await connection.execute(select(Grant).where(Grant.id == key))).one()
        chief = officers["chief"].user_id
        decision = await connection.scalar(
            insert(Decision)
            .values(
                household_id=home.household_id, file_id=home.file_id, kind="GRANT", proposed_by=grant.proposed_by,
                user_id=chief, user_kind="PERSON", reason=b"", evidence=[], made_at=NOW,
            )
            .returning(Decision.id)
        )  # fmt: skip
        enrolment = await connection.scalar(
            insert(Enrolment)
            .values(household_id=home.household_id, programme_code=grant.programme_code, source_record=f"GRANT:{key}")
            .returning(Enrolment.id)
        )
        if claiming:
            people = await connection.scalars(
                select(Member.person_id).where(Member.household_id == home.household_id)
            )
            rows = [
                {"grant_id": key, "person_id": person, "month": grant.first_month, "cell": grant.programme_code}
                for person in people
            ]
            await connection.execute(insert(Claim), rows)
        done = {"state": "GRANTED", "decided_as": "GRANT", "decided_by": chief, "decision_id": decision}
        await connection.execute(update(Grant).where(Grant.id == key).values(**done, enrolment_id=enrolment))


async def test_sql_makes_no_grant_twice_nor_one_that_takes_up_no_month(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    first, second = [await proposed(programmes, vault, officers["clerk"], asked(home), NOW) for _ in range(2)]
    with pytest.raises(DBAPIError, match="takes up its months"):
        await made_by_hand(programmes, officers, first, home, claiming=False)
    await made_by_hand(programmes, officers, first, home)
    with pytest.raises(DBAPIError):
        await made_by_hand(programmes, officers, second, home)


async def test_what_was_decided_is_not_changed_by_sql_and_never_deleted(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    key = await granted(programmes, vault, officers, asked(home), NOW)
    for statement in (
        update(Grant).where(Grant.id == key).values(amount_fen=1),
        update(Grant).where(Grant.id == key).values(last_month=dt.date(2027, 1, 1)),
        update(Grant)
        .where(Grant.id == key)
        .values(state="WITHDRAWN", decided_as=None, decision_id=None, decided_by=None),
        delete(Grant).where(Grant.id == key),
    ):
        with pytest.raises(DBAPIError):
            async with transaction(programmes) as connection:
                await connection.execute(statement)
    async with transaction(programmes) as connection:
        await connection.execute(update(Grant).where(Grant.id == key).values(reason=b"sealed anew"))


async def test_two_exclusive_programmes_are_not_both_granted_and_the_least_correction_is_told(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life, asks_for: Callable[..., Request]
) -> None:
    await granted(programmes, vault, officers, asks_for(WELFARE, months=3, first=APRIL), NOW)
    looked = await looked_at(programmes, officers["clerk"], asks_for(BENEFIT, months=3))
    (refusing,) = [each for each in looked.findings if each.effect is E.REFUSES]
    assert (refusing.kind, refusing.programme, refusing.months) == (
        K.EXCLUSIVE, WELFARE, (APRIL, dt.date(2026, 5, 1)),
    )  # fmt: skip
    assert refusing.correction is not None
    assert (refusing.correction.programme, refusing.correction.amount_fen) == (BENEFIT, 2 * 500_00)
    told = proposed(programmes, vault, officers["clerk"], asks_for(BENEFIT, months=3), NOW)
    assert await kinds_refusing(told) == [K.EXCLUSIVE]
    await granted(programmes, vault, officers, asks_for(BENEFIT, months=1), NOW)
    spouse = asks_for(BENEFIT, months=3, first=APRIL, member_id=home.people[1])
    await granted(programmes, vault, officers, spouse, NOW)


async def test_what_is_only_assumed_warns_and_blocks_nothing(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life, asks_for: Callable[..., Request]
) -> None:
    await granted(programmes, vault, officers, asks_for("TEKUN"), NOW)
    looked = await looked_at(programmes, officers["clerk"], asked(home))
    assert [(each.kind, each.effect) for each in looked.findings] == [(K.EXCLUSIVE, E.WARNS)]
    assert await state_of(programmes, await granted(programmes, vault, officers, asked(home), NOW)) == "GRANTED"


async def test_all_aid_counts_that_the_same_human_has_in_another_county_and_nothing_more_is_told(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life, asks_for: Callable[..., Request]
) -> None:
    async with transaction(programmes) as connection:
        away = await county.taken_over(connection, Stage.DEREGISTERED, NOW, division="410581")
        human = select(Member.person_id).where(Member.id == home.people[0]).scalar_subquery()
        await connection.execute(
            update(Member).where(Member.id == away.people[0]).values(person_id=human, overlapping=True)
        )
    await paid_elsewhere(programmes, away, WELFARE, dt.date(2025, 1, 1), None, member_id=away.people[0])
    looked = await looked_at(programmes, officers["clerk"], asks_for(BENEFIT, months=2))
    (refusing,) = [each for each in looked.findings if each.effect is E.REFUSES]
    assert (refusing.agency, refusing.months) == ("某县民政局", (FIRST, APRIL))
    whose = await looked_at(programmes, officers["clerk"], asks_for(BENEFIT, member_id=home.people[1]))
    assert [each for each in whose.findings if each.effect is E.REFUSES] == [], "of somebody else it says nothing"


async def test_whoever_moved_is_granted_aid_where_they_live_now_and_the_others_keep_theirs(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    stays = await granted(programmes, vault, officers, asked(home, months=3), NOW)
    other = await county.standing(programmes, Stage.RECORDED, NOW, since=OPENED)
    await grants.in_deep_hardship(programmes, other)
    left, moved = await grants.humans(programmes, home)
    async with transaction(programmes) as connection:
        gone = update(Member).where(Member.id == home.people[1]).values(valid_to=APRIL, left_on=APRIL)
        await connection.execute(gone)
        came = update(Member).where(Member.id == other.people[1]).values(person_id=moved, valid_from=APRIL)
        await connection.execute(came)
    new = await granted(programmes, vault, officers, asked(other, months=1, first=APRIL), NOW)
    assert await state_of(programmes, new) == "GRANTED"
    async with transaction(programmes) as connection:
        L = table(Claim).c
        rows = await connection.execute(
            select(L.grant_id, L.month, L.person_id).where(L.person_id.in_((left, moved)))
        )
        held = {(row.person_id, row.month.month): row.grant_id for row in rows}
    assert [held[left, month] for month in (3, 4, 5)] == [stays] * 3
    assert [held[moved, month] for month in (3, 4, 5)] == [stays, new, stays], "what nobody needs stays as it is"


async def test_what_a_closed_file_was_granted_stands_in_nobody_s_way(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    await granted(programmes, vault, officers, asked(home, months=6), NOW)
    again = asked(home, months=1, first=dt.date(2026, 6, 1))
    assert await kinds_refusing(proposed(programmes, vault, officers["clerk"], again, NOW)) == [K.SAME_PROGRAMME]
    async with transaction(programmes) as connection:
        closed = {"closed_on": dt.date(2026, 4, 20), "closing": "MOVED"}
        await connection.execute(update(File).where(File.id == home.file_id).values(**closed))
        opened = {"opened_on": dt.date(2026, 5, 6), "category": "DEEP", "version": 1, "created_at": NOW}
        await connection.execute(insert(File).values(household_id=home.household_id, number="NEW", **opened))
    with pytest.raises(NotDone, match=r"opened in 2026-05"):
        await proposed(programmes, vault, officers["clerk"], asked(home, months=1, first=APRIL), NOW)
    assert await state_of(programmes, await granted(programmes, vault, officers, again, NOW)) == "GRANTED"


async def test_f_29_who_pays_a_protected_household_is_not_told(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life, asks_for: Callable[..., Request]
) -> None:
    await paid_elsewhere(programmes, home, WELFARE, FIRST, None, member_id=home.people[0])
    async with transaction(programmes) as connection:
        human = select(Member.person_id).where(Member.id == home.people[0]).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == human).values(protected_since=NOW.date()))
    looked = await looked_at(programmes, officers["clerk"], asks_for(BENEFIT))
    (refusing,) = [each for each in looked.findings if each.effect is E.REFUSES]
    assert (refusing.programme, refusing.agency) == (WELFARE, None)


async def test_the_living_subsidy_is_paid_by_month_or_by_quarter_and_never_both(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    await granted(programmes, vault, officers, asked(home), NOW)
    quarter = asked(home, months=3, first=dt.date(2026, 1, 1), period=GrantPeriod.QUARTER, amount_fen=900_00)
    assert await kinds_refusing(proposed(programmes, vault, officers["clerk"], quarter, NOW)) == [K.SAME_PROGRAMME]
    next_quarter = asked(home, months=3, first=APRIL, period=GrantPeriod.QUARTER, amount_fen=900_00)
    await granted(programmes, vault, officers, next_quarter, NOW)
    within = asked(home, first=dt.date(2026, 6, 1))
    assert await kinds_refusing(proposed(programmes, vault, officers["clerk"], within, NOW)) == [K.SAME_PROGRAMME]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"months": 13}, "12 at most"),
        ({"months": 3, "period": GrantPeriod.ONCE}, "granted by"),
        ({"months": 3, "period": GrantPeriod.QUARTER}, "quarter"),
        ({"amount_fen": 0}, "more than nothing"),
        ({"programme": "JOB_SERVICE"}, "no money"),
        ({"programme": "SKILLS_SUBSIDY"}, "no money"),
        ({"programme": "TEKUN"}, "granted to a person"),
        ({"member_id": 9_999}, "not in the household"),
        ({"cause_id": 9_999}, "no such cause"),
    ],
)
async def test_what_is_no_grant_at_all_is_said_at_once(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(NotDone, match=words):
        await looked_at(programmes, officers["clerk"], asked(home, **given))


async def test_a_condition_that_is_verified_refuses_and_one_of_which_nothing_is_known_warns(
    programmes: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    relative = await county.standing(programmes, Stage.RELIEVED, NOW, since=OPENED)
    assert await kinds_refusing(proposed(programmes, vault, officers["clerk"], asked(relative), NOW)) == [K.CONDITION]
    async with transaction(programmes) as connection:
        await connection.execute(update(File).where(File.id == relative.file_id).values(category=None))
    looked = await looked_at(programmes, officers["clerk"], asked(relative))
    assert [(each.kind, each.effect) for each in looked.findings] == [(K.CONDITION, E.WARNS)]


async def caused(engine: AsyncEngine, vault: Vault, officers: Officers, home: Life, cause: HardshipCause) -> int:
    async with transaction(engine) as connection:
        key = await causes.add(
            connection, vault, officers["clerk"], home.household_id, cause, dt.date(2026, 1, 5), None, None, NOW
        )
    return int(key)


async def test_temporary_aid_is_given_once_for_a_cause_and_so_often_a_year(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    accident, illness, schooling = [
        await caused(programmes, vault, officers, home, each)
        for each in (HardshipCause.ACCIDENT, HardshipCause.SEVERE_ILLNESS, HardshipCause.SCHOOLING)
    ]

    def request(cause: int | None, month: int) -> Request:
        first = dt.date(2026, month, 1)
        return asked(home, "TEMPORARY_AID", first=first, period=GrantPeriod.ONCE, cause_id=cause)

    causeless = proposed(programmes, vault, officers["clerk"], request(None, 3), NOW)
    assert await kinds_refusing(causeless) == [K.CONDITION]
    waiting = await proposed(programmes, vault, officers["clerk"], request(accident, 4), NOW)
    await granted(programmes, vault, officers, request(accident, 3), NOW)
    again = decided(programmes, vault, officers["chief"], waiting, NOW)
    assert await kinds_refusing(again) == [K.SAME_CAUSE]
    await granted(programmes, vault, officers, request(illness, 5), NOW)
    often = proposed(programmes, vault, officers["clerk"], request(schooling, 7), NOW)
    assert await kinds_refusing(often) == [K.TOO_OFTEN]
    async with transaction(programmes) as connection:
        assert {*(await connection.scalars(select(Cause.cause)))} == {"ACCIDENT", "SEVERE_ILLNESS", "SCHOOLING"}


def bill(cost: int, **paid: int) -> Bill:
    return Bill("发票-001", dt.date(2026, 2, 3), cost, paid)


async def test_of_a_bill_all_together_pay_no_more_than_it_came_to_in_the_legal_order(
    programmes: AsyncEngine, vault: Vault, officers: Officers, asks_for: Callable[..., Request]
) -> None:
    paid = {"BASIC_MEDICAL": 6_000_00, "LARGE_EXPENSE_INSURANCE": 1_000_00}
    once = {"period": GrantPeriod.ONCE, "bill": bill(10_000_00, **paid)}
    too_much = asks_for("MEDICAL_AID", amount_fen=3_000_01, **once)
    looked = await looked_at(programmes, officers["clerk"], too_much)
    (over,) = [each for each in looked.findings if each.effect is E.REFUSES]
    assert over.correction is not None
    assert (over.kind, over.programme, over.correction.amount_fen) == (K.OVER_COST, "MEDICAL_AID", 1)
    silent = [each.programme for each in looked.findings if each.kind is K.NOT_YET_ANSWERED]
    assert silent == ["ENTERPRISE_SUPPLEMENTARY"], "who pays before and has not answered is told, and blocks nothing"
    aid = await granted(programmes, vault, officers, asks_for("MEDICAL_AID", amount_fen=2_000_00, **once), NOW)
    mutual = asks_for("MUTUAL_MEDICAL_AID", amount_fen=1_000_01, **once)
    assert await kinds_refusing(proposed(programmes, vault, officers["clerk"], mutual, NOW)) == [K.OVER_COST]
    mutual = asks_for("MUTUAL_MEDICAL_AID", amount_fen=1_000_00, **once)
    await granted(programmes, vault, officers, mutual, NOW)
    async with transaction(programmes) as connection:
        cost = (await connection.execute(select(Cost))).one()
        shares = {row.programme_code: row.grant_id for row in await connection.execute(select(CostShare))}
    assert (cost.cost_fen, cost.covered_fen, len(shares), shares["MEDICAL_AID"]) == (10_000_00, 10_000_00, 4, aid)
    with pytest.raises(NotDone, match="another sum"):
        await looked_at(
            programmes, officers["clerk"], asks_for("CHARITY_MEDICAL", period=GrantPeriod.ONCE, bill=bill(1))
        )


async def test_the_same_bill_in_another_household_and_hand_is_the_same_bill(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life, asks_for: Callable[..., Request]
) -> None:
    def once(reference: str, **paid: int) -> dict[str, Any]:
        return {"period": GrantPeriod.ONCE, "bill": Bill(reference, dt.date(2026, 2, 3), 1_000_00, paid)}

    await granted(
        programmes, vault, officers,
        asks_for("MEDICAL_AID", amount_fen=600_00, **once("INV-1", BASIC_MEDICAL=100_00)), NOW,
    )  # fmt: skip
    other = await county.standing(programmes, Stage.RECORDED, NOW, since=OPENED)
    patient = (await grants.humans(programmes, home))[0]
    async with transaction(programmes) as connection:
        await connection.execute(
            update(Member).where(Member.id == home.people[0]).values(left_on=dt.date(2026, 4, 1))
        )
        came = {"person_id": patient, "valid_from": dt.date(2026, 4, 1)}
        await connection.execute(update(Member).where(Member.id == other.people[0]).values(**came))

    def there(code: str, fen: int) -> Request:
        told = once("ｉｎｖ－1", BASIC_MEDICAL=100_00)
        return asked(other, code, first=APRIL, member_id=other.people[0], amount_fen=fen, **told)

    clerk = officers["clerk"]
    again = await looked_at(programmes, clerk, there("MEDICAL_AID", 1))
    assert again.cost_id is None, "it is not known here"
    over = there("MUTUAL_MEDICAL_AID", 300_01)
    assert await kinds_refusing(proposed(programmes, vault, clerk, over, NOW)) == [K.OVER_COST]
    rest = await granted(programmes, vault, officers, there("MUTUAL_MEDICAL_AID", 300_00), NOW)
    assert await state_of(programmes, rest) == "GRANTED"
    assert await kinds_refusing(proposed(programmes, vault, clerk, there("MEDICAL_AID", 1), NOW)) == [K.OVER_COST]


async def test_whoever_is_said_to_have_paid_of_a_bill_is_a_programme(
    programmes: AsyncEngine, vault: Vault, officers: Officers, asks_for: Callable[..., Request]
) -> None:
    told = asks_for("MEDICAL_AID", amount_fen=1, period=GrantPeriod.ONCE, bill=bill(1_000_00, NONSENSE=1_00))
    with pytest.raises(NotDone, match="NONSENSE"):
        await proposed(programmes, vault, officers["clerk"], told, NOW)


def test_what_one_programme_paid_by_two_invoices_is_added_up() -> None:
    two = [BillShareInput(programme_code="BASIC_MEDICAL", amount=Decimal(300)) for _ in range(2)]
    assert added_up(two) == {"BASIC_MEDICAL": 600_00}
    for amount, words in ((-1, "not negative"), (0, "more than nothing")):
        with pytest.raises(NotDone, match=words):
            added_up([*two, BillShareInput(programme_code="BASIC_MEDICAL", amount=Decimal(amount))])


async def test_sql_pays_no_bill_above_its_cost_either(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life, asks_for: Callable[..., Request]
) -> None:
    once = {"period": GrantPeriod.ONCE, "bill": bill(1_000_00)}
    keys = [
        await proposed(programmes, vault, officers["clerk"], asks_for(code, amount_fen=600_00, **once), NOW)
        for code in ("MEDICAL_AID", "MUTUAL_MEDICAL_AID")
    ]
    await decided(programmes, vault, officers["chief"], keys[0], NOW)
    told = decided(programmes, vault, officers["chief"], keys[1], NOW)
    assert await kinds_refusing(told) == [K.OVER_COST]
    async with transaction(programmes) as connection:
        cost = await connection.scalar(select(Cost.id))
    share = insert(CostShare).values(cost_id=cost, programme_code="CHARITY_MEDICAL", amount_fen=400_01)
    for statement in (
        share,
        update(Cost).values(covered_fen=1_000_01),
        update(CostShare).values(amount_fen=1_000_01),
    ):
        with pytest.raises(DBAPIError):
            async with transaction(programmes) as connection:
                await connection.execute(statement)


on_postgresql_alone = pytest.mark.parametrize("migrated", ["postgresql"], indirect=True)


@on_postgresql_alone
@pytest.mark.parametrize("codes", [(WELFARE, BENEFIT), (BENEFIT, BENEFIT)], ids=["exclusive", "one twice"])
async def test_thirty_two_clients_never_make_two_grants_that_exclude_one_another(
    programmes: AsyncEngine,
    vault: Vault,
    officers: Officers,
    asks_for: Callable[..., Request],
    codes: tuple[str, str],
) -> None:
    keys = [
        await proposed(programmes, vault, officers["clerk"], asks_for(codes[place % 2], months=2), NOW)
        for place in range(CLIENTS)
    ]

    async def one(key: int) -> str:
        try:
            await decided(programmes, vault, officers["chief"], key, NOW)
        except GrantHeld as held:
            return held.findings[0].kind.value
        return "GRANTED"

    answers = await asyncio.gather(*[one(key) for key in keys])
    assert answers.count("GRANTED") == 1
    assert {*answers} <= {"GRANTED", "EXCLUSIVE", "SAME_PROGRAMME"}
    assert await count(programmes, Grant, Grant.state == "GRANTED") == await count(programmes, Enrolment) == 1


@on_postgresql_alone
async def test_thirty_two_clients_by_sql_alone_take_up_a_persons_month_once(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    keys = [await proposed(programmes, vault, officers["clerk"], asked(home), NOW) for _ in range(CLIENTS)]

    async def one(key: int) -> bool:
        try:
            await made_by_hand(programmes, officers, key, home)
        except DBAPIError:
            return False
        return True

    assert (await asyncio.gather(*[one(key) for key in keys])).count(True) == 1
    assert await count(programmes, Grant, Grant.state == "GRANTED") == 1


@on_postgresql_alone
async def test_two_households_with_one_person_in_both_are_not_both_granted(
    programmes: AsyncEngine, vault: Vault, officers: Officers, home: Life
) -> None:
    other = await county.standing(programmes, Stage.RECORDED, NOW, since=OPENED)
    await grants.in_deep_hardship(programmes, other)
    shared = (await grants.humans(programmes, home))[1]
    async with transaction(programmes) as connection:
        await connection.execute(
            update(Member).where(Member.id == other.people[1]).values(person_id=shared, overlapping=True)
        )
    keys = [
        await proposed(programmes, vault, officers["clerk"], asked(each), NOW)
        for each in (home, other)
        for _ in range(8)
    ]

    async def one(key: int) -> bool:
        try:
            await decided(programmes, vault, officers["chief"], key, NOW)
        except GrantHeld:
            return False
        return True

    assert (await asyncio.gather(*[one(key) for key in keys])).count(True) == 1
