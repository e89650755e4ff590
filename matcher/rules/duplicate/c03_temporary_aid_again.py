"""C03: temporary aid granted again for the same cause, or too often in a year."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

import polars as pl

from matcher.overlap import Stream, months, months_between, paid_in
from matcher.policy import Policy
from matcher.rules import grants, reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Evidence, Example, Facts, Grade, Lead, Rule, Severity, Words

PROGRAMMES = ("TEMPORARY_AID", "DISASTER_RELIEF")
NO_EVENT = ("其他", "其它", "无", "不详", "困难", "生活困难", "家庭困难")
"""Causes that name no event: that two grants bear them says nothing."""

OF_A_PERSON = ("病", "伤", "残", "学", "亡", "手术", "住院", "车祸", "失业")
"""Words of causes that befall one person: the same word for another member is another event."""

STAGED = (
    "分期", "分阶段", "第一阶段", "第二阶段", "第三阶段", "首期", "一期", "二期", "三期", "末期", "首笔", "第二笔", "第二次", "二次", "后续", "先行",
    "余款", "尾款", "分次",
)  # fmt: skip
APPROVED = ("特批", "批准再次", "经批准", "一事一议", "集体研究")
"""Words by which the office says that one grant came in stages, or that a second one was approved with reasons."""


def find(facts: Facts) -> Iterator[Lead]:
    """同一家庭因同一事由在规定月数内再次获得临时救助，或者一个自然年内超过规定次数。同一文号短期内分次发放的是一次救助；事由不同、
    疾病伤残等事由发生在不同成员身上的，是不同事件。经批准的再次救助、重大案情分阶段救助，由工作人员核实。与受灾救助就同一
    损失重复的，互斥关系尚待核实，只作提示。

    One household was given temporary aid again for the same cause within the months that must pass, or more often in a
    calendar year than the rules allow. What one decision pays in stages within a short time is one grant; other causes,
    and an illness or injury of another member, are other events. Whether a second grant was approved with reasons, or
    a grave case aided in two stages, a person has to check. Disaster relief for the same loss is only pointed out,
    since that exclusion is assumed.
    """
    aid = grants.of_humans(facts, facts.linked["aid"].filter(pl.col("programme").is_in(PROGRAMMES)))
    aid = grants.several(aid, "household_id")
    homes = reading.households(facts, aid.get_column("household_id"))
    for household_id, rows in sorted(reading.rows_by(aid, "household_id").items()):
        division = homes[household_id]["division_code"]
        value = facts.policy.at(facts.as_of, division)
        granted = _grants(
            [row for row in grants.standing(rows) if not _beside(row)], facts, value("temporary.stage_months")
        )
        again = _same_cause(granted, value("temporary.same_cause_months"))
        questioned = set()
        for earlier, later in again:
            questioned.add(later)
            yield _lead(
                facts,
                household_id,
                (earlier, later),
                (later,),
                _because(earlier, later, facts.policy, division, facts.as_of),
            )
        allowed = int(value("temporary.grants_a_year"))
        for year, several in _by_year([each for each in granted if each not in questioned]).items():
            if len(several) > allowed:
                yield _lead(facts, household_id, several, several[allowed:], _too_often(year, len(several), allowed))


@dataclass(frozen=True, slots=True)
class _Grant:
    """One grant: all that one decision paid within a short time; `cause` as an event, "" where it names none."""

    first: dt.date
    last: dt.date
    programme: str
    cause: str
    decision: str | None
    person_id: str
    paid: tuple[Stream, ...]
    evidence: tuple[Evidence, ...]
    grade: Grade
    approved: bool


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a lead is one: its key, its words, and how bad it is."""

    key: tuple[str, ...]
    severity: Severity
    words: Words
    stages: str


def _beside(row: Row) -> bool:
    return grants.says(row, (*grants.ARREARS, *grants.RETURNED, *grants.CORRECTED))


def _grants(rows: Sequence[Row], facts: Facts, stage_months: float) -> list[_Grant]:
    """The household's grants, by their first month. The same payment told of twice is one."""
    paid = grants.streams(rows, facts.as_of)
    ours = sorted(
        (row for row in rows if row["record_id"] in paid),
        key=lambda row: (paid[row["record_id"]].first, row["record_id"]),
    )
    grouped: list[list[Row]] = []
    for row in ours:
        group = next((each for each in grouped if _one_grant(each, row, paid, stage_months)), None)
        if group is None:
            grouped.append([row])
        else:
            group.append(row)
    return [_grant(group, paid) for group in grouped]


