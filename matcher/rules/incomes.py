"""Income per head as the rules see it: computed once a scan for all households, and further back for the few that are looked at.

A rule that asks here declares INPUTS among its own inputs, so that the public book tells what the arithmetic reads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import polars as pl

from matcher.income import households, inputs, persons
from matcher.overlap import months
from matcher.rules import reading, work
from matcher.rules.reading import Row
from matcher.rules.rule import Evidence, Facts, Words

INPUTS: Mapping[str, str] = {
    "households": "division_code declared_monthly_income_yuan",
    "members": "valid_from valid_to declared_monthly_income_yuan",
    "tax": "kind income_yuan* tax_yuan income_month tax_year payer_name payer_uscc",
    "social_insurance": "kind* status payer employer_name employer_uscc benefit_yuan start_month end_month insured_month",
    "unemployment_benefit": "month* benefit_yuan",
    "aid": reading.AID,
}
"""What income is computed from: without one of these sources no month is known of anybody."""

PARAMETERS = ("line.dibao", "income.reporting_days", "income.net_of_tax", "income.employment_cost", "exit.months")
"""The policy's values that every computed income rests on."""

KINDS: Mapping[str | None, Words] = {
    "WAGE": ("工资", "wage"),
    "LABOUR": ("劳务报酬", "fees for services"),
    "BUSINESS": ("经营所得", "business"),
    "PROPERTY": ("财产性收入", "property"),
    "PENSION": ("养老金", "pension"),
    "UNEMPLOYMENT_BENEFIT": ("失业保险金", "unemployment benefit"),
    "BENEFIT": ("其他待遇", "other benefits"),
    "OTHER": ("其他收入", "other income"),
    "EMPLOYMENT_COST": ("扣减就业成本", "less the cost of going to work"),
    "TOLD_TWICE": ("扣减两处重复", "less what two sources told"),
}

_WORKING = "在职 在岗 就业 已就业 务工 打工 外出务工 灵活就业 零工 临时工 散工 自由职业 个体 个体经营 经商 务农 种地"
WORKING = frozenset(_WORKING.split())
"""Declared words for work of which no register need know."""

ALL, OF_MONTHS = "incomes: unnarrowed facts", "incomes: the last months"


@dataclass(frozen=True, slots=True)
class Computed:
    """Incomes of some months and what comes of them a head.

    `per_capita`: households.PER_CAPITA with `declared`, what the household itself says a head and month (null: nothing),
    and `most`: the upper bound, or what was declared where that is more; null where nobody knows. `sheets`: the calculation
    behind each row, by household and month, where it was narrowed to a few households (`few`).
    """

    incomes: persons.Incomes
    per_capita: pl.DataFrame
    sheets: Mapping[tuple[str, dt.date], households.Sheet] = field(default_factory=dict)

    @property
    def months(self) -> tuple[dt.date, ...]:
        """The months computed, the oldest first."""
        return self.incomes.months

    def last(self, count: int) -> pl.DataFrame:
        """The rows of the last `count` months."""
        return self.per_capita.filter(pl.col("month").is_in(self.months[-count:]))

    def rows(self, household_ids: Iterable[str]) -> dict[str, list[Row]]:
        """The rows of these households by household, the oldest month first."""
        wanted = self.per_capita.filter(pl.col("household_id").is_in(sorted(set(household_ids))))
        return reading.rows_by(wanted, "household_id")


def computed(facts: Facts) -> Computed:
    """The last months (policy: exit.months) that the sources may have reported in full, of all households; once a scan."""
    return facts.once(OF_MONTHS, lambda whole: _compute(whole, _last_months(whole)))


def further_back(facts: Facts, household_ids: Iterable[str], count: int) -> Computed:
    """The last `count` months of a few households: what a lead tells of the time before the months that all are asked for."""
    whole = facts.once(ALL, lambda whole: whole)
    ids = sorted(set(household_ids))
    homes, members = (frame.filter(pl.col("household_id").is_in(ids)) for frame in (whole.households, whole.members))
    ours = pl.col("person_id").is_in(members.get_column("person_id").implode())
    few = replace(
        whole,
        households=homes,
        members=members,
        linked={source: frame.filter(ours) for source, frame in whole.linked.items()},
        reviewed={source: frame.filter(ours) for source, frame in whole.reviewed.items()},
        coverage=whole.coverage.filter(ours),
    )
    return _compute(few, inputs.reported_months(whole, count))


def few(facts: Facts, of: Computed, household_ids: Iterable[str]) -> Computed:
    """The same of a few households, with their sheets."""
    whole = facts.once(ALL, lambda whole: whole)
    theirs = pl.col("household_id").is_in(sorted(set(household_ids)))
    told = households.of_households(of.incomes, household_ids)
    known = replace(whole, households=whole.households.filter(theirs), members=whole.members.filter(theirs))
    return Computed(told, of.per_capita.filter(theirs), households.sheets(known, told))


