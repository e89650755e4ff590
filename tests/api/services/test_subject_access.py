"""A person is told all that is held about them and who looked at it, and nothing of others that is not theirs to see."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import sealing
from api.database import transaction
from api.domain.errors import NotDone
from api.domain.permissions import Role, Viewer
from api.domain.purposes import Purpose
from api.models import AuditEvent, Household, Human, Member
from api.models.base import SealedBytes
from api.services import corrections, reads, subject_access
from api.services.retention.classes import of_people, owned
from api.services.subject_access import Dossier, saying
from api.services.subject_access.gathering import LOST, columns
from tests.api.lives import DAY, NOW, Lived, Place, live, settle, table_of
from tests.api.services.test_retention import read_row, seal_reads

VAULT = sealing.vault(sealing.new_key())
REFERRING = {each.name for each in owned()} | {column.table.name for column in of_people()} | {"people"}


@pytest.fixture
def engine(empty: AsyncEngine) -> AsyncEngine:
    """Here every database is at the newest step."""
    return empty


async def filled(engine: AsyncEngine) -> tuple[Place, Lived, Lived]:
    async with transaction(engine) as connection:
        place = await settle(connection)
        return (
            place,
            await live(connection, VAULT, place, "甲", ended=dt.date(2016, 1, 1)),
            await live(connection, VAULT, place, "乙"),
        )


async def dossier(connection: AsyncConnection, reference: str) -> Dossier:
    return await subject_access.gather(connection, VAULT, reference, NOW)


def test_every_table_that_refers_to_people_is_told_or_left_out_for_a_reason() -> None:
    """Found by the foreign keys of the models: a new table fails here until somebody says what a person is told of it."""
    assert {*saying.TITLES} | {*saying.LEFT_OUT} == REFERRING
    assert not {*saying.TITLES} & {*saying.LEFT_OUT}
    assert all(saying.LEFT_OUT.values())
    for place in saying.WITHHELD:
        name, column = place.split(".")
        assert column in table_of(name).c


def test_every_column_that_is_told_has_a_name_in_chinese() -> None:
    for name in saying.TITLES:
        for column in columns(table_of(name)):
            assert not saying.label(column.name).isascii(), f"{name}.{column.name}: name it in saying.LABELS"
    assert {*saying.PURPOSES} == {*Purpose}


def test_no_sealed_column_is_left_out_by_the_way() -> None:
    """What is sealed is what is personal: each is told, or withheld by name."""
    for name in saying.TITLES:
        told = {column.name for column in columns(table_of(name))}
        sealed = {c.name for c in table_of(name).c if isinstance(c.type, SealedBytes)}
        assert {c for c in sealed if not c.endswith("_index") and c != "digest"} <= told, name


async def test_all_that_is_held_is_told(engine: AsyncEngine) -> None:
    place, one, other = await filled(engine)
    async with transaction(engine) as connection:
        rows = [
            read_row(place.officer, one.members[0], one.household, NOW),
            read_row(place.second, other.members[0], 1, NOW),
        ]
        await reads.add(connection, rows)
    await seal_reads(engine)
    async with transaction(engine) as connection:
        told = await dossier(connection, "甲-HEAD")
    assert {section.table for section in told.sections} == {*saying.TITLES} - {
        "external_references",
        "protections",
        "referrals",
    }, "theirs alone: what is the spouse's or the child's is not"
    content = json.loads(told.json())
    said = told.json() + subject_access.printed(told)
    for word in (
        "金H甲",
        "11010519491231002X",
        "13987650123",
        "甲说明",
        "金丝雀甲reviews.note",
        "金丝雀甲home_visits.met",
        "金丝雀甲causes.note",
    ):
        assert word in said, word
    assert content["held"]["members"]["rows"][0]["姓名"] == "金H甲"
    assert content["held"]["findings"]["title"] == "待核实的疑点（不是结论）"
    (reader,) = content["readers"]
    assert (reader["查阅人"], reader["目的"], reader["查看内容"]) == ("Officer", "复核疑点", ["人员·姓名"])
    assert content["leftOut"]["objections.objector_name"] == "who objects is protected"


async def test_nobody_else_is_named(engine: AsyncEngine) -> None:
    _, one, other = await filled(engine)
    async with transaction(engine) as connection:
        told = await dossier(connection, "甲-HEAD")
    said = told.json() + subject_access.printed(told)
    for word in ("金S甲", "金C甲", "110105199001012218", "110105201205060028", "甲-external", "乙"):
        assert word not in said, word
    for column in ("objector_name", "objector_contact", "text"):
        assert f"金丝雀甲objections.{column}" not in said, "who objects is protected"
    assert "金丝雀甲households.payee_account" not in said
    assert not any(word in said for word in other.canaries - one.canaries)


async def test_whose_account_it_was_is_told_masked_as_whose_it_is(engine: AsyncEngine) -> None:
    """What stood before a household was corrected is kept for all of them: each is told it no more than what stands now."""
    place, _, other = await filled(engine)
    first = {"payee_account": "6222020200112233445", "payee_name": "金丝雀户主", "address": "文峰区旧居"}
    async with transaction(engine) as connection:
        clerk = Viewer(place.officer, "officer", "Officer", Role.CASEWORKER, "410502")
        for told in (first, dict.fromkeys(first, "")):
            version = await connection.scalar(select(Household.version).where(Household.id == other.household))
            assert version is not None
            await corrections.correct(connection, VAULT, clerk, other.household, version, told, [], "更正", NOW)
    async with transaction(engine) as connection:
        theirs = await dossier(connection, "乙-SPOUSE")
    said = theirs.json() + subject_access.printed(theirs)
    for secret in (first["payee_account"], first["payee_name"], "金丝雀乙households.payee_account"):
        assert secret not in said, secret
    for masked in ("****3445", "金**", first["address"]):
        assert masked in said, "what stood before is told, as far as it is theirs"


async def test_an_objection_of_their_own_is_told_in_their_own_words(engine: AsyncEngine) -> None:
    await filled(engine)
    async with transaction(engine) as connection:
        await connection.execute(update(table_of("objections")).values(objector="HOUSEHOLD"))
        told = await dossier(connection, "甲-HEAD")
    assert "金丝雀甲objections.text" in told.json()


async def test_what_came_after_somebody_left_is_not_theirs(engine: AsyncEngine) -> None:
    _, one, _ = await filled(engine)
    async with transaction(engine) as connection:
        left = DAY - dt.timedelta(days=1)
        await connection.execute(
            update(Member).where(Member.id == one.members[0]).values(valid_from=None, left_on=left)
        )
        told = await dossier(connection, "甲-HEAD")
    tables = {section.table for section in told.sections}
    assert {"members", "income_months", "enrolments"} <= tables
    assert not {"home_visits", "causes", "decisions", "plans"} & tables


PRESENT = (
    "address", "phone", "payee_account", "payee_name", "form", "others", "declared_deposits_fen", "organisation_id",
    "division_code",
)  # fmt: skip
"""What of a household is as of today."""


def told_of(told: Dossier, name: str) -> dict[str, object]:
    (row,) = next(section for section in told.sections if section.table == name).rows
    return dict(row)


async def test_f_29_a_former_member_is_not_told_where_the_household_is_today(engine: AsyncEngine) -> None:
    _, one, _ = await filled(engine)
    async with transaction(engine) as connection:
        home = update(Household).where(Household.id == one.household)
        await connection.execute(
            home.values(phone=VAULT.seal("households.phone", "13955550002"), declared_deposits_fen=1)
        )
        inside = await dossier(connection, "甲-HEAD")
        left = update(Member).where(Member.id == one.members[0])
        await connection.execute(left.values(valid_to=NOW.date(), left_on=NOW.date()))
        told = await dossier(connection, "甲-HEAD")
    assert {saying.label(column) for column in PRESENT} <= told_of(inside, "households").keys()
    assert told_of(told, "households") == {saying.label("reference"): "甲-household"}
    assert set(told_of(told, "files")) == {saying.label(each) for each in ("number", "applied_on", "opened_on")}
    for said in (told.json(), subject_access.printed(told)):
        for secret in ("13955550002", *(f"金丝雀甲households.{column}" for column in ("address", "form", "others"))):
            assert secret not in said
    assert "13955550002" in inside.json()
    assert "金丝雀甲members.address" in told.json(), "their own is theirs"


@pytest.mark.parametrize("left", [False, True])
async def test_f_29_nobody_is_told_where_somebody_else_of_their_household_is_hidden(
    engine: AsyncEngine, left: bool
) -> None:
    """As of a household that has no address, no texts and no officers: nothing says that somebody is protected."""
    _, one, _ = await filled(engine)
    async with transaction(engine) as connection:
        if left:
            gone = update(Member).where(Member.id == one.members[0])
            await connection.execute(gone.values(valid_to=NOW.date(), left_on=NOW.date()))
        before = await dossier(connection, "甲-HEAD")
        hidden = update(Human).where(Human.id == one.people[1])
        await connection.execute(hidden.values(protected_since=DAY))
        told = await dossier(connection, "甲-HEAD")
        theirs = await dossier(connection, "甲-SPOUSE")
    said = told.json() + subject_access.printed(told)
    for secret in (
        *(f"金丝雀甲households.{column}" for column in ("address", "form", "others", "payee_name")),
        "金丝雀甲home_visits.met",
        "金丝雀甲home_visits.findings",
        "金丝雀甲transitions.reason",
        "金丝雀甲proposals.statement",
        "金丝雀甲reviews.note",
        "金丝雀甲file_transfers.reason",
        "甲说明",
        "甲 told",
        "Officer",
        "Second",
        "Union",
        "总工会",
    ):
        assert secret not in said, secret
    assert "Officer" in before.json()
    assert before.left_out == told.left_out
    assert [section.table for section in before.sections] == [section.table for section in told.sections]
    assert "金丝雀甲members.address" in said, "their own is theirs"
    assert "金丝雀甲households.address" in theirs.json(), "who is protected is told of themselves"
    async with transaction(engine) as connection:
        await connection.execute(hidden.values(protected_since=None))
        assert (await dossier(connection, "甲-HEAD")).sections == before.sections


async def test_all_memberships_of_one_human_are_told(engine: AsyncEngine) -> None:
    _, one, other = await filled(engine)
    async with transaction(engine) as connection:
        same = update(Member).where(Member.id == other.members[0])
        await connection.execute(same.values(person_id=one.people[0], overlapping=True))
        told = await dossier(connection, "甲-HEAD")
    memberships = next(section for section in told.sections if section.table == "members")
    assert [row["登记编号"] for row in memberships.rows] == ["甲-HEAD", "乙-HEAD"]


async def test_what_a_lost_key_sealed_is_said_to_be_lost(engine: AsyncEngine) -> None:
    _, one, _ = await filled(engine)
    lost = sealing.Vault(VAULT.keys.rotated()).seal("members.name", "金丝雀")
    async with transaction(engine) as connection:
        await connection.execute(update(Member).where(Member.id == one.members[0]).values(name=lost))
        told = await dossier(connection, "甲-HEAD")
    memberships = next(section for section in told.sections if section.table == "members")
    assert memberships.rows[0]["姓名"] == LOST


async def test_the_audit_is_told_and_names_nobody(engine: AsyncEngine) -> None:
    await filled(engine)
    async with transaction(engine) as connection:
        await dossier(connection, "甲-HEAD")
    async with transaction(engine) as connection:
        events = (await connection.execute(select(AuditEvent.action, AuditEvent.detail))).all()
        assert [tuple(event) for event in events][-1] == ("subject.exported", {})
        with pytest.raises(NotDone):
            await dossier(connection, "nobody")


async def test_a_page_holds_what_is_written_and_no_markup_of_theirs(engine: AsyncEngine) -> None:
    _, one, _ = await filled(engine)
    async with transaction(engine) as connection:
        written = VAULT.seal("members.address", "<script>alert(1)</script>")
        await connection.execute(update(Member).where(Member.id == one.members[0]).values(address=written))
        page = subject_access.printed(await dossier(connection, "甲-HEAD"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "谁查看过" in page
