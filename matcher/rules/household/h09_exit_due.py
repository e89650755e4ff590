"""H09: an income above the line for six known months in a row: time to look whether the household can leave the file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from matcher.income import exits
from matcher.rules import incomes, reading
from matcher.rules.household import h08_income_above_line
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Example, Facts, Lead, Result, Rule

OF_EXPENSE = ("病", "灾", "意外", "事故", "上学", "就学", "教育", "残疾", "护理")
"""Words of causes that an income says nothing of: they are gone when the expense is."""

RESOLVED = ("已消除", "已解决", "已解除", "已缓解", "消除")


def find(facts: Facts) -> Iterator[Lead]:
    """在档家庭连续六个已知月份人均收入都高于当月低保标准，提示核实致困原因是否消除、能否脱困退出。不是疑点，也不涉及金额；任何
    一个月不明，连续即中断。因病、因灾、因学等支出型困难，收入不能说明原因已消除，不提示；已由 H08 提示发放超过应得的，不重复提示。

    In six known months in a row a household on file had more a head than the line of each month: a task to see whether the
    causes of its hardship are gone and it can leave the file. It is no suspicion and no money is at stake. One month that is
    not known breaks the run. Where the cause is an expense (illness, disaster, schooling) an income does not tell that it is
    gone, and nothing is said; nor where H08 speaks of aid paid above the entitlement for the same income.
    """
    of = incomes.computed(facts)
    outcome = exits.assess(of.per_capita, of.months[-1], len(of.months))
    due = outcome.filter(pl.col("outcome") == "EXIT_DUE").get_column("household_id").to_list()
    homes = reading.households(facts, due)
    spoken = h08_income_above_line.households(facts) if homes else frozenset()
    kept = {home: row for home, row in homes.items() if on_file(row, facts.as_of) and home not in spoken}
    if not kept:
        return
    of = incomes.few(facts, of, kept)
    rows, families = of.rows(kept), reading.members(facts, kept)
    for household_id, home in sorted(kept.items()):
        if not of_expense(home):
            yield _lead(facts, of, home, rows[household_id], families[household_id])


def on_file(home: Row, as_of: dt.date) -> bool:
    """Whether the household's file is open on that day."""
    opened, closed = home["file_opened_on"], home["file_closed_on"]
    return opened is not None and opened <= as_of and (closed is None or closed > as_of)


def _causes(home: Row) -> list[str]:
    return [each.strip() for each in re.split(r"[、,，;；/|]", home["causes"] or "") if each.strip()]


def _resolved(cause: str) -> bool:
    return any(word in cause for word in RESOLVED) and "未" not in cause.split("（")[-1]


def of_expense(home: Row) -> bool:
    """Whether some cause that still stands is an expense; without causes, whether the file was opened for one."""
    standing = [cause for cause in _causes(home) if not _resolved(cause)]
    if not _causes(home):
        return bool(home["target_group"] == "EXPENDITURE_SHOCK")
    return any(word in cause for cause in standing for word in OF_EXPENSE)


def _lead(facts: Facts, of: incomes.Computed, home: Row, rows: list[Row], family: list[Row]) -> Lead:
    household_id, last = home["household_id"], rows[-1]
    sheets = [of.sheets[household_id, row["month"]] for row in rows]
    evidence = incomes.evidence(sheets)
    causes = _causes(home)
    remain: Result = "NO" if causes and all(map(_resolved, causes)) else "UNKNOWN"
    declared = last["declared"]
    said = ("未说明", "not stated") if declared is None else (f"{declared:.2f} 元", f"{declared:.2f} yuan")
    return Lead(
        household_id=household_id,
        person_ids=tuple(sorted(m["person_id"] for m in family if reading.is_member(m, last["month"]))),
        natural_key=("EXIT",),
        severity="INFO",
        grade=incomes.grade_of(facts, evidence),
        evidence=evidence,
        exceptions=(("causes_remain", remain),),
        facts={
            "first": f"{rows[0]['month']:%Y-%m}",
            "last": f"{last['month']:%Y-%m}",
            "count": str(len(rows)),
            "least": f"{min(row['low'] for row in rows):.2f}",
            "line": f"{last['line']:.2f}",
        },
        period=(rows[0]["month"], last["month"]),
        compared=(
            Compared(
                ("人均月收入", "income a head and month"),
                said,
                (f"{last['low']:.2f} 元", f"{last['low']:.2f} yuan"),
                evidence[0].source,
                evidence[0].record_id,
            ),
        ),
        steps=tuple(incomes.steps(each) for each in sheets),
    )


HOME = {"household_id": "H1", "applied_on": "2022-05-01", "file_opened_on": "2022-06-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
ASKED = ("tax", "social_insurance", "unemployment_benefit", "aid")
WAGES = tuple(
    {"person_id": "P1", "kind": "工资薪金", "income_yuan": 2600, "income_month": f"2024-{month:02d}"}
    for month in range(6, 12)
)
DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-01", "amount_yuan": 600}


def _given(**rows: tuple[Mapping[str, Any], ...]) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    nothing: dict[str, tuple[Mapping[str, Any], ...]] = dict.fromkeys(ASKED, ())
    return {**nothing, "households": (HOME,), "members": (HEAD,), "tax": WAGES, **rows}


EXAMPLES = (
    Example(
        zh="6月至11月工资2600元，各来源均已答复",
        en="A wage of 2,600 from June to November, every source has answered",
        given=_given(),
        severity="INFO",
        complete=ASKED,
    ),
    Example(
        zh="8月工资不明：连续中断",
        en="August is not known: the run is broken",
        given=_given(
            tax=(*WAGES[:2], *WAGES[3:], {**WAGES[2], "income_yuan": None}),
        ),
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="因病致困，收入不能说明原因已消除",
        en="The cause is an illness, of which an income says nothing",
        given=_given(households=({**HOME, "causes": "重特大疾病"},)),
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="同时发放低保：由 H08 提示",
        en="Dibao is paid as well: H08 speaks",
        given=_given(
            aid=(DIBAO,), tax=(*WAGES, *({**WAGES[0], "income_month": f"2024-{m:02d}"} for m in range(1, 6)))
        ),
        severity=None,
        complete=ASKED,
    ),
)

RULE = Rule(
    id="H09",
    version="1",
    title_zh="可核实脱困退出",
    title_en="Exit due",
    basis="安政办〔2019〕15号 二（二）：脱困标准为致困因素消除、家庭人均收入连续六个月超过当地低保标准",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="INFO",
    inputs={
        **incomes.INPUTS,
        "households": f"{incomes.INPUTS['households']} file_opened_on file_closed_on target_group causes",
    },
    minimum_grade="G4",
    find=find,
    rests_on=("tax", "social_insurance", "unemployment_benefit", "aid"),
    zh="{first} 至 {last} 连续 {count} 个月，该家庭人均收入每月至少 {least} 元，高于当月低保标准（最近为 {line} 元）。请入户核实致困原因"
    "是否消除，再决定是否脱困。",
    en="From {first} to {last}, {count} months in a row, the household had at least {least} yuan a head, above the line of each month "
    "(lately {line}). Visit it to see whether the causes are gone, and decide then.",
    clears_zh="致困原因仍在的说明（疾病、就学、债务等），收入已减少的凭证。",
    clears_en="A statement that a cause is still there (illness, schooling, debts), or proof that the income has fallen.",
    exceptions={"causes_remain": ("致困原因是否仍在", "a cause of hardship that is still there")},
    parameters=(*incomes.PARAMETERS, *h08_income_above_line.RULE.parameters[len(incomes.PARAMETERS) :]),
    examples=EXAMPLES,
)
