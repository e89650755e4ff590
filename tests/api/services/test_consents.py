"""Consents recorded, withdrawn and stood in for; and which of them the matcher meets when a scan is laid out (F-23)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import transaction
from api.domain import divisions
from api.domain.attachments import AttachmentKind
from api.domain.consent import ALL, NINE, ConsentPurpose
from api.domain.errors import Conflict, MissingConsent, NotDone
from api.domain.lifecycle import MOVES, Action, Guard
from api.domain.permissions import Role, Viewer
from api.domain.scans import ScanStatus
from api.domain.stages import Stage
from api.matching import folders
from api.models import Attachment, AuditEvent, Authorisation, File, Household, Link, Member, Scan, Task, table
from api.sealing import Vault
from api.services import accounts, consented, consents, guards, scans
from api.services.consents import Paper
from api.services.guards.case import Case
from matcher import authorisations
from matcher.sources.contract import load
from tests.api.papers import paper
from tests.api.services.test_registers import NOW, folder, take_over

TODAY = NOW.date()
SOON = TODAY + dt.timedelta(days=3)
FEED = TODAY - dt.timedelta(days=40)
"""The day on which a department cut its extract."""

CHECK = ConsentPurpose.ECONOMIC_CHECK
PEOPLE = [
    {"person_id": "P1", "household_id": "H1", "name": "王小明", "birth_date": "1980-01-01", "relation": "HEAD"},
    {"person_id": "P2", "household_id": "H1", "name": "李花", "birth_date": "1982-02-02", "relation": "SPOUSE"},
    {"person_id": "P3", "household_id": "H1", "name": "王小宝", "birth_date": "2020-03-03", "relation": "CHILD"},
]
NEIGHBOUR = {"person_id": "P9", "household_id": "H2", "name": "赵六", "birth_date": "1970-01-01", "relation": "HEAD"}
HOUSEHOLDS = [
    {"household_id": each, "file_opened_on": "2024-02-09", "division_code": "410502"} for each in ("H1", "H2")
]
SIGNED = {
    "person_id": "P1", "source": "税务", "purpose": "家庭经济状况核对", "valid_from": "2024-01-01", "valid_to": "2027-12-31",
    "withdrawn_on": "",
}  # fmt: skip


def day(days: int) -> dt.date:
    return TODAY + dt.timedelta(days=days)


@dataclass
class Office:
    """A register of one household of three, an officer, and a signed paper of the household's."""

    engine: AsyncEngine
    vault: Vault
    viewer: Viewer
    data: Path
    people: dict[str, int]
    household: int
    paper: int

    def signed(self, who: str = "P1", **changes: Any) -> Paper:
        return replace(Paper(self.people[who], ["tax"], CHECK, day(-90), day(90), self.paper), **changes)

    async def record(self, who: str = "P1", now: dt.datetime = NOW, **changes: Any) -> int:
        async with transaction(self.engine) as connection:
            return await consents.record(connection, self.vault, self.viewer, self.signed(who, **changes), now)

    async def withdraw(self, key: int, *, version: int = 1, on: dt.date = TODAY, reason: str = "不愿再查") -> int:
        async with transaction(self.engine) as connection:
            return await consents.withdraw(connection, self.vault, self.viewer, key, version, on, reason, NOW)

    async def excepted(
        self,
        sources: Sequence[str] = ("tax",),
        until: dt.date = SOON,
        reason: str = "住院抢救",
        now: dt.datetime = NOW,
    ) -> int:
        async with transaction(self.engine) as connection:
            return await consents.except_in_emergency(
                connection, self.vault, self.viewer, self.household, sources, CHECK, reason, until, now
            )

    async def missing(self, *sources: str, on: dt.date = TODAY, purpose: ConsentPurpose = CHECK) -> dict[str, Any]:
        names = {key: reference for reference, key in self.people.items()}
        async with transaction(self.engine) as connection:
            found = await consented.missing(connection, self.household, sources or ("tax",), purpose, on)
        return {names[key]: where for key, where in found}

    async def looked_up(self, tmp_path: Path, source: str = "tax", now: dt.datetime = NOW) -> set[str]:
        """Whom the matcher would look up in what is laid out for it, by a scan about the day of the extract."""
        out = tmp_path / "laid-out"
        out.mkdir()
        order = scans.Order(1, "410500", None, (), ScanStatus.RUNNING)
        async with transaction(self.engine) as connection:
            folders.lay_out(out, await scans.laid_out(connection, self.vault, order, self.data, now), folders.link)
        given = folders.register(out)
        people = [
            {name: row.get(name) for name in ("person_id", "birth_date", "authorised_until")} for row in given.members
        ]
        kinds = {"person_id": pl.String, "birth_date": pl.Date, "authorised_until": pl.Date}
        columns = ("person_id", "source", "purpose", "valid_from", "valid_to", "withdrawn_on")
        rows = [{name: row.get(name) for name in columns} for row in given.authorisations or []]
        schema = dict.fromkeys(columns[:3], pl.String) | dict.fromkeys(columns[3:], pl.Date)
        allowed = authorisations.authorised(
            pl.DataFrame(people, kinds), pl.DataFrame(rows, schema), {source: load(source).names()}, FEED, None
        )
        return set(allowed[source].to_list()) - {"P3"}

    async def one(self, statement: Any) -> Any:
        async with transaction(self.engine) as connection:
            return (await connection.execute(statement)).one()


