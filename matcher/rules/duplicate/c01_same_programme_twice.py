"""C01: one programme granted twice for the same months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

import polars as pl

from matcher.identity.programmes import BY_CODE, STUDENT_AID
from matcher.overlap import Stream, months, paid_in, shared
from matcher.policy import Policy
from matcher.rules import grants, reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Evidence, Example, Facts, Lead, Rule, Severity

ELSEWHERE = STUDENT_AID | {"TEMPORARY_AID", "STARTUP_GRANT"}
"""What is granted once a cause or a school year, not once a month: rules C03 and C04; a start-up grant has no months."""

COUPLE = ("HEAD", "SPOUSE")


def find(facts: Facts) -> Iterator[Lead]:
    """同一人（按户发放的项目，含户主与配偶）在同一月份有两份在享的同一项目：批准文号、收款账户或发放单位不同。补发往月、冲正、
    分类施保等附加、转移当月按比例发放的不构成疑点；文号相同的是同一份救助，由两个系统各报一次也不构成疑点。未载明文号、
    账户、单位而只是金额不同的，可能是调标后未终止旧记录，只作低程度提示；先前的记录未载明止月、且为同一单位的，可能只是续批，程度为中。同一笔重复入账由规则C09、两县发放低保或特困由
    规则C06处理。

    One person (for what a household is granted: head or spouse) has two grants of one programme running in the same
    months: by different decisions, into different accounts or from different offices. Arrears, corrections,
    supplements and the pro-rata month of a transfer are no lead; what bears one decision's number is one grant, even
    if two systems report it. Where only the amounts differ, the old record may just not have been ended: low; where
    one office's earlier record states no end, the grant may just have been renewed: medium. One posting made twice is rule C09's; dibao or tekun from two counties is rule C06's.
    """
    codes = _monthly(facts.policy)
    aid = grants.of_humans(facts, facts.linked["aid"].filter(pl.col("programme").is_in(codes)))
    told: set[frozenset[str]] = set()
    groups = [*_of_one(aid), *_of_couples(facts, aid)]
    homes = reading.households(facts, [rows[0]["household_id"] for rows in groups])
    for rows in groups:
        lead = _lead(facts, homes[rows[0]["household_id"]], rows)
        records = frozenset(piece.record_id for piece in lead.evidence) if lead else frozenset()
        if lead is not None and records not in told:
            told.add(records)
            yield lead


def _monthly(policy: Policy) -> list[str]:
    """The programmes of which the matrix says: one for a month."""
    once = {cell.held for cell in policy.relations if cell.relation == "ONCE" and cell.assessed == cell.held}
    return sorted(once - ELSEWHERE)


def _of_one(aid: pl.DataFrame) -> Iterator[list[Row]]:
    double = grants.several(aid, "human", "programme")
    yield from grants.by(double.iter_rows(named=True), "human", "programme").values()


def _of_couples(facts: Facts, aid: pl.DataFrame) -> Iterator[list[Row]]:
    """What a household is granted, where both head and spouse are named by different decisions."""
    jointly = [code for code, programme in BY_CODE.items() if programme.unit == "HOUSEHOLD"]
    couples = facts.members.filter(pl.col("relation").is_in(COUPLE)).select("person_id")
    ours = aid.filter(pl.col("programme").is_in(jointly) & pl.col("document_no").is_not_null()).join(
        couples, on="person_id", how="semi"
    )
    group = ("household_id", "programme")
    ours = ours.filter(pl.col("human").n_unique().over(*group) > 1, pl.col("document_no").n_unique().over(*group) > 1)
    yield from grants.by(ours.iter_rows(named=True), *group).values()


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two grants side by side; `later` began later. `certain`: the offices' own marks tell them apart, not the amount alone.

    `inner`: neither grant ended when the other began, so that the shared months are no transfer. `ended`: the earlier record
    says when it ends, or another office made it: otherwise it may only have been renewed.
    """

    earlier: Stream
    later: Stream
    certain: bool
    inner: bool
    ended: bool
    months: tuple[dt.date, ...]


