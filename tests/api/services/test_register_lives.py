"""A register taken over again: it makes files and humans, is followed for the better, and never closes a file by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from api import intake, sealing
from api.database import transaction
from api.domain import days
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.clocks import months_after
from api.domain.declarations import Declared, DeclaredItem
from api.domain.objections import Ground, Objector
from api.domain.permissions import Role
from api.domain.scans import ScanStatus
from api.matching import folders
from api.models import (
    AuditEvent,
    Authorisation,
    Decision,
    Declaration,
    Enrolment,
    File,
    FilePerson,
    Household,
    Human,
    Member,
    MemberChange,
    Payment,
    Proposal,
    Task,
    Transition,
)
from api.sealing import Vault
from api.services import (
    accounts,
    corrections,
    forms,
    memberships,
    objections,
    organisations,
    registers,
    scans,
    tasks,
    transfers,
)
from api.services.organisations import Described
from tests.api import granted
from tests.api.county import Life, officers
from tests.api.numbers import numbered

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
TODAY = days.today(NOW)
FATHER, MOTHER, CHILD = (
    numbered("410502", "19700101", 11),
    numbered("410502", "19720202", 22),
    numbered("410502", "20150303", 33),
)
HOME = {
    "household_id": "H1",
    "applied_on": "2024-03-01",
    "file_opened_on": "2024-04-01",
    "declared_monthly_income_yuan": "1200.00",
    "declared_vehicles": "0",
    "division_code": "410502",
}
OTHER = {**HOME, "household_id": "H2"}
PEOPLE = [
    {"person_id": "P1", "household_id": "H1", "name": "王大", "id_number": FATHER, "relation": "HEAD"},
    {"person_id": "P2", "household_id": "H2", "name": "李花", "id_number": MOTHER, "relation": "HEAD"},
    {"person_id": "P3", "household_id": "H1", "name": "王小", "id_number": CHILD, "relation": "CHILD"},
    {"person_id": "P4", "household_id": "H2", "name": "王小", "id_number": CHILD, "relation": "CHILD"},
]


def folder(where: Path, households: Sequence[dict[str, Any]], members: Sequence[dict[str, Any]]) -> Path:
    where.mkdir(exist_ok=True)
    for name, rows in (("households", households), ("members", members)):
        pl.DataFrame(rows, infer_schema_length=None).write_csv(where / f"{name}.csv")
    return where


async def take_over(engine: AsyncEngine, vault: Vault, where: Path, **told: Any) -> registers.TakenOver:
    return await intake.take_over(engine, vault, where, where.parent / "data", None, NOW, **told)


async def rows(engine: AsyncEngine, *columns: Any) -> Sequence[Row[*tuple[Any, ...]]]:
    async with transaction(engine) as connection:
        return (await connection.execute(select(*columns).order_by(columns[0]))).all()


async def lives_here(engine: AsyncEngine) -> None:
    """The register's only household moved on by a step of our own."""
    async with transaction(engine) as connection:
        officer = await accounts.add_user(connection, "clerk", "Clerk", Role.CASEWORKER, "410502", NOW)
        household = (await connection.execute(select(Household.id))).scalar_one()
        await connection.execute(
            insert(Transition).values(
                household_id=household,
                number=2,
                previous_number=1,
                from_stage="RECORDED",
                action="REVERIFY",
                to_stage="RECORDED",
                adverse=False,
                user_id=officer,
                evidence=[],
                effective_on=TODAY,
                happened_at=NOW,
            )
        )
        await connection.execute(update(Household).values(transition_number=2, version=2))


async def test_new_households_have_a_file_and_the_move_by_which_they_came(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    applied = {**HOME, "household_id": "H2", "file_opened_on": None}
    closed = {**HOME, "household_id": "H3", "file_closed_on": "2025-01-01"}
    await take_over(empty, vault, folder(tmp_path / "in", [HOME, applied, closed], PEOPLE[:2]))
    files = await rows(empty, File.number, File.applied_on, File.opened_on, File.closed_on, File.closing, File.due_on)
    assert [(row.number, row.opened_on, row.closed_on, row.closing) for row in files] == [
        ("H1", dt.date(2024, 4, 1), None, None),
        ("H2", None, None, None),
        ("H3", dt.date(2024, 4, 1), dt.date(2025, 1, 1), "AS_REGISTERED"),
    ]
    assert [row.due_on is None for row in files] == [False, False, True], "a clock runs for whatever is open"
    moves = await rows(
        empty, Transition.household_id, Transition.from_stage, Transition.action, Transition.to_stage,
        Transition.effective_on, Transition.adverse, Transition.user_id,
    )  # fmt: skip
    assert [tuple(row)[1:] for row in moves] == [
        ("NOTHING", "TAKE_OVER", "RECORDED", dt.date(2024, 4, 1), False, None),
        ("NOTHING", "TAKE_OVER", "APPLIED", dt.date(2024, 3, 1), False, None),
        ("NOTHING", "TAKE_OVER", "DEREGISTERED", dt.date(2025, 1, 1), False, None),
    ]
    heads = await rows(empty, Member.id, Member.reference)
    subjects = {row.number: row.subject_member_id for row in await rows(empty, File.number, File.subject_member_id)}
    assert subjects["H1"] in {row.id for row in heads if row.reference == "P1"}
    said = await rows(empty, Declaration.household_id, Declaration.item, Declaration.amount, Declaration.declared_on)
    assert {(row.item, row.amount, row.declared_on) for row in said} == {
        ("MONTHLY_INCOME", 120_000, dt.date(2024, 3, 1)), ("VEHICLES", 0, dt.date(2024, 3, 1)),
    }  # fmt: skip


async def test_a_file_is_in_the_name_of_the_head_who_is_there(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    gone = {**PEOPLE[0], "valid_to": "2025-05-01"}
    heir = {**PEOPLE[1], "household_id": "H1", "valid_to": None}
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], [gone, heir]))
    ((_, subject),) = await rows(empty, File.id, File.subject_member_id)
    assert {row.id: row.reference for row in await rows(empty, Member.id, Member.reference)}[subject] == "P2"


