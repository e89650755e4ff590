"""C07: one person counted in two households' aid by head."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

import polars as pl

from matcher.identity.programmes import BY_CODE
from matcher.overlap import Stream, add_months, first_day, inside, months
from matcher.rules import reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Evidence, Example, Facts, Grade, Lead, Rule, Words

PER_HEAD = "DIBAO"
"""The programme whose amount follows the number of heads."""

FEN = Decimal("0.01")
DAYS_A_YEAR = 365.25


def find(facts: Facts) -> Iterator[Lead]:
    """同一人同时列为两个家庭的成员，而两个家庭在相同月份都领取按人口计算的低保，超过迁移所允许的月数。父母双方都填报的未成年或在读子女
    （共同抚养）不构成疑点；按人逐行列示的低保中没有其名下份额的一户，视为未计入。两份在册档案本身由规则P05处理，本条只问按人口
    计算的救助：金额为后一户中该人的一份。

    One person is a member of two households that both received dibao, which is reckoned by head, in the same months,
    for longer than a move may take. A child whom both parents list (shared custody) is no lead; where dibao is listed
    line by line for each member, a household without a line for this person has not counted them. The two files
    themselves are rule P05's; this one asks of the aid by head alone, and the amount is this person's share in the
    later household.
    """
    pairs = facts.same_person.filter(
        pl.col("grade").is_in(["G1", "G2"]) & (pl.col("person_id") < pl.col("other_person_id"))
    )
    ids = {*pairs.get_column("person_id"), *pairs.get_column("other_person_id")}
    people = {
        row["person_id"]: row
        for row in facts.members.filter(pl.col("person_id").is_in(sorted(ids))).iter_rows(named=True)
    }
    of = sorted({row["household_id"] for row in people.values()})
    world = _World(reading.households(facts, of), reading.members(facts, of), _dibao(facts, of))
    for one, other, grade in pairs.sort("person_id", "other_person_id").iter_rows():
        if one in people and other in people and people[one]["household_id"] != people[other]["household_id"]:
            lead = _lead(facts, people[one], people[other], grade, world)
            if lead is not None:
                yield lead


@dataclass(frozen=True, slots=True)
class _World:
    """The households in question, their members, and the dibao paid to each."""

    homes: Mapping[str, Row]
    members: Mapping[str, list[Row]]
    paid: Mapping[str, list[Stream]]

    def counted(self, member: Row, as_of: dt.date) -> set[dt.date]:
        """The months in which a member is counted in the household's dibao, as far as is known."""
        home = self.homes[member["household_id"]]
        streams = self.paid.get(member["household_id"], [])
        listed = {stream.person_id for stream in streams}
        if len(listed) > 1 and member["person_id"] not in listed:
            return set()
        begun = [day for day in (member["valid_from"], home["applied_on"] or home["file_opened_on"]) if day]
        ends = [day for day in (member["valid_to"], home["file_closed_on"], add_months(first_day(as_of), 1)) if day]
        first, last = max(begun, default=None), first_day(min(ends))
        return {
            month
            for stream in streams
            for month in months(stream.first, stream.last)
            if month < last and (first is None or month >= first)
        }

    def size(self, household_id: str, month: dt.date) -> int:
        """How many were members on the first day of a month."""
        return max(sum(reading.is_member(each, month) for each in self.members[household_id]), 1)


def _dibao(facts: Facts, ids: list[str]) -> dict[str, list[Stream]]:
    aid = facts.linked["aid"].filter(pl.col("programme") == PER_HEAD)
    return reading.payments_in(aid, facts.as_of, ids)


def _lead(facts: Facts, one: Row, other: Row, grade: Grade, world: _World) -> Lead | None:
    when = sorted(world.counted(one, facts.as_of) & world.counted(other, facts.as_of))
    later, earlier = sorted((one, other), key=lambda row: _order(row, world), reverse=True)
    division = world.homes[later["household_id"]]["division_code"]
    value = facts.policy.at(facts.as_of, division)
    if len(when) <= value("overlap.switch_months") or _shared_child(
        one, other, facts.as_of, value("child.counted_until_age")
    ):
        return None
    paid = world.paid[later["household_id"]]
    high, steps = _share(later["household_id"], when, world)
    weakest = _grades(facts, [*paid, *world.paid[earlier["household_id"]]])
    return Lead(
        household_id=later["household_id"],
        person_ids=(earlier["person_id"], later["person_id"]),
        natural_key=(earlier["household_id"], PER_HEAD),
        severity="MEDIUM",
        grade=reading.weakest([grade, *weakest]),
        evidence=(
            Evidence("members", earlier["person_id"], earlier["person_id"]),
            Evidence("members", later["person_id"], later["person_id"]),
            *(
                Evidence("aid", stream.record_id, stream.person_id)
                for stream in (*world.paid[earlier["household_id"]], *paid)
                if inside(stream, when)
            ),
        ),
        exceptions=(("shared_custody", "NO"), ("move", "NO"), ("not_counted", "UNKNOWN")),
        facts={
            "first": f"{when[0]:%Y-%m}",
            "last": f"{when[-1]:%Y-%m}",
            "months": str(len(when)),
            "programme_zh": BY_CODE[PER_HEAD].name_zh,
            "programme_en": BY_CODE[PER_HEAD].name_en,
        },
        amount=(Decimal(0), high),
        period=(when[0], when[-1]),
        compared=sums.beside(
            [each for each in world.paid[earlier["household_id"]] if inside(each, when)],
            [each for each in paid if inside(each, when)],
            ("两户发放", "what the two households were paid"),
        ),
        steps=steps,
    )