@pytest.fixture
async def office(empty: AsyncEngine, vault: Vault, tmp_path: Path) -> Office:
    given = folder(tmp_path / "in", households=HOUSEHOLDS, members=[*PEOPLE, NEIGHBOUR], authorisations=[])
    (given / "authorisations.csv").write_text(",".join(SIGNED) + "\n")
    await take_over(empty, vault, given, tmp_path / "data")
    async with transaction(empty) as connection:
        rows = await connection.execute(select(Member.reference, Member.id, Member.household_id))
        people = {row.reference: (row.id, row.household_id) for row in rows}
        household = people["P1"][1]
        user = await accounts.add_user(connection, "li", "李工", Role.REVIEWER, "410500", NOW)
        signed = await paper(connection, vault, household, user, NOW)
    viewer = Viewer(user, "li", "李工", Role.REVIEWER, "410500")
    return Office(
        empty, vault, viewer, tmp_path / "data", {name: key for name, (key, _) in people.items()}, household, signed
    )


async def test_f_23_signed_papers_are_missing_until_each_adult_has_signed(office: Office) -> None:
    assert await office.missing() == {"P1": ("tax",), "P2": ("tax",)}, "the child signs nothing"
    await office.record("P1")
    assert await office.missing() == {"P2": ("tax",)}
    await office.record("P2", sources=[ALL])
    assert await office.missing() == {}
    assert await office.missing("tax", "finance") == {"P1": ("finance",)}
    assert await office.missing(on=day(91)) == {"P1": ("tax",), "P2": ("tax",)}
    assert await office.missing(purpose=ConsentPurpose.PUBLICITY) == {"P1": ("tax",), "P2": ("tax",)}
    kept = await office.one(select(*table(Authorisation).c).where(Authorisation.member_id == office.people["P1"]))
    assert (kept.attachment_id, kept.recorded_by, kept.version) == (office.paper, office.viewer.user_id, 1)
    audited = await office.one(
        select(AuditEvent).where(AuditEvent.subject == kept.id, AuditEvent.action == "authorisation.recorded")
    )
    assert audited.detail["sources"] == ["tax"]


@pytest.mark.parametrize(
    ("days", "missing"), [(-1, {"P1": ("tax",)}), (0, {"P1": ("tax",)}), (1, {"P1": ("tax",), "P3": ("tax",)})]
)
async def test_f_23_a_child_signs_from_the_day_of_coming_of_age(
    office: Office, days: int, missing: dict[str, Any]
) -> None:
    await office.record("P2")
    async with transaction(office.engine) as connection:
        born = dt.date(TODAY.year - 18, TODAY.month, TODAY.day) + dt.timedelta(days=1 - days)
        await connection.execute(update(Member).where(Member.id == office.people["P3"]).values(birth_date=born))
    assert await office.missing() == missing


async def test_f_23_an_unknown_birth_date_is_no_childs(office: Office) -> None:
    async with transaction(office.engine) as connection:
        await connection.execute(update(Member).values(birth_date=None))
    assert set(await office.missing()) == {"P1", "P2", "P3"}