async def test_somebody_in_two_active_files_is_disputed_in_the_second(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    where = folder(tmp_path / "in", [HOME, OTHER], PEOPLE)
    await take_over(empty, vault, where)
    async with transaction(empty) as connection:
        found = select(Member.reference, FilePerson.disputed, FilePerson.person_id, Member.overlapping).join(
            FilePerson, FilePerson.member_id == Member.id
        )
        listed = {row.reference: row for row in await connection.execute(found)}
    assert {reference: row.disputed for reference, row in listed.items()} == {
        "P1": False, "P2": False, "P3": False, "P4": True,
    }  # fmt: skip
    assert listed["P3"].person_id == listed["P4"].person_id, "one human in two households"
    assert (listed["P3"].overlapping, listed["P4"].overlapping) == (False, True), "the register loses nothing"
    assert len(await rows(empty, Human.id)) == 3
    before = await everything(empty)
    await take_over(empty, vault, where)
    assert await everything(empty) == before, "taken over twice changes nothing"


async def everything(engine: AsyncEngine) -> dict[str, Any]:
    """All rows of the register, but for what is told of the last import."""
    tables = (Household, Member, Human, File, FilePerson, Transition, Declaration, Decision)
    return {model.__tablename__: [tuple(row) for row in await rows(engine, *model.__table__.c)] for model in tables}


async def test_an_application_that_the_register_recorded_is_followed(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    applied = {**HOME, "file_opened_on": None}
    await take_over(empty, vault, folder(tmp_path / "in", [applied], PEOPLE[:1]))
    taken = await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    assert (taken.followed, taken.differing) == (1, 0)
    ((stage, number),) = [
        tuple(row)[1:] for row in await rows(empty, Household.id, Household.stage, Household.transition_number)
    ]
    assert (stage, number) == ("RECORDED", 2)
    assert [row.opened_on for row in await rows(empty, File.id, File.opened_on)] == [dt.date(2024, 4, 1)]


async def test_f_02_a_closing_that_a_register_tells_is_left_to_people(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    where = folder(tmp_path / "in", [{**HOME, "file_closed_on": "2026-10-01"}], PEOPLE[:1])
    for _ in range(2):
        taken = await take_over(empty, vault, where)
        assert (taken.followed, taken.differing) == (0, 1)
    ((_, stage, closed),) = await rows(empty, Household.id, Household.stage, Household.file_closed_on)
    assert (stage, closed) == ("RECORDED", None)
    ((_, kind, state, detail),) = await rows(empty, Task.id, Task.kind, Task.state, Task.detail)
    assert (kind, state, detail) == ("REGISTER_DIFFERS", "OPEN", {"respects": ["stage"]}), (
        "one task, however often it is told"
    )
    assert len(await rows(empty, Transition.id)) == 1


async def test_f_03_no_register_closes_a_file_over_aid_that_goes_on_whoever_answers(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    async with transaction(empty) as connection:
        staff = await officers(connection, NOW)
        key = (await connection.execute(select(File.household_id, File.id))).one()
        people = tuple((await connection.execute(select(Member.id))).scalars())
    this = NOW.date().replace(day=1)
    life = Life(key.household_id, key.id, people)
    months = [this, months_after(this, 2)]
    await granted.granted(empty, life, (staff["clerk"], staff["second-chief"]), NOW, months=months)
    where = folder(tmp_path / "in", [{**HOME, "file_closed_on": "2026-10-01"}], PEOPLE[:1])
    taken = await take_over(empty, vault, where, decided_by="second-chief")
    assert (taken.followed, taken.differing) == (0, 1)
    ((_, stage),) = await rows(empty, Household.id, Household.stage)
    assert stage == "RECORDED"


async def test_f_02_an_officer_who_is_named_answers_for_the_closing(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    async with transaction(empty) as connection:
        officer = await accounts.add_user(connection, "chief", "Chief", Role.REVIEWER, "410502", NOW)
        await accounts.add_user(connection, "clerk", "Clerk", Role.CASEWORKER, "410502", NOW)
        await accounts.add_user(connection, "neighbour", "Neighbour", Role.REVIEWER, "410503", NOW)
    where = folder(tmp_path / "in", [{**HOME, "file_closed_on": "2026-10-01"}], PEOPLE[:1])
    for login in ("nobody", "clerk"):
        with pytest.raises(ValueError, match="may decide"):
            await take_over(empty, vault, where, decided_by=login)
    taken = await take_over(empty, vault, where, decided_by="neighbour")
    assert (taken.followed, taken.differing) == (0, 1), "who decides elsewhere answers for nothing here"
    taken = await take_over(empty, vault, where, decided_by="chief")
    assert (taken.followed, taken.differing) == (1, 0)
    ((_, stage, closed),) = await rows(empty, Household.id, Household.stage, Household.file_closed_on)
    assert (stage, closed) == ("DEREGISTERED", dt.date(2026, 10, 1))
    ((key, user, kind, reason),) = await rows(empty, Decision.id, Decision.user_id, Decision.kind, Decision.reason)
    assert (user, kind) == (officer, "TAKE_OVER")
    assert vault.open("decisions.reason", reason)
    moved = (
        await rows(empty, Transition.number, Transition.adverse, Transition.decision_id, Transition.effective_on)
    )[1]
    assert tuple(moved) == (2, True, key, dt.date(2026, 10, 1))
    assert [row.until for row in await rows(empty, FilePerson.id, FilePerson.until)] == [dt.date(2026, 10, 1)]


async def test_what_lives_here_is_left_as_it_is_and_the_difference_told(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], [PEOPLE[0], PEOPLE[2]]))
    await lives_here(empty)
    async with transaction(empty) as connection:
        await connection.execute(update(Household).values(declared_vehicles=1))
    before = await everything(empty)
    changed = {**HOME, "declared_vehicles": "3", "file_closed_on": "2026-10-01"}
    taken = await take_over(empty, vault, folder(tmp_path / "in", [changed], [{**PEOPLE[0], "name": "王二"}]))
    assert (taken.followed, taken.differing) == (0, 1)
    assert await everything(empty) == before
    assert (await rows(empty, Task.id, Task.detail))[0].detail == {"respects": ["household", "members"]}


async def waited_for(engine: AsyncEngine, vault: Vault, waits: str) -> None:
    """Of the only household an objection is to be answered, or a proposal to be decided; `chief` may decide."""
    async with transaction(engine) as connection:
        officer = (await officers(connection, NOW))["second-chief"]
        file = (await connection.execute(select(File.id, File.household_id))).one()
        if waits == "objection":
            told = (Objector.ANONYMOUS, None, None, [Ground.CIRCUMSTANCES], "他家有困难", None, NOW)
            await objections.raise_objection(connection, vault, officer, file.household_id, None, *told)
        else:
            statement = vault.seal("proposals.statement", "情况说明")
            proposed = {"proposed_by": officer.user_id, "proposed_at": NOW, "state": "OPEN", "version": 1}
            of_file = {"file_id": file.id, "household_id": file.household_id, "action": "RELIEVE"}
            await connection.execute(insert(Proposal).values(**of_file, **proposed, statement=statement, evidence=[]))


@pytest.mark.parametrize("waits", ["objection", "proposal"])
async def test_f_02_no_file_is_closed_by_a_register_while_an_objection_or_a_proposal_is_open(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, waits: str
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    await waited_for(empty, vault, waits)
    where = folder(tmp_path / "in", [{**HOME, "file_closed_on": "2026-10-01"}], PEOPLE[:1])
    taken = await take_over(empty, vault, where, decided_by="chief")
    assert (taken.followed, taken.differing) == (0, 1)
    ((_, stage, closed),) = await rows(empty, Household.id, Household.stage, Household.file_closed_on)
    assert (stage, closed) == ("RECORDED", None)
    assert await rows(empty, Decision.id) == []


async def test_a_file_that_went_to_another_union_is_not_brought_back_by_the_next_import(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    async with transaction(empty) as connection:
        chief = (await officers(connection, NOW))["second-chief"]
        union = Described("总工会", "Union", OrganisationKind.UNION, "410503", ())
        await organisations.save(connection, OPERATOR, union, NOW, code="u2")
        (household,) = (await connection.execute(select(Household.id, Household.version))).all()
        there = ("u2", "410503", "搬迁")
        await transfers.transfer(connection, vault, chief, household.id, household.version, *there, NOW)
    before = await rows(empty, Household.id, Household.division_code, Household.organisation_id, Household.version)
    assert before[0].division_code == "410503"
    moved = folder(tmp_path / "in", [{**HOME, "declared_vehicles": "3"}], PEOPLE[:1])
    assert (await take_over(empty, vault, moved)).differing == 1
    columns = (Household.id, Household.division_code, Household.organisation_id, Household.version)
    assert await rows(empty, *columns) == before


async def test_whoever_consented_here_keeps_the_day_until_which_they_did(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    told = [{**each, "authorised_until": "2026-01-01"} for each in (PEOPLE[0], PEOPLE[2])]
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], told))
    until = dt.date(2028, 1, 1)
    async with transaction(empty) as connection:
        clerk = await accounts.add_user(connection, "clerk", "Clerk", Role.CASEWORKER, "410502", NOW)
        member = (await connection.execute(select(Member.id).where(Member.reference == "P1"))).scalar_one()
        given = {"source": "ALL", "purpose": "家庭经济状况核对", "valid_from": TODAY, "valid_to": until}
        await connection.execute(
            insert(Authorisation).values(member_id=member, **given, recorded_at=NOW, recorded_by=clerk)
        )
        await connection.execute(update(Member).where(Member.id == member).values(authorised_until=until))
    again = [{**each, "sex": "M", "authorised_until": "2026-06-01"} for each in told]
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], again))
    kept = await rows(empty, Member.reference, Member.sex, Member.authorised_until)
    assert [row.authorised_until for row in kept] == [until, dt.date(2026, 6, 1)]
    assert [row.sex for row in kept] == ["MALE", "MALE"], "the rest is taken over"


