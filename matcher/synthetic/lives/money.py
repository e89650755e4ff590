"""Savings and incomes of ordinary households as they declare them; and whose income by the records is truly below or above the line."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import polars as pl

from matcher import frames, policy
from matcher.income import households, inputs, persons
from matcher.overlap import add_months, first_day
from matcher.sources import contract
from matcher.synthetic import places
from matcher.synthetic.households import Household, Ledger, Person, Record

ADULT = 16
SAVES, MOST_SAVED = 0.5, 3000
"""How many adults have an account, and what lies on it at most: far below any limit."""

CASUAL = 0.85
"""Households that declare an income from jobs that no register knows, a little above the line."""

BASIC = ("DIBAO", "TEKUN")
LINE_A_HEAD = (720, 950)
"""Yuan a head and month that such households declare."""

RAN = 3
"""The months in which an income is looked at; the policy's own value is what the rules read."""


def live(household: Household, ledger: Ledger) -> None:
    """Small accounts, declared; an income declared in most households; the reason why a file was closed."""
    if "finance" not in household.settled:
        saved = [save(person, ledger, ledger.number(50, MOST_SAVED)) for person in household.people
                 if person.age(ledger.as_of) >= ADULT and ledger.chance(SAVES)]  # fmt: skip
        household.file.setdefault("declared_deposits_yuan", sum(saved, Decimal(0)))
    if household.planted or ledger.chance(CASUAL):
        yuan = ledger.number(*LINE_A_HEAD) * len(household.people)
        household.file.setdefault("declared_monthly_income_yuan", Decimal(yuan))
    if household.file_closed_on is not None:
        household.file.setdefault("exit_reason", "脱困")


def save(
    person: Person, ledger: Ledger, yuan: int, *, average: int | None = None, kind: str = "储蓄存款", status: str = "ACTIVE",
    opened: dt.date | None = None, number: str | None = None, bank: str | None = None,
) -> Decimal:  # fmt: skip
    """An account and its balance."""
    ledger.add(
        "finance", person, institution=bank or places.BANKS[ledger.number(0, len(places.BANKS) - 1)],
        account_no=number or account(ledger), kind=kind, balance_yuan=Decimal(yuan),
        average_balance_6m_yuan=Decimal(yuan if average is None else average), status=status,
        opened_on=opened or ledger.before(ledger.as_of, 900, 4000), as_of=ledger.as_of,
    )  # fmt: skip
    return Decimal(yuan)


def account(ledger: Ledger) -> str:
    """The number of a new account."""
    return f"621{ledger.number(10**15, 10**16 - 1)}"


@dataclass(frozen=True)
class _Extract:
    """A source's extract as every department of a city keeps one."""

    complete: bool = True


@dataclass(frozen=True)
class _World:
    """What the offices hold of the applicants before anybody mistypes it: inputs.Known."""

    as_of: dt.date
    policy: policy.Policy
    members: pl.DataFrame
    households: pl.DataFrame
    linked: Mapping[str, pl.DataFrame]
    coverage: pl.DataFrame
    feeds: Mapping[str, inputs.Feed] = field(default_factory=lambda: dict.fromkeys(inputs.SOURCES, _Extract()))
    reviewed: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def register(homes: Sequence[Household], ledger: Ledger, unauthorised: set[str]) -> None:
    """Writes down who is below the line without dibao, and who is above it with dibao, long enough or again."""
    _wrong_lines(homes, ledger)
    if not set(inputs.SOURCES) <= ledger.sources:
        return
    world = _world(homes, ledger, unauthorised)
    when = inputs.reported_months(world, 6)
    heads = households.per_capita(world, persons.incomes(world, when))
    series: dict[str, list[Record]] = defaultdict(list)
    for row in heads.iter_rows(named=True):
        series[row["household_id"]].append(row)
    supported, paid = _aided(homes, ledger)
    owners = {row["_humans"]["SELF"] for row in ledger.records.get("business", ()) if row["status"] == "LIVE"}
    known = {(row["rule_id"], row["household_id"]) for row in ledger.findings}
    for home in homes:
        rows = series.get(home.household_id, [])
        if not rows:
            continue
        for rule in _true(home, rows, ledger.as_of, supported, paid, owners):
            if (rule, home.household_id) not in known:
                ledger.lead(rule, home, *home.people)


def _wrong_lines(homes: Sequence[Household], ledger: Ledger) -> None:
    """Files that stand, for another family of rules, in a county where nobody lives and whose line is a different one."""
    lines = policy.load()
    known = {row["household_id"] for row in ledger.findings if row["rule_id"] == "H10"}
    for home in homes:
        ours, own = home.file.get("division_code"), home.head.identity["division_code"]
        active = home.file_opened_on and (home.file_closed_on is None or home.file_closed_on > ledger.as_of)
        if not ours or ours[:6] == own or "address" in home.file or home.household_id in known or not active:
            continue
        one, other = (lines.value("line.dibao", ledger.as_of, code[:6]) for code in (ours, own))
        if one != other and home.file.get("target_group") != "MIGRANT_WORKER":
            ledger.lead("H10", home, home.head)


