"""The clock is moved: what is over is gone, from every table and every file, and nobody else loses anything (F-26)."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sqlite3
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Insert, delete, func, insert, literal, or_, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import migrations, sealing
from api.database import open_engine, reading, transaction
from api.domain.reads import HOUSEHOLD, PERSON
from api.domain.retention import CLOCKS, RetentionClass, before
from api.matching import policy
from api.models import (
    AuditEvent,
    Base,
    ChainCut,
    Conclusion,
    Erasure,
    Feed,
    Finding,
    Household,
    Human,
    Job,
    Link,
    Member,
    Objection,
    Read,
    ReadSubject,
    Review,
    Scan,
    Token,
    table,
)
from api.models.base import SealedBytes
from api.services import audit, chain, reads, retention
from api.services.retention import classes, holds, households, leads
from api.services.rotation import NAME
from tests.api.lives import DAY, NOW, Lived, Place, live, settle, table_of

R = RetentionClass
VAULT = sealing.vault(sealing.new_key())
ENDED = dt.date(2015, 6, 30)
OVER = dt.date(2025, 6, 30)


@pytest.fixture
def engine(empty: AsyncEngine) -> AsyncEngine:
    """Here every database is at the newest step."""
    return empty


async def clean(engine: AsyncEngine, data_dir: Path, day: dt.date, *, dry: bool = False) -> retention.Outcome:
    now = dt.datetime.combine(day, dt.time(9), dt.UTC)
    return await retention.run(engine, VAULT, data_dir, now, day, dry=dry)


async def filled(
    engine: AsyncEngine, data_dir: Path, *ends: dt.date | None, unsettled: Collection[str] = ()
) -> tuple[Place, list[Lived]]:
    """A household for each of these days on which its file was closed; of None it is open."""
    async with transaction(engine) as connection:
        place = await settle(connection)
        marks = "甲乙丙丁戊"
        return place, [
            await live(connection, VAULT, place, marks[number], data_dir=data_dir, ended=end, unsettled=unsettled)
            for number, end in enumerate(ends)
        ]


async def everything(connection: AsyncConnection) -> str:
    """All values of all rows of all tables as text: as they are kept, and what is sealed opened as well."""
    said: list[str] = []
    for each in Base.metadata.sorted_tables:
        sealed = {c.name: str(c) for c in each.columns if isinstance(c.type, SealedBytes) and _opens(c.name)}
        for row in (await connection.execute(select(each))).mappings():
            for name, value in row.items():
                said.append(value.hex() if isinstance(value, bytes) else str(value))
                if name in sealed and value is not None:
                    said.append(VAULT.open(sealed[name], value) or "")
    return "\n".join(said)


def _opens(name: str) -> bool:
    return not name.endswith("_index") and name != "digest"


def files(folder: Path) -> str:
    """All that stands in the files of the data folder, and what they are called."""
    return "\n".join(
        f"{path} {path.read_bytes().decode(errors='replace')}" for path in folder.rglob("*") if path.is_file()
    )


def _age(folder: Path) -> None:
    """What lies there has lain there for two days."""
    before_now = time.time() - 2 * 86_400
    for path in folder.iterdir():
        os.utime(path, (before_now, before_now))


async def rows_of(connection: AsyncConnection, keys: Lived) -> dict[str, int]:
    """How many rows of each owned table belong to a household, as one who walks the foreign keys finds them."""
    found: dict[Any, list[int]] = {table(Household): [keys.household], table(Member): list(keys.members)}
    counts: dict[str, int] = {}
    for each, edges in classes.owned().items():
        if each in found:
            continue
        where = or_(*[edge.column.in_(found[edge.parent]) for edge in edges if edge.parent in found])
        column = each.c.id if "id" in each.c else next(iter(each.primary_key.columns))
        found[each] = list((await connection.scalars(select(column).where(where))).all())
        counts[each.name] = len(found[each])
    return counts


def test_f_26_every_table_has_a_class_or_a_reason() -> None:
    owned = {each.name for each in classes.owned()}
    of_people = {table(Human).name, *(column.table.name for column in classes.of_people())}
    for name in Base.metadata.tables:
        places = [name in owned, name in of_people, name in classes.CLASSES, name in classes.EXEMPT]
        assert sum(places) == 1, f"{name}: give it a class in services/retention/classes.py, or a reason"
    assert {*classes.CLASSES, *classes.EXEMPT} <= set(Base.metadata.tables)
    for each, edges in classes.owned().items():
        assert edges or each is table(Household)


def test_what_only_names_somebody_is_known() -> None:
    """A reference that may be empty and is called after more than what it points to is a name, or belongs: it is said which."""
    called = {"households": "household_id", "members": "member_id", "files": "file_id"}
    belongs = {
        ("cost_shares", "grant_id"),
        ("grants", "cause_id"),
        ("grants", "cost_id"),
        ("grants", "enrolment_id"),
        ("home_visits", "corrects_id"),
        ("objections", "finding_id"),
        ("objections", "notice_id"),
        ("official_errors", "decision_id"),
        ("official_errors", "grant_id"),
        ("payment_orders", "repays_id"),
        ("payments", "order_id"),
        ("planned_measures", "continues_id"),
        ("proposals", "assessment_id"),
        ("recognitions", "transition_id"),
        ("reviews", "conclusion_id"),
        ("reviews", "official_error_id"),
        ("verification_requests", "objection_id"),
        ("verification_requests", "previous_id"),
    }
    for each, edges in classes.owned().items():
        for edge in edges:
            place = (each.name, edge.column.name)
            if edge.column.nullable and edge.column.name != called.get(edge.parent.name):
                assert place in classes.MENTIONS or place in belongs, place
    for name, column in classes.MENTIONS:
        assert table_of(name).c[column].nullable


@pytest.mark.parametrize(
    ("key", "day", "length", "last"),
    [
        ("retention.file_years", dt.date(2025, 6, 30), 10, dt.date(2015, 6, 30)),
        ("retention.file_years", dt.date(2028, 2, 29), 10, dt.date(2018, 2, 28)),
        ("retention.cleared_lead_months", dt.date(2025, 1, 31), 12, dt.date(2024, 1, 31)),
        ("retention.read_months", dt.date(2025, 3, 31), 1, dt.date(2025, 2, 28)),
        ("retention.feed_days", dt.date(2025, 3, 1), 1, dt.date(2025, 2, 28)),
    ],
)
def test_clocks_go_by_the_calendar(key: str, day: dt.date, length: int, last: dt.date) -> None:
    assert before(day, length, key) == last


@pytest.mark.parametrize("kept", sorted(CLOCKS))
def test_every_clock_is_a_parameter_with_its_basis(kept: RetentionClass) -> None:
    assert policy.whole(CLOCKS[kept], DAY) > 0
    assert policy.in_force().entry(CLOCKS[kept], DAY, None).basis


async def test_f_26_ten_years_after_its_end_nothing_is_left_of_a_household(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    tmp_path /= "data"
    _, (gone, kept) = await filled(engine, tmp_path, ENDED, None)
    its_own = gone.canaries - kept.canaries
    async with reading(engine) as connection:
        there, before_it = await everything(connection), await rows_of(connection, gone)
    assert all(before_it.values()), f"lives.py writes no row of {[name for name, n in before_it.items() if not n]}"
    assert [word for word in gone.canaries if word not in there + files(tmp_path)] == []
    assert (await clean(engine, tmp_path, OVER - dt.timedelta(days=1))).counts[R.FILE] == 0
    async with reading(engine) as connection:
        day_before = await rows_of(connection, gone)
    assert (await clean(engine, tmp_path, OVER, dry=True)).counts[R.FILE] == 1
    async with reading(engine) as connection:
        assert await rows_of(connection, gone) == day_before, "a dry run deletes nothing"
        of_the_other = await rows_of(connection, kept)
    _age(tmp_path / "attachments")
    outcome = await clean(engine, tmp_path, OVER)
    assert (outcome.counts[R.FILE], outcome.folders) == (1, 1)
    assert [word for word in its_own if word in files(tmp_path)] == []
    assert "乙-bytes" in "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "attachments").iterdir())
    async with reading(engine) as connection:
        left = await everything(connection)
        assert [word for word in its_own if word in left] == []
        for word in ("金H甲", "金S甲", "金C甲"):
            form = NAME[1](word)
            assert VAULT.indexes("name", form)[0].hex() in there
            assert [index for index in VAULT.indexes("name", form) if index.hex() in left] == []
        assert not any((await rows_of(connection, gone)).values())
        assert (await connection.scalars(select(Human.id).where(Human.id.in_(gone.people)))).all() == []
        assert await rows_of(connection, kept) == of_the_other, "nobody else loses anything"
        erased = (await connection.execute(select(Erasure.household_id, Erasure.due_on))).one()
        assert tuple(erased) == (gone.household, ENDED)
        assert (await audit.prove(connection)).broken is None, "the trail is whole, and names nobody"
        told = (
            await connection.scalars(select(AuditEvent.detail).where(AuditEvent.action == "retention.deleted"))
        ).all()
    assert {"FILE": 1}.items() <= told[-1].items() or {"FILE": 1} in told
    assert (await clean(engine, tmp_path, OVER)).counts[R.FILE] == 0, "again is as good as once"


async def test_f_26_what_sqlite_forgets_is_not_in_its_file_either(tmp_path: Path) -> None:
    def content() -> bytes:
        with closing(sqlite3.connect(tmp_path / "one.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return b"".join(path.read_bytes() for path in tmp_path.glob("one.db*"))

    engine = open_engine(f"sqlite:///{tmp_path}/one.db")
    try:
        await migrations.upgrade(engine)
        _, (gone,) = await filled(engine, tmp_path / "data", ENDED)
        there = content()
        plain = [word.encode() for word in gone.canaries if word.encode() in there]
        assert len(plain) > 10
        await clean(engine, tmp_path / "data", OVER)
        left = content()
        assert [word for word in plain if word in left] == []
    finally:
        await engine.dispose()


def _proposed_again() -> Insert:
    """What was proposed is proposed once more, and waits."""
    P = table_of("proposals").c
    same = ("household_id", "file_id", "action", "closing", "statement", "evidence", "proposed_by", "proposed_at")
    again = select(*(P[name] for name in same), literal("OPEN"), literal(1))
    return insert(table_of("proposals")).from_select([*same, "state", "version"], again)


MONEY = {
    "a payment that the bank has not answered": "payment",
    "something that is still given back": "recovery",
    "an error of ours that is not put right": "error",
}
"""What of a household's money may still be open."""


