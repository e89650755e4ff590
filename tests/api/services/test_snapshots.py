"""A snapshot is frozen: its figures are what plain counting of the register comes to, and nothing that happens later moves one."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import reading as one_view
from api.database import transaction
from api.domain import days, indicators, progress
from api.domain.clocks import months_after
from api.domain.errors import NotDone
from api.domain.figures import Figure
from api.domain.indicators import IndicatorKind
from api.domain.retention import RetentionClass
from api.domain.stages import ACTIVE, Stage
from api.domain.suppression import small
from api.domain.targets import AgeBand, FigureGroup
from api.loaders import indicators as counted
from api.loaders import snapshots as loaders
from api.loaders import targets as goals
from api.loaders.reading import Budget, Reading
from api.models import (
    AuditEvent,
    Cause,
    CauseEvent,
    ContactOfficer,
    Enrolment,
    ExitAssessment,
    File,
    HomeVisit,
    Household,
    Member,
    Payment,
    Programme,
    Recognition,
    Snapshot,
    SnapshotRow,
    Transition,
    table,
)
from api.sealing import Vault
from api.services import snapshots
from api.services.retention import households as retention
from tests.api import county
from tests.api.county import COUNTY, Life, Officers

NOW = dt.datetime(2024, 6, 15, 4, tzinfo=dt.UTC)
TODAY = days.today(NOW)
YEAR_AGO, HALF = months_after(TODAY, -12), months_after(TODAY, -6)
NEIGHBOUR = "410503"
S, R = table(Snapshot).c, table(SnapshotRow).c


@dataclass
class Lived:
    """A file as plain Python knows it, written beside the rows of the register."""

    life: Life
    division: str
    stage: str
    opened: dt.date
    applied: dt.date
    cause: str | None = None
    group: str | None = None
    sex: str | None = None
    exited: dt.date | None = None
    ended: dt.date | None = None
    returned: dt.date | None = None
    reviewed: dt.date | None = None
    visited: dt.date | None = None
    first_aid: dt.date | None = None
    last_aid: dt.date | None = None
    officer: bool = False
    able: bool | None = None

    @property
    def in_force(self) -> bool:
        return self.stage in {stage.value for stage in ACTIVE}

    @property
    def out(self) -> bool:
        return self.stage in ("RELIEVED", "GRADUATED")


def lately(day: dt.date | None, since: dt.date) -> bool:
    return day is not None and day > since


COUNTS: Mapping[str, tuple[Callable[[Lived], bool], Callable[[Lived], bool]]] = {
    "RELIEVED_OR_GRADUATED": (lambda f: f.out, lambda f: True),
    "GRADUATED": (lambda f: f.stage == "GRADUATED", lambda f: True),
    "CAN_GRADUATE": (lambda f: f.in_force and f.able is True, lambda f: f.in_force and f.able is not None),
    "RETURNED": (
        lambda f: lately(f.returned, YEAR_AGO - dt.timedelta(1)),
        lambda f: f.out or lately(f.returned, YEAR_AGO - dt.timedelta(1)),
    ),
    "EXCLUDED": (lambda f: f.stage == "DEREGISTERED", lambda f: True),
    "NEVER_AIDED_12M": (lambda f: f.in_force and not lately(f.last_aid, YEAR_AGO), lambda f: f.in_force),
    "NO_CONTACT_OFFICER": (lambda f: f.in_force and not f.officer, lambda f: f.in_force),
    "OVERDUE_REVIEW": (lambda f: f.in_force and not lately(f.reviewed, YEAR_AGO), lambda f: f.in_force),
    "NOT_VISITED_6M": (lambda f: f.in_force and not lately(f.visited, HALF), lambda f: f.in_force),
    "NEW_FILES": (lambda f: f.opened >= YEAR_AGO, lambda f: True),
}
"""The indicators once more, counted one file after the other."""

DAYS: Mapping[str, Callable[[Lived], int | None]] = {
    "DAYS_TO_RECORD": lambda f: (f.opened - f.applied).days if f.opened >= YEAR_AGO else None,
    "DAYS_TO_AID": lambda f: (
        max(0, (f.first_aid - f.opened).days) if f.opened >= YEAR_AGO and f.first_aid is not None else None
    ),
    "DAYS_TO_EXIT": lambda f: (f.exited - f.opened).days if f.exited is not None and f.exited >= YEAR_AGO else None,
}


@pytest.fixture
def engine(empty: AsyncEngine) -> AsyncEngine:
    """Here every database is at the newest step."""
    return empty


async def moved(
    connection: AsyncConnection, file: Lived, number: int, move: tuple[str, str, str], on: dt.date
) -> None:
    """The household makes a move on a day, as the database takes it."""
    origin, action, to = move
    of = {"household_id": file.life.household_id, "file_id": file.life.file_id}
    row = {"number": number, "previous_number": number - 1, "from_stage": origin, "action": action, "to_stage": to}
    rest = {"adverse": False, "effective_on": on, "happened_at": NOW, "evidence": []}
    await connection.execute(insert(Transition).values(**of, **row, **rest))
    stands = {"stage": to, "transition_number": number}
    await connection.execute(update(Household).where(Household.id == of["household_id"]).values(**stands))
    file.stage = to


async def a_file(connection: AsyncConnection, officers: Officers, chance: random.Random, division: str) -> Lived:
    """A file with a life of its own, in the register and beside it."""
    stage = chance.choice([Stage.RECORDED, Stage.RECORDED, Stage.RELIEVED, Stage.GRADUATED, Stage.DEREGISTERED])
    opened = TODAY - dt.timedelta(days=chance.randrange(150, 900))
    life = await county.taken_over(connection, stage, NOW, division=division, since=opened, people=1)
    closed = NOW.date() - dt.timedelta(days=50)
    applied = NOW.date() - dt.timedelta(days=100)
    file = Lived(
        life, division, stage.value, opened, opened - dt.timedelta(days=chance.randrange(5, 60)), reviewed=opened
    )
    await connection.execute(update(File).where(File.id == life.file_id).values(applied_on=file.applied))
    if stage not in ACTIVE:
        file.ended = closed
        file.exited = closed if stage is Stage.GRADUATED else None
    elif stage is Stage.RELIEVED:
        file.exited = applied
    if stage is Stage.RELIEVED and chance.random() < 0.4:
        file.returned = TODAY - dt.timedelta(days=chance.randrange(1, 90))
        await moved(connection, file, 2, ("RELIEVED", "FALL_BACK", "RECORDED"), file.returned)
        file.exited = None
    elif stage is Stage.RECORDED and chance.random() < 0.5:
        file.reviewed = TODAY - dt.timedelta(days=chance.randrange(1, 90))
        await moved(connection, file, 2, ("RECORDED", "REVERIFY", "RECORDED"), file.reviewed)
    await about(connection, officers, file, chance)
    return file


async def about(connection: AsyncConnection, officers: Officers, file: Lived, chance: random.Random) -> None:
    """What is known of it beside its moves."""
    clerk, of = officers["clerk"].user_id, {"household_id": file.life.household_id, "file_id": file.life.file_id}
    file.sex, file.group = chance.choice(["MALE", "FEMALE", None]), chance.choice(["BELOW_LINE", "MIGRANT_WORKER"])
    await connection.execute(update(Member).where(Member.household_id == of["household_id"]).values(sex=file.sex))
    known = {"target_group": file.group}
    await connection.execute(update(Household).where(Household.id == of["household_id"]).values(**known))
    if chance.random() < 0.9:
        file.cause = chance.choice(["LAID_OFF", "SEVERE_ILLNESS", "ACCIDENT"])
        others = [("SCHOOLING", 1, False), (file.cause, 0, True)]
        for cause, place, main in others:
            row = {"cause": cause, "place": place, "main": main, "since": file.opened, "version": 1}
            key = await connection.scalar(insert(Cause).values(**of, **row).returning(Cause.id))
            said = {"change": "ADDED", "main": main, "effective_on": file.opened, "evidence": [], "happened_at": NOW}
            await connection.execute(insert(CauseEvent).values(cause_id=key, **said))
    if chance.random() < 0.6:
        file.officer = True
        given = {"user_id": clerk, "since": file.opened, "assigned_by": clerk, "assigned_at": NOW}
        await connection.execute(insert(ContactOfficer).values(household_id=of["household_id"], **given))
    if chance.random() < 0.6:
        file.visited = TODAY - dt.timedelta(days=chance.randrange(1, 400))
        told = {"kind": "ROUTINE", "met": b"", "findings": b"", "income_changed": "NO", "causes_gone": "NO"}
        rest = {"to_be_closed": "NO", "recorded_by": clerk, "recorded_at": NOW, "visited_on": file.visited}
        await connection.execute(insert(HomeVisit).values(**of, **told, **rest))
    if chance.random() < 0.7:
        months = sorted(months_after(TODAY.replace(day=1), -chance.randrange(0, 30)) for _ in range(3))
        part = {"programme_code": "DIBAO", "source_record": "x", "household_id": of["household_id"]}
        key = await connection.scalar(insert(Enrolment).values(**part).returning(Enrolment.id))
        for month in dict.fromkeys(months):
            await connection.execute(insert(Payment).values(enrolment_id=key, month=month, amount_fen=1))
        file.last_aid = months[-1]
        file.first_aid = next((each for each in months if each >= file.opened.replace(day=1)), None)
    if chance.random() < 0.5:
        verdict = chance.choice(["EXIT_DUE", "NOT_ABOVE", "INSUFFICIENT_DATA"])
        left = chance.choice([0, 1])
        file.able = {"EXIT_DUE": left == 0, "NOT_ABOVE": False}.get(verdict)
        row = {
            "as_of": TODAY,
            "graduation": verdict,
            "relief": "NOT_ABOVE",
            "causes": 1,
            "open_causes": left,
            "tests": [],
        }
        by = {"policy_version": "x", "user_id": clerk, "assessed_at": NOW}
        await connection.execute(insert(ExitAssessment).values(**of, **row, **by))


async def a_city(connection: AsyncConnection, officers: Officers, count: int = 90) -> list[Lived]:
    """So many files in two counties."""
    chance = random.Random(7)
    await connection.execute(
        insert(Programme).values(code="DIBAO", name_zh="低保", name_en="dibao", unit="HOUSEHOLD", position=1)
    )
    return [
        await a_file(connection, officers, chance, NEIGHBOUR if number % 3 == 0 else COUNTY)
        for number in range(count)
    ]


async def frozen(
    connection: AsyncConnection, officers: Officers, day: dt.date | None = None, by: str = "second-chief"
) -> int:
    return await snapshots.freeze(connection, officers[by], "410500", day, None, NOW)


async def figures(
    engine: AsyncEngine,
    vault: Vault,
    officers: Officers,
    key: int,
    group: FigureGroup | None = None,
    by: str = "second-chief",
) -> loaders.Figures:
    """All figures of a snapshot, as somebody sees them."""
    async with one_view(engine) as connection:
        view = Reading(connection, officers[by], vault, Budget(), today=TODAY)
        (row,) = await loaders.by_key(view, [key])
        return await loaders.reckoned(view, key, row.as_of, row.since, indicators.in_force(row.as_of), group)


def by_hand(files: Sequence[Lived], code: str) -> tuple[int | None, int, float | None]:
    """An indicator of these files, counted one after the other."""
    if code in COUNTS:
        some, of = COUNTS[code]
        base = [each for each in files if of(each)]
        number = sum(some(each) for each in base)
        return number, len(base), number / len(base) if base else None
    found = [passed for each in files if (passed := DAYS[code](each)) is not None]
    return None, len(found), median(found) if found else None


def agrees(figure: Figure, files: Sequence[Lived], code: str) -> bool:
    some, of, value = by_hand(files, code)
    same = (
        figure.value is None
        if value is None
        else figure.value is not None and abs(float(figure.value) - value) < 1e-4
    )
    return (figure.numerator, figure.denominator) == (some, of) and same


async def test_every_figure_is_what_plain_counting_of_the_register_comes_to(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        files = await a_city(connection, officers)
        key = await frozen(connection, officers)
    assert {each.code for each in indicators.every()} == {*COUNTS, *DAYS}
    whole = await figures(engine, vault, officers, key)
    told: dict[FigureGroup, Callable[[Lived], str | None]] = {
        FigureGroup.COUNTY: lambda f: f.division,
        FigureGroup.CAUSE: lambda f: f.cause,
        FigureGroup.TARGET_GROUP: lambda f: f.group,
        FigureGroup.SEX: lambda f: f.sex,
        FigureGroup.TIER: lambda f: "COUNTY",
        FigureGroup.CATEGORY: lambda f: "RELATIVE",
        FigureGroup.AGE_BAND: lambda f: AgeBand.FROM_35_TO_44.value,
    }
    assert set(told) == set(FigureGroup)
    shown = 0
    for (code, version), of in whole.of.items():
        assert agrees(of.whole, files, code), (code, version)
    for group, code_of in told.items():
        apart = await figures(engine, vault, officers, key, group)
        assert (apart.rows, apart.beside) == (len(files), whole.beside)
        for code in apart.groups:
            those = [each for each in files if (code_of(each) or "UNKNOWN") == code]
            for (indicator, _), of in apart.of.items():
                figure = of.groups[code]
                assert figure.withheld or agrees(figure, those, indicator), (group, code, indicator)
                shown += not figure.withheld and bool(those)
                some, base, _ = by_hand(those, indicator)
                if small(base) or (some is not None and (small(some) or small(base - some))):
                    assert figure.withheld, "nobody few are told of"
        for (code, _), of in apart.of.items():
            assert of.whole == whole.of[code, 1].whole, "the whole is the whole, however it is told apart"
    assert shown > 40
    assert (whole.beside.returned, whole.beside.excluded) == (
        sum(each.returned is not None for each in files),
        sum(each.stage == "DEREGISTERED" for each in files),
    )


async def test_figures_are_what_the_rows_of_the_snapshot_say_and_nothing_later_moves_one(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        files = await a_city(connection, officers, 40)
        key = await frozen(connection, officers)
        facts = (await connection.execute(select(*snapshots.FACTS).order_by(R.id))).all()
    before = [await figures(engine, vault, officers, key, group) for group in (None, *FigureGroup)]
    async with transaction(engine) as connection:
        for file in files:
            if file.stage == "RECORDED":
                number = 3 if file.reviewed != file.opened or file.returned else 2
                await moved(connection, file, number, ("RECORDED", "RELIEVE", "RELIEVED"), TODAY)
        await connection.execute(update(Household).values(target_group="STRUCTURAL_REFORM"))
        await connection.execute(delete(Payment))
        await connection.execute(delete(ContactOfficer))
        await county.taken_over(connection, Stage.RECORDED, NOW)
        assert await snapshots.intact(connection, key)
        again = await frozen(connection, officers)
        assert (
            await connection.execute(select(*snapshots.FACTS).where(R.snapshot_id == key).order_by(R.id))
        ).all() == facts
    assert [await figures(engine, vault, officers, key, group) for group in (None, *FigureGroup)] == before
    assert await figures(engine, vault, officers, again) != before[0], "another day, another snapshot"
    rows = [each._mapping for each in facts]
    assert before[0].of["GRADUATED", 1].whole.numerator == sum(each["stage"] == "GRADUATED" for each in rows)
    aided = [each for each in rows if each["stage"] in ("RECORDED", "RELIEVED")]
    never = [each for each in aided if each["last_aid"] is None or each["last_aid"] <= YEAR_AGO]
    figure = before[0].of["NEVER_AIDED_12M", 1].whole
    assert (figure.numerator, figure.denominator) == (len(never), len(aided))


async def test_new_files_are_told_by_the_quarter_of_their_opening_with_their_three_clocks(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        files = [each for each in await a_city(connection, officers) if each.opened > YEAR_AGO]
        key = await frozen(connection, officers)
    async with one_view(engine) as connection:
        view = Reading(connection, officers["second-chief"], vault, Budget(), today=TODAY)
        months, clocks = await goals.cohorts(view, key, YEAR_AGO)
    counts = {row.month: (row.files, row.aided, row.exited, row.returned, row.excluded) for row in months}
    passed: list[dict[dt.date, dict[int, int]]] = [{}, {}, {}]
    for row in clocks:
        passed[row.clock].setdefault(row.month, {})[row.days] = row.files
    told = progress.by_quarter(counts, passed)
    assert [each.begins for each in told] == sorted({progress.quarter(each.opened) for each in files})
    shown = 0
    for cohort in told:
        those = [each for each in files if progress.quarter(each.opened) == cohort.begins]
        by_plain = {
            "files": len(those),
            "aided": sum(each.first_aid is not None for each in those),
            "exited": sum(each.out for each in those),
            "returned": sum(each.returned is not None for each in those),
            "excluded": sum(each.stage == "DEREGISTERED" for each in those),
        }
        for name, number in by_plain.items():
            value = getattr(cohort, name)
            assert value in (None, number), name
            assert not (small(number) and value is not None), "of few nothing is told"
            shown += value is not None
        for code, figure in zip(DAYS, cohort.days, strict=True):
            known = [days for each in those if (days := DAYS[code](each)) is not None]
            assert figure.withheld or (figure.denominator, figure.value) == (
                len(known),
                median(known) if known else None,
            )
    assert shown


async def test_a_day_that_has_passed_is_frozen_as_it_was(engine: AsyncEngine, officers: Officers) -> None:
    day = TODAY - dt.timedelta(days=30)
    async with transaction(engine) as connection:
        life = await county.taken_over(connection, Stage.RELIEVED, NOW)
        file = Lived(life, COUNTY, "RELIEVED", day, day)
        await moved(connection, file, 2, ("RELIEVED", "FALL_BACK", "RECORDED"), TODAY - dt.timedelta(days=5))
        since = {"tier": "NATIONAL", "category": "DEEP", "method": "B2020", "since": TODAY, "recorded_at": NOW}
        of = {"household_id": life.household_id, "file_id": life.file_id}
        await connection.execute(insert(Recognition).values(**of, **since))
        then, now = [await frozen(connection, officers, each) for each in (day, None)]
        rows = (await connection.execute(select(R.snapshot_id, R.stage, R.tier, R.returned_on).order_by(R.id))).all()
    assert [tuple(row) for row in rows] == [
        (then, "RELIEVED", "COUNTY", None),
        (now, "RECORDED", "NATIONAL", TODAY - dt.timedelta(days=5)),
    ]


async def test_who_graduated_and_applies_anew_has_returned_and_its_exit_counts_no_more(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        life = await county.taken_over(connection, Stage.GRADUATED, NOW)
        again = {"household_id": life.household_id, "number": "LIFE/2", "version": 1, "created_at": NOW}
        row = {"applied_on": TODAY, "opened_on": TODAY}
        file = await connection.scalar(insert(File).values(**again, **row).returning(File.id))
        move = {
            "number": 2,
            "previous_number": 1,
            "from_stage": "GRADUATED",
            "action": "APPLY",
            "to_stage": "APPLIED",
        }
        rest: dict[str, Any] = {
            "adverse": False,
            "effective_on": TODAY,
            "happened_at": NOW,
            "evidence": [],
            "file_id": file,
        }
        await connection.execute(insert(Transition).values(household_id=life.household_id, **move, **rest))
        await connection.execute(
            update(Household).where(Household.id == life.household_id).values(stage="APPLIED", transition_number=2)
        )
        for number, (origin, action, to) in enumerate(
            [
                ("APPLIED", "ACCEPT", "UNDER_REVIEW"),
                ("UNDER_REVIEW", "PUBLISH", "PUBLIC_NOTICE"),
                ("PUBLIC_NOTICE", "RECORD", "RECORDED"),
            ],
            3,
        ):
            new = Lived(Life(life.household_id, file or 0, ()), COUNTY, origin, TODAY, TODAY)
            await moved(connection, new, number, (origin, action, to), TODAY)
        key = await frozen(connection, officers)
    told = await figures(engine, vault, officers, key)
    assert (told.of["RELIEVED_OR_GRADUATED", 1].whole.numerator, told.rows) == (0, 2)
    assert (told.of["RETURNED", 1].whole.numerator, told.beside.returned) == (1, 1)


async def test_a_county_sees_its_own_files_in_the_citys_snapshot_and_a_stranger_sees_none(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        files = await a_city(connection, officers, 30)
        key = await frozen(connection, officers)
    own = await figures(engine, vault, officers, key, by="chief")
    assert own.rows == sum(each.division == COUNTY for each in files)
    async with one_view(engine) as connection:
        assert (
            await loaders.by_key(Reading(connection, officers["stranger"], vault, Budget(), today=TODAY), [key]) == []
        )


@pytest.mark.parametrize(
    ("division", "day", "since", "by"),
    [
        ("410500", None, None, "chief"),
        ("999999", None, None, "second-chief"),
        ("410500", TODAY + dt.timedelta(days=1), None, "second-chief"),
        ("410500", dt.date(1999, 12, 31), None, "second-chief"),
        ("410500", None, TODAY, "second-chief"),
    ],
)
async def test_what_cannot_be_frozen_is_refused(
    engine: AsyncEngine, officers: Officers, division: str, day: dt.date | None, since: dt.date | None, by: str
) -> None:
    async with transaction(engine) as connection:
        with pytest.raises(NotDone):
            await snapshots.freeze(connection, officers[by], division, day, since, NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE snapshot_rows SET stage = 'GRADUATED'",
        "UPDATE snapshot_rows SET able = NULL",
        "UPDATE snapshot_rows SET file_id = NULL",
        "UPDATE snapshot_rows SET file_id = (SELECT MAX(id) FROM files)",
        "DELETE FROM snapshot_rows",
        "INSERT INTO snapshot_rows (snapshot_id, division_code, stage, opened_on, contact_officer)"
        " SELECT id, division_code, 'GRADUATED', as_of, contact FROM snapshots CROSS JOIN (SELECT 1 = 1 AS contact) AS x",
        "UPDATE snapshots SET rows = 1",
        "UPDATE snapshots SET as_of = since",
        "DELETE FROM snapshots",
    ],
)
async def test_the_database_changes_nothing_that_is_sealed(
    engine: AsyncEngine, officers: Officers, statement: str
) -> None:
    async with transaction(engine) as connection:
        for _ in range(2):
            await county.taken_over(connection, Stage.RECORDED, NOW)
        key = await frozen(connection, officers)
    with pytest.raises(DBAPIError):
        async with transaction(engine) as connection:
            await connection.execute(text(statement))
    async with transaction(engine) as connection:
        assert await snapshots.intact(connection, key)


async def test_f_26_of_an_erased_household_a_fact_is_left_and_no_key_and_figures_stand(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        gone = await county.taken_over(connection, Stage.DEREGISTERED, NOW)
        await county.taken_over(connection, Stage.RECORDED, NOW)
        key = await frozen(connection, officers)
    before = await figures(engine, vault, officers, key)
    async with transaction(engine) as connection:
        await retention.erase(connection, RetentionClass.FILE, [(gone.household_id, TODAY)], NOW)
    async with transaction(engine) as connection:
        assert await connection.scalar(select(File.id).where(File.id == gone.file_id)) is None
        keys = (await connection.scalars(select(R.file_id).order_by(R.id))).all()
        assert [each is None for each in keys] == [True, False]
        assert await snapshots.intact(connection, key)
    assert await figures(engine, vault, officers, key) == before


async def test_each_city_is_frozen_at_the_end_of_every_month_and_once(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        assert await snapshots.monthly(connection, vault, NOW) == 0, "where no file is, there is nothing to freeze"
        for division in (COUNTY, NEIGHBOUR, "410102"):
            await county.taken_over(connection, Stage.RECORDED, NOW, division=division)
        await county.taken_over(connection, Stage.RECORDED, NOW, division="110101", since=TODAY)
        assert [await snapshots.monthly(connection, vault, NOW) for _ in range(3)] == [1, 1, 0]
        assert [await snapshots.monthly(connection, vault, NOW + dt.timedelta(days=each)) for each in (1, 30)] == [
            0,
            1,
        ]
        taken = (
            await connection.execute(select(S.division_code, S.as_of, S.kind, S.taken_by, S.rows).order_by(S.id))
        ).all()
        assert await snapshots.changed(connection) == (3, [])
    may, june = dt.date(2024, 5, 31), dt.date(2024, 6, 30)
    assert [tuple(row) for row in taken] == [
        ("410100", may, "MONTHLY", None, 1),
        ("410500", may, "MONTHLY", None, 2),
        ("110100", june, "MONTHLY", None, 1),
    ]


async def test_several_workers_that_begin_together_freeze_each_city_once(engine: AsyncEngine, vault: Vault) -> None:
    async with transaction(engine) as connection:
        await county.taken_over(connection, Stage.RECORDED, NOW)

    async def look() -> int:
        async with transaction(engine) as connection:
            return await snapshots.monthly(connection, vault, NOW)

    assert sorted(await asyncio.gather(*(look() for _ in range(4)))) == [0, 0, 0, 1]


async def test_who_froze_what_is_in_the_audit_and_it_holds_nobody(engine: AsyncEngine, officers: Officers) -> None:
    async with transaction(engine) as connection:
        await county.taken_over(connection, Stage.RECORDED, NOW)
        key = await frozen(connection, officers)
    async with transaction(engine) as connection:
        acts = select(AuditEvent).where(AuditEvent.action == "snapshot.taken")
        told = (await connection.execute(acts)).one()
        row = (await connection.execute(select(*S))).one()
    assert (told.subject, told.user_id, told.detail["rows"]) == (key, officers["second-chief"].user_id, 1)
    assert (row.rows, row.taken_by, len(row.digest)) == (1, officers["second-chief"].user_id, 64)
    of_people = {"name", "id_number", "phone", "address", "birth_date", "household_id", "member_id", "person_id"}
    assert not of_people & set(SnapshotRow.__table__.c.keys())


def test_every_version_of_an_indicator_has_its_statement_and_words() -> None:
    for each in indicators.every():
        place = counted.SHARES if each.kind is IndicatorKind.SHARE else counted.DAYS
        assert each.key in place
        assert all((each.zh, each.en, each.counts_zh, each.counts_en, each.over_zh, each.over_en, each.basis))
    assert len({each.key for each in indicators.every()}) == len(indicators.every())
    assert {each.key for each in indicators.every()} == {*counted.SHARES, *counted.DAYS}


def test_a_day_is_reckoned_by_the_version_that_was_in_force_on_it() -> None:
    first = indicators.every()[0]
    second = type(first)(
        **{name: getattr(first, name) for name in first.__slots__} | {"version": 2, "valid_from": TODAY}
    )
    both = (first, second)
    assert indicators.in_force(TODAY - dt.timedelta(days=1), both) == (first,)
    assert indicators.in_force(TODAY, both) == (second,)
    assert indicators.in_force(dt.date(1999, 12, 31)) == ()
