"""H14: the conditions for a migrant worker's file are not met."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator

import polars as pl

from matcher.overlap import months_between
from matcher.rules import reading, silence
from matcher.rules.explaining import count
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Words

GROUP = "MIGRANT_WORKER"
UNLIMITED = 10_000
"""Months of a contract without an end."""

PARAMETERS = ("migrant.contract_months", "migrant.renewal_days", "migrant.de_facto_allowed", "working_age.first")

WHY: dict[str, Words] = {
    "NOT_A_MEMBER": ("申请时没有工会会员记录", "no record of union membership at the time of application"),
    "SHORT_CONTRACT": (
        "申请时的劳动合同不足规定月数",
        "the labour contract at the time of application is shorter than required",
    ),
}


def find(facts: Facts) -> Iterator[Lead]:
    """以困难农民工申请或建档的家庭，申请时家中没有一名成年成员是工会会员，或会员的劳动合同不足十二个月。合同续签的连续计算；合同无
    期限、合同日期未登记、工会名册不完整或未答复，以及当地允许事实劳动关系的，不构成疑点。不影响已发待遇，只请补充材料或
    改变对象类别。

    A household applied as that of a migrant worker, and when it applied no adult of it was a union member, or the
    member's labour contract ran for less than twelve months. Renewed contracts count as one; a contract without end, one
    whose dates are not on record, a roll that is incomplete or did not answer, and places where a de-facto relation
    suffices are no lead. Nothing paid is touched: papers are asked for, or the target group is changed.
    """
    homes = facts.households.filter(
        (pl.col("target_group") == GROUP)
        & (pl.col("file_closed_on").is_null() | (pl.col("file_closed_on") > facts.as_of))
    )
    if homes.is_empty():
        return
    household_ids = homes.get_column("household_id").to_list()
    families = reading.members(facts, household_ids)
    roll = facts.linked["union_roll"]
    records = reading.rows_by(roll.filter(pl.col("household_id").is_in(household_ids)), "household_id")
    doubtful = frozenset(silence.doubtful(facts, "union_roll").get_column("household_id").to_list())
    answered = silence.answered(facts, "union_roll")
    for home in homes.sort("household_id").iter_rows(named=True):
        household_id = home["household_id"]
        filed = reading.application_date(home, facts.as_of)
        # of so old an application nobody has told what it took
        if any(facts.policy.known(key, filed, home["division_code"]) is None for key in PARAMETERS):
            continue
        value = facts.policy.at(filed, home["division_code"])
        adults = [
            each for each in families.get(household_id, []) if _may_work(each, filed, value("working_age.first"))
        ]
        told = all(each["person_id"] in answered for each in adults)
        if not adults or not told or household_id in doubtful:
            continue
        workers = frozenset(each["person_id"] for each in adults)
        found = [row for row in records.get(household_id, []) if row["person_id"] in workers]
        if value("migrant.de_facto_allowed") and found:
            continue
        lead = _lead(home, adults, found, filed, value)
        if lead is not None:
            yield lead


def _may_work(member: Row, on: dt.date, first_age: float) -> bool:
    """Whether the member was in the household, and old enough for a contract."""
    born = reading.birth_date(member)
    old_enough = born is None or (on - born).days >= first_age * 365.25
    return old_enough and reading.is_member(member, on)


def _lead(
    home: Row, adults: list[Row], found: list[Row], filed: dt.date, value: Callable[[str], float]
) -> Lead | None:
    """What is missing, by what the roll says of the household's adults; None where nothing is, or nobody can tell."""
    least, renewal = int(value("migrant.contract_months")), int(value("migrant.renewal_days"))
    joined = [row for row in found if row["joined_on"] is None or row["joined_on"] <= filed]
    if not joined:
        return _told(home, adults, found, "NOT_A_MEMBER", filed, least, None)
    if any(row["contract_from"] is None for row in joined):
        return None
    longest = max(
        _contract_months([row for row in joined if row["person_id"] == person], filed, renewal)
        for person in {row["person_id"] for row in joined}
    )
    return _told(home, adults, joined, "SHORT_CONTRACT", filed, least, longest) if longest < least else None


def _contract_months(records: Iterable[Row], filed: dt.date, renewal_days: int) -> int:
    """Months of the contract in force when the household applied, renewals counted with it; UNLIMITED without an end."""
    spans = sorted((row["contract_from"], row["contract_to"] or dt.date.max) for row in records)
    merged = [spans[0]]
    for start, end in spans[1:]:
        first, last = merged[-1]
        if last == dt.date.max or (start - last).days <= renewal_days:
            merged[-1] = (first, max(last, end))
        else:
            merged.append((start, end))
    return max((_months(first, last) for first, last in merged if first <= filed <= last), default=0)


