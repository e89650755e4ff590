"""Who is in a household on a day: one definition, in a statement as of one row, and no other beside it."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import transaction
from api.domain import people
from api.domain.stages import Stage
from api.models import Human, Member
from api.models.standing import goes_on, stands
from tests.api.county import taken_over

NOW = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)
DAY = NOW.date()
DAYS = (None, DAY - dt.timedelta(days=1), DAY, DAY + dt.timedelta(days=1))
API = Path(__file__).parents[2] / "api"
OTHERS = {
    "services/registers/members.py", "services/registers/declared.py", "services/scans.py", "services/answers.py",
    "services/checks.py",
}  # fmt: skip
"""What asks whom a register lists still, which is not who is there on a day: a scan gets them all with their dates, and what is said of them."""


async def test_a_statement_and_a_row_agree_on_who_is_there(empty: AsyncEngine) -> None:
    async with transaction(empty) as connection:
        life = await taken_over(connection, Stage.RECORDED, NOW, people=1)
        await connection.execute(update(Member).values(left_on=DAYS[1]))
        lived = {}
        for number, dates in enumerate(itertools.product(DAYS, DAYS, DAYS)):
            valid_from, valid_to, left_on = dates
            human = await connection.scalar(insert(Human).values(created_at=NOW).returning(Human.id))
            row = {
                "household_id": life.household_id,
                "person_id": human,
                "reference": f"R{number}",
                "overlapping": False,
            }
            told = {"valid_from": valid_from, "valid_to": valid_to, "left_on": left_on}
            lived[await connection.scalar(insert(Member).values(**row, **told).returning(Member.id))] = dates
        there = set((await connection.scalars(select(Member.id).where(stands(DAY)))).all())
        going_on = set((await connection.scalars(select(Member.id).where(goes_on(DAY)))).all())
    assert there == {key for key, dates in lived.items() if people.stands(*dates, DAY)}
    assert going_on == {key for key, (_, to, left) in lived.items() if people.stands(None, to, left, DAY)}
    assert len(there) == 3 * 4


def test_nobody_else_says_who_is_there() -> None:
    """Half a definition counts people who left, in one place and not in another."""
    asked = {
        str(path.relative_to(API))
        for path in API.rglob("*.py")
        if "migrations" not in path.parts and re.search(r"\bleft_on\.is_\(None\)", path.read_text("utf-8"))
    }
    assert asked - OTHERS == {"models/standing.py"}
