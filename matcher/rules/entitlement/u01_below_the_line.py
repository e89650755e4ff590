"""U01: an income below the line in months of which everything is known, and no dibao."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from matcher.overlap import add_months, first_day
from matcher.rules import incomes, reading
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule

BASIC = ("DIBAO", "TEKUN")
"""Aid that takes the place of a missing income; who has one of these is not left out."""


def find(facts: Facts) -> Iterator[Lead]:
    """最近三个已知月份，每月家庭人均收入的上限都低于当月低保标准，而没有发放低保或特困供养。提示转介民政部门，由家庭自己决定
    是否申请。家庭自己申报的收入更高时按申报数计；自称在职、务农或灵活就业而未申报收入的，收入不明，不提示。任何一个需要的来源没有答复、未授权或金额不明的月份不算已知，不提示；家庭有
    存续的经营主体时收入不明，也不提示；已注销的档案不看。

    In each of the last three known months the most that the household can have had a head is below the line, and no
    dibao or destitution support is paid. A referral to civil affairs: the household decides whether to apply. Where the
    household declares more, that counts; who says that they work, farm or job and states no income leaves it open, and
    nothing is said. A month of which one needed source has not answered, or may not be asked, or
    in which an amount is open, is not known and nothing is said; nor where a live business leaves the income open; closed
    files are not looked at.
    """
    active = facts.households.filter(pl.col("file_closed_on").is_null() | (pl.col("file_closed_on") > facts.as_of))
    open_to_aid = set(active.get_column("household_id").to_list()) - _supported(facts)
    open_to_aid -= _in_business(facts) | incomes.unstated(facts)
    if not open_to_aid:
        return
    of = incomes.computed(facts)
    count = int(facts.policy.value("income.known_months", facts.as_of))
    below = (pl.col("known") & (pl.col("most") < pl.col("line"))).fill_null(False)
    poor = of.last(count).group_by("household_id").agg(below=below.sum()).filter(pl.col("below") >= count)
    left_out = set(poor.get_column("household_id").to_list()) & open_to_aid
    if not left_out:
        return
    of = incomes.few(facts, of, left_out)
    rows, families = of.rows(left_out), reading.members(facts, left_out)
    for household_id in sorted(left_out):
        yield _lead(facts, of, household_id, rows[household_id][-count:], families[household_id])


def _supported(facts: Facts) -> set[str]:
    """The households of which a member has dibao or destitution support, decided or under review, now or last month."""
    now = add_months(first_day(facts.as_of), -1)
    lasts = pl.col("end_month").is_null() | (pl.col("end_month").dt.month_start() >= now)
    frames = (facts.linked["aid"], reading.under_review(facts, "aid"))
    return {
        household_id
        for frame in frames
        for household_id in frame.filter(pl.col("programme").is_in(BASIC) & lasts)
        .get_column("household_id")
        .to_list()
    }


def _in_business(facts: Facts) -> set[str]:
    """The households of which a member may run a business that earns something nobody knows."""
    if "business" not in facts.linked:
        return set()
    live = pl.col("status").is_null() | (pl.col("status") == "LIVE")
    idle = (pl.col("turnover_yuan") == 0).fill_null(False)
    found = facts.linked["business"].filter(live & ~idle & (pl.col("role") != "SUPERVISOR").fill_null(True))
    return set(found.get_column("household_id").to_list())


def _lead(facts: Facts, of: incomes.Computed, household_id: str, rows: list[Row], family: list[Row]) -> Lead:
    sheets = [of.sheets[household_id, row["month"]] for row in rows]
    evidence = incomes.evidence(sheets)
    last = rows[-1]
    people = sorted(member["person_id"] for member in family if reading.is_member(member, last["month"]))
    declared = last["declared"]
    business: Result = "NO" if "business" in facts.linked else "UNKNOWN"
    said = ("未说明", "not stated") if declared is None else (f"{declared:.2f} 元", f"{declared:.2f} yuan")
    return Lead(
        household_id=household_id,
        person_ids=tuple(people),
        natural_key=("BELOW_LINE",),
        severity="LOW" if declared is not None else "INFO",
        grade=incomes.grade_of(facts, evidence),
        evidence=(*evidence, *(Evidence("members", person, person) for person in people)),
        exceptions=(("business", business), ("undocumented", "UNKNOWN"), ("assets", "UNKNOWN")),
        facts={
            "first": f"{rows[0]['month']:%Y-%m}",
            "last": f"{last['month']:%Y-%m}",
            "most": f"{max(row['most'] for row in rows):.2f}",
            "line": f"{last['line']:.2f}",
            "members": str(last["members"]),
        },
        period=(rows[0]["month"], last["month"]),
        compared=(
            Compared(
                ("人均月收入", "income a head and month"),
                said,
                (f"最多 {last['high']:.2f} 元", f"at most {last['high']:.2f} yuan"),
                evidence[0].source if evidence else "tax",
            ),
        ),
        steps=tuple(incomes.steps(each) for each in sheets),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "declared_monthly_income_yuan": 0}
ASKED = ("tax", "social_insurance", "unemployment_benefit", "aid")
NOTHING: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "households": (HOME,), "members": (HEAD,), "tax": (), "social_insurance": (), "unemployment_benefit": (), "aid": (),
}  # fmt: skip
PENSION = {
    "person_id": "P1", "kind": "RESIDENT_PENSION", "status": "DRAWING", "benefit_yuan": 130, "start_month": "2022-01",
}  # fmt: skip
DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-04", "amount_yuan": 600}
EXAMPLES = (
    Example(
        zh="各来源均答复，只有居民养老金130元，无低保",
        en="Every source has answered: a pension of 130 yuan, no dibao",
        given={**NOTHING, "social_insurance": (PENSION,)},
        severity="LOW",
        complete=ASKED,
    ),
    Example(
        zh="低于标准，已享受低保",
        en="Below the line, and on dibao",
        given={**NOTHING, "aid": (DIBAO,)},
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="税务尚未答复",
        en="The tax office has not answered",
        given=NOTHING,
        severity=None,
        complete=("social_insurance", "unemployment_benefit", "aid"),
    ),
    Example(
        zh="自己申报月收入900元",
        en="900 yuan a month by their own word",
        given={**NOTHING, "members": ({**HEAD, "declared_monthly_income_yuan": 900},)},
        severity=None,
        complete=ASKED,
    ),
)

RULE = Rule(
    id="U01",
    version="1",
    title_zh="低于低保标准而未享受低保",
    title_en="Below the line, not on dibao",
    basis="安政办〔2019〕15号 二（二）、三：应保尽保；社会救助暂行办法第九条",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        **incomes.INPUTS,
        "households": f"{incomes.INPUTS['households']} file_closed_on",
        "members": f"{incomes.INPUTS['members']} declared_employment",
    },
    optional={"business": "role status turnover_yuan"},
    minimum_grade="G4",
    find=find,
    zh="{first} 至 {last} 各月，该家庭 {members} 人人均收入最多 {most} 元，低于低保标准 {line} 元，而没有低保或特困供养发放记录。"
    "请告知其可以申请低保，经本人同意后转介民政部门。",
    en="From {first} to {last} the household's {members} members had at most {most} yuan a head and month, below the line of {line}, and "
    "neither dibao nor destitution support is paid. Tell them that they may apply; with their consent refer them to civil affairs.",
    clears_zh="已在申请或已享受低保的凭证（含外地），未登记的收入，或家庭表示不申请。",
    clears_en="Proof that dibao is applied for or paid (elsewhere too), income that no register knows, or their word that they do not apply.",
    exceptions={
        "business": ("是否有经营收入", "income from a business"),
        "undocumented": ("是否有未登记的收入", "income that no register knows"),
        "assets": ("财产是否超过限额", "assets over the limit"),
    },
    parameters=(*incomes.PARAMETERS, "income.known_months"),
    examples=EXAMPLES,
)
