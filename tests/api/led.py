"""A lead at work, through the running service: what is done with it, by whom, and how it stands after."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from api.database import transaction
from api.domain import days
from api.models import Finding, Household
from tests.api.conftest import Service

_keys = itertools.count(1)
ERRORS = "userErrors { code message path ... on ReviewHeldError { item findingId } }"
SUBJECTS = {"objectToFinding": "objection { id version }", "answerFacts": "inquiry { id version state outcome }"}
FINDING = "finding { id version state }"


@dataclass
class Lead:
    """A lead by its id and key, and the service that it is kept in."""

    service: Service
    id: str
    key: int

    @property
    def today(self) -> dt.date:
        """The service's day."""
        return days.today(self.service.now())

    async def version(self) -> int:
        """At which version it is."""
        async with transaction(self.service.engine) as connection:
            found = await connection.scalar(select(Finding.version).where(Finding.id == self.key))
        assert found is not None
        return found

    async def act(self, field: str, by: str = "reviewer", **told: Any) -> Any:
        """The payload of a mutation about it, made on the version that it is at."""
        told = {"findingId": self.id, "idempotencyKey": f"{field}-{next(_keys):08}", **told}
        if field != "objectToFinding":
            told.setdefault("expectedVersion", await self.version())
        return await act(self.service, field, by, **told)

    async def asked(self, fields: str, by: str = "reviewer") -> Any:
        """What is told of it."""
        query = f"query ($id: ID!) {{ finding(id: $id) {{ {fields} }} }}"
        return (await self.service.data(query, {"id": self.id}, by=by))["finding"]

    async def told(self, by: str = "reviewer", **more: Any) -> Any:
        """Its household is told of it today."""
        given = {"documentNo": "核〔2026〕1号", "delivery": "HANDED_OVER", "deliveredOn": str(self.today), **more}
        return await self.act("notifyFinding", by, **given)

    async def heard(self, by: str = "caseworker", answer: str = "车已卖掉，手续还没有办。") -> Any:
        """Its household answers today."""
        return await self.act("recordAnswer", by, answeredOn=str(self.today), answer=answer)


async def act(service: Service, field: str, by: str, **told: Any) -> Any:
    """The payload of a mutation."""
    title = field[0].upper() + field[1:]
    subject = SUBJECTS.get(field, FINDING)
    query = f"mutation ($input: {title}Input!) {{ {field}(input: $input) {{ {subject} auditId {ERRORS} }} }}"
    return (await service.data(query, {"input": told}, by=by))[field]


def done(answer: Any) -> Any:
    """The same, if it was carried out."""
    assert answer["userErrors"] == [], answer["userErrors"]
    return answer


def refused(answer: Any) -> Any:
    """Its one error, if it was not."""
    (error,) = answer["userErrors"]
    return error


EXPLAINED = {
    "explanation_zh": "【H05 车辆】（疑点，程度中）\n登记有一辆小型轿车，申报为 0 辆。\n"
    "比对：车辆——申报或档案：0 辆，对照机动车：1 辆。\n依据数据：机动车（数据截至 2026-05-31）；作为依据的记录 1 条。\n"
    "身份关联：号码与姓名一致（G1）。\n可以消除本疑点的材料：买卖合同、报废证明。\n依据：最低生活保障审核确认办法（规则版本 1）。",
    "explanation_en": "[H05 A car] (lead, medium)\nA car is on record, and none was declared.\n"
    "Compared: cars — declared or on file: 0, against vehicles: 1.\nData: vehicles (as of 2026-05-31); 1 record behind the lead."
    "\nIdentity: number and name agree (G1).\nWhat would clear it: a contract of sale, a certificate of scrapping.\n"
    "Basis: the rules of dibao (rule version 1).",
}


async def lead(service: Service, place: int = 0) -> Lead:
    """A lead in the county, one of those that the scan raised, on a car now that nobody declared."""
    there = (
        select(Finding.id)
        .join(Household, Household.id == Finding.household_id)
        .where(Household.division_code == "410502", Finding.rule_id.not_like("U%"))
        .order_by(Finding.id)
        .offset(place)
        .limit(1)
    )
    async with transaction(service.engine) as connection:
        key = (await connection.execute(there)).scalar_one()
        car = {"rule_id": "H05", "evidence": [{"source": "vehicles", "record_id": f"V-{key}"}], **EXPLAINED}
        await connection.execute(update(Finding).where(Finding.id == key).values(**car))
    return Lead(service, service.vault.ids("Finding", [key])[0], key)
