"""Reads on record: a chain from which nothing is changed, removed or put in unseen, whoever wrote at the same time."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading, transaction
from api.domain.permissions import Role, Viewer
from api.domain.reads import ReadLog, ReadOutcome
from api.models import AuditEvent, OutboxEvent, Read, ReadSubject, User, table
from api.notary import Notary
from api.sealing import new_key, vault
from api.services import reads
from api.services.chain import Head, Proof, head_of

NOW = dt.datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=dt.UTC)
VAULT = vault(new_key())
LI = Viewer(1, "li", "李工", Role.REVIEWER, "410502")


def log_of(people: Sequence[int], households: Sequence[int] = ()) -> ReadLog:
    """What an operation logs that shows these people's names whole."""
    log = ReadLog()
    log.saw_people(people)
    log.saw_households(households)
    log.opened("members.name", whole=True)
    log.asked("Person", ["id", "name", "birthDate"])
    return log


def entry_of(people: Sequence[int], at: dt.datetime = NOW, viewer: Viewer = LI) -> dict[str, Any]:
    made = reads.entry(
        viewer,
        log_of(people, [key // 4 for key in people]),
        vault=VAULT,
        document_id="ab" * 32,
        operation="Households",
        request_id="c0ffee",
        purpose=None,
        codes=(),
        now=at,
    )
    assert made is not None
    return made


@pytest.fixture
async def trail(empty: AsyncEngine) -> AsyncEngine:
    """A database with two users."""
    row = {"division_code": "410502", "active": True, "created_at": NOW, "kind": "PERSON", "version": 1}
    async with transaction(empty) as connection:
        for number, login in ((1, "li"), (2, "wang")):
            user = {"id": number, "login": login, "display_name": login, "role": "REVIEWER"}
            await connection.execute(insert(User).values(**row, **user))
    return empty


async def written(trail: AsyncEngine, *whom: Sequence[int]) -> None:
    async with transaction(trail) as connection:
        await reads.add(connection, [entry_of(people) for people in whom])


async def proof(trail: AsyncEngine, known: Head | None = None) -> Proof:
    async with reading(trail) as connection:
        return await reads.prove(connection, known)


async def sealed(trail: AsyncEngine) -> AsyncEngine:
    """Twelve sealed reads."""
    await written(trail, *([number, number + 1, 40] for number in range(12)))
    assert await Notary(trail).step() == 12
    assert await Notary(trail).step() == 0
    assert (await proof(trail)).broken is None
    return trail


async def test_a_row_tells_what_was_shown_and_of_whom_and_holds_no_word_of_the_clients(trail: AsyncEngine) -> None:
    await written(trail, [7, 9, 8])
    async with reading(trail) as connection:
        row = (await connection.execute(select(*table(Read).c))).one()
    assert (row.user_id, row.role, row.division_code, row.purpose) == (1, "REVIEWER", "410502", "REVIEW")
    assert (row.people, row.households, row.whole, row.identity) == ([7, 8, 9], [1, 2], 3, "WHOLE")
    assert (row.fields, row.outcome, row.read_at) == (["Person.birthDate", "Person.name"], "ANSWERED", NOW)
    assert row.document == reads.document(VAULT, "sha256:" + "ab" * 32, "Households")
    assert row.document != reads.document(vault(new_key()), "ab" * 32, "Households")
    assert (row.number, row.hash) == (None, None)


OUTCOMES: list[tuple[set[str], str, str | None]] = [
    (set(), "ANSWERED", None),
    ({"BAD_INPUT"}, "ANSWERED", None),
    ({"FORBIDDEN"}, "PARTLY_REFUSED", "REFUSED"),
    ({"TOO_COSTLY"}, "PARTLY_REFUSED", "REFUSED"),
    ({"BAD_PURPOSE"}, "PARTLY_REFUSED", "REFUSED"),
    ({"DOCUMENT_NOT_TRUSTED"}, "PARTLY_REFUSED", "REFUSED"),
    ({"TIMED_OUT"}, "FAILED", None),
    ({"INTERNAL", "FORBIDDEN"}, "FAILED", "REFUSED"),
]
"""By the codes of the answer what became of an operation that showed somebody, and of one that showed nobody."""


@pytest.mark.parametrize(("codes", "shown", "nothing"), OUTCOMES)
def test_what_became_of_an_operation_follows_from_its_codes(codes: set[str], shown: str, nothing: str | None) -> None:
    assert log_of([1]).outcome(codes) == ReadOutcome(shown)
    assert ReadLog().outcome(codes) == (nothing and ReadOutcome(nothing))


COLUMNS = {
    "read_at": NOW + dt.timedelta(microseconds=1),
    "user_id": 2,
    "role": "AUDITOR",
    "division_code": "410500",
    "client": "somebody",
    "request_id": "other",
    "document": b"0" * 16,
    "purpose": "STATISTICS",
    "outcome": "REFUSED",
    "codes": ["FORBIDDEN"],
    "identity": "MASKED",
    "whole": 0,
    "fields": ["Person.birthDate"],
    "searches": [{"by": ["idNumber"], "found": 1}],
    "people": [4, 40],
    "households": [],
    "previous_hash": "0" * 64,
    "hash": "f" * 64,
}


def test_every_column_is_tampered_with() -> None:
    assert COLUMNS.keys() | {"id", "number"} == set(table(Read).c.keys())


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_change_of_any_column_is_found_where_it_was_made(trail: AsyncEngine, column: str) -> None:
    await sealed(trail)
    async with transaction(trail) as connection:
        await connection.execute(update(Read).where(Read.number == 5).values({column: COLUMNS[column]}))
    assert (await proof(trail)).broken == 5


TAMPERINGS = {
    "one is removed": (
        ["DELETE FROM read_subjects WHERE read_id = 7", "DELETE FROM reads WHERE number = 7"],
        7,
    ),
    "the first is removed": (
        ["DELETE FROM read_subjects WHERE read_id = 1", "DELETE FROM reads WHERE number = 1"],
        1,
    ),
    "one is unsealed again": (["UPDATE reads SET number = NULL, hash = NULL WHERE number = 6"], 6),
    "two are exchanged": (
        [
            "UPDATE reads SET number = 99 WHERE number = 3",
            "UPDATE reads SET number = 3 WHERE number = 8",
            "UPDATE reads SET number = 8 WHERE number = 99",
        ],
        3,
    ),
    "one is renumbered": (["UPDATE reads SET number = 40 WHERE number = 4"], 4),
    "a reader is hidden from a person": (
        ["DELETE FROM read_subjects WHERE read_id = 9 AND kind = 1 AND key = 40"],
        9,
    ),
    "a reader is made up": (["INSERT INTO read_subjects (kind, key, read_id) VALUES (1, 777, 2)"], 2),
    "all is put later by one": (["UPDATE reads SET number = number + 100"], 1),
}


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_what_is_removed_put_in_or_exchanged_is_found(trail: AsyncEngine, name: str) -> None:
    await sealed(trail)
    statements, number = TAMPERINGS[name]
    async with transaction(trail) as connection:
        for statement in statements:
            await connection.execute(text(statement))
    assert (await proof(trail)).broken == number


async def test_a_row_put_in_among_the_sealed_is_found(trail: AsyncEngine) -> None:
    await sealed(trail)
    forged = {name: value for name, value in entry_of([1]).items() if name != reads.VIEWED}
    async with transaction(trail) as connection:
        await connection.execute(text("UPDATE reads SET number = number + 100 WHERE number > 5"))
        await connection.execute(insert(Read).values(**forged, number=6, previous_hash="0" * 64, hash="1" * 64))
        await connection.execute(text("UPDATE reads SET number = number - 99 WHERE number > 100"))
    assert (await proof(trail)).broken == 6


async def test_only_a_head_kept_outside_tells_that_the_end_was_cut_off_or_all_was_written_anew(
    trail: AsyncEngine,
) -> None:
    await sealed(trail)
    head = (await proof(trail)).head
    assert head_of(str(head)) == head
    assert head.number == 12
    async with transaction(trail) as connection:
        await connection.execute(delete(ReadSubject).where(ReadSubject.read_id > 10))
        await connection.execute(delete(Read).where(Read.number > 10))
    assert (await proof(trail)).broken is None
    assert (await proof(trail, head)).broken == 11
    await written(trail, [3], [4])
    await Notary(trail).step()
    assert (await proof(trail)).broken is None
    assert (await proof(trail, head)).broken == 12
    with pytest.raises(ValueError, match="NUMBER:HASH"):
        head_of("12")


async def test_rows_that_are_committed_late_are_no_gap(trail: AsyncEngine) -> None:
    """The earlier id is committed after the later one was sealed: on SQLite writers wait, so there it comes in order."""
    if trail.dialect.name == "postgresql":
        async with trail.connect() as slow:
            await slow.begin()
            await reads.add(slow, [entry_of([1])])
            await written(trail, [2])
            assert await Notary(trail).step() == 1
            await slow.commit()
    else:
        await written(trail, [2], [1])
    await Notary(trail).step()
    found = await proof(trail)
    assert (found.broken, found.head.number) == (None, 2)


async def test_killed_between_writing_and_sealing_nothing_is_lost(trail: AsyncEngine) -> None:
    await written(trail, [1], [2])
    async with reading(trail) as connection:
        tail = await reads.tail(connection)
    assert (tail.rows, tail.since) == (2, NOW)
    assert await proof(trail) == Proof(Head())

    async def seal_and_be_killed() -> None:
        async with transaction(trail) as connection:
            await reads.seal(connection)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await seal_and_be_killed()
    assert await proof(trail) == Proof(Head())
    assert await Notary(trail).step() == 2
    found = await proof(trail)
    assert (found.broken, found.head.number) == (None, 2)
    async with reading(trail) as connection:
        assert await reads.tail(connection) == reads.Tail(0, None)


async def test_an_idle_second_writes_nothing_and_takes_no_lock(trail: AsyncEngine) -> None:
    await sealed(trail)
    async with transaction(trail) as holding:
        await holding.execute(text("UPDATE reads SET client = client"))
        assert await asyncio.wait_for(Notary(trail).step(), 20) == 0


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(st.integers(1, 60), min_size=1, max_size=5, unique=True)),
        st.tuples(st.just("seal"), st.just([0])),
        st.tuples(st.just("fail"), st.just([1])),
    ),
    max_size=14,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS, seed=st.integers(0, 2**16))
