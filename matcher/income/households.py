"""Income per head of a household in a month: an interval, beside the line of that month and that division.

A household stands BELOW the line when the most it can have is less, ABOVE when the least it must have is more, and
otherwise nobody can tell. Bounds are rounded outwards to the fen, so that rounding decides nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import polars as pl

from matcher import frames
from matcher.income.inputs import SOURCES, Known
from matcher.income.persons import Incomes, yuan
from matcher.overlap import add_months
from matcher.policy import Policy

Standing = Literal["BELOW", "ABOVE", "CANNOT_TELL"]

PER_CAPITA = frames.schema(
    {
        "household_id": pl.String,
        "month": pl.Date,
        "members": pl.UInt32,  # who belonged to it on some day of the month
        "low": frames.MONEY,
        "high": frames.MONEY,  # null: open above
        "known": pl.Boolean,  # every needed source spoke of every member, and every amount has a size
        "line": frames.MONEY,  # null: no line is in force
        "standing": pl.String,  # BELOW ABOVE CANNOT_TELL
        "silent": pl.Struct(dict.fromkeys(SOURCES, pl.UInt32)),  # members of whom the source said nothing
        "unsized": pl.UInt32,  # members with an income of unknown size
    }
)
"""One household and month; money is yuan a head and month."""

ONE_PAYMENT = "UNEMPLOYMENT_BENEFIT"
"""A payment that several sources tell of. Other kinds told by two sources may be one payment or two."""

WORKED = "WAGE"
"""The kind from which the cost of going to work is deducted."""

AT_ONCE = 2_000_000
"""How many rows of a person and month are looked at together."""

_CALENDAR = frames.schema({"month": pl.Date, "next": pl.Date})
_TERMS = frames.schema({"month": pl.Date, "division": pl.String, "line": pl.Int64, "cost": pl.Int64})


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a calculation sheet: yuan of the household in that month, `high` None where it is open above.

    `state` VALUE: a source told it, `record_ids` are its records. NO_RECORD: the source said there is nothing. NO_ANSWER,
    NOT_ASKED: it did not say, or not all. COMPUTED: taken off because two sources told of one payment (kind TOLD_TWICE) or
    for the cost of going to work (kind EMPLOYMENT_COST).
    """

    person_id: str
    source: str | None
    kind: str | None
    state: str
    low: Decimal
    high: Decimal | None
    record_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """How the income per head of one household in one month comes about: the steps add up to the totals, and then ÷ members."""

    household_id: str
    month: dt.date
    members: int
    steps: tuple[Step, ...]
    total_low: Decimal
    total_high: Decimal | None
    low: Decimal
    high: Decimal | None
    known: bool
    line: Decimal | None
    standing: Standing


def per_capita(known: Known, incomes: Incomes, line: str = "line.dibao", times: str | None = None) -> pl.DataFrame:
    """Income per head of every household in every month of `incomes` (PER_CAPITA), sorted by household and month.

    `line`: the policy's key of the line, as of the month and by the household's division; `times`: the key of a factor
    on it, such as line.low_income. A household has a row for each month in which it had a member.
    """
    present, parts = _people(known, incomes), [PER_CAPITA.to_frame()]
    for some in _at_once(incomes.months, len(present)):
        here = _members_of(present, some, known.policy, line, times)
        if not here.is_empty():
            parts.append(_divided(here, _received(_told_in(incomes, some), here), incomes.sources))
    return pl.concat(parts).sort("household_id", "month")


def sheet(
    known: Known,
    incomes: Incomes,
    household_id: str,
    month: dt.date,
    line: str = "line.dibao",
    times: str | None = None,
) -> Sheet | None:
    """The calculation behind one row of `per_capita` with the same arguments; None where it had no member that month."""
    return sheets(known, of_households(incomes, [household_id]), [month], line, times).get((household_id, month))


def sheets(
    known: Known,
    incomes: Incomes,
    months: Iterable[dt.date] | None = None,
    line: str = "line.dibao",
    times: str | None = None,
) -> dict[tuple[str, dt.date], Sheet]:
    """The calculations behind all rows of `per_capita` with the same arguments, by household and month, or those of some `months`.

    Meant for few households (`of_households`): every step is an object.
    """
    present, told = _people(known, incomes), _told(incomes)
    states = {(person, source): state for person, source, state in incomes.answers.select(*_ANSWER).iter_rows()}
    found = {}
    for some in _at_once(incomes.months if months is None else tuple(months), len(present)):
        here = _members_of(present, some, known.policy, line, times)
        received = _received(_told_in(incomes, some), here)
        computed = _by_seat(received)
        members: dict[tuple[str, dt.date], list[dict[str, Any]]] = {}
        for member in here.sort("seat").iter_rows(named=True):
            members.setdefault((member["household_id"], member["month"]), []).append(member)
        for row in _divided(here, received, incomes.sources).iter_rows(named=True):
            month, family = row["month"], members[row["household_id"], row["month"]]
            taken_off = [each for member in family for each in computed.get((member["seat"], month), ())]
            steps = (*_told_steps(family, told, states, incomes.sources, month), *_computed_steps(taken_off))
            found[row["household_id"], month] = _sheet(row, month, steps, taken_off)
    return found


