"""On what a step of a household's life rests: on records of its own, and on nobody else's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import sealing
from api.database import transaction
from api.domain.declarations import Declared, DeclaredItem
from api.domain.errors import NotDone
from api.domain.permissions import Viewer
from api.domain.stages import Stage
from api.models import Attachment, Decision, Transition
from api.services import applications, changes, files
from api.services.applications import ReviewOutcome
from api.services.recognition import Kept
from tests.api import county
from tests.api.county import Life, Officers

VAULT = sealing.vault(sealing.new_key())
NOW = dt.datetime.now(dt.UTC)
STEPS = {
    "reverify": Stage.RECORDED,
    "fall_back": Stage.RELIEVED,
    "reinstate": Stage.DEREGISTERED,
    "review": Stage.UNDER_REVIEW,
    "refuse": Stage.UNDER_REVIEW,
}


async def a_paper(connection: AsyncConnection, of: Life, by: Viewer) -> str:
    row = {"household_id": of.household_id, "file_id": of.file_id, "kind": "EVIDENCE", "media_type": "image/jpeg"}
    told = {"size": 1, "sha256": "0", "stored": f"{of.file_id:032}", "uploaded_by": by.user_id, "uploaded_at": NOW}
    key = await connection.scalar(insert(Attachment).values(**row, **told).returning(Attachment.id))
    return f"Attachment:{key}"


async def take(connection: AsyncConnection, step: str, chief: Viewer, life: Life, evidence: Sequence[str]) -> None:
    """The step is taken, and said to rest on this."""
    key = life.household_id
    if step in ("review", "refuse"):
        outcome = ReviewOutcome.RETURN if step == "review" else ReviewOutcome.REFUSE
        await applications.review(connection, VAULT, chief, key, 1, outcome, Kept(), "不全。", evidence, NOW)
    elif step == "reinstate":
        await files.reinstate(connection, VAULT, chief, key, 1, "误注销。", evidence, NOW)
    else:
        await getattr(files, step)(connection, VAULT, chief, key, 1, Kept(), "已核实。", evidence, NOW)


async def rests_on(connection: AsyncConnection, life: Life) -> list[str]:
    """What the household's latest step rests on."""
    latest = select(Transition.evidence).where(Transition.household_id == life.household_id)
    found = await connection.scalar(latest.order_by(Transition.number.desc()).limit(1))
    return [str(each) for each in found or ()]


@pytest.mark.parametrize("step", STEPS)
async def test_no_step_rests_on_what_is_another_household_s_or_is_nothing_at_all(
    empty: AsyncEngine, officers: Officers, step: str
) -> None:
    async with transaction(empty) as connection:
        life, other = [await county.taken_over(connection, STEPS[step], NOW) for _ in range(2)]
        ours, theirs = [await a_paper(connection, of, officers["clerk"]) for of in (life, other)]
    for given in ([theirs], [ours, theirs], ["Attachment:999"], ["User:1"], [f"Household:{life.household_id}"]):
        with pytest.raises(NotDone) as refused:
            async with transaction(empty) as connection:
                await take(connection, step, officers["chief"], life, given)
        assert (refused.value.code, refused.value.path) == ("NOT_FOUND", ("input", "evidenceIds"))
    async with transaction(empty) as connection:
        assert await connection.scalar(select(func.count(Decision.id))) == 0, "nothing of it was decided"
        await take(connection, step, officers["chief"], life, [ours, ours])
        assert await rests_on(connection, life) == [ours, ours]


async def test_a_change_rests_on_what_was_declared(empty: AsyncEngine, officers: Officers) -> None:
    async with transaction(empty) as connection:
        life = await county.taken_over(connection, Stage.RECORDED, NOW)
        said = [Declared({DeclaredItem.VEHICLES: 1})]
        await changes.report(connection, VAULT, officers["clerk"], life.household_id, 1, said, None, "购车。", NOW)
        (declared,) = await rests_on(connection, life)
        assert declared.startswith("Declaration:")
