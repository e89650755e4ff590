"""H07: the base of the housing provident fund is well above the declared wage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from matcher.rules import masking, reading, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule

ACTIVE = "ACTIVE"


def find(facts: Facts) -> Iterator[Lead]:
    """申报以后的同月份里，住房公积金缴存基数连续或累计三个月高于申报月收入的规定倍数：请提供工资条。基数按上年度月平均工资每年核定，
    不能说明当月工资，因此只是低程度的疑点，不涉及金额。封存、销户的账户、没有月份的余额记录、按下限缴存的基数不计；以后年度重新核定的基数与申报相符的，以前年度的不计；申报以来基数
    没有重新核定过的，标明不明。

    In three months or more since the declaration the base of the housing provident fund was above so many times the declared
    monthly income: payslips are asked for. The base is set once a year on last year's average wage and does not tell the
    wage of the month, so this is a lead of low degree and no amount. Sealed and closed accounts, records of a balance
    without a month, and a base at its floor do not count, nor those of a year after which the base, set anew, agrees with
    what was declared; where the base was not set anew since the declaration, that is said.
    """
    declared = facts.members.filter(pl.col("declared_monthly_income_yuan") > 0)
    stays = work.on_file(facts, declared).select(
        "person_id", "since", "until", "division_code", "applied", "declared_monthly_income_yuan"
    )
    times = Decimal(str(facts.policy.value("fund.base_times", facts.as_of)))
    begins = int(facts.policy.value("fund.base_year_begins", facts.as_of))
    month = pl.col("month")
    bases = (
        facts.linked["housing_fund"]
        .filter(
            pl.col("grade").is_in(work.GRADES),
            pl.col("month").is_not_null(),
            (pl.col("status") == ACTIVE).fill_null(True),
            pl.col("base_yuan").is_not_null(),
        )
        .with_columns(month=pl.col("month").dt.month_start())
        .join(stays, on="person_id", how="inner")
        .filter(month <= pl.col("until"))
        .with_columns(
            high=pl.col("base_yuan") > pl.col("declared_monthly_income_yuan") * times,
            base_year=pl.when(month.dt.month() >= begins).then(month.dt.year()).otherwise(month.dt.year() - 1),
        )
    )
    agreeing = bases.filter(~pl.col("high")).group_by("person_id").agg(agreed=pl.col("base_year").max())
    high = (
        bases.filter("high", month >= pl.col("since"))
        .join(agreeing, on="person_id", how="left")
        .filter(pl.col("agreed").is_null() | (pl.col("base_year") >= pl.col("agreed")))
        .sort("person_id", "month", "record_id")
    )
    least = int(facts.policy.value("fund.least_months", facts.as_of))
    for person_id, all_rows in sorted(work.by_person(high).items()):
        floor = Decimal(str(facts.policy.value("fund.base_floor_yuan", facts.as_of, all_rows[0]["division_code"])))
        rows = [row for row in all_rows if row["base_yuan"] > floor]
        months = sorted({row["month"] for row in rows})
        if len(months) >= least:
            yield _lead(person_id, rows, months, times, begins)


def _set_anew(rows: list[Row], begins: int) -> Result:
    """NO where the latest base was set on the wages of a year that began after the declaration, else nobody knows."""
    latest: dt.date = rows[-1]["month"]
    base_year = latest.year if latest.month >= begins else latest.year - 1
    applied: dt.date = rows[-1]["applied"]
    return "NO" if applied <= dt.date(base_year - 1, 1, 1) else "UNKNOWN"


def _lead(person_id: str, rows: list[Row], months: list[dt.date], times: Decimal, begins: int) -> Lead:
    declared: Decimal = rows[0]["declared_monthly_income_yuan"]
    least, most = min(row["base_yuan"] for row in rows), max(row["base_yuan"] for row in rows)
    return Lead(
        household_id=rows[0]["household_id"],
        person_ids=(person_id,),
        natural_key=("FUND",),
        severity="LOW",
        grade=reading.weakest(row["grade"] for row in rows),
        evidence=tuple(Evidence("housing_fund", row["record_id"], person_id) for row in rows),
        exceptions=(("yearly_base", _set_anew(rows, begins)), ("floor", "NO"), ("sealed", "NO")),
        facts={
            "declared": f"{declared:.2f}",
            "count": str(len(months)),
            "when": work.spans(months),
            "least": f"{least:.2f}",
            "most": f"{most:.2f}",
            "times": f"{times:g}",
            "employers": ", ".join(sorted({masking.code(row["employer_uscc"]) for row in rows})),
        },
        compared=(
            Compared(
                ("月收入", "monthly income"),
                (f"{declared:.2f} 元", f"{declared:.2f} yuan"),
                (f"缴存基数不低于 {least:.2f} 元", f"a base of at least {least:.2f} yuan"),
                "housing_fund",
                rows[0]["record_id"],
            ),
        ),
        steps=(
            (
                f"{declared:.2f} × {times:g} = {declared * times:.2f} 元，基数均高于此数",
                f"{declared:.2f} × {times:g} = {declared * times:.2f} yuan, every base is above it",
            ),
        ),
        period=(months[0], months[-1]),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "declared_monthly_income_yuan": 2000}


def _fund(*months: str, **other: object) -> tuple[dict[str, object], ...]:
    row = {"person_id": "P1", "base_yuan": 4200, "status": "ACTIVE", "employer_uscc": "91410500MA12345678"}
    return tuple({**row, "month": month, **other} for month in months)


HALF = tuple(f"2024-{month:02d}" for month in range(7, 13))
EXAMPLES = (
    Example(
        zh="申报2000元，六个月缴存基数4200元",
        en="2,000 yuan declared, a base of 4,200 in six months",
        given={"households": (HOME,), "members": (HEAD,), "housing_fund": _fund(*HALF)},
        severity="LOW",
    ),
    Example(
        zh="只有两个月",
        en="Two months alone",
        given={"households": (HOME,), "members": (HEAD,), "housing_fund": _fund("2024-11", "2024-12")},
        severity=None,
    ),
    Example(
        zh="按下限缴存",
        en="A base at its floor",
        given={
            "households": (HOME,),
            "members": ({**HEAD, "declared_monthly_income_yuan": 1200},),
            "housing_fund": _fund(*HALF, base_yuan=2000),
        },
        severity=None,
    ),
    Example(
        zh="封存账户",
        en="A sealed account",
        given={"households": (HOME,), "members": (HEAD,), "housing_fund": _fund(*HALF, status="FROZEN")},
        severity=None,
    ),
)

RULE = Rule(
    id="H07",
    version="1",
    title_zh="公积金基数高于申报收入",
    title_en="Fund base above the declared wage",
    basis="安政办〔2019〕15号 三（一）：公积金信息核对；住房公积金管理条例第十六条",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        "households": "applied_on file_opened_on file_closed_on division_code target_group",
        "members": "declared_monthly_income_yuan* valid_from valid_to",
        "housing_fund": "employer_uscc base_yuan* status month*",
    },
    minimum_grade="G4",
    find=find,
    rests_on=("housing_fund",),
    zh="申报月收入 {declared} 元，而 {count} 个月（{when}）公积金缴存基数为 {least} 至 {most} 元，高于申报的 {times} 倍，单位 {employers}。"
    "请提供这些月份的工资条。",
    en="{declared} yuan a month were declared; in {count} months ({when}) the base of the provident fund was {least} to {most} "
    "yuan, above {times} times as much, employer {employers}. Payslips of these months are asked for.",
    clears_zh="工资条、银行流水，或单位关于基数按上年度工资核定的说明。",
    clears_en="Payslips, bank statements, or the employer's statement that the base was set on last year's wage.",
    exceptions={
        "yearly_base": ("基数是否按申报以前的工资核定", "the base was set on wages of before the declaration"),
        "floor": ("是否按下限缴存", "the base is at its floor"),
        "sealed": ("账户是否封存", "the account is sealed"),
    },
    parameters=("fund.base_times", "fund.least_months", "fund.base_floor_yuan", "fund.base_year_begins"),
    examples=EXAMPLES,
)