def _last_months(facts: Facts) -> list[dt.date]:
    return inputs.reported_months(facts, int(facts.policy.value("exit.months", facts.as_of)))


def _compute(facts: Facts, when: Iterable[dt.date]) -> Computed:
    told = persons.incomes(facts, when)
    heads = households.per_capita(facts, told)
    return Computed(
        told, heads.join(declared(facts, heads), on=["household_id", "month"], how="left").pipe(_with_most)
    )


def _with_most(rows: pl.DataFrame) -> pl.DataFrame:
    most = pl.when(pl.col("high").is_not_null()).then(pl.max_horizontal("high", "declared"))
    return rows.with_columns(most=most).sort("household_id", "month")


def declared(facts: Facts, months_of: pl.DataFrame) -> pl.DataFrame:
    """What each household says it has a head: its own figure, or the sum of its members' of that month, whichever is more.

    `months_of`: rows with household_id, month, members.
    """
    said = facts.members.filter(pl.col("declared_monthly_income_yuan").is_not_null()).select(
        "household_id", "valid_from", "valid_to", own="declared_monthly_income_yuan"
    )
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from") < pl.col("month").dt.offset_by("1mo"))
    stays = pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("month"))
    keys = months_of.select("household_id", "month", "members")
    of_members = (
        keys.join(said, on="household_id", how="inner")
        .filter(begun & stays)
        .group_by("household_id", "month")
        .agg(summed=pl.col("own").sum())
    )
    of_homes = facts.households.select("household_id", whole="declared_monthly_income_yuan").unique("household_id")
    together = pl.max_horizontal("whole", "summed")
    return (
        keys.join(of_homes, on="household_id", how="left")
        .join(of_members, on=["household_id", "month"], how="left")
        .select("household_id", "month", declared=(together / pl.col("members")).cast(pl.Decimal(18, 2)))
    )


def unstated(facts: Facts) -> set[str]:
    """The households of which a member says that they work, and neither they nor the household say for how much.

    No register need know of such work: their income has no upper bound.
    """
    silent = facts.households.filter(pl.col("declared_monthly_income_yuan").is_null()).select("household_id")
    working = work.declared(facts.members, WORKING).filter(pl.col("declared_monthly_income_yuan").is_null())
    return set(working.join(silent, on="household_id", how="semi").get_column("household_id").to_list())


def evidence(sheets: Iterable[households.Sheet]) -> tuple[Evidence, ...]:
    """Every record that these calculations rest on."""
    return tuple(
        dict.fromkeys(
            Evidence(step.source, record, step.person_id)
            for each in sheets
            for step in each.steps
            if step.source is not None
            for record in step.record_ids
        )
    )


def steps(each: households.Sheet) -> Words:
    """The calculation of one month as a line: what was told by kind, divided by heads, beside the line."""
    parts = [step for step in each.steps if step.kind is not None]
    sums: dict[str | None, Decimal] = {}
    for step in parts:
        sums[step.kind] = sums.get(step.kind, Decimal(0)) + step.low
    zh = "＋".join(f"{KINDS[kind][0]} {yuan:.2f}" for kind, yuan in sums.items()) or "无收入记录 0.00"
    en = " + ".join(f"{KINDS[kind][1]} {yuan:.2f}" for kind, yuan in sums.items()) or "no record of income 0.00"
    line = "—" if each.line is None else f"{each.line:.2f}"
    result = f"÷ {each.members} = {each.low:.2f}"
    return (
        f"{each.month:%Y-%m}（{zh}）{result} 元，低保标准 {line} 元",
        f"{each.month:%Y-%m} ({en}) {result} yuan, line {line} yuan",
    )


def grade_of(facts: Facts, pieces: Iterable[Evidence]) -> Any:
    """The weakest grade of the links behind these records; G1 where there is none: a source said that there is nothing."""
    wanted: dict[str, set[str]] = {}
    for piece in pieces:
        wanted.setdefault(piece.source, set()).add(piece.record_id)
    grades = ["G1"]
    for source, records in wanted.items():
        rows = facts.linked[source].filter(pl.col("record_id").is_in(sorted(records)))
        grades += rows.get_column("grade").drop_nulls().to_list()
    return max(grades)


def span(when: Iterable[dt.date]) -> tuple[dt.date | None, dt.date | None]:
    """The first and last of some months."""
    found = sorted(when)
    return (found[0], found[-1]) if found else (None, None)


def between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every month from one to another."""
    return months(first, last)
