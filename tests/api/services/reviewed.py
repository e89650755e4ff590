"""A household that is under review, visited, consented and verified: all that a public notice takes."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import transaction
from api.domain import credentials
from api.domain.consent import NINE
from api.domain.permissions import Viewer
from api.models import (
    Authorisation,
    File,
    HomeVisit,
    Household,
    Human,
    Member,
    Organisation,
    Transition,
    User,
    VerificationRequest,
)
from api.sealing import Vault
from api.services import viewers
from tests.api.conftest import Service

COUNTY = "410502"
NUMBER, CARD, PHONE, NAME, CHILD = "410502198005011234", "6222021234567890123", "13812345678", "张晓明", "张小宝"
ADDRESS = f"河南省安阳市文峰区平原路215号3号楼1单元802 {CHILD} {PHONE} {CARD}"
_references = itertools.count(1)


@dataclass(frozen=True)
class Reviewed:
    """A household, by its keys and its id."""

    key: int
    file_key: int
    id: str
    people: tuple[int, ...]
    version: int = 1


async def under_review(
    service: Service,
    *,
    born: dt.date | None = dt.date(1980, 5, 1),
    division: str = COUNTY,
    now: dt.datetime | None = None,
) -> Reviewed:
    """A new household of three: a worker, a spouse, and a child of six."""
    now = now or dt.datetime.now(dt.UTC)
    async with transaction(service.engine) as connection:
        return await _added(connection, service.vault, born, division, now)


async def _added(
    connection: AsyncConnection, vault: Vault, born: dt.date | None, division: str, now: dt.datetime
) -> Reviewed:
    reference, day = f"NOTICE-{next(_references)}", now.date() - dt.timedelta(days=10)
    union = {
        "kind": "UNION",
        "division_code": division,
        "sources": [],
        "active": True,
        "version": 1,
        "created_at": now,
    }
    names = {"name_zh": "安阳市纺织厂工会", "name_en": "Union of the textile works", "code": reference.lower()}
    organisation = await connection.scalar(insert(Organisation).values(**union | names).returning(Organisation.id))
    row = {"division_code": division, "stage": "UNDER_REVIEW", "transition_number": 1, "applied_on": day}
    sealed = {
        "address": vault.seal("households.address", ADDRESS),
        "phone": vault.seal("households.phone", PHONE),
        "payee_account": vault.seal("households.payee_account", CARD),
    }
    kept = {"reference": reference, "digest": b"", "version": 1, "updated_at": now}
    household = await connection.scalar(insert(Household).values(**row | sealed | kept).returning(Household.id))
    assert household is not None
    people = []
    for place, (name, relation, birth) in enumerate(
        [(NAME, "HEAD", born), ("李芳", "SPOUSE", dt.date(1982, 1, 1)), (CHILD, "CHILD", dt.date(2020, 6, 1))]
    ):
        human = await connection.scalar(insert(Human).values(created_at=now).returning(Human.id))
        told = {"name": vault.seal("members.name", name), "id_number": vault.seal("members.id_number", NUMBER)}
        told |= {"phone": vault.seal("members.phone", PHONE), "address": vault.seal("members.address", ADDRESS)}
        who = {"household_id": household, "person_id": human, "relation": relation, "birth_date": birth}
        member = insert(Member).values(reference=f"{reference}-{place}", **who, **told).returning(Member.id)
        people.append(int((await connection.execute(member)).scalar_one()))
        await connection.execute(
            insert(Authorisation).values(member_id=people[-1], source="ALL", purpose="ECONOMIC_CHECK")
        )
    of_file = {"household_id": household, "number": reference, "subject_member_id": people[0], "tier": "MUNICIPAL"}
    of_file |= {"category": "RELATIVE", "organisation_id": organisation, "applied_on": day, "version": 1}
    file = await connection.scalar(insert(File).values(**of_file, created_at=now).returning(File.id))
    assert file is not None
    move = {"number": 1, "from_stage": "NOTHING", "action": "TAKE_OVER", "to_stage": "UNDER_REVIEW", "adverse": False}
    when = {"effective_on": day, "happened_at": now, "evidence": []}
    await connection.execute(insert(Transition).values(household_id=household, file_id=file, **move, **when))
    clerk = await connection.scalar(select(User.id).where(User.login == "caseworker"))
    said = {"met": b"", "findings": b"", "income_changed": "NO", "causes_gone": "NO", "to_be_closed": "NO"}
    visit = {"household_id": household, "file_id": file, "kind": "BASELINE_SURVEY", "visited_on": now.date()}
    await connection.execute(insert(HomeVisit).values(**visit, **said, recorded_by=clerk, recorded_at=now))
    asked = {"household_id": household, "file_id": file, "round": 1, "occasion": "APPLICATION", "sources": list(NINE)}
    ended = {"state": "CLOSED", "conclusion": b"", "closed_by": clerk, "closed_at": now, "version": 2}
    by = {"requested_by": clerk, "requested_at": now, "due_on": now.date()}
    await connection.execute(insert(VerificationRequest).values(**asked, **ended, **by))
    return Reviewed(household, file, vault.ids("Household", [household])[0], tuple(people))


async def viewer(service: Service, login: str = "reviewer") -> Viewer:
    """Who asks with this user's token."""
    async with transaction(service.engine) as connection:
        digest = credentials.digest(service.tokens[login])
        found = await viewers.of_token(connection, digest, dt.datetime.now(dt.UTC))
    assert found is not None
    return found