def of_households(incomes: Incomes, household_ids: Iterable[str]) -> Incomes:
    """What was told and answered of these households."""
    people = incomes.people.filter(pl.col("household_id").is_in(sorted(set(household_ids))))
    told = incomes.tellings.filter(pl.col("seat").is_in(people.get_column("seat").implode()))
    answers = incomes.answers.filter(pl.col("person_id").is_in(people.get_column("person_id").implode()))
    return Incomes(people, told, answers, incomes.months, incomes.sources)


def _sheet(row: Mapping[str, Any], month: dt.date, steps: tuple[Step, ...], received: list[dict[str, Any]]) -> Sheet:
    return Sheet(
        household_id=row["household_id"],
        month=month,
        members=row["members"],
        steps=steps,
        total_low=_amount(sum(each["low"] for each in received)),
        total_high=None if row["high"] is None else _amount(sum(each["high"] for each in received)),
        low=row["low"],
        high=row["high"],
        known=row["known"],
        line=row["line"],
        standing=row["standing"],
    )


def _at_once(months: Sequence[dt.date], people: int) -> Iterable[tuple[dt.date, ...]]:
    """The months a few at a time: all together for few people, one by one for so many that their rows would fill the memory."""
    each = max(AT_ONCE // max(people, 1), 1)
    return (tuple(months[start : start + each]) for start in range(0, len(months), each))


def _told_in(incomes: Incomes, months: Sequence[dt.date]) -> pl.DataFrame:
    return incomes.tellings.filter(pl.col("month").is_in(months))


def _people(known: Known, incomes: Incomes) -> pl.DataFrame:
    """Each member with the household's division, and until when each source spoke of them."""
    homes = known.households.select("household_id", division=pl.col("division_code").str.slice(0, 6).fill_null(""))
    rows = incomes.people.join(homes.unique("household_id"), on="household_id", how="left", maintain_order="left")
    until = incomes.answers.get_column("until")
    spoke = {source: until.slice(at * len(rows), len(rows)) for at, source in enumerate(incomes.sources)}
    return rows.with_columns(pl.col("division").fill_null(""), **spoke)


def _members_of(
    people: pl.DataFrame, months: Sequence[dt.date], policy: Policy, line: str, times: str | None
) -> pl.DataFrame:
    """Who belonged to a household on some day of each month, with the month's terms of its division."""
    calendar = pl.DataFrame([(month, add_months(month, 1)) for month in months], schema=_CALENDAR, orient="row")
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from") < pl.col("next"))
    stays = pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("month"))
    here = people.join(calendar, how="cross").filter(begun & stays)
    divisions = here.select("month", "division").unique().sort("month", "division").iter_rows()
    terms = [
        (month, division, *_terms(policy, month, division or None, line, times)) for month, division in divisions
    ]
    return here.join(pl.DataFrame(terms, schema=_TERMS, orient="row"), on=["month", "division"], how="left")


def _terms(
    policy: Policy, month: dt.date, division: str | None, line: str, times: str | None
) -> tuple[int | None, int]:
    """The line (None where none is in force) and the cost of going to work, in fen."""
    cost = round(policy.value("income.employment_cost", month, division) * 100)
    yuan = policy.known(line, month, division)
    if yuan is None:
        return None, cost
    factor = policy.value(times, month, division) if times else 1.0
    return round(yuan * factor * 100), cost


def _received(told: pl.DataFrame, here: pl.DataFrame) -> pl.DataFrame:
    """What each of these people received of each kind each month, in fen: what two sources told of one payment counts once.

    Columns: month, seat, person_id, kind, told_low, told_high (their plain sum), once_low, once_high, low, high (after deductions). The
    least is what the source that told most proves: so leaving out a source never raises it.
    """
    once_high = (
        pl.when(pl.col("kind") == ONE_PAYMENT)
        .then(pl.col("most"))
        .otherwise(pl.when(pl.col("open") == 0).then(pl.col("told_high")))
    )
    cost = pl.when(pl.col("kind") == WORKED).then(pl.col("cost")).otherwise(0)
    return (
        told.group_by("month", "seat", "kind", "source")
        .agg(pl.col("low").sum().clip(lower_bound=0), pl.col("high").sum(), open=pl.col("high").null_count())
        .with_columns(high=pl.when(pl.col("open") == 0).then("high"))
        .group_by("month", "seat", "kind")
        .agg(
            told_low=pl.col("low").sum(),
            told_high=pl.col("high").sum(),
            once_low=pl.col("low").max(),
            most=pl.col("high").max(),
            open=pl.col("high").null_count(),
        )
        .join(here.select("month", "seat", "person_id", "cost"), on=["month", "seat"], how="inner")
        .with_columns(once_high=once_high)
        .with_columns(
            low=(pl.col("once_low") - cost).clip(lower_bound=0), high=(pl.col("once_high") - cost).clip(lower_bound=0)
        )
        .sort("month", "seat", "kind")
    )