def _true(
    home: Household, rows: list[Record], as_of: dt.date, supported: set[str], paid: set[str], owners: set[int]
) -> Iterable[str]:
    active = home.file_closed_on is None or home.file_closed_on > as_of
    last = rows[-RAN:]
    declared = home.file.get("declared_monthly_income_yuan")
    members = [person.file.get("declared_monthly_income_yuan") for person in home.people]
    said = max(declared or Decimal(0), sum((yuan for yuan in members if yuan), Decimal(0)))
    unstated = declared is None and any(
        yuan is None and person.file.get("declared_employment") in ("在职", "务农", "灵活就业")
        for person, yuan in zip(home.people, members, strict=True)
    )
    below = [
        row for row in last if row["known"] and row["line"] and max(row["high"], said / row["members"]) < row["line"]
    ]
    above = [row for row in rows if row["known"] and row["line"] and row["low"] > row["line"]]
    in_business = any(person.human in owners for person in home.people)
    if active and len(below) == RAN and not unstated and home.household_id not in supported and not in_business:
        yield "U01"
    if active and home.file_opened_on and len(above) == len(rows):
        if home.household_id in paid:
            yield "H08"
        elif home.file.get("target_group") != "EXPENDITURE_SHOCK":
            yield "H09"


def _aided(homes: Sequence[Household], ledger: Ledger) -> tuple[set[str], set[str]]:
    """The households with dibao or destitution support now, and those with dibao in the last months."""
    of = defaultdict(set)
    for home in homes:
        for person in home.people:
            of[person.human].add(home.household_id)
    now, then = (f"{add_months(first_day(ledger.as_of), -count):%Y-%m}" for count in (1, RAN))
    supported: set[str] = set()
    paid: set[str] = set()
    for row in ledger.records.get("aid", ()):
        if row["programme"] in BASIC and (row["end_month"] or "9999") >= now:
            supported |= of[row["_humans"]["SELF"]]
        if row["programme"] == "DIBAO" and (row["end_month"] or "9999") >= then:
            paid |= of[row["_humans"]["SELF"]]
    return supported, paid


def _world(homes: Sequence[Household], ledger: Ledger, unauthorised: set[str]) -> _World:
    people = [
        {"person_id": p.person_id, "household_id": home.household_id, "human": p.human, "valid_from": p.valid_from, "valid_to": p.valid_to}
        for home in homes for p in home.people
    ]  # fmt: skip
    kinds = {
        "person_id": pl.String(),
        "household_id": pl.String(),
        "human": pl.Int64(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
    }
    members = pl.DataFrame(people, schema=kinds)
    linked = {source: _linked(source, ledger.records.get(source, []), members) for source in inputs.SOURCES}
    return _World(
        as_of=ledger.as_of,
        policy=policy.load(),
        members=members.drop("human"),
        households=pl.DataFrame(
            [
                {"household_id": home.household_id, "division_code": home.head.identity["division_code"]}
                for home in homes
            ],
            schema={"household_id": pl.String, "division_code": pl.String},
        ),
        linked=linked,
        coverage=pl.concat(
            [
                members.select("person_id").with_columns(
                    source=pl.lit(source),
                    state=pl.when(pl.col("person_id").is_in(sorted(unauthorised)))
                    .then(pl.lit("NOT_AUTHORISED"))
                    .when(pl.col("person_id").is_in(linked[source].get_column("person_id").implode()))
                    .then(pl.lit("VALUE"))
                    .otherwise(pl.lit("NO_RECORD")),
                    as_of=pl.lit(ledger.as_of),
                )
                for source in inputs.SOURCES
            ]
        ),
    )


def _linked(source: str, rows: Sequence[Record], members: pl.DataFrame) -> pl.DataFrame:
    schema = contract.load(source).schema()
    months = {name for name, kind in schema.items() if kind == pl.Date}
    told: list[dict[str, Any]] = [
        {name: _month(row.get(name)) if name in months else row.get(name) for name in schema}
        | {"record_id": str(place), "human": row["_humans"]["SELF"]}
        for place, row in enumerate(rows)
    ]
    frame = pl.DataFrame(told, schema=frames.schema({**schema, "record_id": pl.String, "human": pl.Int64}))
    return frame.join(members.select("human", "person_id", "household_id"), on="human").with_columns(
        grade=pl.lit("G1")
    )


def _month(text: Any) -> Any:
    """Departments write months as text."""
    return dt.date.fromisoformat(f"{text}-01") if isinstance(text, str) and len(text) == 7 else text
