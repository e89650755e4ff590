"""The same page as tutorials write it: relay.Node, a DataLoader for each relation, ORM objects; strawberry's stock app.

Fair in what it does: one loader a request and relation, a session a batch, the same scope (a WHERE on the division) and
the same values opened and masked; and it need not count, page by cursor, or check an answer's size.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from starlette.requests import Request
from strawberry import relay
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from api import models
from api.domain import divisions, privacy
from api.domain.money import yuan
from api.sealing import Vault

Info = strawberry.Info[dict[str, Any], None]


def _shown(info: Info, column: str, sealed: bytes | None, mask: Callable[[str | None], str | None]) -> str | None:
    text: str | None = info.context["vault"].open(column, sealed)
    return mask(text) if info.context["masked"] else text


def _month(day: dt.date | None) -> str | None:
    return None if day is None else f"{day:%Y-%m}"


@strawberry.type
class Money:
    amount: str
    currency: str


@strawberry.type
class Programme:
    code: str
    name_zh: str


@strawberry.type
class Enrolment(relay.Node):
    key: relay.NodeID[int]
    row: strawberry.Private[models.Enrolment]
    agency: str | None
    start_month: str | None
    end_month: str | None

    @strawberry.field
    def amount(self) -> Money | None:
        fen = self.row.amount_fen
        return None if fen is None else Money(amount=str(yuan(fen)), currency="CNY")

    @strawberry.field
    async def programme(self, info: Info) -> Programme:
        row = await info.context["programmes"].load(self.row.programme_code)
        return Programme(code=row.code, name_zh=row.name_zh)


@strawberry.type
class Person(relay.Node):
    key: relay.NodeID[int]
    row: strawberry.Private[models.Member]
    relation: str | None

    @strawberry.field
    def name(self, info: Info) -> str | None:
        return _shown(info, "members.name", self.row.name, privacy.name)

    @strawberry.field
    def id_number(self, info: Info) -> str | None:
        return _shown(info, "members.id_number", self.row.id_number, privacy.number)

    @strawberry.field
    def phone(self, info: Info) -> str | None:
        return _shown(info, "members.phone", self.row.phone, privacy.phone)

    @strawberry.field
    def birth_year(self) -> int | None:
        return self.row.birth_date.year if self.row.birth_date else None


@strawberry.type
class Household(relay.Node):
    key: relay.NodeID[int]
    row: strawberry.Private[models.Household]
    reference: str
    stage: str
    applied_on: dt.date | None
    residence: str | None
    version: int

    @strawberry.field
    def phone(self, info: Info) -> str | None:
        return _shown(info, "households.phone", self.row.phone, privacy.phone)

    @strawberry.field
    def address(self, info: Info) -> str | None:
        return _shown(info, "households.address", self.row.address, privacy.address)

    @strawberry.field
    async def members(self, info: Info) -> list[Person]:
        rows = await info.context["members"].load(self.key)
        return [Person(key=row.id, row=row, relation=row.relation) for row in rows]

    @strawberry.field
    async def enrolments(self, info: Info) -> list[Enrolment]:
        rows = await info.context["enrolments"].load(self.key)
        return [
            Enrolment(
                key=row.id,
                row=row,
                agency=row.agency,
                start_month=_month(row.start_month),
                end_month=_month(row.end_month),
            )
            for row in rows
        ]


@strawberry.type
class Households:
    nodes: list[Household]


@strawberry.type
class Query:
    @strawberry.field
    async def households(self, info: Info, first: int = 25) -> Households:
        low, high = divisions.span("410500")
        statement = (
            select(models.Household)
            .where(models.Household.division_code >= low, models.Household.division_code < high)
            .order_by(models.Household.id.desc())
            .limit(first)
        )
        async with info.context["session"]() as session:
            return Households(nodes=[_household(row) for row in await session.scalars(statement)])

    @strawberry.field
    async def household(self, info: Info, id: relay.GlobalID) -> Household | None:
        low, high = divisions.span("410500")
        async with info.context["session"]() as session:
            row = await session.get(models.Household, int(id.node_id))
        return _household(row) if row is not None and low <= row.division_code < high else None


def _household(row: models.Household) -> Household:
    return Household(
        key=row.id,
        row=row,
        reference=row.reference,
        stage=row.stage,
        applied_on=row.applied_on,
        residence=row.residence,
        version=row.version,
    )


def _grouped(
    session: async_sessionmaker[AsyncSession], model: Any, column: Any, order: Sequence[Any]
) -> Callable[[list[int]], Awaitable[list[list[Any]]]]:
    async def load(keys: list[int]) -> list[list[Any]]:
        found = defaultdict(list)
        async with session() as opened:
            for row in await opened.scalars(select(model).where(column.in_(keys)).order_by(*order)):
                found[getattr(row, column.key)].append(row)
        return [found[key] for key in keys]

    return load


class Typical(GraphQL[dict[str, Any], None]):
    """The usual app."""

    def __init__(self, engine: AsyncEngine, vault: Vault, *, masked: bool) -> None:
        super().__init__(strawberry.Schema(Query), graphql_ide=None)
        self.session = async_sessionmaker(engine, expire_on_commit=False)
        self.vault, self.masked = vault, masked

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        assert isinstance(request, Request)
        members = _grouped(self.session, models.Member, models.Member.household_id, [models.Member.id])
        enrolments = _grouped(
            self.session, models.Enrolment, models.Enrolment.household_id, [models.Enrolment.start_month.desc()]
        )

        async def programmes(codes: list[str]) -> list[models.Programme]:
            async with self.session() as opened:
                rows = await opened.scalars(select(models.Programme).where(models.Programme.code.in_(codes)))
                found = {row.code: row for row in rows}
            return [found[code] for code in codes]

        return {
            "session": self.session,
            "vault": self.vault,
            "masked": self.masked,
            "members": DataLoader(load_fn=members),
            "enrolments": DataLoader(load_fn=enrolments),
            "programmes": DataLoader(load_fn=programmes),
        }