def _divided(here: pl.DataFrame, received: pl.DataFrame, sources: Iterable[str]) -> pl.DataFrame:
    persons = received.group_by("month", "seat").agg(
        pl.col("low", "high").sum(), unsized=(pl.col("high").null_count() > 0).cast(pl.UInt32)
    )
    sources = list(sources)
    silent = {
        source: (pl.col(source).is_null() | (pl.col(source) < pl.col("month"))).cast(pl.UInt32) for source in sources
    }
    known = pl.sum_horizontal(*sources, "unsized") == 0 if sources else pl.col("unsized") == 0
    heads = pl.col("members").cast(pl.Int64)
    low, high = pl.col("low") // heads, -(-pl.col("high") // heads)
    above, below = pl.col("low") > pl.col("line"), pl.col("high") < pl.col("line")
    return (
        here.join(persons, on=["month", "seat"], how="left")
        .with_columns(pl.col("low", "high", "unsized").fill_null(0), **silent)
        .group_by("household_id", "month")
        .agg(pl.len().alias("members"), pl.col("low", "high", "unsized", *sources).sum(), pl.col("line").first())
        .with_columns(known=known)
        .with_columns(low=low, high=pl.when("known").then(high))
        .with_columns(
            standing=pl.when(above.fill_null(False))
            .then(pl.lit("ABOVE"))
            .when(below.fill_null(False))
            .then(pl.lit("BELOW"))
            .otherwise(pl.lit("CANNOT_TELL"))
        )
        .select(
            "household_id",
            "month",
            "members",
            yuan(pl.col("low")).alias("low"),
            yuan(pl.col("high")).alias("high"),
            "known",
            yuan(pl.col("line")).alias("line"),
            "standing",
            pl.struct(
                (pl.col(each) if each in sources else pl.lit(0)).cast(pl.UInt32).alias(each) for each in SOURCES
            ).alias("silent"),
            "unsized",
        )
        .cast(PER_CAPITA)
    )


_ANSWER = ("person_id", "source", "state")


def _told(incomes: Incomes) -> dict[tuple[str, str, dt.date], list[Step]]:
    """What each source told of each person in each month."""
    found: dict[tuple[str, str, dt.date], list[Step]] = {}
    for row in incomes.told().iter_rows(named=True):
        step = Step(
            row["person_id"], row["source"], row["kind"], "VALUE", row["low"], row["high"], tuple(row["record_ids"])
        )
        found.setdefault((row["person_id"], row["source"], row["month"]), []).append(step)
    return found


def _told_steps(
    family: Iterable[Mapping[str, Any]],
    told: Mapping[tuple[str, str, dt.date], list[Step]],
    states: Mapping[tuple[str, str], str],
    sources: Iterable[str],
    month: dt.date,
) -> Iterable[Step]:
    """What each source told of each member, and where it told nothing, whether that means nothing."""
    for member in family:
        for source in sources:
            place = (member["person_id"], source)
            steps = told.get((*place, month), ())
            yield from steps
            if member[source] is None or member[source] < month:
                state = "NOT_ASKED" if states.get(place, "NOT_ASKED") == "NOT_ASKED" else "NO_ANSWER"
                yield Step(*place, None, state, Decimal(0), None)
            elif not steps:
                yield Step(*place, None, "NO_RECORD", Decimal(0), Decimal(0))


def _by_seat(received: pl.DataFrame) -> dict[tuple[int, dt.date], list[dict[str, Any]]]:
    found: dict[tuple[int, dt.date], list[dict[str, Any]]] = {}
    for row in received.iter_rows(named=True):
        found.setdefault((row["seat"], row["month"]), []).append(row)
    return found


def _computed_steps(received: Iterable[Mapping[str, Any]]) -> Iterable[Step]:
    """What was taken off the plain sum of what was told."""
    for row in received:
        sized = row["open"] == 0
        for kind, after, before in (("TOLD_TWICE", "once", "told"), ("EMPLOYMENT_COST", "", "once")):
            low_after, high_after = (
                (row[f"{after}_low"], row[f"{after}_high"]) if after else (row["low"], row["high"])
            )
            low = low_after - row[f"{before}_low"]
            high = high_after - row[f"{before}_high"] if sized else None
            if low or high:
                yield Step(
                    row["person_id"], None, kind, "COMPUTED", _amount(low), None if high is None else _amount(high)
                )


def _amount(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)