def _order(member: Row, world: _World) -> tuple[dt.date, str]:
    home = world.homes[member["household_id"]]
    begun = [day for day in (member["valid_from"], home["file_opened_on"] or home["applied_on"]) if day]
    return max(begun, default=dt.date.min), member["household_id"]


def _shared_child(one: Row, other: Row, as_of: dt.date, age: float) -> bool:
    """Whether both households list them as a child who is still one: parents apart who share the care."""
    born = reading.birth_date(one) or reading.birth_date(other)
    young = born is None or (as_of - born).days < age * DAYS_A_YEAR
    return one["relation"] == other["relation"] == "CHILD" and young


def _share(household_id: str, when: list[dt.date], world: _World) -> tuple[Decimal, tuple[Words, ...]]:
    """One head's part of what the household was paid in these months, and how it comes about."""
    counts: dict[tuple[Decimal, int], int] = defaultdict(int)
    for month in when:
        paid = sum(
            (stream.amount or Decimal(0) for stream in world.paid[household_id] if inside(stream, (month,))),
            Decimal(0),
        )
        counts[max(paid, Decimal(0)), world.size(household_id, month)] += 1
    total, steps = Decimal(0), []
    for (paid, heads), count in sorted(counts.items()):
        part = (paid / heads).quantize(FEN, ROUND_DOWN)
        total += part * count
        sum_ = f"{paid:.2f} ÷ {heads} = {part:.2f}；{part:.2f} × {count} = {part * count:.2f}"
        steps.append((f"{sum_} 元", f"{sum_.replace('；', '; ')} yuan"))
    if len(steps) > 1:
        steps.append((f"合计 {total:.2f} 元", f"in all {total:.2f} yuan"))
    return total, tuple(steps)


def _grades(facts: Facts, streams: list[Stream]) -> list[Grade]:
    records = sorted({stream.record_id for stream in streams})
    rows = facts.linked["aid"].filter(pl.col("record_id").is_in(records))
    grades: list[Grade] = rows.get_column("grade").drop_nulls().to_list()
    return grades


HOMES = (
    {"household_id": "H1", "applied_on": "2022-05-01", "file_opened_on": "2022-06-01", "division_code": "410502"},
    {"household_id": "H2", "applied_on": "2022-07-05", "file_opened_on": "2022-08-05", "division_code": "410503"},
)
HEADS = (
    {"person_id": "P1", "household_id": "H1", "relation": "HEAD"},
    {"person_id": "P2", "household_id": "H2", "relation": "HEAD"},
)
MOTHER = (
    {"person_id": "P3", "household_id": "H1", "relation": "PARENT", "birth_date": "1945-04-25"},
    {"person_id": "P4", "household_id": "H2", "relation": "PARENT", "birth_date": "1945-04-25"},
)
CHILD = tuple({**row, "relation": "CHILD", "birth_date": "2012-04-04"} for row in MOTHER)
PAID = tuple(
    {"person_id": person, "programme": "DIBAO", "start_month": "2024-07", "end_month": "2024-12", "amount_yuan": 900}
    for person in ("P1", "P2")
)
EXAMPLES = (
    Example(
        zh="母亲同时计入两个儿子的低保户",
        en="A mother counted in the dibao of both her sons",
        given={"households": HOMES, "members": (*HEADS, *MOTHER), "aid": PAID},
        same_person=(("P3", "P4"),),
        severity="MEDIUM",
        amount=("0", "2700"),
    ),
    Example(
        zh="离异父母双方都填报的孩子",
        en="A child whom both divorced parents list",
        given={"households": HOMES, "members": (*HEADS, *CHILD), "aid": PAID},
        same_person=(("P3", "P4"),),
        severity=None,
    ),
    Example(
        zh="母亲年中从一户迁到另一户",
        en="The mother moves from one to the other",
        given={
            "households": HOMES,
            "members": (*HEADS, {**MOTHER[0], "valid_to": "2024-09-30"}, {**MOTHER[1], "valid_from": "2024-10-01"}),
            "aid": PAID,
        },
        same_person=(("P3", "P4"),),
        severity=None,
    ),
    Example(
        zh="只有一户领取低保",
        en="Only one of the households is on dibao",
        given={"households": HOMES, "members": (*HEADS, *MOTHER), "aid": PAID[:1]},
        same_person=(("P3", "P4"),),
        severity=None,
    ),
)

RULE = Rule(
    id="C07",
    version="1",
    title_zh="一人计入两户",
    title_en="One person, two household sizes",
    basis="最低生活保障审核确认办法：共同生活的家庭成员只能计入一户；安政办〔2019〕15号 一：避免重复救助",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"aid": reading.AID, "members": "relation birth_date id_number valid_from valid_to"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="同一人在 {first} 至 {last} 有 {months} 个月同时为两户成员，两户都领取{programme}。金额为该人在后一户中的一份。",
    en="One person was a member of two households in {months} months from {first} to {last} while both received {programme}. The "
    "amount is this person's share in the later one.",
    correction=(
        "先核实该人随哪一户共同生活；另一户按减少一人重新计算，不整户停发。",
        "find out with which household the person lives; the other is computed again for one head less, and not stopped.",
    ),
    clears_zh="随其中一户共同生活的证明、迁移的时间，或另一户未将其计入的审批表。",
    clears_en="Proof with which household the person lives, the date of the move, or the decision that does not count them.",
    exceptions={
        "shared_custody": ("是否为父母共同抚养的子女", "a child in shared custody"),
        "move": ("是否仅为迁移当月", "only the month of a move"),
        "not_counted": ("其中一户是否未将其计入", "not counted by one of the households"),
    },
    parameters=("overlap.switch_months", "child.counted_until_age"),
    examples=EXAMPLES,
)
