"""P10: somebody on the public payroll, and needs-tested aid for the same months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from matcher.overlap import Stream, add_months, first_day, stream
from matcher.rules import reading, sums, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Severity

MOST_SERIOUS = "DIBAO"
POST = "PUBLIC_WELFARE_POST"
VILLAGE = (
    "村民委员会",
    "村委会",
    "村委",
    "村党支部",
    "村支部",
    "村民小组",
    "村集体",
    "居民委员会",
    "居委会",
    "公益性岗位",
    "公益岗",
    "护林员",
    "保洁员",
)
"""Words in an employer's name that tell of a village or community post with an allowance alone."""
RETIRED = ("离退休", "退休", "离休", "遗属", "退职")


def find(facts: Facts) -> Iterator[Lead]:
    """成员在财政供养名册上的月份，家庭领取了按需审核的救助：低保为疑点，工会帮扶等其他救助只作提示。供给侧改革的事业单位人员、退休人员、
    只领补贴的村（居）岗位、公益性岗位不构成疑点；转换当月不计。工资可能很低，重新计算后只涉及差额。

    For months in which a member was on the public payroll the household drew needs-tested aid: a lead for dibao, a notice
    for union and other aid. Staff of institutions under reform, the retired, village and community posts with an
    allowance alone, and public-welfare posts are no lead; the month of a switch does not count. The wage may be small:
    recomputed, only a difference is at stake.
    """
    payroll = facts.linked["payroll_public"].filter(
        ~pl.col("employer_name").str.contains_any([*VILLAGE, *RETIRED]).fill_null(False),
        pl.col("from_month").is_not_null(),
    )
    stays = work.on_file(
        facts, facts.members.filter(pl.col("person_id").is_in(payroll.get_column("person_id").implode()))
    )
    by_person = work.by_person(payroll)
    streams = reading.payments(facts, stays.get_column("household_id"))
    posts = _posts(facts)
    last = work.cut(facts, "payroll_public")
    for member in stays.sort("person_id").iter_rows(named=True):
        if member["target_group"] == "STRUCTURAL_REFORM" or work.word(member["declared_employment"]) in work.RETIRED:
            continue
        records = by_person[member["person_id"]]
        stay = add_months(member["since"], -1), min(member["until"], last)
        on_payroll = _months(records, *stay) - posts.get(member["person_id"], frozenset())
        inside = [month for month in on_payroll if member["since"] <= month <= member["until"]]
        aid = sums.needs_tested(streams.get(member["household_id"], []))
        months = sorted(month for month in inside if any(each.first <= month <= each.last for each in aid))
        lag = int(facts.policy.value("overlap.switch_months", facts.as_of, member["division_code"]))
        if len(months) > lag:
            yield _lead(member, records, aid, months)


def _months(records: list[Row], first: dt.date, last: dt.date) -> frozenset[dt.date]:
    """The months on the payroll between two months; one whose end is not stated lasts."""
    ends = [
        (max(first_day(row["from_month"]), first), min(first_day(row["to_month"] or last), last)) for row in records
    ]
    return work.months_of(ends)


def _posts(facts: Facts) -> dict[str, frozenset[dt.date]]:
    """The months in which each person held a public-welfare post."""
    spans: dict[str, list[tuple[dt.date, dt.date]]] = {}
    for row in facts.linked["aid"].filter(pl.col("programme") == POST).iter_rows(named=True):
        if each := stream(row, facts.as_of):
            spans.setdefault(row["person_id"], []).append((each.first, each.last))
    return {person: work.months_of(each) for person, each in spans.items()}


