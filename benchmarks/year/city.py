"""The city before its year begins: a register that was taken over, officers and unions, and the grants that go on.

The register comes as any does, through `intake`; the year's acts go through the services. Only the grants that stand when
the year begins are written as rows, since two officers' decisions on each of them would be most of the work.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.applications import Starlette

from api import intake, migrations
from api.app import create_app
from api.database import open_engine, transaction
from api.domain import days, divisions
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.clocks import months_after
from api.domain.permissions import Role, Viewer
from api.gate.passage import Limits
from api.models import Base, Claim, Decision, Enrolment, File, Grant, Household, Member, table
from api.sealing import Vault
from api.services import accounts, organisations
from matcher.synthetic.city import write_city

LIVING, TEKUN, TEMPORARY, AUTUMN = "LIVING_SUBSIDY", "TEKUN", "TEMPORARY_AID", "GOLDEN_AUTUMN"
COUNTRY = "000000"
SHARE = 0.6
"""Of the households on file, how many are given a living subsidy when the year begins."""
QUARTERLY = 0.15
AT_ONCE = 5_000
UNBOUND = 10**12
VERIFIED = f"""
[[relation]]
assessed = "{LIVING}"
held = "{TEKUN}"
relation = "EXCLUSIVE"
yields = "{LIVING}"
valid_from = 2000-01-01
basis = "本市规定：特困人员不享受困难生活补贴"
status = "verified"
"""
"""The city's own word on a pair that the shipped matrix only assumes, so that it refuses."""


@dataclass(frozen=True)
class County:
    """Who keeps the files of a county, and its two unions."""

    code: str
    clerk: Viewer
    second: Viewer
    chief: Viewer
    unions: tuple[str, str]


@dataclass
class City:
    """The city, and what its officers work with; `now` is the moment in its year."""

    engine: AsyncEngine
    vault: Vault
    app: Starlette
    counties: Mapping[str, County]
    token: str
    start: dt.date
    now: dt.datetime
    newborn: int = 0
    away: list[str] = field(default_factory=list)


def moment(day: dt.date, hour: int = 10) -> dt.datetime:
    """That hour of that day, in China."""
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=days.CHINA)


def write(folder: Path, households: int, seed: int, start: dt.date) -> None:
    """The register as it stands on the day before, with the register of aid beside, and the city's own rules."""
    write_city(
        folder, households=households, records=0, seed=seed, as_of=start - dt.timedelta(days=1), sources=["aid"]
    )
    with (folder / "policy.toml").open("a", encoding="utf-8") as policy:
        policy.write(VERIFIED)


async def begin(url: str, vault: Vault, folder: Path, data_dir: Path, start: dt.date, seed: int) -> City:
    """The city in an empty database, at work from that day on, its grants made. The environment names the data folder."""
    engine, now = open_engine(url), moment(start, 8)
    await migrations.upgrade(engine)
    await intake.take_over(engine, vault, folder, data_dir, None, now)
    counties = {}
    async with transaction(engine) as connection:
        for code in await connection.scalars(select(Household.division_code).distinct().order_by("division_code")):
            counties[code] = await _county(connection, code, now)
        await accounts.add_user(connection, "checker", "", Role.AUDITOR, COUNTRY, now)
        token = await accounts.issue_token(connection, "checker", 30, days.this_moment())
    city = City(engine, vault, _app(url, vault, data_dir, lambda: city.now), counties, token, start, now)
    await _grants(city, random.Random(seed))
    return city


def _app(url: str, vault: Vault, data_dir: Path, clock: days.Clock) -> Starlette:
    limits = Limits(per_second=UNBOUND, burst=UNBOUND)
    return create_app(url, vault, limits, data_dir=data_dir, clock=clock)


async def _county(connection: AsyncConnection, code: str, now: dt.datetime) -> County:
    unions = (f"union-{code}-1", f"union-{code}-2")
    for number, union in enumerate(unions, start=1):
        name = f"{divisions.name(code)}第{number}工会"
        described = organisations.Described(name, union, OrganisationKind.UNION, code)
        await organisations.save(connection, OPERATOR, described, now, code=union)
    officers = []
    for login, role in (("clerk", Role.CASEWORKER), ("second", Role.CASEWORKER), ("chief", Role.REVIEWER)):
        name = f"{login}-{code}"
        key = await accounts.add_user(connection, name, "", role, code, now)
        officers.append(Viewer(key, name, name, role, code))
    return County(code, officers[0], officers[1], officers[2], unions)