async def test_whatever_is_written_and_sealed_at_the_same_time_is_one_chain(
    trail: AsyncEngine, actions: list[tuple[str, list[int]]], seed: int
) -> None:
    chance = random.Random(seed)
    async with transaction(trail) as connection:
        await connection.execute(delete(ReadSubject))
        await connection.execute(delete(Read))

    async def act(kind: str, people: list[int]) -> None:
        await asyncio.sleep(chance.random() / 50)
        if kind == "seal":
            await Notary(trail).step()
            return
        try:
            async with transaction(trail) as connection:
                await reads.add(connection, [entry_of(people)])
                await asyncio.sleep(chance.random() / 50)
                if kind == "fail":
                    raise RuntimeError
        except RuntimeError:
            pass

    await asyncio.gather(*(act(*action) for action in actions))
    while await Notary(trail).step():
        pass
    found = await proof(trail)
    assert (found.broken, found.head.number) == (None, sum(kind == "write" for kind, _ in actions))
    if found.head.number:
        number = chance.randint(1, found.head.number)
        column = chance.choice(sorted(COLUMNS.keys() - {"previous_hash"}))
        async with transaction(trail) as connection:
            now = (await connection.execute(select(table(Read).c[column]).where(Read.number == number))).scalar_one()
            await connection.execute(update(Read).where(Read.number == number).values({column: COLUMNS[column]}))
        assert (await proof(trail)).broken == (number if now != COLUMNS[column] else None)


async def test_sealing_leaves_acts_and_events_alone(trail: AsyncEngine) -> None:
    await sealed(trail)
    async with reading(trail) as connection:
        for model in (AuditEvent, OutboxEvent):
            assert (await connection.execute(select(func.count()).select_from(model))).scalar_one() == 0
