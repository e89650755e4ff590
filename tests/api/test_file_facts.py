"""By what the household of a file is counted follows it whatever is written, and the equity report counts as plain reckoning does (F-22)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from sqlalchemy import and_, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import transaction
from api.domain import days, equity
from api.models import File, FileFact, Household, Member, table
from tests.api.conftest import Service

F, H, M, X = table(File).c, table(Household).c, table(Member).c, table(FileFact).c
_LATER = table(File).alias("later")
REPORT = """query ($period: DateRange) { equityReport(period: $period, attributes: [SEX, COUNTY], events: [LEAD_RAISED]) {
  households tables { attribute groups { group could } } } }"""


async def kept(connection: AsyncConnection) -> list[Any]:
    return list((await connection.execute(select(*X).order_by(X.file_id))).all())


async def reckoned(connection: AsyncConnection) -> list[Any]:
    """The same from files, households and members themselves, but for whether a file is followed."""
    rows = select(
        F.id, F.household_id, H.division_code, H.target_group, F.subject_member_id, M.sex, M.birth_date,
        func.coalesce(F.opened_on, F.applied_on), F.closed_on,
        exists().where(and_(_LATER.c.household_id == F.household_id, _LATER.c.id > F.id)),
    ).select_from(File).join(Household, H.id == F.household_id).outerjoin(Member, M.id == F.subject_member_id).order_by(F.id)  # fmt: skip
    return list((await connection.execute(rows)).all())


async def shaken(connection: AsyncConnection, today: dt.date) -> None:
    """A city in which files have nobody's name or another's, are closed, followed by others, and handed to another county."""
    files = list((await connection.execute(select(F.id, F.household_id).order_by(F.id))).all())
    for place, (key, household) in enumerate(files):
        member = await connection.scalar(select(func.max(M.id)).where(M.household_id == household))
        of_file = update(File).where(File.id == key)
        of_household = update(Household).where(Household.id == household)
        if place % 5 == 0:
            await connection.execute(of_file.values(subject_member_id=None))
        elif place % 5 == 1:
            await connection.execute(of_file.values(subject_member_id=member))
            await connection.execute(update(Member).where(Member.id == member).values(sex="FEMALE", birth_date=today))
        if place % 7 == 0:
            await connection.execute(of_household.values(division_code="410503", target_group="MIGRANT_WORKER"))
        if place % 4 == 0:
            ended = today - dt.timedelta(days=place * 3)
            await connection.execute(of_file.values(closed_on=ended, closing="WITHDRAWN"))
            begun = {"applied_on": today - dt.timedelta(days=place), "opened_on": None}
            row = {"household_id": household, "number": f"again-{key}", "subject_member_id": member, "version": 1}
            moment = dt.datetime.combine(today, dt.time(), dt.UTC)
            await connection.execute(insert(File).values(**row, **begun, previous_id=key, created_at=moment))


async def plainly(connection: AsyncConnection, first: dt.date, last: dt.date) -> tuple[Counter[str], Counter[str]]:
    """Households by sex and by county, each by its last file of the period: the worker's, or else the head's."""
    rows = (await connection.execute(select(*F, H.division_code).join(Household, H.id == F.household_id))).all()
    members = (await connection.execute(select(*M).order_by(M.id))).all()
    latest: dict[int, Any] = {}
    for row in sorted(rows, key=lambda each: each.id):
        begun = row.opened_on or row.applied_on
        if (
            row.division_code.startswith("4105")
            and not (begun and begun > last)
            and not (row.closed_on and row.closed_on < first)
        ):
            latest[row.household_id] = row
    sexes: Counter[str] = Counter()
    for row in latest.values():
        heads = [
            each for each in members
            if each.household_id == row.household_id and each.relation == "HEAD"
            and not (each.left_on and each.left_on <= last) and not (each.valid_to and each.valid_to <= last)
        ]  # fmt: skip
        named = [each for each in members if each.id == row.subject_member_id]
        sexes[next((each.sex for each in named or heads[:1]), None) or equity.UNKNOWN] += 1
    return sexes, Counter(row.division_code for row in latest.values())


async def test_f_22_facts_follow_whatever_is_written_and_the_report_counts_by_them(service: Service) -> None:
    today = days.today(service.now())
    async with transaction(service.engine) as connection:
        assert await kept(connection) == await reckoned(connection)
        await shaken(connection, today)
    async with transaction(service.engine) as connection:
        assert await kept(connection) == await reckoned(connection)
        assert any(row.followed for row in await kept(connection))
    for first, last in ((today, today), (today - dt.timedelta(days=200), today - dt.timedelta(days=100))):
        async with transaction(service.engine) as connection:
            sexes, counties = await plainly(connection, first, last)
        found = (await service.data(REPORT, {"period": {"from": str(first), "to": str(last)}}))["equityReport"]
        assert found["households"] == sexes.total() == counties.total()
        told = {each["attribute"]: {one["group"]: one["could"] for one in each["groups"]} for each in found["tables"]}
        assert set(told["COUNTY"]) == set(counties)
        for counted, shown in ((sexes, told["SEX"]), (counties, told["COUNTY"])):
            assert all(could is None or could == counted[group] for group, could in shown.items())
            assert any(shown.values())
