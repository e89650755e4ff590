"""What households and people declared, day by day, and how it is told in an input."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import strawberry

from api.domain.declarations import MONEY, WORDS, DeclarationSource, Declared, DeclaredItem
from api.loaders import histories
from api.loaders.reading import Reading, Rows
from api.schema import nodes
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.households import Household, Person
from api.schema.people import fen_of
from api.schema.people_terms import MaritalStatus
from api.schema.selection import Wanted
from api.schema.tree import Branch, branch
from api.schema.values import Money, money_of

described(
    DeclaredItem,
    "What is declared.",
    {
        "MONTHLY_INCOME": Words("月收入", "Monthly income", "家庭或本人的月收入（元）。", "Of the household, or of a member, in yuan."),
        "DEPOSITS": Words("存款", "Deposits", "家庭的存款和金融资产（元）。", "The household's deposits and other financial assets, in yuan."),
        "VEHICLES": Words("车辆数", "Vehicles", "家庭的机动车数。", "How many the household has."),
        "HOMES": Words("房产数", "Homes", "家庭的住房套数。", "How many the household has."),
        "BUSINESSES": Words("经营主体数", "Businesses", "家庭成员名下的经营主体数。", "How many the household's members have."),
        "EMPLOYMENT": Words("就业状况", "Employment", "本人的就业状况。", "What a member works as."),
        "MARITAL_STATUS": Words("婚姻状况", "Marital status", "本人的婚姻状况。", "A member's."),
    },
)  # fmt: skip
described(
    DeclarationSource,
    "How a declaration came to be known.",
    {
        "REGISTER": Words("登记簿", "Register", "由其他登记系统转入。", "It was taken over from another register."),
        "APPLICATION": Words("申请", "Application", "随申请提交。", "It was handed in with an application."),
        "CHANGE": Words("变化报告", "Change", "事后报告或更正。", "It was reported or corrected later."),
    },
)


@strawberry.type(
    description="One thing that was declared on a day. Without any value, it was declared not to be known."
)
class Declaration:
    """One thing that was declared on a day."""

    item: DeclaredItem = strawberry.field(description="What.")
    amount: Money | None = strawberry.field(description="The amount, of what is money.")
    count: int | None = strawberry.field(description="How many, of what is counted.")
    word: str | None = strawberry.field(description="The word, of what is told in words.")
    declared_on: dt.date = strawberry.field(description="The day from which on it holds.")
    source: DeclarationSource = strawberry.field(description="How it came to be known.")
    recorded_at: dt.datetime = strawberry.field(description="When it was written down.")
    recorded_by: str | None = strawberry.field(description="By whom; null where it was taken over.")


@strawberry.input(
    description="What a household, or one of its members, declares; an item that is not told stays as it was."
)
class DeclaredInput:
    """What a household, or one of its members, declares."""

    person_id: strawberry.ID | None = strawberry.field(
        default=None, description="The member; where nothing is said, the household itself."
    )
    monthly_income: Decimal | None = strawberry.field(default=None, description="In yuan.")
    deposits: Decimal | None = strawberry.field(default=None, description="The household's, in yuan.")
    vehicles: int | None = strawberry.field(default=None, description="How many the household has.")
    homes: int | None = strawberry.field(default=None, description="How many the household has.")
    businesses: int | None = strawberry.field(default=None, description="How many the household has.")
    employment: str | None = strawberry.field(default=None, description="The member's, up to 200 characters.")
    marital_status: MaritalStatus | None = strawberry.field(default=None, description="The member's.")
    unknown: list[DeclaredItem] = strawberry.field(
        default_factory=list, description="What is declared not to be known, which is not zero."
    )


def declared_of(info: Info, given: DeclaredInput, path: tuple[str, ...] = ("input", "declared")) -> Declared:
    """What an input declares. Raises NotDone."""
    told: dict[DeclaredItem, int | str | None] = {
        DeclaredItem.MONTHLY_INCOME: fen_of(given.monthly_income, (*path, "monthlyIncome")),
        DeclaredItem.DEPOSITS: fen_of(given.deposits, (*path, "deposits")),
        DeclaredItem.VEHICLES: given.vehicles,
        DeclaredItem.HOMES: given.homes,
        DeclaredItem.BUSINESSES: given.businesses,
        DeclaredItem.EMPLOYMENT: given.employment,
        DeclaredItem.MARITAL_STATUS: given.marital_status,
    }
    said = {item: value for item, value in told.items() if value is not None} | dict.fromkeys(given.unknown)
    if given.person_id is None:
        return Declared(said)
    return Declared(said, nodes.key_of(info, "Person", given.person_id) or 0)


def _objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Declaration]:
    return [
        Declaration(
            item=(item := DeclaredItem(row.item)),
            amount=money_of(row.amount) if item in MONEY else None,
            count=row.amount if item not in MONEY | WORDS else None,
            word=reading.whereabouts(row, row.word) if item == DeclaredItem.EMPLOYMENT else row.word,
            declared_on=row.declared_on,
            source=DeclarationSource(row.source),
            recorded_at=row.recorded_at,
            recorded_by=reading.whereabouts(row, row.display_name),
        )
        for row in rows
    ]


branch(
    Household,
    "declarations",
    Branch("key", lambda reading, keys, _: histories.declared_by_households(reading, keys), _objects, "declarations"),
)
branch(
    Person,
    "declarations",
    Branch("key", lambda reading, keys, _: histories.declared_by_people(reading, keys), _objects, "declarations"),
)
