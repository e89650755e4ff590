"""No step of a household's life is skipped: by the table for every stage and action, in the service and in the database alike;
and random lives, of which none comes to where the table does not lead."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
import pytest_asyncio
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import sealing
from api.database import open_engine, transaction
from api.domain.errors import Conflict, Forbidden, NotDone, UserErrorCode
from api.domain.files import Closing
from api.domain.lifecycle import BY_PLACE, MOVES, TAKEN_OVER, Action
from api.domain.permissions import Viewer
from api.domain.stages import Stage
from api.models import Decision, Household, StageMove, Transition, table
from api.sealing import Vault
from api.services import decisions, next_steps, transition
from api.services.guards.case import Case
from api.services.transition import Why
from tests.api import county as place
from tests.api.county import COUNTY, Life
from tests.conftest import copied

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = dt.datetime(2026, 5, 20, 2, 0, tzinfo=dt.UTC)
H, D = table(Household).c, table(Decision).c


@dataclass(frozen=True)
class County:
    """A database with nobody in it but the officers of a county."""

    engine: AsyncEngine
    vault: Vault
    officers: dict[str, Viewer]


@pytest_asyncio.fixture(params=["sqlite", "postgresql"], scope="module", loop_scope="module")
async def county(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    """A county, once on SQLite and once on PostgreSQL; each test takes households of its own."""
    async with AsyncExitStack() as stack:
        migrated = str(request.getfixturevalue(f"migrated_on_{request.param}"))
        engine = open_engine(await stack.enter_async_context(copied(migrated, tmp_path_factory.mktemp("county"))))
        stack.push_async_callback(engine.dispose)
        async with transaction(engine) as connection:
            officers = await place.officers(connection, NOW)
        yield County(engine, sealing.vault(sealing.new_key()), officers)


class Undone(Exception):
    """Ends a transaction that is not to last."""


@asynccontextmanager
async def undone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction of which nothing lasts."""
    with suppress(Undone):
        async with transaction(engine) as connection:
            yield connection
            raise Undone


async def stands(connection: AsyncConnection, life: Life) -> tuple[str, int, int]:
    """Where a household stands, by its last move's number and its version."""
    row = select(H.stage, H.transition_number, H.version).where(H.id == life.household_id)
    return tuple((await connection.execute(row)).one())


Act = Callable[[AsyncConnection], Awaitable[object]]


async def tried(county: County, connection: AsyncConnection, stage: Stage, action: Action) -> NotDone | None:
    """What the service says to an action on a household that stands there; None where it did it, as the table says."""
    made, viewer = BY_PLACE.get((stage, action)), county.officers["chief"]
    life = await place.taken_over(connection, stage, NOW)
    decision = None
    if made is not None and made.adverse:
        decision = await decisions.decide(
            connection, county.vault, viewer, life.household_id, life.file_id, action, "理由", NOW,
            proposed_by=county.officers["clerk"].user_id,
        )  # fmt: skip
    case = Case(life.household_id, life.file_id, COUNTY, action, viewer, decision)
    hindered: list[str] = ["no such move"]
    if made is not None:
        hindered = [guard for guard, _ in await next_steps.obstacles(connection, made, case, NOW)]
    why = Why("理由", decision, closing=Closing.MOVED if action is Action.DEREGISTER else None)
    said = None
    try:
        moved = await transition.move(
            connection, county.vault, viewer, life.household_id, action, NOW, expected_version=1, why=why
        )
    except NotDone as refused:
        said = refused
    assert bool(hindered) == (said is not None), f"{stage} {action}: {hindered}"
    if said is not None:
        assert await stands(connection, life) == (stage, 1, 1)
        if made is None:
            assert (said.code, said.path) == (UserErrorCode.INVALID, ("input", "householdId"))
    else:
        assert made is not None
        assert moved.stage is made.next
        assert await stands(connection, life) == (made.next, 2, 2)
    return said


PAIRS = list(itertools.product(Stage, Action))