@pytest.mark.parametrize("reason", MONEY)
async def test_a_household_with_money_still_open_is_kept_until_it_is_settled(
    engine: AsyncEngine, tmp_path: Path, reason: str
) -> None:
    place, (held,) = await filled(engine, tmp_path, ENDED, unsettled=[MONEY[reason]])
    later = OVER + dt.timedelta(days=400)
    outcome = await clean(engine, tmp_path, later)
    assert (outcome.counts[R.FILE], outcome.held) == (0, 1)
    async with reading(engine) as connection:
        assert sum((await rows_of(connection, held)).values()) > 30
    orders, entries, errors = (table_of(name) for name in ("payment_orders", "recovery_entries", "official_errors"))
    first = select(*(entries.c[name] for name in ("recovery_id", "household_id", "total_fen", "most_fen", "cause")))
    same = first.where(entries.c.household_id == held.household, entries.c.number == 1).subquery()
    rest = {
        "number": 2,
        "previous_number": 1,
        "kind": "WAIVED",
        "before_fen": 300_00,
        "amount_fen": 300_00,
        "left_fen": 0,
    }
    rest |= {"reason": VAULT.seal("recovery_entries.reason", "已谅解"), "user_id": place.second, "entered_at": NOW}
    put_right = {
        "put_right_on": DAY,
        "put_right_by": place.second,
        "remedy": VAULT.seal("official_errors.remedy", "已补发"),
    }
    settled: dict[str, Any] = {
        "payment": update(orders)
        .where(orders.c.household_id == held.household)
        .values(state="PAID", answered_on=DAY),
        "recovery": insert(entries).from_select(
            [*same.c.keys(), *rest],
            select(*same.c, *(literal(value, entries.c[name].type) for name, value in rest.items())),
        ),
        "error": update(errors).where(errors.c.household_id == held.household).values(**put_right),
    }
    async with transaction(engine) as connection:
        await connection.execute(settled[MONEY[reason]])
    outcome = await clean(engine, tmp_path, later)
    assert (outcome.counts[R.FILE], outcome.held) == (1, 0)
    async with reading(engine) as connection:
        assert not any((await rows_of(connection, held)).values())


