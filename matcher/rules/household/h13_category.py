"""H13: the category in the file does not come out of the income that the sources tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from matcher.rules import incomes, reading
from matcher.rules.household.h09_exit_due import of_expense, on_file
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Example, Facts, Lead, Rule, Words


@dataclass(frozen=True, slots=True)
class Category:
    """A category of a file: its words, the value that says how many times the line it reaches up to, whether it begins at the line."""

    key: str
    words: tuple[str, ...]
    name: Words
    above_line: bool


CATEGORIES = (
    Category("category.deep_times", ("深度困难", "深度困难户", "深度困难职工", "深度贫困"), ("深度困难", "deep hardship"), False),
    Category("category.dibao_times", ("低保户", "低保"), ("低保户", "dibao household"), False),
    Category("category.relative_times", ("相对困难", "相对困难户", "相对困难职工"), ("相对困难", "relative hardship"), True),
    Category("category.marginal_times", ("低保边缘户", "低保边缘"), ("低保边缘户", "household at the margin of dibao"), True),
)  # fmt: skip
"""Both versions of the file rules, 2016 and 2020, by their own words; 意外致困 rests on a loss, which no income tells."""

BY_WORD = {word: category for category in CATEGORIES for word in category.words}


def find(facts: Facts) -> Iterator[Lead]:
    """在档家庭的困难档次与按各来源重新计算的收入不符：连续六个已知月份人均收入都高于该档次的上限，或都低于低保标准而档次较轻。
    收入不全的月份不计算；因病、因灾、因学等支出型困难须扣除刚性支出，收入高于上限不作提示；意外致困不按收入计算，不提示。
    本条只核对档案分类，不涉及金额，也不说明家庭有任何过错；收入高于标准能否脱困退出由 H09 提示。

    The category in the file does not follow from the income that the sources tell: in six known months in a row every
    month lies above what the category reaches to, or every month lies below the line while the category is a lighter one.
    Where a month is not known nothing is recomputed; hardship from illness, disaster or schooling is judged after its
    expenses, so an income above the bound says nothing; hardship from an accident rests on a loss. This is about our own
    classification: no money is at stake and nobody did wrong. Whether the household can leave the file is H09's.
    """
    homes = facts.households.filter(pl.col("category").str.strip_chars().is_in(list(BY_WORD)))
    rows = {home["household_id"]: home for home in homes.iter_rows(named=True) if on_file(home, facts.as_of)}
    if not rows:
        return
    of = incomes.few(facts, incomes.computed(facts), rows)
    families = reading.members(facts, rows)
    unstated = incomes.unstated(facts)
    for household_id, months in sorted(of.rows(rows).items()):
        home = rows[household_id]
        category = BY_WORD[home["category"].strip()]
        times = facts.policy.value(category.key, facts.as_of, home["division_code"])
        if len(months) < len(of.months) or any(month["line"] is None for month in months):
            continue
        if all(_above(month, times) for month in months) and not of_expense(home):
            yield _lead(facts, of, home, category, times, months, families[household_id], above=True)
        elif category.above_line and household_id not in unstated and all(map(_below, months)):
            yield _lead(facts, of, home, category, times, months, families[household_id], above=False)


def _above(month: Row, times: float) -> bool:
    return bool(month["known"] and month["low"] > month["line"] * Decimal(str(times)))


def _below(month: Row) -> bool:
    return bool(month["known"] and month["most"] is not None and month["most"] < month["line"])


def _lead(
    facts: Facts,
    of: incomes.Computed,
    home: Row,
    category: Category,
    times: float,
    months: list[Row],
    family: list[Row],
    *,
    above: bool,
) -> Lead:
    household_id, last = home["household_id"], months[-1]
    sheets = [of.sheets[household_id, month["month"]] for month in months]
    evidence = incomes.evidence(sheets)
    figures = [month["low" if above else "most"] for month in months]
    bound = last["line"] * Decimal(str(times)) if above else last["line"]
    side: Words = (
        ("高于该档次的上限", "above what the category reaches to") if above else ("低于低保标准", "below the line")
    )
    figure = min(figures) if above else max(figures)
    span = f"{months[0]['month']:%Y-%m}", f"{last['month']:%Y-%m}"
    return Lead(
        household_id=household_id,
        person_ids=tuple(sorted(each["person_id"] for each in family if reading.is_member(each, last["month"]))),
        natural_key=("CATEGORY", "ABOVE" if above else "BELOW"),
        severity="LOW",
        grade=incomes.grade_of(facts, evidence),
        evidence=evidence,
        exceptions=(("rigid_expense", "UNKNOWN"), ("officer_override", "UNKNOWN"), ("other_version", "NO")),
        facts={
            "first": span[0],
            "last": span[1],
            "count": str(len(months)),
            "category_zh": category.name[0],
            "category_en": category.name[1],
            "side_zh": side[0],
            "side_en": side[1],
            "bound": f"{bound:.2f}",
        },
        period=(months[0]["month"], last["month"]),
        compared=(
            Compared(
                ("困难档次与人均月收入", "category and income a head and month"),
                category.name,
                (
                    f"每月{'至少' if above else '至多'} {figure:.2f} 元",
                    f"at {'least' if above else 'most'} {figure:.2f} yuan a month",
                ),
                evidence[0].source if evidence else "tax",
            ),
        ),
        steps=(
            *(incomes.steps(each) for each in sheets),
            *(
                (
                    (
                        f"{last['line']:.2f} × {times:g} = {bound:.2f} 元，为该档次的上限",
                        f"{last['line']:.2f} × {times:g} = {bound:.2f} yuan, what the category reaches to",
                    ),
                )
                if above
                else ()
            ),
        ),
    )


HOME = {
    "household_id": "H1", "applied_on": "2022-05-01", "file_opened_on": "2022-06-01", "division_code": "410502",
    "category": "深度困难",
}  # fmt: skip
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
ASKED = ("tax", "social_insurance", "unemployment_benefit", "aid")
WAGES = tuple(
    {"person_id": "P1", "kind": "工资薪金", "income_yuan": 2600, "income_month": f"2024-{month:02d}"}
    for month in range(6, 12)
)


def _given(**rows: tuple[Mapping[str, Any], ...]) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    nothing: dict[str, tuple[Mapping[str, Any], ...]] = dict.fromkeys(ASKED, ())
    return {**nothing, "households": (HOME,), "members": (HEAD,), "tax": WAGES, **rows}


POOR = {**HOME, "category": "相对困难", "declared_monthly_income_yuan": 300}
EXAMPLES = (
    Example(
        zh="档案记为深度困难，六个月人均收入都是2600元",
        en="'Deep hardship' on file, 2,600 a head in each of six months",
        given=_given(),
        severity="LOW",
        complete=ASKED,
    ),
    Example(
        zh="档案记为相对困难，六个月都没有收入，申报300元：低于低保标准",
        en="'Relative hardship' on file, no income in six months and 300 declared: below the line",
        given=_given(households=(POOR,), tax=()),
        severity="LOW",
        complete=ASKED,
    ),
    Example(
        zh="一个月收入不明：不重新计算",
        en="One month is not known: nothing is recomputed",
        given=_given(tax=(*WAGES[:2], *WAGES[3:], {**WAGES[2], "income_yuan": None})),
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="因病致困：须先扣除刚性支出",
        en="Hardship from an illness: its expenses come first",
        given=_given(households=({**HOME, "causes": "重特大疾病"},)),
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="意外致困不按收入计算",
        en="Hardship from an accident is not judged by income",
        given=_given(households=({**HOME, "category": "意外致困"},)),
        severity=None,
        complete=ASKED,
    ),
)

RULE = Rule(
    id="H13",
    version="1",
    title_zh="困难档次无法复算",
    title_en="Category not reproducible",
    basis="困难职工档案管理办法：困难档次按家庭人均收入与低保标准的倍数认定；安政办〔2019〕15号 三（一）：精准识别",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        **incomes.INPUTS,
        "households": f"{incomes.INPUTS['households']} category* file_opened_on file_closed_on target_group causes",
    },
    minimum_grade="G4",
    find=find,
    zh="档案记为“{category}”，而 {first} 至 {last} 连续 {count} 个月人均收入都{side}（{bound} 元）。请复核档次，档案分类由我方更正。",
    en="The file says {category}, and in {count} months in a row, from {first} to {last}, the income a head lay {side} ({bound} yuan). "
    "Look at the category again; the classification is ours to correct.",
    clears_zh="刚性支出（医疗、就学、残疾照护）凭证，或经办人保留档次的书面理由。",
    clears_en="Proof of expenses that cannot be avoided (illness, schooling, care), or the officer's written reason for the category.",
    exceptions={
        "rigid_expense": ("扣除刚性支出后是否符合该档次", "in the category once expenses are taken off"),
        "officer_override": ("经办人是否书面保留该档次", "kept by an officer for a written reason"),
        "other_version": ("是否按另一版办法认定", "set under the other version of the rules"),
    },
    parameters=(*incomes.PARAMETERS, *(category.key for category in CATEGORIES)),
    examples=EXAMPLES,
)