async def test_what_a_register_tells_anew_is_told_again_though_the_last_task_was_ended(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    states = []
    for closed in ("2026-10-01", "2026-10-01", "2026-11-01"):
        await take_over(empty, vault, folder(tmp_path / "in", [{**HOME, "file_closed_on": closed}], PEOPLE[:1]))
        told = await rows(empty, Task.id, Task.reference, Task.state)
        states.append([row.state for row in told])
        async with transaction(empty) as connection:
            await tasks.cancel(connection, [told[-1].reference], NOW)
    assert states == [["OPEN"], ["CANCELLED"], ["CANCELLED", "OPEN"]], "what was said before is no news"


AIDED = {**HOME, "programme": "LIVING_SUBSIDY"}
TOLD: dict[str, tuple[dict[str, Any], str]] = {
    "closed": ({"file_closed_on": "2026-10-01"}, "stage"),
    "none": ({"programme": None}, "programme"),
    "another": ({"programme": "DIBAO"}, "programme"),
}


@pytest.mark.parametrize("home", ["there", "here"])
@pytest.mark.parametrize("told", TOLD)
async def test_f_02_no_register_ends_the_programme_of_a_file_that_is_active(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, told: str, home: str
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [AIDED], PEOPLE[:1]))
    if home == "here":
        await lives_here(empty)
    columns = (Enrolment.id, Enrolment.programme_code, Enrolment.start_month, Enrolment.end_month)
    before = [tuple(row) for row in await rows(empty, *columns)]
    changes, respect = TOLD[told]
    where = folder(tmp_path / "in", [{**AIDED, **changes}], PEOPLE[:1])
    for _ in range(2):
        assert (await take_over(empty, vault, where)).differing == 1
        assert [tuple(row) for row in await rows(empty, *columns)] == before
    ((_, named),) = await rows(empty, Household.id, Household.programme_code)
    assert named == "LIVING_SUBSIDY"
    ((_, detail),) = await rows(empty, Task.id, Task.detail)
    assert detail == {"respects": ["household" if home == "here" else respect]}