@pytest.mark.parametrize("reason", sorted({*holds.HOLDS, "a referral that is open"} - MONEY.keys()))
async def test_what_is_not_decided_stops_the_clock(engine: AsyncEngine, tmp_path: Path, reason: str) -> None:
    _, (held,) = await filled(engine, tmp_path, ENDED)
    opened: dict[str, Any] = {
        "an objection that is not answered": update(Objection).values(
            state="OPEN", outcome=None, answer=None, answered_by=None, answered_by_kind=None, answered_at=None
        ),
        "a decision that is proposed": _proposed_again(),
        "a stop of aid that is proposed": update(table_of("stop_proposals")).values(state="PROPOSED"),
        "a lead that is not closed": update(Finding).values(state="OPEN"),
        "a referral that is open": update(table_of("referrals")).values(state="OPEN", outcome=None, answered_at=None),
        "a referral that is not closed": update(table_of("referrals")).values(state="ACCEPTED", outcome=None),
        "somebody whom two files count": update(table_of("file_people")).values(until=None, disputed=True),
    }
    async with transaction(engine) as connection:
        await connection.execute(opened[reason])
    outcome = await clean(engine, tmp_path, OVER + dt.timedelta(days=400))
    assert (outcome.counts[R.FILE], outcome.held) == (0, 1)
    async with reading(engine) as connection:
        assert sum((await rows_of(connection, held)).values()) > 30