def _one_grant(group: Sequence[Row], row: Row, paid: dict[str, Stream], stage_months: float) -> bool:
    """Whether a payment belongs to a grant: the same decision, or, where no number tells, the same cause, soon after."""
    last, this = group[-1], paid[row["record_id"]]
    if row["programme"] != last["programme"]:
        return False
    before = max(paid[each["record_id"]].last for each in group)
    apart = months_between(before, this.first) - 1
    if grants.agree(row, last, "document_no"):
        return grants.says(row, STAGED) or apart <= stage_months
    if grants.differ(row, last, "document_no"):
        return False
    told_twice = not any(
        grants.differ(row, last, column) for column in ("amount_yuan", "start_month", "end_month", "cause")
    )
    return told_twice or (event(row["cause"]) == event(last["cause"]) and (apart <= 1 or grants.says(row, STAGED)))


def _grant(group: Sequence[Row], paid: dict[str, Stream]) -> _Grant:
    once = {tuple(row[column] for column in reading.SAME_PAYMENT): row for row in reversed(group)}
    streams = tuple(sorted(paid[row["record_id"]] for row in once.values()))
    return _Grant(
        first=streams[0].first,
        last=max(each.last for each in streams),
        programme=group[0]["programme"],
        cause=next((cause for row in group if (cause := event(row["cause"]))), ""),
        decision=next((row["document_no"] for row in group if row["document_no"]), None),
        person_id=group[0]["person_id"],
        paid=streams,
        evidence=tuple(Evidence("aid", row["record_id"], row["person_id"]) for row in group),
        grade=reading.weakest(row["grade"] for row in group),
        approved=any(grants.says(row, APPROVED) for row in group),
    )


def event(cause: str | None) -> str:
    """A cause as the name of an event; empty where it names none.

    >>> event(" 火灾（住房） "), event("其他原因"), event(None)
    ('火灾住房', '', '')
    """
    bare = re.sub(r"[^\w]", "", cause or "")
    bare = bare.removesuffix("原因").removesuffix("致困").removesuffix("致贫")
    return "" if bare in NO_EVENT else bare


def _same_cause(granted: Sequence[_Grant], within: float) -> list[tuple[_Grant, _Grant]]:
    """The pairs of grants for one event; each later grant once, beside the nearest one before it."""
    found: dict[_Grant, _Grant] = {}
    for earlier, later in combinations(granted, 2):
        if later.approved or {earlier.programme, later.programme} == {"DISASTER_RELIEF"}:
            continue
        same = bool(earlier.decision) and earlier.decision == later.decision
        alike = bool(earlier.cause) and earlier.cause == later.cause and _one_event(earlier, later)
        if same or (alike and months_between(earlier.first, later.first) - 1 <= within):
            found[later] = earlier
    return [(earlier, later) for later, earlier in found.items()]


def _one_event(one: _Grant, other: _Grant) -> bool:
    return one.person_id == other.person_id or not any(word in one.cause for word in OF_A_PERSON)


def _by_year(granted: Sequence[_Grant]) -> dict[int, list[_Grant]]:
    years: dict[int, list[_Grant]] = {}
    for each in granted:
        if each.programme == "TEMPORARY_AID" and not each.approved:
            years.setdefault(each.first.year, []).append(each)
    return years


def _because(earlier: _Grant, later: _Grant, policy: Policy, division: str | None, on: dt.date) -> _Reason:
    apart = str(months_between(earlier.first, later.first) - 1)
    if earlier.decision and earlier.decision == later.decision:
        words = (f"同一文号相隔 {apart} 个月再次发放", f"paid again by the same decision after {apart} months")
        return _Reason(("DECISION", earlier.decision), "LOW", words, "UNKNOWN")
    cell = policy.relation(earlier.programme, later.programme, on, division) or policy.relation(
        later.programme, earlier.programme, on, division
    )
    severity: Severity = "MEDIUM" if cell is not None and cell.status == "verified" else "INFO"
    words = (f"同一事由相隔 {apart} 个月再次救助", f"aided again for the same cause after {apart} months")
    return _Reason(("CAUSE", later.cause, later.decision or f"{later.first:%Y-%m}"), severity, words, "NO")


