"""P09: the file's subject has retired, and the file still counts a worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from matcher.rules import reading, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Severity


def find(facts: Facts) -> Iterator[Lead]:
    """在册档案的户主（建档职工）领取职工养老金已满两个月，而档案仍按在职或失业职工管理：请调整类别，或改由其他家庭成员建档，
    已实行社会化管理的予以注销。这是档案管理任务，不涉及任何过错。城乡居民养老金不算退休；档案已写明退休，且养老金低于低保线的，
    可以按家庭实际困难继续保留，不再提示。

    The head of an active file (the worker it was opened for) has drawn an employee's pension for two months or more, and the
    file still counts a worker or somebody seeking work: change its category, make another member its subject, or
    deregister whom the community looks after. A task for the file, nobody's fault. A residents' pension is no retirement;
    nothing is said of a file that states the retirement and whose pension is below the line.
    """
    heads = facts.members.filter(pl.col("relation") == "HEAD")
    drawn = work.by_person(
        work.drawing(facts, heads.get_column("person_id"), ["EMPLOYEE_PENSION"], grades=work.ANY_GRADE)
    )
    if not drawn:
        return
    amounts = _amounts(facts)
    rows = heads.filter(pl.col("person_id").is_in(sorted(drawn)))
    homes = reading.households(facts, rows.get_column("household_id"))
    for member in rows.sort("person_id").iter_rows(named=True):
        home = homes[member["household_id"]]
        least = int(facts.policy.value("pension.least_months", facts.as_of, home["division_code"]))
        records = work.sure_where_enough(drawn[member["person_id"]], least)
        months = sorted({row["month"] for row in records})
        if len(months) < least or not _active(home, facts.as_of) or not reading.is_member(member, facts.as_of):
            continue
        retired = work.word(member["declared_employment"]) in work.RETIRED
        line = Decimal(str(facts.policy.value("line.dibao", facts.as_of, home["division_code"])))
        known = [amounts[row["record_id"]] for row in records if row["record_id"] in amounts]
        pension = max(known, default=None)
        if retired and (pension is None or pension < line):
            continue
        yield _lead(member, records, months, pension, line, retired=retired)


def _amounts(facts: Facts) -> dict[str, Decimal]:
    rows = facts.linked["social_insurance"].filter(pl.col("benefit_yuan").is_not_null())
    return dict(rows.select("record_id", "benefit_yuan").iter_rows())


def _active(home: Row, as_of: dt.date) -> bool:
    """Whether the household has a file, and it is open."""
    opened, closed = home["file_opened_on"], home["file_closed_on"]
    return opened is not None and opened <= as_of and (closed is None or closed > as_of)


def _lead(
    member: Row, records: list[Row], months: list[dt.date], pension: Decimal | None, line: Decimal, *, retired: bool
) -> Lead:
    severity: Severity = "INFO" if retired else "LOW"
    said = f"“{member['declared_employment']}”" if member["declared_employment"] else "未说明"
    said_en = said if member["declared_employment"] else "not stated"
    below: Result = "UNKNOWN" if pension is None else "YES" if pension < line else "NO"
    return Lead(
        household_id=member["household_id"],
        person_ids=(member["person_id"],),
        natural_key=("RETIRED",),
        severity=severity,
        grade=reading.weakest(row["grade"] for row in records),
        evidence=tuple(Evidence("social_insurance", row["record_id"], member["person_id"]) for row in records),
        exceptions=(("below_line", below), ("another_subject", "UNKNOWN")),
        facts={
            "since": f"{months[0]:%Y-%m}",
            "count": str(len(months)),
            "said_zh": said,
            "said_en": said_en,
            "pension_zh": "金额不详" if pension is None else f"{pension:.2f} 元",
            "pension_en": "of unknown amount" if pension is None else f"{pension:.2f} yuan",
            "line": f"{line:.2f}",
        },
        compared=(
            Compared(
                ("就业状况", "employment"),
                (said, said_en),
                (f"{months[0]:%Y-%m} 起领取职工养老金", f"an employee's pension since {months[0]:%Y-%m}"),
                "social_insurance",
                records[0]["record_id"],
            ),
        ),
        period=(months[0], months[-1]),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "declared_employment": "失业"}
PENSION = {
    "person_id": "P1",
    "kind": "EMPLOYEE_PENSION",
    "status": "DRAWING",
    "start_month": "2024-06",
    "benefit_yuan": 2100,
}
EXAMPLES = (
    Example(
        zh="6月起领取职工养老金，档案仍为失业职工",
        en="A pension since June, the file still says jobless",
        given={"households": (HOME,), "members": (HEAD,), "social_insurance": (PENSION,)},
        severity="LOW",
    ),
    Example(
        zh="刚领取一个月",
        en="The first month of a pension",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "social_insurance": ({**PENSION, "start_month": "2024-12"},),
        },
        severity=None,
    ),
    Example(
        zh="档案已写明退休，养老金低于低保线",
        en="The file says retired, and the pension is below the line",
        given={
            "households": (HOME,),
            "members": ({**HEAD, "declared_employment": "退休"},),
            "social_insurance": ({**PENSION, "benefit_yuan": 480},),
        },
        severity=None,
    ),
    Example(
        zh="父亲领取城乡居民养老金",
        en="The father draws a residents' pension",
        given={
            "households": (HOME,),
            "members": (HEAD, {"person_id": "P2", "household_id": "H1", "relation": "PARENT"}),
            "social_insurance": ({**PENSION, "person_id": "P2", "kind": "RESIDENT_PENSION"},),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P09",
    version="1",
    title_zh="已退休而档案仍为职工",
    title_en="Retired, and still a hardship worker on file",
    basis="安政办〔2019〕15号 三（一）：已实行社会化管理的退休人员是否已注销；困难职工档案管理办法",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        "households": "file_opened_on file_closed_on division_code",
        "members": "relation declared_employment valid_from valid_to",
        "social_insurance": f"{work.INSURANCE} benefit_yuan",
    },
    minimum_grade="G5",
    find=find,
    rests_on=("social_insurance",),
    zh="建档职工自 {since} 起领取职工养老金（已 {count} 个月，{pension}），档案就业状况为{said}，低保线 {line} 元。"
    "请核实后调整类别、变更建档人或注销；家庭仍有困难的，转其他救助。",
    en="The file's subject draws an employee's pension since {since} ({count} months, {pension}); the file says {said}; "
    "the line is {line} yuan. Verify, then change the category or the file's subject, or deregister; a household still in "
    "need is referred to other aid.",
    clears_zh="退休审批表或社保部门更正记录，档案类别或建档人变更的记录。",
    clears_en="The decision on retirement or the insurer's correction, or the record that category or subject was changed.",
    exceptions={
        "below_line": ("养老金是否低于低保线", "the pension is below the line"),
        "another_subject": ("是否应改由其他家庭成员建档", "another member should be the file's subject"),
    },
    parameters=("pension.least_months", "line.dibao"),
    examples=EXAMPLES,
)