async def test_whoever_is_in_the_household_that_day_counts(office: Office) -> None:
    async with transaction(office.engine) as connection:
        them = update(Member).where(Member.id == office.people["P2"])
        await connection.execute(them.values(valid_from=day(-10), valid_to=day(5)))
    assert set(await office.missing(on=day(-11))) == {"P1"}
    assert set(await office.missing(on=day(4))) == {"P1", "P2"}
    assert set(await office.missing(on=day(5))) == {"P1"}, "the day of leaving is the first day elsewhere"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"person_id": 0}, "personId"),
        ({"sources": []}, "sources"),
        ({"sources": ["the neighbours"]}, "sources"),
        ({"sources": [ALL, "tax"]}, "sources"),
        ({"valid_to": day(-91)}, "validTo"),
        ({"attachment_id": None}, "attachmentId"),
        ({"attachment_id": 0}, "attachmentId"),
        ({"guardian_id": 0}, "guardianId"),
        ({"guardian_name": "赵"}, "guardianName"),
    ],
)
async def test_what_is_no_signed_paper_is_not_recorded(office: Office, changes: dict[str, Any], path: str) -> None:
    if "guardian_name" in changes:
        changes = {**changes, "guardian_id": office.people["P2"]}
    with pytest.raises(NotDone) as told:
        await office.record(**changes)
    assert told.value.path == ("input", path)
    assert set(await office.missing()) == {"P1", "P2"}


async def test_a_consent_rests_on_a_signed_authorisation_of_the_household(office: Office) -> None:
    async with transaction(office.engine) as connection:
        neighbours = (
            await connection.execute(select(Household.id).where(Household.id != office.household))
        ).scalar_one()
        user, form = office.viewer.user_id, AttachmentKind.APPLICATION_FORM
        theirs = await paper(connection, office.vault, neighbours, user, NOW)
        other_kind = await paper(connection, office.vault, office.household, user, NOW, form)
    for other in (theirs, other_kind):
        with pytest.raises(NotDone) as told:
            await office.record(attachment_id=other)
        assert told.value.path == ("input", "attachmentId")


async def test_a_guardian_signs_for_a_ward_and_is_named(office: Office) -> None:
    with pytest.raises(NotDone) as told:
        await office.record("P3")
    assert told.value.path == ("input", "guardianId"), "nobody of six signs for themselves"
    with pytest.raises(NotDone):
        await office.record("P2", guardian_id=office.people["P3"])
    with pytest.raises(NotDone):
        await office.record("P2", guardian_id=office.people["P2"])
    child = await office.record("P3", guardian_id=office.people["P1"])
    grown = await office.record("P2", guardian_name="赵律师")
    rows = {}
    for key in (child, grown):
        rows[key] = await office.one(select(*table(Authorisation).c).where(Authorisation.id == key))
    assert (rows[child].guardian_id, rows[child].guardian_name) == (office.people["P1"], None)
    assert b"\xe8\xb5\xb5" not in rows[grown].guardian_name
    assert office.vault.open("authorisations.guardian_name", rows[grown].guardian_name) == "赵律师"
    assert set(await office.missing()) == {"P1"}, "what a guardian signed counts for the ward, not for the guardian"


async def test_who_signs_anew_is_looked_up_though_the_register_let_them_go(office: Office, tmp_path: Path) -> None:
    async with transaction(office.engine) as connection:
        await connection.execute(update(Member).values(authorised_until=day(-60)))
    await office.record("P1")
    assert await office.missing() == {"P2": ("tax",)}
    assert await office.looked_up(tmp_path) == {"P1"}


async def test_f_23_a_withdrawal_ends_it_for_every_scan_to_come_and_is_told(office: Office, tmp_path: Path) -> None:
    key = await office.record()
    assert await office.missing() == {"P2": ("tax",)}
    await office.withdraw(key, on=day(-1))
    assert set(await office.missing()) == {"P1", "P2"}
    assert await office.looked_up(tmp_path) == set()
    row = await office.one(select(*table(Authorisation).c))
    assert (row.withdrawn_on, row.withdrawn_by, row.version) == (day(-1), office.viewer.user_id, 2)
    assert office.vault.open("authorisations.withdrawal_reason", row.withdrawal_reason) == "不愿再查"
    task = await office.one(select(Task.kind, Task.member_id, Task.detail))
    assert (task.kind, task.member_id) == ("CONSENT_WITHDRAWN", office.people["P1"])
    with pytest.raises(NotDone):
        await office.withdraw(key, version=2)


