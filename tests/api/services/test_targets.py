"""A goal is held against the files that were frozen for it, whatever becomes of them: nobody leaves the denominator, and who comes back is told."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import reading as one_view
from api.database import transaction
from api.domain import days, progress
from api.domain.errors import NotDone
from api.domain.retention import RetentionClass
from api.domain.stages import Stage
from api.domain.suppression import small
from api.domain.targets import ACHIEVED, FigureGroup, FileOutcome, TargetKind
from api.loaders import targets as loaders
from api.loaders.reading import Budget, Reading
from api.models import Decision, ExitAssessment, File, Household, Transition
from api.sealing import Vault
from api.services import snapshots, targets
from api.services.retention import households as retention
from tests.api import county
from tests.api.county import COUNTY, Life, Officers

NOW = dt.datetime(2024, 6, 15, 4, tzinfo=dt.UTC)
TODAY = days.today(NOW)
BASELINE = TODAY - dt.timedelta(days=60)
O, K = FileOutcome, TargetKind  # noqa: E741
STEPS = {
    ("RECORDED", "RELIEVE"): "RELIEVED",
    ("RELIEVED", "FALL_BACK"): "RECORDED",
    ("RECORDED", "GRADUATE"): "GRADUATED",
    ("RELIEVED", "GRADUATE"): "GRADUATED",
    ("GRADUATED", "FALL_BACK"): "RECORDED",
    ("GRADUATED", "REINSTATE"): "RECORDED",
    ("RECORDED", "DEREGISTER"): "DEREGISTERED",
    ("DEREGISTERED", "REINSTATE"): "RECORDED",
    ("RECORDED", "REVERIFY"): "RECORDED",
}
ADVERSE = ("GRADUATE", "DEREGISTER")


@dataclass(frozen=True)
class Story:
    """Where a file stood at the baseline, what was done so many days ago, and what had become of it on which day."""

    begins: Stage
    moves: Sequence[tuple[int, str]]
    told: Sequence[tuple[int, FileOutcome]]

    def on(self, ago: int) -> FileOutcome:
        """What had become of it so many days ago."""
        return [outcome for since, outcome in self.told if since >= ago][-1]


R, L = Stage.RECORDED, Stage.RELIEVED
STORIES = (
    Story(R, [], [(60, O.OPEN)]),
    Story(R, [(40, "REVERIFY")], [(60, O.OPEN)]),
    Story(R, [(40, "RELIEVE")], [(60, O.OPEN), (40, O.RELIEVED)]),
    Story(R, [(40, "RELIEVE"), (20, "FALL_BACK")], [(60, O.OPEN), (40, O.RELIEVED), (20, O.RETURNED)]),
    Story(
        R,
        [(40, "RELIEVE"), (20, "FALL_BACK"), (10, "RELIEVE")],
        [(60, O.OPEN), (40, O.RELIEVED), (20, O.RETURNED), (10, O.RELIEVED)],
    ),
    Story(R, [(30, "GRADUATE")], [(60, O.OPEN), (30, O.GRADUATED)]),
    Story(R, [(30, "GRADUATE"), (10, "FALL_BACK")], [(60, O.OPEN), (30, O.GRADUATED), (10, O.RETURNED)]),
    Story(R, [(30, "GRADUATE"), (5, "REINSTATE")], [(60, O.OPEN), (30, O.GRADUATED), (5, O.OPEN)]),
    Story(R, [(30, "DEREGISTER")], [(60, O.OPEN), (30, O.DEREGISTERED)]),
    Story(R, [(30, "DEREGISTER"), (5, "REINSTATE")], [(60, O.OPEN), (30, O.DEREGISTERED), (5, O.OPEN)]),
    Story(L, [], [(60, O.RELIEVED)]),
    Story(L, [(20, "FALL_BACK")], [(60, O.RELIEVED), (20, O.RETURNED)]),
    Story(L, [(20, "GRADUATE")], [(60, O.RELIEVED), (20, O.GRADUATED)]),
)


@dataclass
class Walk:
    """A household on its way through a story."""

    life: Life
    stage: str
    number: int = 1
    file: int = field(init=False)

    def __post_init__(self) -> None:
        self.file = self.life.file_id

    async def step(
        self, connection: AsyncConnection, officers: Officers, action: str, on: dt.date, at: dt.datetime = NOW
    ) -> None:
        """One move, as the database takes it, and the file as it leaves it."""
        origin, self.stage = self.stage, STEPS[self.stage, action]
        home = {"household_id": self.life.household_id}
        decision = None
        if action in ADVERSE:
            by = {
                "proposed_by": officers["clerk"].user_id,
                "user_id": officers["chief"].user_id,
                "user_kind": "PERSON",
            }
            told = {"kind": action, "reason": b"", "made_at": NOW, "evidence": [], "file_id": self.file}
            decision = await connection.scalar(insert(Decision).values(**home, **by, **told).returning(Decision.id))
        changed: dict[str, Any] = {"closed_on": on, "closing": "MOVED"} if action == "DEREGISTER" else {}
        if action == "GRADUATE":
            changed = {"closed_on": on, "closing": "GRADUATED"}
        elif action == "REINSTATE":
            changed = {"closed_on": None, "closing": None}
        if changed:
            await connection.execute(update(File).where(File.id == self.file).values(**changed))
        if origin == "GRADUATED" and action == "FALL_BACK":
            row = {
                "number": f"{self.file}/2",
                "opened_on": on,
                "previous_id": self.file,
                "version": 1,
                "created_at": NOW,
            }
            self.file = int(await connection.scalar(insert(File).values(**home, **row).returning(File.id)) or 0)
        self.number += 1
        move = {"number": self.number, "previous_number": self.number - 1, "from_stage": origin, "action": action}
        rest: dict[str, Any] = {
            "adverse": action in ADVERSE,
            "decision_id": decision,
            "evidence": [],
            "happened_at": at,
        }
        where = {"to_stage": self.stage, "effective_on": on, "file_id": self.file}
        await connection.execute(insert(Transition).values(**home, **move, **rest, **where))
        stands = {"stage": self.stage, "transition_number": self.number}
        await connection.execute(update(Household).where(Household.id == home["household_id"]).values(**stands))


@pytest.fixture
def engine(empty: AsyncEngine) -> AsyncEngine:
    """Here every database is at the newest step."""
    return empty


async def baseline(connection: AsyncConnection, officers: Officers) -> int:
    return await snapshots.freeze(connection, officers["second-chief"], "410500", BASELINE, None, NOW)


async def goal(
    connection: AsyncConnection,
    officers: Officers,
    snapshot: int,
    kind: TargetKind = K.RELIEVED_OR_GRADUATED,
    percent: int = 50,
) -> int:
    told = (snapshot, kind, percent, TODAY, "安政办〔2019〕15号")
    return await targets.set_goal(connection, officers["second-chief"], *told, NOW)


async def became(
    engine: AsyncEngine,
    vault: Vault,
    officers: Officers,
    snapshot: int,
    day: dt.date,
    *,
    by: str = "second-chief",
    kind: TargetKind = K.RELIEVED_OR_GRADUATED,
    group: FigureGroup | None = None,
    frozen: tuple[dt.date, dt.datetime] = (BASELINE, NOW),
) -> dict[str, Counter[FileOutcome]]:
    """What became of the files of a baseline by a day, by group."""
    async with one_view(engine) as connection:
        view = Reading(connection, officers[by], vault, Budget(), today=TODAY)
        found = await loaders.became(view, snapshot, kind, *frozen, day, group)
        assert sum(found.closings.values()) == sum(each[O.DEREGISTERED] for each in found.by_group.values())
        return dict(found.by_group)


async def test_each_file_is_told_as_what_became_of_it_on_any_day_since(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    begun = [story for number, story in enumerate(STORIES) for _ in range(1 + number % 3)]
    async with transaction(engine) as connection:
        walks = [
            (story, Walk(await county.taken_over(connection, story.begins, NOW, people=1), story.begins))
            for story in begun
        ]
        early = await baseline(connection, officers)
        for story, walk in walks:
            for ago, action in story.moves:
                await walk.step(connection, officers, action, TODAY - dt.timedelta(days=ago))
        await county.taken_over(connection, Stage.RECORDED, NOW, since=TODAY - dt.timedelta(days=3))
        late = await baseline(connection, officers)
    for ago in (60, 45, 40, 30, 25, 20, 10, 7, 5, 0):
        day, expected = TODAY - dt.timedelta(days=ago), Counter(story.on(ago) for story, _ in walks)
        for snapshot in (early, late):
            assert await became(engine, vault, officers, snapshot, day) == {"": expected}, (ago, snapshot)
        assert sum(expected.values()) == len(walks), "nobody leaves the denominator, nobody comes into it"


async def test_what_is_done_later_on_the_day_of_the_baseline_is_counted_and_what_it_knew_is_not(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    noon, evening, tomorrow = (NOW + dt.timedelta(hours=hours) for hours in (0, 6, 24))
    morning, begun = noon - dt.timedelta(hours=3), (L, R, R, R)
    async with transaction(engine) as connection:
        walks = [
            Walk(await county.taken_over(connection, stage, NOW - dt.timedelta(days=1)), stage) for stage in begun
        ]
        await walks[0].step(connection, officers, "FALL_BACK", TODAY, morning)
        told = (connection, officers["second-chief"], "410500", None, None, noon)
        today = await snapshots.freeze(*told)
        await walks[1].step(connection, officers, "GRADUATE", TODAY, evening)
        await walks[2].step(connection, officers, "RELIEVE", TODAY, tomorrow)
    expected = Counter({O.OPEN: 2, O.GRADUATED: 1, O.RELIEVED: 1})
    found = await became(engine, vault, officers, today, TODAY, frozen=(TODAY, noon))
    assert found == {"": expected}, "it was frozen at noon: what came after is a move, what came before is none"


async def test_f_26_an_erased_file_stays_in_the_denominator_as_erased(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        walks = [Walk(await county.taken_over(connection, R, NOW), R) for _ in range(3)]
        snapshot = await baseline(connection, officers)
        await walks[0].step(connection, officers, "DEREGISTER", TODAY - dt.timedelta(days=20))
        await retention.erase(connection, RetentionClass.FILE, [(walks[0].life.household_id, TODAY)], NOW)
    assert await became(engine, vault, officers, snapshot, TODAY) == {"": Counter({O.ERASED: 1, O.OPEN: 2})}


async def test_of_those_who_are_able_only_those_are_counted_whose_test_said_so_at_the_baseline(
    engine: AsyncEngine, vault: Vault, officers: Officers
) -> None:
    async with transaction(engine) as connection:
        walks = [Walk(await county.taken_over(connection, R, NOW), R) for _ in range(3)]
        for walk, verdict in zip(walks, ("EXIT_DUE", "NOT_ABOVE", "INSUFFICIENT_DATA"), strict=True):
            of = {"household_id": walk.life.household_id, "file_id": walk.file, "user_id": officers["clerk"].user_id}
            said = {
                "as_of": BASELINE,
                "graduation": verdict,
                "relief": verdict,
                "causes": 1,
                "open_causes": 0,
                "tests": [],
            }
            await connection.execute(insert(ExitAssessment).values(**of, **said, policy_version="x", assessed_at=NOW))
        snapshot = await baseline(connection, officers)
        for walk in walks:
            await walk.step(connection, officers, "GRADUATE", TODAY - dt.timedelta(days=5))
    found = await became(engine, vault, officers, snapshot, TODAY, kind=K.ABLE_GRADUATED)
    assert found == {"": Counter({O.GRADUATED: 1})}


async def test_a_county_sees_how_far_its_own_files_are(engine: AsyncEngine, vault: Vault, officers: Officers) -> None:
    async with transaction(engine) as connection:
        for division, number in ((COUNTY, 2), ("410503", 3)):
            for _ in range(number):
                await county.taken_over(connection, R, NOW, division=division)
        snapshot = await baseline(connection, officers)
    by_county = await became(engine, vault, officers, snapshot, TODAY, group=FigureGroup.COUNTY)
    assert by_county == {COUNTY: Counter({O.OPEN: 2}), "410503": Counter({O.OPEN: 3})}
    assert await became(engine, vault, officers, snapshot, TODAY, by="chief") == {"": Counter({O.OPEN: 2})}
    assert await became(engine, vault, officers, snapshot, TODAY, by="stranger") == {}


@pytest.mark.parametrize(
    ("by", "percent", "due", "document"),
    [
        ("chief", 50, TODAY, "15号"),
        ("stranger", 50, TODAY, "15号"),
        ("second-chief", 0, TODAY, "15号"),
        ("second-chief", 101, TODAY, "15号"),
        ("second-chief", 50, BASELINE, "15号"),
        ("second-chief", 50, TODAY, " "),
    ],
)
async def test_what_is_no_goal_is_refused(
    engine: AsyncEngine, officers: Officers, by: str, percent: int, due: dt.date, document: str
) -> None:
    async with transaction(engine) as connection:
        snapshot = await baseline(connection, officers)
        told = (snapshot, K.RELIEVED_OR_GRADUATED, percent, due, document)
        with pytest.raises(NotDone):
            await targets.set_goal(connection, officers[by], *told, NOW)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE targets SET percent = 10", "UPDATE targets SET due_on = '2030-01-01'", "DELETE FROM targets"],
)
async def test_a_goal_is_not_moved_when_it_is_not_reached(
    engine: AsyncEngine, officers: Officers, statement: str
) -> None:
    async with transaction(engine) as connection:
        snapshot = await baseline(connection, officers)
        await goal(connection, officers, snapshot)
        with pytest.raises(NotDone):
            await goal(connection, officers, snapshot, percent=40)
        await goal(connection, officers, snapshot, K.ABLE_GRADUATED, 100)
    with pytest.raises(DBAPIError):
        async with transaction(engine) as connection:
            await connection.execute(text(statement))


COUNTS = st.dictionaries(st.sampled_from(list(FileOutcome)), st.integers(0, 40))


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), COUNTS, min_size=1), st.sampled_from(list(TargetKind)))
def test_f_22_of_no_group_is_told_what_became_of_few(
    counts: dict[str, dict[FileOutcome, int]], kind: TargetKind
) -> None:
    for code, told in progress.by_group(kind, counts).items():
        of = counts[code]
        for outcome in FileOutcome:
            assert told.of[outcome] in (None, of.get(outcome, 0))
            assert not (small(of.get(outcome, 0)) and told.of[outcome] is not None)
        if told.achieved is not None:
            assert told.achieved == sum(of.get(each, 0) for each in ACHIEVED[kind])
            assert all(told.of[each] is not None for each in ACHIEVED[kind])
        assert told.withheld == any(value is None for value in told.of.values())


@pytest.mark.parametrize(
    ("counts", "percent", "reached"),
    [
        ({}, 1, False),
        ({O.OPEN: 1, O.RELIEVED: 1}, 50, True),
        ({O.OPEN: 2, O.RELIEVED: 1}, 50, False),
        ({O.DEREGISTERED: 1, O.GRADUATED: 1}, 100, False),
        ({O.RETURNED: 1, O.GRADUATED: 1, O.RELIEVED: 1}, 67, False),
        ({O.ERASED: 1, O.GRADUATED: 1}, 50, True),
    ],
)
def test_who_was_closed_otherwise_or_came_back_reaches_no_goal(
    counts: dict[FileOutcome, int], percent: int, reached: bool
) -> None:
    assert progress.reached(K.RELIEVED_OR_GRADUATED, percent, counts) is reached