async def _grants(city: City, rng: random.Random) -> None:
    """Living subsidies of five to twelve months, for households of which nobody has such aid, or is in another household."""
    async with transaction(city.engine) as connection:
        homes = await _to_be_aided(connection, city.start, rng)
        terms: dict[int, dict[str, Any]] = {}
        for household, (file, division, _) in homes.items():
            quarterly = rng.random() < QUARTERLY
            months = rng.choice((6, 9, 12)) if quarterly else rng.randint(5, 12)
            county = city.counties[division]
            terms[household] = {
                "household_id": household,
                "file_id": file,
                "programme_code": LIVING,
                "division_code": division,
                "first_month": city.start,
                "last_month": months_after(city.start, months - 1),
                "period": "QUARTER" if quarterly else "MONTH",
                "amount_fen": rng.randint(600, 2_400) * 100 + 1 if quarterly else rng.randint(300, 900) * 100,
                "state": "PROPOSED",
                "reason": city.vault.seal("grants.reason", "上年度已享受。"),
                "proposed_by": county.clerk.user_id,
                "version": 1,
                "created_at": city.now,
            }
        keys = await _added(connection, Grant, list(terms.values()), table(Grant).c.household_id)
        await _added(connection, Claim, list(_claims(homes, terms, keys)))
        enrolled = [
            {
                "household_id": household,
                "programme_code": LIVING,
                "start_month": each["first_month"],
                "end_month": each["last_month"],
                "amount_fen": each["amount_fen"] if each["period"] == "MONTH" else None,
                "source_record": f"GRANT:{keys[household]}",
            }
            for household, each in terms.items()
        ]
        enrolments = await _added(connection, Enrolment, enrolled, table(Enrolment).c.household_id, of="GRANT:%")
        decided = [
            {
                "household_id": household,
                "file_id": each["file_id"],
                "kind": "GRANT",
                "proposed_by": each["proposed_by"],
                "user_id": city.counties[each["division_code"]].chief.user_id,
                "user_kind": "PERSON",
                "reason": city.vault.seal("decisions.reason", "同意。"),
                "evidence": [],
                "made_at": city.now,
            }
            for household, each in terms.items()
        ]
        decisions = await _added(connection, Decision, decided, table(Decision).c.household_id)
        made = [
            {
                "key": keys[household],
                "enrolment": enrolments[household],
                "decision": decisions[household],
                "officer": city.counties[each["division_code"]].chief.user_id,
            }
            for household, each in terms.items()
        ]
        values = {
            "state": "GRANTED", "decided_as": "GRANT", "decision_id": bindparam("decision"),
            "decided_by": bindparam("officer"), "enrolment_id": bindparam("enrolment"),
        }  # fmt: skip
        granting = update(table(Grant)).where(table(Grant).c.id == bindparam("key")).values(values)
        for some in _parts(made):
            await connection.execute(granting, some)


Aided = dict[int, tuple[int, str, list[int]]]
"""By household its file, its division, and the humans in it."""


async def _to_be_aided(connection: AsyncConnection, start: dt.date, rng: random.Random) -> Aided:
    G, M = table(Enrolment).c, table(Member).c
    taken = select(G.household_id).where(
        G.programme_code.in_((LIVING, TEKUN)), G.end_month.is_(None) | (G.end_month >= start)
    )
    on_file = (
        select(Household.id, File.id.label("file"), Household.division_code)
        .join(File, File.household_id == Household.id)
        .where(
            File.closed_on.is_(None),
            File.opened_on < start,
            Household.stage == "RECORDED",
            Household.id.not_in(taken),
        )
        .order_by(Household.id)
    )
    humans, homes_of = defaultdict(list), defaultdict(set)
    standing = select(M.household_id, M.person_id).where(M.left_on.is_(None), M.valid_to.is_(None))
    for row in await connection.execute(standing.order_by(M.id)):
        humans[row.household_id].append(row.person_id)
        homes_of[row.person_id].add(row.household_id)
    found: Aided = {}
    for home in await connection.execute(on_file):
        alone = humans[home.id] and all(len(homes_of[human]) == 1 for human in humans[home.id])
        if alone and rng.random() < SHARE:
            found[home.id] = (home.file, home.division_code, list(dict.fromkeys(humans[home.id])))
    return found


def _claims(homes: Aided, terms: Mapping[int, Mapping[str, Any]], keys: Mapping[int, int]) -> Any:
    """The months of each human of each household, under the programme and under the pair that excludes one another."""
    for household, (_, _, humans) in homes.items():
        month = terms[household]["first_month"]
        while month <= terms[household]["last_month"]:
            for human in humans:
                for cell in (LIVING, f"{LIVING}+{TEKUN}"):
                    yield {"grant_id": keys[household], "person_id": human, "month": month, "cell": cell}
            month = months_after(month, 1)


async def _added(
    connection: AsyncConnection, model: type[Base], rows: Sequence[Mapping[str, Any]], by: Any = None, of: str = ""
) -> dict[int, int]:
    """The rows are there; their keys, by the column that tells them apart."""
    into: Table = table(model)
    for some in _parts(rows):
        await connection.execute(insert(into), some)
    if by is None:
        return {}
    found = select(by, into.c.id).order_by(into.c.id)
    if of:
        found = found.where(into.c.source_record.like(of))
    return {row[0]: row[1] for row in await connection.execute(found)}


def _parts(rows: Sequence[Mapping[str, Any]]) -> Any:
    for place in range(0, len(rows), AT_ONCE):
        yield list(rows[place : place + AT_ONCE])