def _lead(facts: Facts, home: Row, rows: Sequence[Row]) -> Lead | None:
    ours = [row for row in grants.standing(rows) if not _beside(row)]
    switch = facts.policy.value("overlap.switch_months", facts.as_of, home["division_code"])
    pairs = _pairs(ours, facts.as_of)
    when = sorted({month for pair in pairs for month in pair.months})
    if not when or (len(when) <= switch and not all(pair.certain and pair.inner for pair in pairs)):
        return None
    later = sorted({pair.later for pair in pairs})
    involved = sorted({each for pair in pairs for each in (pair.earlier, pair.later)})
    certain = any(pair.certain for pair in pairs)
    grades = {row["record_id"]: row["grade"] for row in ours}
    return Lead(
        household_id=home["household_id"],
        person_ids=tuple(sorted({each.person_id for each in involved})),
        natural_key=(involved[0].programme,),
        severity=_severity(certain, len(when) > switch and any(pair.certain and pair.ended for pair in pairs)),
        grade=reading.weakest(grades[each.record_id] for each in involved),
        evidence=tuple(Evidence("aid", each.record_id, each.person_id) for each in involved),
        exceptions=(
            ("arrears", "NO" if all(row["cause"] for row in ours) else "UNKNOWN"),
            ("correction", "NO"),
            ("transfer_month", "NO"),
            ("amended", "NO" if any(pair.certain and pair.ended for pair in pairs) else "UNKNOWN"),
        ),
        facts={
            **sums.words(later, when),
            **grants.names(involved[0].programme),
            "first": f"{when[0]:%Y-%m}",
            "last": f"{when[-1]:%Y-%m}",
            "months": str(len(when)),
            "how_zh": "批准文号、收款账户或发放单位不同" if certain else "仅金额不同",
            "how_en": "by different decisions, accounts or offices" if certain else "only the amounts differ",
        },
        amount=(Decimal(0), paid_in(later, when)),
        period=(when[0], when[-1]),
        compared=sums.beside([pairs[0].earlier], [pairs[0].later], ("两份发放", "the two grants")),
        steps=sums.steps(later, when),
    )


def _severity(certain: bool, sure: bool) -> Severity:
    return "LOW" if not certain else "HIGH" if sure else "MEDIUM"


def _beside(row: Row) -> bool:
    """Whether the office itself says that this pays for other months, or adds to a grant."""
    return grants.says(row, (*grants.ARREARS, *grants.RETURNED, *grants.SUPPLEMENT, *grants.CORRECTED))


def _pairs(rows: Sequence[Row], as_of: dt.date) -> list[_Pair]:
    paid = grants.streams(rows, as_of)
    whole = _whole(rows, paid)
    of = {row["record_id"]: row for row in rows}
    found = []
    for one, other in combinations([row["record_id"] for row in rows if row["record_id"] in paid], 2):
        both = shared(paid[one], paid[other])
        certain = _apart(*(row for row in rows if row["record_id"] in (one, other)))
        if both is None or certain is None:
            continue
        earlier, later = sorted((one, other), key=lambda record: (whole[record], paid[record].first, record))
        inner = whole[earlier][1] != whole[later][0] and whole[later][1] != whole[earlier][0]
        ended = of[earlier]["end_month"] is not None or grants.differ(of[earlier], of[later], "agency")
        found.append(_Pair(paid[earlier], paid[later], certain, inner, ended, tuple(months(*both))))
    return found


def _whole(rows: Sequence[Row], paid: dict[str, Stream]) -> dict[str, tuple[dt.date, dt.date]]:
    """From when to when the grant ran that each record pays: all records of one decision are one grant."""
    grant = {row["record_id"]: row["document_no"] or row["record_id"] for row in rows if row["record_id"] in paid}
    spans: dict[str, tuple[dt.date, dt.date]] = {}
    for record, decision in grant.items():
        first, last = spans.get(decision, (paid[record].first, paid[record].last))
        spans[decision] = min(first, paid[record].first), max(last, paid[record].last)
    return {record: spans[decision] for record, decision in grant.items()}