async def test_f_37_of_every_stage_and_action_the_service_does_what_the_table_says(county: County) -> None:
    """What the table has leads on where its guards hold, and what it has not is refused; either way nothing else changes."""
    done: set[tuple[Stage, Action]] = set()
    refused: set[tuple[Stage, Action]] = set()
    for stage, action in PAIRS:
        async with undone(county.engine) as connection:
            said = await tried(county, connection, stage, action)
            (refused if said else done).add((stage, action))
    assert done | refused == set(PAIRS)
    assert {pair for pair in done if pair not in BY_PLACE} == set()
    assert len(done) >= 12, "the table was tried, not only its guards"


async def test_who_may_move_is_the_table_s_too(county: County) -> None:
    moves = [made for made in MOVES if made.stage is not None]
    for made, (login, viewer) in itertools.product(moves, county.officers.items()):
        if viewer.may(made.permission) and login != "stranger":
            continue
        async with undone(county.engine) as connection:
            assert made.stage is not None
            life = await place.taken_over(connection, made.stage, NOW)
            with pytest.raises((Forbidden, NotDone)) as refused:
                await transition.move(
                    connection, county.vault, viewer, life.household_id, made.action, NOW, expected_version=1
                )
            told = refused.value
            if login == "stranger":
                assert isinstance(told, NotDone)
                assert told.code is UserErrorCode.NOT_FOUND, "what lies elsewhere is not there"
            else:
                assert isinstance(told, Forbidden), f"{login} {made}"
            assert await stands(connection, life) == (made.stage, 1, 1)


async def test_a_household_read_before_it_changed_is_not_moved(county: County) -> None:
    async with transaction(county.engine) as connection:
        life = await place.taken_over(connection, Stage.RECORDED, NOW)
    with pytest.raises(Conflict) as told:
        async with transaction(county.engine) as connection:
            await transition.move(
                connection, county.vault, county.officers["clerk"], life.household_id, Action.REVERIFY, NOW,
                expected_version=7, why=Why("理由"),
            )  # fmt: skip
    assert told.value.current_version == 1


# The database by itself: whoever writes SQL cannot skip a step either


async def test_f_37_the_database_keeps_the_same_table(county: County) -> None:
    async with transaction(county.engine) as connection:
        kept = {tuple(row) for row in await connection.execute(select(table(StageMove)))}
    assert kept == {(move.origin, move.action, move.next, move.adverse) for move in (*MOVES, *TAKEN_OVER)}


async def follow(connection: AsyncConnection, life: Life, **changed: object) -> None:
    """Writes a move that follows the household's first one, and brings the household there: by SQL alone."""
    stage, number, _ = await stands(connection, life)
    row = {"household_id": life.household_id, "file_id": life.file_id, "evidence": [], "happened_at": NOW}
    row |= {"number": number + 1, "previous_number": number, "from_stage": stage, "effective_on": NOW.date()}
    row |= changed
    await connection.execute(insert(Transition).values(**row))
    there = {"stage": row["to_stage"], "transition_number": row["number"]}
    await connection.execute(update(Household).where(H.id == life.household_id).values(**there))


async def refuses(engine: AsyncEngine, act: Act) -> bool:
    """Whether the database refuses an act, at once or when the transaction ends; nothing lasts, either way."""
    try:
        async with transaction(engine) as connection:
            await act(connection)
            if engine.dialect.name == "postgresql":  # what is checked when the transaction ends, is checked now
                await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            else:
                deferred = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
                if deferred:
                    return True
            raise Undone
    except Undone:
        return False
    except DBAPIError:
        return True