@pytest.mark.parametrize(
    ("changes", "raised"),
    [
        ({"version": 7}, Conflict),
        ({"on": day(1)}, NotDone),
        ({"on": day(-91)}, NotDone),
        ({"reason": " "}, NotDone),
        ({"reason": "长" * 2_001}, NotDone),
    ],
)
async def test_what_cannot_be_withdrawn_so_stands(
    office: Office, changes: dict[str, Any], raised: type[NotDone]
) -> None:
    key = await office.record()
    with pytest.raises(raised):
        await office.withdraw(key, **changes)
    assert await office.missing() == {"P2": ("tax",)}


async def test_f_23_a_withdrawal_lists_the_scans_that_looked_the_person_up(office: Office) -> None:
    recorded = NOW - dt.timedelta(days=10)
    key = await office.record(now=recorded)
    low, high = divisions.span("410500")

    async def scan(
        began: int, as_of: dt.date = FEED, status: str = "SUCCEEDED", division: tuple[str, str] = (low, high)
    ) -> int:
        when = NOW + dt.timedelta(days=began)
        row = {
            "status": status, "division_code": division[0], "division_from": division[0], "division_to": division[1],
            "as_of": as_of, "rules": [], "created_at": when, "started_at": when, "finished_at": when,
        }  # fmt: skip
        async with transaction(office.engine) as connection:
            return int((await connection.execute(insert(Scan).values(**row).returning(Scan.id))).scalar_one())

    first, last = await scan(-9), await scan(-1)
    await scan(-11)  # before it was recorded
    await scan(-5, as_of=day(-91))  # about a day before its first
    await scan(-5, status="FAILED")
    await scan(-5, division=divisions.span("110000"))
    link = {
        "scan_id": last, "member_id": office.people["P1"], "source": "tax", "record_id": "T1", "party": "SELF",
        "probability": 1.0, "weight_bits": 30.0, "grade": "G1", "decision": "LINK", "levels": {},
    }  # fmt: skip
    async with transaction(office.engine) as connection:
        await connection.execute(insert(Link).values(**link))
    await office.withdraw(key)
    await scan(1)  # after it was withdrawn
    task = await office.one(select(Task.detail))
    assert task.detail == {"authorisation": key, "scans": [last, first]}
    audited = await office.one(select(AuditEvent.detail).where(AuditEvent.action == "authorisation.withdrawn"))
    assert audited.detail["scans"] == [last, first]


REACHES: dict[str, tuple[dict[str, Any] | None, bool]] = {
    "it stands": ({}, True),
    "it stands for all": ({"sources": [ALL]}, True),
    "it ended here yesterday, though after the extract was cut": ({"valid_to": day(-1)}, False),
    "it ends today": ({"valid_to": day(0)}, True),
    "it begins after the extract was cut": ({"valid_from": day(-10)}, False),
    "it is for another department": ({"sources": ["vehicles"]}, False),
    "it is for another purpose": ({"purpose": ConsentPurpose.PUBLICITY}, False),
    "nothing was signed": (None, False),
}


@pytest.mark.parametrize("case", REACHES)
async def test_f_23_only_a_consent_that_stands_reaches_the_matcher_as_one(
    office: Office, tmp_path: Path, case: str
) -> None:
    changes, reaches = REACHES[case]
    if changes is not None:
        await office.record(**changes)
    assert await office.looked_up(tmp_path) == ({"P1"} if reaches else set())


@pytest.mark.parametrize(
    ("begun", "until", "sources", "found"),
    [
        (0, 3, ["tax"], {"P1", "P2"}),
        (0, 0, [ALL], {"P1", "P2"}),
        (-5, -1, ["tax"], set()),
        (0, 3, ["vehicles"], set()),
    ],
)
async def test_f_23_an_exception_lets_the_household_be_looked_up_and_ends_by_itself(
    office: Office, tmp_path: Path, begun: int, until: int, sources: list[str], found: set[str]
) -> None:
    await office.excepted(sources, day(until), now=NOW + dt.timedelta(days=begun))
    assert await office.looked_up(tmp_path) == found
    assert set(await office.missing()) == {"P1", "P2"} - found
    audited = await office.one(select(AuditEvent.detail).where(AuditEvent.action == "consent.excepted"))
    assert audited.detail["until"] == day(until).isoformat()
    assert "抢救" not in str(audited.detail)