def _too_often(year: int, count: int, allowed: int) -> _Reason:
    words = (f"{year} 年内救助 {count} 次，超过 {allowed} 次", f"aided {count} times in {year}, more than {allowed}")
    return _Reason(("YEAR", str(year)), "MEDIUM", words, "NO")


def _lead(facts: Facts, household_id: str, all_: Sequence[_Grant], later: Sequence[_Grant], reason: _Reason) -> Lead:
    streams = [paid for grant in later for paid in grant.paid]
    when = sorted({month for paid in streams for month in months(paid.first, paid.last)})
    return Lead(
        household_id=household_id,
        person_ids=tuple(sorted({piece.person_id for grant in all_ for piece in grant.evidence})),
        natural_key=reason.key,
        severity=reason.severity,
        grade=reading.weakest(grant.grade for grant in all_),
        evidence=tuple(piece for grant in all_ for piece in grant.evidence),
        exceptions=(
            ("approved", "UNKNOWN"),
            ("other_event", "UNKNOWN"),
            ("two_stages", "UNKNOWN" if reason.stages == "UNKNOWN" else "NO"),
        ),
        facts={
            **sums.words(streams, when),
            "why_zh": reason.words[0],
            "why_en": reason.words[1],
            "first": f"{all_[0].first:%Y-%m}",
            "last": f"{all_[-1].first:%Y-%m}",
        },
        amount=(Decimal(0), paid_in(streams, when)),
        period=(all_[0].first, all_[-1].last),
        compared=sums.beside(
            [paid for grant in all_ if grant not in later for paid in grant.paid],
            streams,
            ("先后救助", "the earlier and the later grant"),
        ),
        steps=sums.steps(streams, when),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
FIRE = {
    "person_id": "P1", "programme": "TEMPORARY_AID", "start_month": "2024-03", "end_month": "2024-03", "amount_yuan": 3000,
    "cause": "火灾", "document_no": "文民临〔2024〕31号",
}  # fmt: skip
AGAIN = {
    **FIRE,
    "start_month": "2024-08",
    "end_month": "2024-08",
    "amount_yuan": 2600,
    "document_no": "文民临〔2024〕88号",
}
EXAMPLES = (
    Example(
        zh="同一火灾五个月后再次救助",
        en="The same fire aided again five months later",
        given={"households": (HOME,), "members": (HEAD,), "aid": (FIRE, AGAIN)},
        severity="MEDIUM",
        amount=("0", "2600"),
    ),
    Example(
        zh="一年两次，事由不同",
        en="Twice a year for two misfortunes",
        given={"households": (HOME,), "members": (HEAD,), "aid": (FIRE, {**AGAIN, "cause": "交通事故"})},
        severity=None,
    ),
    Example(
        zh="先行救助后按同一文号补足",
        en="Advanced at once, made up to the whole by the same decision",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "aid": (FIRE, {**FIRE, "start_month": "2024-05", "end_month": "2024-05", "amount_yuan": 1000}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="C03",
    version="1",
    title_zh="同一事由重复临时救助",
    title_en="Temporary aid again for the same cause",
    basis="安政办〔2016〕12号 临时救助实施办法：同一事由不重复救助，一年不超过两次",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"aid": grants.COLUMNS},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{first} 至 {last} 该家庭的临时救助：{why}。金额为后一次（超出次数）的发放额。",
    en="Temporary aid of this household, {first} to {last}: {why}. The amount is what the later grants paid.",
    correction=(
        "核对审批理由：有正当理由的补记再次救助的审批意见；没有的，后一次不再续发。",
        "check the reasons: where there were some, record the approval of the second grant; where none, grant no further one.",
    ),
    clears_zh="再次救助的审批理由、属于不同事件的证明，或同一案情分阶段救助的方案。",
    clears_en="The approval of a second grant with its reasons, proof of another event, or the plan of aid in stages.",
    exceptions={
        "approved": ("是否经批准再次救助", "a second grant approved with reasons"),
        "other_event": ("是否为不同事件", "another event"),
        "two_stages": ("是否为同一案情分阶段救助", "one grave case aided in two stages"),
    },
    parameters=("temporary.same_cause_months", "temporary.grants_a_year", "temporary.stage_months"),
    examples=EXAMPLES,
)