def _apart(one: Row, other: Row) -> bool | None:
    """Whether these are two grants: True where an office's mark says so, False where only the amounts do, None if not."""
    if grants.agree(one, other, "document_no"):
        return None
    if one["programme"] in ("DIBAO", "TEKUN") and grants.counties_differ(one, other):
        return None
    if grants.differ(one, other, "document_no"):
        return True
    if one["person_id"] != other["person_id"] and one["human"] != other["human"]:
        return None
    if grants.differ(one, other, "payee_account"):
        return True
    if not grants.differ(one, other, "amount_yuan"):
        return None
    return grants.differ(one, other, "agency")


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
FIRST = {
    "person_id": "P1", "programme": "LIVING_SUBSIDY", "start_month": "2024-05", "end_month": "2024-12", "amount_yuan": 300,
    "agency": "文峰区总工会", "document_no": "文工〔2024〕5号",
}  # fmt: skip
SECOND = {
    **FIRST, "start_month": "2024-07", "amount_yuan": 250, "agency": "纺织工会", "document_no": "纺工〔2024〕11号",
}  # fmt: skip
EXAMPLES = (
    Example(
        zh="两个工会各按自己的文号发放困难生活补贴，重叠六个月",
        en="Two unions pay the living subsidy, each by its own decision, side by side for six months",
        given={"households": (HOME,), "members": (HEAD,), "aid": (FIRST, SECOND)},
        severity="HIGH",
        amount=("0", "1500"),
    ),
    Example(
        zh="补发上月",
        en="Arrears of the month before, paid beside the current one",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "aid": (FIRST, {**SECOND, "start_month": "2024-06", "end_month": "2024-06", "cause": "补发2024年4月"}),
        },
        severity=None,
    ),
    Example(
        zh="同一文号由县、市两个系统各报一次",
        en="One decision, reported by the county's and by the city's system",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "aid": (FIRST, {**FIRST, "agency": "安阳市总工会"}),
        },
        severity=None,
    ),
    Example(
        zh="工会之间转移当月各发一部分",
        en="Moved from one union to the other, each paying its part of that month",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "aid": ({**FIRST, "end_month": "2024-07"}, SECOND),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="C01",
    version="1",
    title_zh="同一项目重复享受",
    title_en="Same programme twice",
    basis="安政办〔2019〕15号 一：避免重复救助；困难生活补贴按月或按季发放",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={"aid": grants.COLUMNS},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{first} 至 {last} 有 {months} 个月存在两份在享的{programme}（{how}）；金额为后开始的一份在这些月份的发放额。",
    en="Two grants of one programme ({programme}) ran side by side in {months} months from {first} to {last} ({how}); the amount "
    "is what the later one paid in those months.",
    correction=(
        "保留先开始的一份{programme}，后一份自重叠首月起终止，并核对是否属于补发或冲正。",
        "keep the grant that began first ({programme}), end the later one from the first shared month, and check for arrears or "
        "corrections.",
    ),
    clears_zh="补发、冲正、转移或调标的审批记录，或两份属于不同家庭的证明。",
    clears_en="The record of arrears, a correction, a transfer or a new amount, or proof that two households were meant.",
    exceptions={
        "arrears": ("是否为补发往月", "arrears of earlier months"),
        "correction": ("是否为冲正后重新发放", "a correction"),
        "transfer_month": ("是否为转移当月按比例发放", "the pro-rata month of a transfer"),
        "amended": ("是否为调标、续批后未终止旧记录", "renewed or amended, and the old record not ended"),
    },
    parameters=("overlap.switch_months",),
    examples=EXAMPLES,
)