@pytest.mark.parametrize("migrated", ["postgresql"], indirect=True)
async def test_f_26_what_somebody_is_at_work_on_is_left_and_asked_about_again(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """A file is reinstated on the very day on which its time is over: nothing of it is deleted, before or after.

    SQLite has one writer: nobody is at work there meanwhile.
    """
    _, (over, back) = await filled(engine, tmp_path, ENDED, ENDED)
    reopened = update(table_of("files")).where(table_of("files").c.household_id == back.household)
    async with transaction(engine) as officer:
        await officer.execute(select(Household.id).where(Household.id == back.household).with_for_update())
        await officer.execute(reopened.values(closed_on=None, closing=None))
        outcome = await asyncio.wait_for(clean(engine, tmp_path, OVER), 60)
        assert outcome.counts[R.FILE] == 1, "the other's alone, and nobody waited"
    async with transaction(engine) as connection:
        assert (await connection.scalars(select(Household.id))).all() == [back.household]
    assert (await clean(engine, tmp_path, OVER)).counts[R.FILE] == 0
    async with reading(engine) as connection:
        assert sum((await rows_of(connection, back)).values()) > 30
        assert not any((await rows_of(connection, over)).values())


async def test_f_26_whether_it_is_over_is_asked_once_more_while_it_is_held(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    _, (over, back) = await filled(engine, tmp_path, ENDED, ENDED)
    async with transaction(engine) as connection:
        found = [key for key, _ in await households.due(connection, R.FILE, OVER)]
        assert sorted(found) == sorted([over.household, back.household])
    reopened = update(table_of("files")).where(table_of("files").c.household_id == back.household)
    async with transaction(engine) as officer:
        await officer.execute(reopened.values(closed_on=None, closing=None))
    async with transaction(engine) as connection:
        held = await households.hold(connection, found)
        assert sorted(held) == sorted(found)
        assert [key for key, _ in await households.due(connection, R.FILE, OVER, of=held)] == [over.household]


async def test_moves_and_decisions_are_deleted_by_nobody_else(engine: AsyncEngine, tmp_path: Path) -> None:
    await filled(engine, tmp_path, ENDED)
    for name in ("transitions", "decisions"):
        with pytest.raises(DBAPIError, match="never deleted"):
            async with transaction(engine) as connection:
                await connection.execute(delete(table_of(name)))


async def test_an_application_that_became_no_file_has_a_shorter_clock(engine: AsyncEngine, tmp_path: Path) -> None:
    _, (applied,) = await filled(engine, tmp_path, ENDED)
    async with transaction(engine) as connection:
        await connection.execute(update(table_of("files")).values(opened_on=None))
    assert (await clean(engine, tmp_path, dt.date(2018, 6, 29))).counts[R.APPLICATION] == 0
    assert (await clean(engine, tmp_path, dt.date(2018, 6, 30))).counts[R.APPLICATION] == 1
    async with reading(engine) as connection:
        assert not any((await rows_of(connection, applied)).values())


async def test_who_left_a_household_long_ago_is_forgotten_and_the_household_goes_on(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    _, (home,) = await filled(engine, tmp_path, None)
    head = home.members[0]
    async with transaction(engine) as connection:
        await connection.execute(update(Member).where(Member.id == head).values(left_on=ENDED, valid_to=ENDED))
    assert (await clean(engine, tmp_path, OVER)).counts[R.MEMBERSHIP] == 1
    async with reading(engine) as connection:
        assert (await connection.scalars(select(Member.id).order_by(Member.id))).all() == list(home.members[1:])
        left = await everything(connection)
        assert (await connection.scalars(select(Human.id).where(Human.id == home.people[0]))).all() == []
        file = (await connection.execute(select(table_of("files").c.subject_member_id))).scalar_one()
        guardian = (await connection.execute(select(table_of("authorisations").c.guardian_id))).scalar_one()
        aid = [
            (await connection.execute(select(table_of(name).c.member_id))).scalars().all()
            for name in ("enrolments", "grants", "costs")
        ]
        claims = (await connection.scalars(select(table_of("claims").c.id))).all()
    assert (file, guardian) == (None, None), "what only named them is there without the name"
    assert (aid, claims) == ([[None, None], [None], [None]], []), (
        "nor is it said whose the aid was, which stays in the books"
    )
    assert "金H甲" not in left
    assert "甲-SPOUSE" in left


async def test_a_cleared_lead_keeps_a_minimal_record(engine: AsyncEngine, tmp_path: Path) -> None:
    _, (_, confirmed) = await filled(engine, tmp_path, None, None)
    async with transaction(engine) as connection:
        of_the_second = select(Finding.id).where(Finding.household_id == confirmed.household)
        two = select(Conclusion.id, Conclusion.confirmed_by).where(Conclusion.finding_id.in_(of_the_second))
        conclusion, officer = (await connection.execute(two)).one()
        confirmed_by_two = {
            "outcome": "CLAIMANT_ERROR",
            "conclusion_id": conclusion,
            "reviewer_id": officer,
            "evidence_hash": "x",
        }
        await connection.execute(
            update(Review).where(Review.finding_id.in_(of_the_second)).values(**confirmed_by_two)
        )
        before_it = (await connection.execute(select(Finding.reference, Finding.evidence_hash))).all()
    assert (await clean(engine, tmp_path, dt.date(2016, 3, 1))).counts[R.CLEARED_LEAD] == 0
    assert (await clean(engine, tmp_path, dt.date(2016, 3, 2))).counts[R.CLEARED_LEAD] == 1
    assert (await clean(engine, tmp_path, dt.date(2016, 3, 2))).counts[R.CLEARED_LEAD] == 0
    async with reading(engine) as connection:
        first, second = (await connection.execute(select(*table(Finding).c).order_by(Finding.id))).mappings().all()
        left = await everything(connection)
        after_it = (await connection.execute(select(Finding.reference, Finding.evidence_hash))).all()
        assert sorted(after_it) == sorted(before_it)
    assert (first["evidence"], first["explanation_zh"], first["state"]) == ([], leads.REDUCED_ZH, "CLOSED")
    assert second["explanation_zh"] == "乙说明"
    said = ("reviews.note", "inquiries.question", "inquiries.answer", "lead_notices.text_zh", "conclusions.reason")
    gone = ("甲说明", "甲-taxed", "甲-doubted", *(f"金丝雀甲{each}" for each in said))
    assert [word for word in gone if word in left] == []
    assert "金丝雀乙reviews.note" in left


async def feed(connection: AsyncConnection, data_dir: Path, name: str, at: dt.datetime, *, complete: bool) -> None:
    folder = data_dir / "feeds" / name
    folder.mkdir(parents=True)
    (folder / "tax.csv").write_text(f"金丝雀,{name}", encoding="utf-8")
    values = {"department_code": "tax", "folder": f"feeds/{name}", "files": [], "mapping": {}, "rows": 1}
    await connection.execute(insert(Feed).values(**values, complete=complete, received_at=at))


async def test_f_26_extracts_go_when_superseded_and_at_most_after_their_days(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await filled(engine, tmp_path, None)
    async with transaction(engine) as connection:
        await feed(connection, tmp_path, "first", NOW, complete=True)
        await feed(connection, tmp_path, "change", NOW, complete=False)
        await feed(connection, tmp_path, "second", NOW + dt.timedelta(days=30), complete=True)
        await feed(connection, tmp_path, "later", NOW + dt.timedelta(days=60), complete=False)
    _age(tmp_path / "feeds")
    outcome = await clean(engine, tmp_path, DAY + dt.timedelta(days=61))
    assert outcome.counts[R.FEED_EXTRACT] == 2
    assert sorted(path.name for path in (tmp_path / "feeds").iterdir()) == ["later", "second"]
    days = policy.whole("retention.feed_days", DAY)
    outcome = await clean(engine, tmp_path, DAY + dt.timedelta(days=30 + days))
    assert outcome.counts[R.FEED_EXTRACT] == 4, (
        "the full one, what was answered by a list on the first day, an index, and what a check found in it"
    )
    async with transaction(engine) as connection:
        await connection.execute(update(Scan).values(status="RUNNING"))
    assert (await clean(engine, tmp_path, DAY + dt.timedelta(days=900))).counts[R.FEED_EXTRACT] == 0, (
        "a scan reads them"
    )
    async with transaction(engine) as connection:
        await connection.execute(update(Scan).values(status="SUCCEEDED"))
    assert (await clean(engine, tmp_path, DAY + dt.timedelta(days=900))).counts[R.FEED_EXTRACT] == 1
    assert "金丝雀" not in files(tmp_path / "feeds")


async def test_what_scans_left_goes_with_their_days(engine: AsyncEngine, tmp_path: Path) -> None:
    place, (home,) = await filled(engine, tmp_path, None)
    async with transaction(engine) as connection:
        old = (await connection.execute(select(*table(Scan).c))).mappings().one()
        newer = {name: value for name, value in old.items() if name != "id"} | {"as_of": DAY + dt.timedelta(days=7)}
        await connection.execute(insert(Scan).values(**newer))
    for key in (place.scan, place.scan + 1, place.scan + 2):
        (tmp_path / "scans" / str(key) / "out").mkdir(parents=True)
        (tmp_path / "scans" / str(key) / "out" / "links.parquet").write_text(f"金丝雀{key}", encoding="utf-8")
    assert (await clean(engine, tmp_path, DAY + dt.timedelta(days=89))).folders == 0
    outcome = await clean(engine, tmp_path, DAY + dt.timedelta(days=90))
    assert (outcome.counts[R.SCAN], outcome.folders) == (1, 2)
    assert [path.name for path in (tmp_path / "scans").iterdir()] == [str(place.scan + 2)], "one that has no row yet"
    async with reading(engine) as connection:
        assert (await connection.execute(select(func.count()).select_from(Link))).scalar_one() == 0
    assert home.members


def read_row(user: int, member: int, household: int, at: dt.datetime) -> dict[str, Any]:
    return {
        "read_at": at, "user_id": user, "role": "REVIEWER", "division_code": "410500", "client": None, "request_id": "",
        "document": b"x", "purpose": "REVIEW", "outcome": "ANSWERED", "codes": [], "identity": "WHOLE", "whole": 1,
        "fields": ["Person.name"], "searches": [], "people": [member], "households": [household],
    }  # fmt: skip


async def seal_reads(engine: AsyncEngine) -> None:
    while True:
        async with transaction(engine) as connection:
            if not await reads.seal(connection):
                return


async def test_f_28_reads_are_cut_and_the_chain_is_proved_from_there(engine: AsyncEngine, tmp_path: Path) -> None:
    place, (home,) = await filled(engine, tmp_path, None)
    moments = [NOW + dt.timedelta(days=365 * year) for year in range(8)]
    async with transaction(engine) as connection:
        await reads.add(connection, [read_row(place.officer, home.members[0], home.household, at) for at in moments])
    await seal_reads(engine)
    async with reading(engine) as connection:
        whole = await reads.head(connection)
        early = chain.Head(2, str(await connection.scalar(select(Read.hash).where(Read.number == 2))))
    outcome = await clean(engine, tmp_path, dt.date(2023, 3, 2))
    assert outcome.counts[R.READ] == 4 + 1, "and that a lead was looked at"
    async with transaction(engine) as connection:
        await reads.add(connection, [read_row(place.officer, home.members[0], home.household, moments[-1])])
    await seal_reads(engine)
    async with reading(engine) as connection:
        for known in (None, whole, early):
            proof = await reads.prove(connection, known, vault=VAULT)
            assert (proof.broken, proof.head.number) == (None, 9)
        assert await reads.is_cut(connection)
        kept = await reads.about(connection, "甲-HEAD", None, 100)
    assert len(kept) == 5, "whoever asks is told of those that are kept"
    other = sealing.vault(sealing.new_key())
    async with reading(engine) as connection:
        assert (await reads.prove(connection, vault=other)).broken == 4, "a cut that somebody without the key made"
    async with transaction(engine) as connection:
        of_five = select(Read.id).where(Read.number == 5)
        await connection.execute(delete(ReadSubject).where(ReadSubject.read_id.in_(of_five)))
        await connection.execute(delete(Read).where(Read.number == 5))
    async with reading(engine) as connection:
        assert (await reads.prove(connection, vault=VAULT)).broken == 5, "what was removed otherwise is missing"
    async with transaction(engine) as connection:
        await connection.execute(update(ChainCut).values(number=5))
    async with reading(engine) as connection:
        assert (await reads.prove(connection, vault=VAULT)).broken == 5


async def test_the_last_read_stays_however_old(engine: AsyncEngine, tmp_path: Path) -> None:
    place, (home,) = await filled(engine, tmp_path, None)
    async with transaction(engine) as connection:
        row = read_row(place.officer, home.members[0], home.household, NOW)
        await reads.add(connection, [row, row, row])
    await seal_reads(engine)
    assert (await clean(engine, tmp_path, dt.date(2040, 1, 1))).counts[R.READ] == 2 + 1, (
        "and that a lead was looked at"
    )
    async with reading(engine) as connection:
        assert (await reads.head(connection)).number == 3
        assert (await reads.prove(connection, vault=VAULT)).broken is None
        subjects = (await connection.execute(text("SELECT kind, count(*) FROM read_subjects GROUP BY kind"))).all()
    assert sorted(tuple(row) for row in subjects) == [(PERSON, 1), (HOUSEHOLD, 1)]


async def test_tokens_and_jobs_go_too(engine: AsyncEngine, tmp_path: Path) -> None:
    place, _ = await filled(engine, tmp_path, None)
    async with transaction(engine) as connection:
        for number, expires in enumerate((NOW, NOW + dt.timedelta(days=2))):
            given = {"user_id": place.officer, "digest": bytes([number]), "created_at": NOW, "expires_at": expires}
            await connection.execute(insert(Token).values(**given))
        job = {"kind": "scan", "subject": 1, "state": "DONE", "attempts": 1, "run_after": NOW, "created_at": NOW}
        await connection.execute(insert(Job), [{**job, "finished_at": NOW}, {**job, "finished_at": None}])
    outcome = await clean(engine, tmp_path, DAY + dt.timedelta(days=366))
    assert (outcome.counts[R.CREDENTIAL], outcome.counts[R.JOB]) == (1, 1)
    assert await left_of(engine, [table(Token), table(Job)]) == [1, 1]


async def left_of(engine: AsyncEngine, tables: Sequence[Any]) -> list[int]:
    async with reading(engine) as connection:
        return [
            int((await connection.execute(select(func.count()).select_from(each))).scalar_one()) for each in tables
        ]


async def test_the_worker_does_it_some_at_a_time(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("api.services.retention.households.LOT", 1)
    _, homes = await filled(engine, tmp_path, ENDED, ENDED, None)
    at = dt.datetime.combine(OVER, dt.time(9), dt.UTC)
    done = []
    for _ in range(4):
        async with transaction(engine) as connection:
            done.append(await retention.chore(connection, VAULT, at))
    assert done[-1] == 0
    assert await left_of(engine, [table(Household), table(Human)]) == [1, 3]
    assert homes
