"""U03: a recognised work injury without a payment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import polars as pl

from matcher.overlap import first_day, stream
from matcher.rules import reading
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Severity

BENEFIT = "WORK_INJURY_BENEFIT"


def find(facts: Facts) -> Iterator[Lead]:
    """工伤已经认定超过三十日，而案件没有支付日期和支付金额，救助发放中也没有认定之后的工伤待遇：职工可能应享未享，请向工伤保险经办机构
    和用人单位催办。同一案件分几条记录的合并看；金额没有写明、只有支付日期的，视为已支付。所有案件都没有支付信息时，可能是数据
    没有提供支付字段，只作提示。

    A work injury was recognised more than thirty days ago, the case has neither a day nor an amount of payment, and no
    work-injury benefit was paid since: the worker may not have received what is due; ask the fund and the employer. Several
    records of one case are looked at together; a day of payment without an amount is a payment. Where no case at all tells of
    a payment, the feed may not hold that, and this is a notice only.
    """
    cases = facts.linked["injury_cases"].filter(
        pl.col("case_no").is_not_null() | pl.col("recognised_on").is_not_null()
    )
    days = facts.policy.value("injury.payment_days", facts.as_of)
    feed = facts.feeds["injury_cases"]
    known_until = min(feed.as_of, facts.as_of) if feed.as_of else facts.as_of
    tells = bool(cases.select(_paid().any()).item())
    helped = _benefits(facts)
    for (household_id, person_id, number), records in sorted(_by_case(cases).items()):
        recognised = [row["recognised_on"] for row in records if row["recognised_on"]]
        if not recognised or any(_is_paid(row) for row in records):
            continue
        since = max(recognised)
        waited = (known_until - since).days
        if waited <= days or any(month >= first_day(since) for month in helped.get(person_id, [])):
            continue
        severity: Severity = "LOW" if tells else "INFO"
        elsewhere: Result = "NO" if "aid" in facts.linked else "UNKNOWN"
        yield Lead(
            household_id=household_id,
            person_ids=(person_id,),
            natural_key=(number,),
            severity=severity,
            grade=reading.weakest(row["grade"] for row in records),
            evidence=tuple(Evidence("injury_cases", row["record_id"], person_id) for row in records),
            exceptions=(
                ("paid_elsewhere", elsewhere),
                ("not_told", "NO" if tells else "UNKNOWN"),
                ("employer_pays", "UNKNOWN"),
            ),
            facts={
                "recognised": since.isoformat(),
                "as_of": known_until.isoformat(),
                "waited": str(waited),
                "days": f"{days:g}",
            },
            compared=(
                Compared(
                    ("工伤待遇", "work-injury benefit"),
                    ("没有支付记录", "no payment on record"),
                    (f"{since.isoformat()} 认定", f"recognised on {since.isoformat()}"),
                    "injury_cases",
                    records[0]["record_id"],
                    beside="aid" if "aid" in facts.linked else "injury_cases",
                ),
            ),
            steps=(
                (
                    f"{since.isoformat()} 至 {known_until.isoformat()} 共 {waited} 日，超过 {days:g} 日",
                    f"from {since.isoformat()} to {known_until.isoformat()}: {waited} days, more than {days:g}",
                ),
            ),
            period=(since, known_until),
        )


def _paid() -> pl.Expr:
    return pl.col("paid_on").is_not_null() | (pl.col("paid_yuan") > 0).fill_null(False)


def _is_paid(row: Row) -> bool:
    return row["paid_on"] is not None or bool(row["paid_yuan"] and row["paid_yuan"] > 0)


def _by_case(cases: pl.DataFrame) -> dict[tuple[str, str, str], list[Row]]:
    """The records of each person's cases; a case without a number is the one of its day."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in cases.iter_rows(named=True):
        key = row["case_no"] or f"{row['recognised_on']:%Y-%m-%d}"
        found.setdefault((row["household_id"], row["person_id"], key), []).append(row)
    return found


def _benefits(facts: Facts) -> Mapping[str, list[dt.date]]:
    """The last months of work-injury benefit of each person, under review or not."""
    found: dict[str, list[dt.date]] = {}
    if "aid" in facts.linked:
        for frame in (facts.linked["aid"], reading.under_review(facts, "aid")):
            for row in frame.filter(pl.col("programme") == BENEFIT).iter_rows(named=True):
                if each := stream(row, facts.as_of):
                    found.setdefault(row["person_id"], []).append(each.last)
    return found


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
OTHER = {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE"}
CASE = {"person_id": "P1", "case_no": "安工认20240087", "recognised_on": "2024-06-03"}
SETTLED = {"person_id": "P2", "case_no": "安工认20240051", "recognised_on": "2024-04-03", "paid_on": "2024-04-28"}
_PEOPLE = {"households": (HOME,), "members": (HEAD, OTHER)}
EXAMPLES = (
    Example(
        zh="6月认定，年底仍未支付",
        en="Recognised in June, unpaid at the end of the year",
        given={**_PEOPLE, "injury_cases": (CASE, SETTLED), "aid": ()},
        severity="LOW",
    ),
    Example(
        zh="认定未满三十日",
        en="Recognised less than thirty days ago",
        given={**_PEOPLE, "injury_cases": ({**CASE, "recognised_on": "2024-12-10"}, SETTLED), "aid": ()},
        severity=None,
    ),
    Example(
        zh="同一案件另有支付记录",
        en="Another record of the case tells of the payment",
        given={**_PEOPLE, "injury_cases": (CASE, {**CASE, "recognised_on": None, "paid_yuan": 32000})},
        severity=None,
    ),
    Example(
        zh="已按月领取工伤保险待遇",
        en="The benefit is paid month by month",
        given={
            **_PEOPLE,
            "injury_cases": (CASE, SETTLED),
            "aid": ({"person_id": "P1", "programme": BENEFIT, "start_month": "2024-07", "amount_yuan": 1900},),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="U03",
    version="1",
    title_zh="工伤待遇未支付",
    title_en="Work-injury benefit not paid",
    basis="安政办〔2019〕15号 三（四）：工伤保险待遇；工伤保险条例第三十条",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"injury_cases": "case_no recognised_on* paid_on paid_yuan"},
    optional={"aid": reading.AID},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="工伤于 {recognised} 认定，截至 {as_of} 已 {waited} 日（时限 {days} 日）没有支付记录。请向工伤保险经办机构和用人单位核实催办。",
    en="A work injury was recognised on {recognised}; by {as_of}, {waited} days later (limit {days}), no payment is on record. "
    "Ask the fund and the employer.",
    clears_zh="待遇支付凭证、单位直接支付的凭证，或待遇核定中（劳动能力鉴定未完成）的说明。",
    clears_en="Proof of payment by the fund or the employer, or a statement that the benefit is still being determined.",
    exceptions={
        "paid_elsewhere": ("是否已在其他渠道发放", "paid through another channel"),
        "not_told": ("数据是否不含支付信息", "the feed does not tell of payments"),
        "employer_pays": ("是否由用人单位支付", "paid by the employer"),
    },
    parameters=("injury.payment_days",),
    examples=EXAMPLES,
)