async def test_an_officer_who_closes_a_file_ends_its_programme_with_it(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    assert await rows(empty, Enrolment.id) == []
    await take_over(empty, vault, folder(tmp_path / "in", [AIDED], PEOPLE[:1]))
    assert [row.end_month for row in await rows(empty, Enrolment.id, Enrolment.end_month)] == [None]
    async with transaction(empty) as connection:
        await accounts.add_user(connection, "chief", "Chief", Role.REVIEWER, "410502", NOW)
    where = folder(tmp_path / "in", [{**AIDED, "file_closed_on": "2026-10-01"}], PEOPLE[:1])
    await take_over(empty, vault, where, decided_by="chief")
    ended = await rows(empty, Enrolment.id, Enrolment.end_month)
    assert [row.end_month for row in ended] == [dt.date(2026, 10, 1)]
    assert len(await rows(empty, Decision.id)) == 1


E = Enrolment
GRANTED = {
    "record_id": "A1", "name": "王大", "id_number": FATHER, "programme": "DIBAO", "amount_yuan": "300.00",
    "start_month": "2024-01", "end_month": "",
}  # fmt: skip
LESS: dict[str, list[dict[str, Any]]] = {
    "gone": [],
    "ended": [{**GRANTED, "end_month": "2024-06"}],
    "later": [{**GRANTED, "start_month": "2024-03"}],
    "less": [{**GRANTED, "amount_yuan": "200.00"}],
    "unknown": [{**GRANTED, "amount_yuan": ""}],
    "another": [{**GRANTED, "programme": "TEMPORARY_AID"}],
}


def with_aid(where: Path, aid: list[dict[str, Any]], cut: str = "2024-12-31") -> Path:
    """The first household's register with a complete register of aid, which is that of another person too."""
    other = {**GRANTED, "record_id": "A9", "id_number": CHILD}
    folder(where, [HOME], PEOPLE[:1])
    pl.DataFrame([*aid, other]).write_csv(where / "aid.csv")
    (where / "feeds.toml").write_text(f"[aid]\nas_of = {cut}\ncomplete = true\n")
    return where


async def aided(engine: AsyncEngine) -> list[Any]:
    enrolled = [E.programme_code, E.start_month, E.end_month, E.amount_fen]
    return [*await rows(engine, E.source_record, *enrolled), *await rows(engine, Payment.month, Payment.amount_fen)]


@pytest.mark.parametrize("home", ["there", "here"])
@pytest.mark.parametrize("told", LESS)
async def test_f_02_no_register_of_aid_takes_it_away_from_an_active_file(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, told: str, home: str
) -> None:
    await take_over(empty, vault, with_aid(tmp_path / "in", [GRANTED]))
    if home == "here":
        await lives_here(empty)
    before = await aided(empty)
    assert len(before) == 1 + 12
    for _ in range(2):
        assert (await take_over(empty, vault, with_aid(tmp_path / "in", LESS[told]))).differing == 1
        assert await aided(empty) == before
    ((_, detail),) = await rows(empty, Task.id, Task.detail)
    assert detail == {"respects": ["aid"]}
    assert await rows(empty, Decision.id) == []


async def test_f_02_aid_that_is_more_or_goes_on_is_taken_and_an_older_register_takes_no_month_back(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, with_aid(tmp_path / "in", [GRANTED]))
    more = {**GRANTED, "amount_yuan": "350.00", "start_month": "2023-12"}
    assert (await take_over(empty, vault, with_aid(tmp_path / "in", [more], "2025-01-31"))).differing == 0
    assert len(await rows(empty, Payment.month)) == 14
    assert (await take_over(empty, vault, with_aid(tmp_path / "in", [more], "2024-06-30"))).differing == 1
    assert len(await rows(empty, Payment.month)) == 14


BESIDE = {**GRANTED, "programme": "TEMPORARY_AID", "amount_yuan": "100.00", "start_month": "2024-05"}
CHANGED: dict[str, tuple[list[dict[str, Any]], list[tuple[str, int]], int]] = {
    "more": ([GRANTED, {**BESIDE, "amount_yuan": "150.00"}], [("DIBAO", 30000), ("TEMPORARY_AID", 15000)], 0),
    "in another order": ([BESIDE, GRANTED], [("DIBAO", 30000), ("TEMPORARY_AID", 10000)], 0),
    "less": ([GRANTED, {**BESIDE, "amount_yuan": "50.00"}], [("DIBAO", 30000), ("TEMPORARY_AID", 10000)], 1),
    "the first gone": ([{**BESIDE, "amount_yuan": "150.00"}], [("DIBAO", 30000), ("TEMPORARY_AID", 15000)], 1),
    "one more": (
        [{**BESIDE, "start_month": "2024-09"}, GRANTED, BESIDE],
        [("DIBAO", 30000), ("TEMPORARY_AID", 10000), ("TEMPORARY_AID", 10000)],
        0,
    ),
    "one twice": ([GRANTED, BESIDE, BESIDE], [("DIBAO", 30000), ("TEMPORARY_AID", 10000)], 0),
}


@pytest.mark.parametrize("told", CHANGED)
async def test_f_02_what_changes_of_records_with_one_number_is_told_of_the_one_that_stands(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, told: str
) -> None:
    await take_over(empty, vault, with_aid(tmp_path / "in", [GRANTED, BESIDE]))
    before = dict(await rows(empty, E.id, E.source_record))
    assert [*before.values()] == ["A1", "A1~2"]
    aid, stands, differing = CHANGED[told]
    for _ in range(2):
        assert (await take_over(empty, vault, with_aid(tmp_path / "in", aid))).differing == differing
        found = await rows(empty, E.id, E.source_record, E.programme_code, E.amount_fen)
        assert sorted((row.programme_code, row.amount_fen) for row in found) == stands
        assert {row.id: row.source_record for row in found if row.id in before} == before


async def test_a_record_that_was_kept_under_its_hash_is_found_again(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, with_aid(tmp_path / "in", [GRANTED, BESIDE]))
    async with transaction(empty) as connection:
        hashed = update(Enrolment).where(E.source_record == "A1~2").values(source_record="A1~0f1e2d3c")
        await connection.execute(hashed)
    more = {**BESIDE, "amount_yuan": "150.00"}
    assert (await take_over(empty, vault, with_aid(tmp_path / "in", [GRANTED, more]))).differing == 0
    assert await rows(empty, E.source_record, E.amount_fen) == [("A1", 30000), ("A1~0f1e2d3c", 15000)]


async def test_f_02_an_officer_who_is_named_answers_for_aid_that_is_told_to_be_less(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, with_aid(tmp_path / "in", [GRANTED]))
    ((enrolment, _),) = await rows(empty, E.id, E.source_record)
    async with transaction(empty) as connection:
        chief = await accounts.add_user(connection, "chief", "Chief", Role.REVIEWER, "410502", NOW)
        await accounts.add_user(connection, "beside", "Beside", Role.REVIEWER, "410503", NOW)
    where = with_aid(tmp_path / "in", LESS["ended"])
    assert (await take_over(empty, vault, where, decided_by="beside")).differing == 1, "not their division's"
    assert len(await rows(empty, Payment.month)) == 12
    assert (await take_over(empty, vault, where, decided_by="chief")).differing == 0
    assert len(await rows(empty, Payment.month)) == 6
    ((_, user, evidence),) = await rows(empty, Decision.id, Decision.user_id, Decision.evidence)
    was = "A1: DIBAO 2024-01.. 30000 fen, last paid 2024-12-01"
    assert (user, evidence) == (chief, [f"Enrolment:{enrolment}", was]), "what it was is found again"
    acts = await rows(empty, AuditEvent.id, AuditEvent.user_id, AuditEvent.subject_type, AuditEvent.detail,
                      AuditEvent.action)  # fmt: skip
    ((_, by, of, detail, _),) = [row for row in acts if row.action == "aid.reduced"]
    ((decision, file),) = await rows(empty, Decision.id, Decision.file_id)
    assert (by, of, detail) == (chief, "Household", {"decision": decision, "file": file})


@pytest.mark.parametrize("waits", ["objection", "proposal"])
@pytest.mark.parametrize("told", ["gone", "less"])
async def test_f_02_no_aid_is_taken_away_by_a_register_while_an_objection_or_a_proposal_is_open(
    empty: AsyncEngine, vault: Vault, tmp_path: Path, told: str, waits: str
) -> None:
    await take_over(empty, vault, with_aid(tmp_path / "in", [GRANTED]))
    await waited_for(empty, vault, waits)
    before = await aided(empty)
    taken = await take_over(empty, vault, with_aid(tmp_path / "in", LESS[told]), decided_by="chief")
    assert (taken.differing, await aided(empty)) == (1, before)
    assert await rows(empty, Decision.id) == []


async def test_aid_of_somebody_whom_we_do_not_list_stops_no_import(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    await lives_here(empty)
    where = folder(tmp_path / "in", [HOME], [PEOPLE[0], PEOPLE[2]])
    paid = {"record_id": "A1", "name": "王小", "id_number": CHILD, "programme": "DIBAO", "amount_yuan": "100.00"}
    pl.DataFrame([paid]).write_csv(where / "aid.csv")
    assert (await take_over(empty, vault, where)).differing == 1
    assert await rows(empty, Enrolment.id) == []


async def test_what_a_lost_key_sealed_is_replaced_and_stops_no_import(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    first = {**HOME, "file_opened_on": None, "address": "文峰区旧宅", "phone": "138 1234 5678"}
    await take_over(empty, vault, folder(tmp_path / "in", [first], PEOPLE[:1]))
    async with transaction(empty) as connection:
        clerk = (await officers(connection, NOW))["clerk"]
        key = (await connection.execute(select(Household.id))).scalar_one()
        lost = sealing.vault(sealing.new_key())
        await connection.execute(update(Household).values(address=lost.seal("households.address", "x")))
        await corrections.correct(connection, vault, clerk, key, 1, {"address": "文峰区新居"}, [], "已搬家", NOW)
        row = (await connection.execute(select(Household.address, Household.version))).one()
        assert vault.open("households.address", row.address) == "文峰区新居"
        await connection.execute(update(Household).values(address=lost.seal("households.address", "x")))
    moved = {**first, "address": "文峰区别处"}
    assert (await take_over(empty, vault, folder(tmp_path / "in", [moved], PEOPLE[:1]))).differing == 1


async def test_what_was_corrected_of_a_household_here_no_register_corrects_back(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    """And what is empty, or was never corrected, it fills in; what was taken away here is no gap to be filled."""
    first = {**HOME, "file_opened_on": None, "address": "文峰区旧宅", "phone": "138 1234 5678", "declared_homes": "0"}
    await take_over(empty, vault, folder(tmp_path / "in", [first], PEOPLE[:1]))
    async with transaction(empty) as connection:
        clerk = (await officers(connection, NOW))["clerk"]
        key = (await connection.execute(select(Household.id))).scalar_one()
        told = {"address": "文峰区新居", "phone": ""}
        declared = [Declared({DeclaredItem.VEHICLES: 2})]
        await corrections.correct(connection, vault, clerk, key, 1, told, declared, "已搬家", NOW)

    async def stands() -> dict[str, Any]:
        async with transaction(empty) as connection:
            row = (await connection.execute(select(Household))).one()
        found = {name: getattr(row, name) for name in ("residence", "phone", "declared_vehicles", "declared_homes")}
        assert row.phone_index is None
        return {**found, "address": vault.open("households.address", row.address), "version": row.version}

    ours = {"address": "文峰区新居", "phone": None, "declared_vehicles": 2}
    anew = {**first, "address": "文峰区旧宅二号", "residence": "URBAN", "declared_homes": "1"}
    for _ in range(2):
        taken = await take_over(empty, vault, folder(tmp_path / "in", [anew], PEOPLE[:1]))
        assert await stands() == {**ours, "residence": "URBAN", "declared_homes": 1, "version": 3}
    assert (taken.followed, taken.differing) == (0, 0), "what it had said before is no news"
    (task,) = await rows(empty, Task.id, Task.kind, Task.detail)
    assert (task.kind, task.detail) == ("REGISTER_DIFFERS", {"respects": ["household"]})
    said = await rows(empty, Declaration.id, Declaration.item, Declaration.amount, Declaration.source)
    assert [tuple(row)[1:] for row in said if row.item in ("VEHICLES", "HOMES")] == [
        ("VEHICLES", 0, "REGISTER"),
        ("HOMES", 0, "REGISTER"),
        ("VEHICLES", 2, "CHANGE"),
        ("HOMES", 1, "REGISTER"),
    ]
    agrees = {**anew, "address": "文峰区新居", "phone": None, "declared_vehicles": "2", "residence": "RURAL"}
    taken = await take_over(empty, vault, folder(tmp_path / "in", [agrees], PEOPLE[:1]))
    assert taken.differing == 0, "nothing that is not here already, or may be followed"
    assert await stands() == {**ours, "residence": "RURAL", "declared_homes": 1, "version": 4}


async def test_whoever_was_given_their_number_in_the_national_system_is_followed_further(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    async with transaction(empty) as connection:
        clerk = (await officers(connection, NOW))["clerk"]
        key = (await connection.execute(select(Member.id))).scalar_one()
        number = {"acftu_reference": "QG-P-1"}
        await memberships.correct(connection, vault, clerk, key, 1, number, "全总系统已编号", NOW)
    where = folder(tmp_path / "in", [HOME], [{**PEOPLE[0], "name": "王二"}])
    assert (await take_over(empty, vault, where)).differing == 0
    ((_, name),) = await rows(empty, Member.id, Member.name)
    assert vault.open("members.name", name) == "王二"


async def test_whom_a_person_corrected_no_register_corrects_back(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    where = folder(tmp_path / "in", [HOME], [PEOPLE[0], PEOPLE[2]])
    await take_over(empty, vault, where)
    async with transaction(empty) as connection:
        clerk = await accounts.add_user(connection, "clerk", "Clerk", Role.CASEWORKER, "410502", NOW)
        member = (await connection.execute(select(Member).where(Member.reference == "P1"))).one()
        await connection.execute(
            insert(MemberChange).values(
                household_id=member.household_id,
                member_id=member.id,
                kind="CORRECTED",
                fields=["name"],
                effective_on=TODAY,
                user_id=clerk,
                happened_at=NOW,
            )
        )
        name = {"name": vault.seal("members.name", "王达")}
        await connection.execute(update(Member).where(Member.id == member.id).values(name))
    assert (await take_over(empty, vault, where)).differing == 0, "what it said before is no news"
    told = await take_over(
        empty, vault, folder(tmp_path / "in", [HOME], [{**PEOPLE[0], "name": "王大大"}, PEOPLE[2]])
    )
    assert told.differing == 1
    names = [row.name for row in await rows(empty, Member.reference, Member.name)]
    assert vault.open("members.name", names[0]) == "王达"


async def test_somebody_whom_the_register_moves_leaves_a_membership_behind(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    people = [PEOPLE[0], PEOPLE[1], PEOPLE[2]]
    await take_over(empty, vault, folder(tmp_path / "in", [HOME, OTHER], people))
    moved = [PEOPLE[0], PEOPLE[1], {**PEOPLE[2], "household_id": "H2"}]
    await take_over(empty, vault, folder(tmp_path / "in", [HOME, OTHER], moved))
    async with transaction(empty) as connection:
        child = select(Member.reference, Member.left_on, Household.reference.label("home"), Member.person_id)
        found = await connection.execute(
            child.join(Household).where(Member.reference.like("P3%")).order_by(Member.id)
        )
        old, new = found.all()
    assert (old.home, old.left_on, new.home, new.left_on, new.reference) == ("H1", TODAY, "H2", None, "P3")
    assert old.person_id == new.person_id
    counted = await rows(empty, FilePerson.id, FilePerson.until, FilePerson.disputed)
    assert sorted((row.until is None, row.disputed) for row in counted) == [(False, False), *[(True, False)] * 3]


async def test_declarations_keep_what_was_said_before(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    later = {**HOME, "declared_monthly_income_yuan": "900.00", "declared_vehicles": None}
    await take_over(empty, vault, folder(tmp_path / "in", [later], PEOPLE[:1]))
    said = await rows(empty, Declaration.id, Declaration.item, Declaration.amount, Declaration.declared_on)
    assert {tuple(row)[1:] for row in said} == {
        ("MONTHLY_INCOME", 120_000, dt.date(2024, 3, 1)),
        ("VEHICLES", 0, dt.date(2024, 3, 1)),
        ("MONTHLY_INCOME", 90_000, TODAY),
        ("VEHICLES", None, TODAY),
    }, "not known any more is a declaration, and no zero"


def as_excel(path: Path, given: Sequence[dict[str, Any]]) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(given[0]))
        for number, row in enumerate(given, start=1):
            sheet.write_row(number, 0, ["" if value is None else value for value in row.values()])


FORMATS: dict[str, Callable[[Path, pl.DataFrame, Sequence[dict[str, Any]]], Any]] = {
    "csv": lambda path, frame, given: frame.write_csv(path.with_suffix(".csv")),
    "tsv": lambda path, frame, given: frame.write_csv(path.with_suffix(".tsv"), separator="\t"),
    "gb18030": lambda path, frame, given: path.with_suffix(".csv").write_text(frame.write_csv(), encoding="gb18030"),
    "utf-16": lambda path, frame, given: path.with_suffix(".csv").write_text(frame.write_csv(), encoding="utf-16"),
    "ndjson": lambda path, frame, given: frame.write_ndjson(path.with_suffix(".ndjson")),
    "parquet": lambda path, frame, given: frame.write_parquet(path.with_suffix(".parquet")),
    "xlsx": lambda path, frame, given: as_excel(path.with_suffix(".xlsx"), given),
}
CHINESE = {
    "household_id": "家庭编号", "person_id": "人员编号", "name": "姓名", "id_number": "公民身份号码", "relation": "与户主关系",
    "applied_on": "申请日期", "file_opened_on": "建档日期", "declared_vehicles": "申报车辆数",
    "declared_monthly_income_yuan": "家庭月收入", "division_code": "行政区划代码",
}  # fmt: skip


async def test_every_format_comes_to_the_same(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> None:
    told = {}
    for name, write in FORMATS.items():
        where = tmp_path / name
        where.mkdir()
        for table, given in (("households", [HOME, OTHER]), ("members", PEOPLE)):
            chinese = name in ("gb18030", "xlsx")
            shown = [{CHINESE[key] if chinese else key: value for key, value in row.items()} for row in given]
            write(where / table, pl.DataFrame(shown, infer_schema_length=None), shown)
        given_in = registers.read(where)
        told[name] = (given_in.register.households, given_in.register.members)
        assert given_in.register.set_aside == 0
    first = told.pop("csv")
    for name, each in told.items():
        assert each == first, name
    taken = await take_over(empty, vault, tmp_path / "xlsx")
    assert (taken.households, taken.people) == (2, 4)
    assert await take_over(empty, vault, tmp_path / "gb18030") == taken
    assert {row.version for row in await rows(empty, Household.id, Household.version)} == {1}, "nothing has changed"


async def test_f_24_what_is_filled_in_on_the_form_never_goes_to_the_matcher(
    empty: AsyncEngine, vault: Vault, tmp_path: Path
) -> None:
    await take_over(empty, vault, folder(tmp_path / "in", [HOME], PEOPLE[:1]))
    async with transaction(empty) as connection:
        household = (await connection.execute(select(Household.id))).scalar_one()
        member = (await connection.execute(select(Member.id))).scalar_one()
        told = {member: {"ETHNIC_GROUP": "维吾尔族", "POLITICAL_STATUS": "群众", "HEALTH": "患重大疾病"}}
        await forms.put(connection, vault, household, {"GRASSROOTS_OPINION": "情况属实，同意"}, told)
    out = tmp_path / "out"
    out.mkdir()
    async with transaction(empty) as connection:
        folders.lay_out(
            out,
            await scans.laid_out(
                connection, vault, scans.Order(1, "000000", None, (), ScanStatus.RUNNING), tmp_path / "data", NOW
            ),
            folders.link,
        )
    for name in ("households", "members"):
        seen = repr(pl.read_parquet(out / f"{name}.parquet").to_dicts())
        for word in ("维吾尔", "群众", "重大疾病", "SEVERE", "情况属实", "ETHNIC"):
            assert word not in seen