async def test_f_37_the_database_takes_a_move_exactly_where_its_table_has_it(county: County) -> None:
    """Every stage with every action, every next stage, for the worse or not: 2,430 rows tried on a county of nine."""
    allowed = {(move.origin, move.action, move.next, move.adverse) for move in (*MOVES, *TAKEN_OVER)}
    taken = set()
    async with transaction(county.engine) as connection:
        there = {stage: await place.taken_over(connection, stage, NOW) for stage in Stage}
        officer = {"user_id": county.officers["chief"].user_id, "user_kind": "PERSON", "reason": b""}
        officer |= {"proposed_by": county.officers["clerk"].user_id, "made_at": NOW}
        decided = {}
        for stage, action in PAIRS:
            row = {"household_id": there[stage].household_id, "kind": action, "evidence": []}
            added = insert(Decision).values(**officer, **row).returning(D.id)
            decided[stage, action] = await connection.scalar(added)
        for (stage, action), leads_to, adverse in itertools.product(PAIRS, Stage, (False, True)):
            row = {"household_id": there[stage].household_id, "file_id": there[stage].file_id, "evidence": []}
            row |= {"number": 2, "previous_number": 1, "from_stage": stage, "effective_on": NOW.date()}
            step = {"action": action, "to_stage": leads_to, "adverse": adverse, "happened_at": NOW}
            within = await connection.begin_nested()
            with suppress(DBAPIError):
                await connection.execute(_ADDED, row | step | {"decision_id": decided[stage, action]})
                taken.add((stage.value, action, leads_to, adverse))
            await within.rollback()
    assert taken == {each for each in allowed if each[0] != "NOTHING"}


_ADDED = insert(Transition)
SKIPS = {
    "a stage set by itself": "UPDATE households SET stage = 'RECORDED' WHERE id = :household",
    "a stage set with a move that is not there": (
        "UPDATE households SET stage = 'RECORDED', transition_number = transition_number + 1 WHERE id = :household"
    ),
    "a household taken back": (
        "UPDATE households SET transition_number = transition_number - 1, stage = 'NOTHING' WHERE id = :household"
    ),
    "a move rewritten": "UPDATE transitions SET to_stage = 'RECORDED' WHERE household_id = :household",
    "a move given another day": "UPDATE transitions SET effective_on = '2020-01-01' WHERE household_id = :household",
    "a move taken away": "DELETE FROM transitions WHERE household_id = :household",
    "a decision rewritten": "UPDATE decisions SET user_id = :clerk WHERE household_id = :household",
    "a decision turned to another household": "UPDATE decisions SET kind = 'REFUSE' WHERE household_id = :household",
    "a decision taken away": "DELETE FROM decisions WHERE household_id = :household",
    "the table widened for a household": (
        "UPDATE stage_moves SET to_stage = 'RECORDED' WHERE from_stage = 'NOTHING' AND to_stage = 'APPLIED'"
    ),
    "a second file opened": (
        "INSERT INTO files (household_id, number, version, created_at) VALUES (:household, 'X-2', 1, :now)"
    ),
    "somebody counted in two files": (
        "INSERT INTO file_people (file_id, person_id, member_id, since, disputed) SELECT :file, person_id, member_id,"
        " :day, false FROM file_people WHERE file_id = :file"
    ),
    "a household that begins in the middle": (
        "INSERT INTO households (reference, division_code, stage, transition_number, digest, version, updated_at)"
        " VALUES ('X-3', '410502', 'RECORDED', 4, '', 1, :now)"
    ),
    "a file ended without a reason": "UPDATE files SET closed_on = :day WHERE id = :file",
}