def _lead(member: Row, records: list[Row], aid: list[Stream], months: list[dt.date]) -> Lead:
    held = [each for each in aid if any(each.first <= month <= each.last for month in months)]
    severity: Severity = "MEDIUM" if any(each.programme == MOST_SERIOUS for each in held) else "INFO"
    unnamed: Result = "UNKNOWN" if any(row["employer_name"] is None for row in records) else "NO"
    if unnamed == "UNKNOWN" and severity == "MEDIUM":
        severity = "LOW"
    told = [row for row in records if first_day(row["from_month"]) <= months[-1]]
    return Lead(
        household_id=member["household_id"],
        person_ids=(member["person_id"],),
        natural_key=("PAYROLL",),
        severity=severity,
        grade=reading.weakest(row["grade"] for row in told),
        evidence=(
            *(Evidence("payroll_public", row["record_id"], member["person_id"]) for row in told),
            *(Evidence("aid", each.record_id, each.person_id) for each in held),
        ),
        exceptions=(
            ("reform", "NO"),
            ("retired", "NO" if member["declared_employment"] else "UNKNOWN"),
            ("village_post", unnamed),
            ("public_post", "NO"),
        ),
        facts={
            **sums.words(held, months),
            "count": str(len(months)),
            "when": work.spans(months),
            "on": work.spans(_months(told, add_months(months[0], -1), months[-1])),
        },
        compared=(
            Compared(
                ("同月情形", "in the same months"),
                (f"{work.spans(months)} 发放按需救助", f"needs-tested aid for {work.spans(months)}"),
                (f"{work.spans(months)} 在财政供养名册", f"on the public payroll for {work.spans(months)}"),
                "payroll_public",
                told[0]["record_id"],
                beside="aid",
            ),
        ),
        steps=sums.steps(held, months),
        amount=(Decimal(0), sums.paid_in(held, months)),
        period=(months[0], months[-1]),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "declared_employment": "失业"}
PAYROLL = {"person_id": "P1", "employer_name": "文峰区园林管理站", "from_month": "2015-01"}
DIBAO = {
    "person_id": "P1",
    "programme": "DIBAO",
    "start_month": "2024-05",
    "end_month": "2024-10",
    "amount_yuan": 500,
}
EXAMPLES = (
    Example(
        zh="在财政供养名册上，同期领取低保六个月",
        en="On the public payroll, and six months of dibao",
        given={"households": (HOME,), "members": (HEAD,), "payroll_public": (PAYROLL,), "aid": (DIBAO,)},
        severity="MEDIUM",
        amount=("0", "3000"),
    ),
    Example(
        zh="改革中的事业单位人员",
        en="Staff of an institution under reform",
        given={
            "households": ({**HOME, "target_group": "STRUCTURAL_REFORM"},),
            "members": (HEAD,),
            "payroll_public": (PAYROLL,),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
    Example(
        zh="村委会岗位，只领补贴",
        en="A post with the village committee, an allowance alone",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "payroll_public": ({**PAYROLL, "employer_name": "宝莲寺镇某村村民委员会"},),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
    Example(
        zh="建档前已离开",
        en="Left before the file was opened",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "payroll_public": ({**PAYROLL, "to_month": "2022-06"},),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P10",
    version="1",
    title_zh="财政供养人员领取按需救助",
    title_en="On the public payroll and on needs-tested aid",
    basis="安政办〔2019〕15号 三（一）收入核对机制；最低生活保障审核确认办法",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "households": "applied_on file_opened_on file_closed_on target_group division_code",
        "members": "declared_employment valid_from valid_to",
        "payroll_public": "employer_name from_month* to_month",
        "aid": reading.AID,
    },
    minimum_grade="G5",
    find=find,
    rests_on=("payroll_public",),
    zh="财政供养名册显示 {on} 在册，而其中 {count} 个月（{when}）家庭领取了按需审核的救助。按工资重新计算后只涉及差额。",
    en="The public payroll lists the member for {on}; for {count} of these months ({when}) the household drew needs-tested aid. "
    "Recomputed with the wage, only a difference is at stake.",
    clears_zh="单位证明（已离岗、改革分流、仅领补贴、名册未更新）、退休审批，或工资收入已计入核定的记录。",
    clears_en="The employer's statement (left, under reform, an allowance alone, the roster not updated), the decision on "
    "retirement, or the record that the wage was counted when the aid was granted.",
    exceptions={
        "reform": ("是否改革中的事业单位人员", "staff of an institution under reform"),
        "retired": ("是否已退休", "retired"),
        "village_post": ("是否只领补贴的村（居）岗位", "a village or community post with an allowance alone"),
        "public_post": ("是否公益性岗位", "a public-welfare post"),
    },
    parameters=("overlap.switch_months",),
    examples=EXAMPLES,
)