def _months(first: dt.date, last: dt.date) -> int:
    """Whole months of a contract, both days counted: 1 March to the last of February are twelve."""
    if last == dt.date.max:
        return UNLIMITED
    end = last + dt.timedelta(days=1)
    return months_between(first, end) - 1 - (end.day < first.day)


def _told(
    home: Row, adults: list[Row], records: list[Row], why: str, filed: dt.date, least: int, longest: int | None
) -> Lead:
    household_id = home["household_id"]
    persons = sorted({row["person_id"] for row in records}) or [_head(adults)["person_id"]]
    renewed: Result = "NO" if why == "SHORT_CONTRACT" else "UNKNOWN"
    months: Words = (
        ("没有合同记录", "no contract on record") if longest is None else (f"{longest} 个月", count(longest, "month"))
    )
    compared = (
        Compared(("申请时的劳动合同", "the labour contract at the application"),
                 (f"不少于 {least} 个月", f"at least {count(least, 'month')}"), months, "union_roll", beside="policy"),
    )  # fmt: skip
    return Lead(
        household_id=household_id,
        person_ids=tuple(persons),
        natural_key=(GROUP,),
        severity="LOW",
        grade=reading.weakest(row["grade"] for row in records) if records else "G1",
        evidence=tuple(Evidence("union_roll", row["record_id"], row["person_id"]) for row in records)
        or tuple(Evidence("members", each["person_id"], each["person_id"]) for each in adults),
        exceptions=(("de_facto", "UNKNOWN"), ("renewed", renewed), ("elsewhere", "UNKNOWN")),
        facts={
            "why_zh": WHY[why][0],
            "why_en": WHY[why][1],
            "filed": filed.isoformat(),
            "least": str(least),
            "identity_zh": "" if records else "完整的工会名册中没有家中任何成年成员",
            "identity_en": "" if records else "the complete union roll knows no adult of the household",
        },
        compared=compared,
    )


def _head(adults: list[Row]) -> Row:
    return next((each for each in adults if each["relation"] == "HEAD"), adults[0])


HOME = {
    "household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502",
    "target_group": GROUP,
}  # fmt: skip
HEAD = {
    "person_id": "P1",
    "household_id": "H1",
    "relation": "HEAD",
    "birth_date": "1975-01-01",
    "id_number": "410502197501011233",
}
CARD = {
    "person_id": "P1",
    "union": "建筑工会",
    "joined_on": "2023-06-01",
    "contract_from": "2023-09-01",
    "contract_to": "2024-05-31",
}
FAMILY = {"households": (HOME,), "members": (HEAD,)}
EXAMPLES = (
    Example(
        zh="申请时劳动合同只有九个月",
        en="A contract of nine months at the time of application",
        given={**FAMILY, "union_roll": (CARD,)},
        complete=("union_roll",),
        severity="LOW",
    ),
    Example(
        zh="完整的工会名册中没有该家庭的任何人",
        en="The complete union roll knows nobody of the household",
        given={**FAMILY, "union_roll": ()},
        complete=("union_roll",),
        severity="LOW",
    ),
    Example(
        zh="合同到期后续签：连续计算",
        en="The contract was renewed: both count as one",
        given={**FAMILY, "union_roll": (CARD, {**CARD, "contract_from": "2024-06-01", "contract_to": "2025-05-31"})},
        complete=("union_roll",),
        severity=None,
    ),
    Example(
        zh="名册没有登记合同日期",
        en="The roll does not say when the contract runs",
        given={**FAMILY, "union_roll": ({**CARD, "contract_from": None, "contract_to": None},)},
        complete=("union_roll",),
        severity=None,
    ),
)

RULE = Rule(
    id="H14",
    version="1",
    title_zh="农民工条件未满足",
    title_en="Migrant conditions unmet",
    basis="安政办〔2019〕15号 二（四）：加入工会、签订一年以上劳动合同、有特殊困难的农民工",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        "union_roll": "joined_on contract_from contract_to",
        "households": "target_group*",
        "members": "relation birth_date id_number valid_from valid_to",
    },
    minimum_grade="G4",
    find=find,
    zh="该家庭以困难农民工申请（{filed}），{why}（要求不少于 {least} 个月）。",
    en="The household applied as that of a migrant worker ({filed}): {why} (at least {least} months are required).",
    clears_zh="工会会员证、劳动合同或续签的合同，或用人单位关于事实劳动关系的证明。",
    clears_en="A union card, the labour contract or its renewal, or the employer's word of a de-facto relation.",
    exceptions={
        "de_facto": ("当地是否允许事实劳动关系", "a de-facto relation where that is allowed"),
        "renewed": ("合同是否已续签", "the contract was renewed"),
        "elsewhere": ("是否为外地工会会员", "a member of a union elsewhere"),
    },
    parameters=PARAMETERS,
    examples=EXAMPLES,
)