async def test_f_23_an_exception_is_nothing_against_whoever_took_theirs_back(office: Office, tmp_path: Path) -> None:
    await office.withdraw(await office.record())
    await office.excepted()
    assert await office.missing() == {"P1": ("tax",)}
    assert await office.looked_up(tmp_path) == {"P2"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"until": day(10)}, "until"),
        ({"until": day(-1)}, "until"),
        ({"reason": "  "}, "reason"),
        ({"sources": []}, "sources"),
    ],
)
async def test_f_23_an_exception_has_a_reason_and_few_days(
    office: Office, changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(NotDone) as told:
        await office.excepted(**changes)
    assert told.value.path == ("input", path)


async def test_what_a_register_says_again_takes_nothing_that_was_recorded_or_withdrawn_here(
    office: Office, tmp_path: Path
) -> None:
    again = folder(tmp_path / "again", members=PEOPLE, authorisations=[SIGNED, SIGNED | {"person_id": "P2"}])
    await take_over(office.engine, office.vault, again, tmp_path / "data")
    assert await office.missing() == {}
    async with transaction(office.engine) as connection:
        of_p2 = select(Authorisation.id).where(Authorisation.member_id == office.people["P2"])
        theirs = (await connection.execute(of_p2)).scalar_one()
    await office.withdraw(theirs)
    await office.record("P1", sources=["finance"])
    for _ in range(2):
        await take_over(office.engine, office.vault, again, tmp_path / "data")
        assert await office.missing("tax", "finance") == {"P2": ("tax", "finance")}
    assert await office.looked_up(tmp_path) == {"P1"}


async def test_consents_that_name_no_department_mean_all_as_for_the_matcher(office: Office, tmp_path: Path) -> None:
    unnamed = folder(tmp_path / "again", members=PEOPLE, authorisations=[SIGNED | {"source": ""}])
    await take_over(office.engine, office.vault, unnamed, tmp_path / "data")
    await office.record("P2", sources=["tax"])
    assert await office.missing("tax", "finance") == {"P2": ("finance",)}
    assert await office.looked_up(tmp_path) == {"P1", "P2"}


def case_of(office: Office, file_id: int | None = None) -> Case:
    return Case(office.household, file_id, "410502", Action.ACCEPT, office.viewer, None)


def test_f_23_no_application_is_taken_up_or_published_without_consents() -> None:
    guarded = {(move.stage, move.action) for move in MOVES if Guard.CONSENTED in move.guards}
    assert {(Stage.APPLIED, Action.ACCEPT), (Stage.UNDER_REVIEW, Action.PUBLISH)} <= guarded


async def test_f_23_the_guard_names_who_is_missing_and_where(office: Office) -> None:
    await office.record("P1", sources=[ALL])
    await office.record("P2", sources=["tax", "vehicles"])
    async with transaction(office.engine) as connection:
        with pytest.raises(MissingConsent) as told:
            await guards.check(connection, Guard.CONSENTED, case_of(office), NOW)
    ((who, where),) = told.value.missing
    assert who == office.people["P2"]
    assert set(where) == set(NINE) - {"tax", "vehicles"}
    assert "李" not in told.value.zh + told.value.en
    await office.record("P2", sources=[ALL])
    async with transaction(office.engine) as connection:
        await guards.check(connection, Guard.CONSENTED, case_of(office), NOW)


async def test_an_application_is_taken_up_with_its_signed_papers(office: Office) -> None:
    async def refused(file_id: int | None) -> str:
        async with transaction(office.engine) as connection:
            try:
                await guards.check(connection, Guard.SIGNED, case_of(office, file_id), NOW)
            except NotDone as why:
                return why.zh
        return ""

    async with transaction(office.engine) as connection:
        file_id = (
            await connection.execute(select(File.id).where(File.household_id == office.household))
        ).scalar_one()
    assert "申请书、核对授权书" in await refused(file_id), "papers of an earlier file count for nothing"
    async with transaction(office.engine) as connection:
        await connection.execute(update(Attachment).values(file_id=file_id))
    assert "申请书" in (said := await refused(file_id))
    assert "核对授权书" not in said
    async with transaction(office.engine) as connection:
        user, form = office.viewer.user_id, AttachmentKind.APPLICATION_FORM
        await paper(connection, office.vault, office.household, user, NOW, form, file=file_id)
    assert await refused(file_id) == ""
    assert await refused(None) != ""


async def test_beyond_ones_division_nobody_has_anything(office: Office) -> None:
    key = await office.record()
    office.viewer = replace(office.viewer, division_code="110000")
    for act in (office.record(), office.withdraw(key), office.excepted()):
        with pytest.raises(NotDone) as told:
            await act
        assert told.value.code == "NOT_FOUND"
    async with transaction(office.engine) as connection:
        assert (await connection.execute(select(Household.id))).all()