@pytest.mark.parametrize("attempt", SKIPS)
async def test_f_37_a_step_cannot_be_skipped_by_sql(county: County, attempt: str) -> None:
    async with transaction(county.engine) as connection:
        life = await place.taken_over(connection, Stage.APPLIED, NOW)
        await decisions.decide(
            connection, county.vault, county.officers["chief"], life.household_id, life.file_id, Action.DEREGISTER,
            "理由", NOW, proposed_by=county.officers["clerk"].user_id,
        )  # fmt: skip
    given = {
        "household": life.household_id,
        "file": life.file_id,
        "clerk": county.officers["second-clerk"].user_id,
        "day": NOW.date(),
        "now": NOW,
    }
    if county.engine.dialect.name == "sqlite":
        given |= {"day": NOW.date().isoformat(), "now": NOW.isoformat(" ")}
    named = {name: value for name, value in given.items() if f":{name}" in SKIPS[attempt]}

    async def try_it(connection: AsyncConnection) -> None:
        await connection.execute(text(SKIPS[attempt]), named)

    assert await refuses(county.engine, try_it)
    async with transaction(county.engine) as connection:
        assert await stands(connection, life) == ("APPLIED", 1, 1)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"number": 3, "previous_number": 2}, "it leaves one out"),
        ({"number": 2, "previous_number": None}, "it follows none"),
        ({"number": 1, "previous_number": None, "from_stage": "NOTHING", "action": "APPLY"}, "there is a first one"),
        ({"from_stage": "UNDER_REVIEW", "action": "PUBLISH", "to_stage": "PUBLIC_NOTICE"}, "it does not stand there"),
        ({"action": "RECORD", "to_stage": "RECORDED"}, "the table knows no such step"),
        ({"adverse": True}, "it is not for the worse"),
    ],
)
async def test_f_37_a_move_that_does_not_follow_is_refused(
    county: County, changed: dict[str, object], why: str
) -> None:
    step: dict[str, object] = {"action": Action.ACCEPT, "to_stage": Stage.UNDER_REVIEW, "adverse": False}
    async with transaction(county.engine) as connection:
        life = await place.taken_over(connection, Stage.APPLIED, NOW)
    assert not await refuses(county.engine, lambda connection: follow(connection, life, **step)), (
        "the step as such is"
    )
    assert await refuses(county.engine, lambda connection: follow(connection, life, **(step | changed))), why


async def test_f_02_the_database_takes_no_change_for_the_worse_without_a_decision_of_a_second_person(
    county: County,
) -> None:
    chief, clerk = county.officers["chief"].user_id, county.officers["clerk"].user_id
    step: dict[str, object] = {"action": Action.GRADUATE, "to_stage": Stage.GRADUATED, "adverse": True}
    async with transaction(county.engine) as connection:
        life, other = [await place.taken_over(connection, Stage.RECORDED, NOW) for _ in range(2)]
        machine = await connection.scalar(
            text(
                "INSERT INTO users (login, display_name, kind, role, division_code, active, cleared, version, created_at)"
                " VALUES ('machine', 'M', 'SERVICE', 'REVIEWER', '410502', true, false, 1, :now) RETURNING id"
            ),
            {"now": NOW if county.engine.dialect.name == "postgresql" else NOW.isoformat(" ")},
        )
    row = {"household_id": life.household_id, "kind": Action.GRADUATE, "reason": b"", "evidence": [], "made_at": NOW}
    made = {"user_id": chief, "user_kind": "PERSON", "proposed_by": clerk}
    faults: dict[str, dict[str, object] | None] = {
        "nobody decided": None,
        "a machine decided": {"user_id": machine, "user_kind": "SERVICE"},
        "a machine decided and called itself a person": {"user_id": machine},
        "nobody proposed it": {"proposed_by": None},
        "who proposed it decided": {"proposed_by": chief},
        "something else was decided": {"kind": Action.DEREGISTER},
        "it was decided of another household": {"household_id": other.household_id},
    }
    for fault, changed in faults.items():

        async def graduate(connection: AsyncConnection, changed: dict[str, object] | None = changed) -> None:
            key = None
            if changed is not None:
                key = await connection.scalar(insert(Decision).values(**(row | made | changed)).returning(D.id))
            await follow(connection, life, **step, decision_id=key)

        assert await refuses(county.engine, graduate), fault

    async def decided(connection: AsyncConnection) -> None:
        key = await connection.scalar(insert(Decision).values(**(row | made)).returning(D.id))
        await follow(connection, life, **step, decision_id=key)

    assert not await refuses(county.engine, decided), "and with one it is done"
