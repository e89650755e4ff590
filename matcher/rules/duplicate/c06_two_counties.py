"""C06: dibao or tekun paid by two counties."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

import polars as pl

from matcher.overlap import Stream, months, shared, stream
from matcher.rules import reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule, Words

PROGRAMMES = ("DIBAO", "TEKUN")


def find(facts: Facts) -> Iterator[Lead]:
    """同一人由两个县（市、区）同时发放低保或特困供养，重叠月数超过迁移所允许的月数。县以发放地为准。两份在册档案无论是否
    同县，由规则P05处理。

    One person was paid minimum living guarantee or destitution support by two counties for more months than a move
    may overlap. The county is the one that paid. Two active files, in one county or in two, are rule P05's.
    """
    paid_by = pl.col("programme").is_in(PROGRAMMES) & pl.col("division_code").is_not_null()
    aid = reading.once(facts.linked["aid"].filter(paid_by))
    homes = reading.households(facts, aid.get_column("household_id"))
    same = _representatives(facts)
    by_human: dict[str, dict[str, Row]] = {}
    for row in aid.iter_rows(named=True):
        by_human.setdefault(same.get(row["person_id"], row["person_id"]), {}).setdefault(row["record_id"], row)
    for _, rows in sorted(by_human.items()):
        streams = [months_paid for row in rows.values() if (months_paid := stream(row, facts.as_of))]
        yield from _leads(facts, streams, rows, homes)


def _leads(facts: Facts, streams: list[Stream], rows: dict[str, Row], homes: dict[str, Row]) -> Iterator[Lead]:
    by_counties: dict[tuple[str, str], list[tuple[Stream, Stream]]] = {}
    for one, other in combinations(sorted(streams, key=lambda each: each.record_id), 2):
        if one.division and other.division and one.division != other.division and shared(one, other):
            first, second = sorted((one.division, other.division))
            by_counties.setdefault((first, second), []).append((one, other))
    for counties, pairs in sorted(by_counties.items()):
        common = [shared(one, other) for one, other in pairs]
        every = sorted({month for both in common if both for month in months(*both)})
        started = {
            county: min(s.first for pair in pairs for s in pair if s.division == county) for county in counties
        }
        later = max(counties, key=lambda county: (started[county], county))
        involved = sorted({each for pair in pairs for each in pair}, key=lambda each: each.record_id)
        chief = next(each for each in involved if each.division == later)
        home = homes[rows[chief.record_id]["household_id"]]
        if len(every) <= facts.policy.value("overlap.switch_months", facts.as_of, home["division_code"]):
            continue
        lower = [each for each in involved if each.division == later]
        amount = sums.paid_in(lower, every)
        yield Lead(
            household_id=home["household_id"],
            person_ids=tuple(sorted({each.person_id for each in involved})),
            natural_key=counties,
            severity="HIGH",
            grade=reading.weakest(rows[each.record_id]["grade"] for each in involved),
            evidence=tuple(Evidence("aid", each.record_id, each.person_id) for each in involved),
            exceptions=(("move_month", "NO"), ("boundary_change", "UNKNOWN")),
            facts={
                **sums.words(lower, every),
                "counties_zh": "、".join(reading.place(county)[0] for county in counties),
                "counties_en": ", ".join(reading.place(county)[1] for county in counties),
                "later_zh": reading.place(later)[0],
                "later_en": reading.place(later)[1],
                "first": f"{every[0]:%Y-%m}",
                "last": f"{every[-1]:%Y-%m}",
                "months": str(len(every)),
            },
            amount=(Decimal(0), amount),
            period=(every[0], every[-1]),
            compared=(
                Compared(
                    ("两地发放", "paid by two counties"),
                    _paid_by(next(county for county in counties if county != later), involved),
                    _paid_by(later, involved),
                    "aid",
                    beside="aid",
                ),
            ),
            steps=sums.steps(lower, every),
        )


def _paid_by(county: str, streams: list[Stream]) -> Words:
    """A county and what it paid."""
    zh, en = sums.told(each for each in streams if each.division == county)
    where = reading.place(county)
    return f"{where[0]} {zh}", f"{where[1]} {en}"


def _representatives(facts: Facts) -> dict[str, str]:
    """Members rows that are one human being, by number: each row's smallest equal."""
    pairs = facts.same_person.filter(pl.col("grade").is_in(["G1", "G2"]))
    smallest: dict[str, str] = {}
    for one, other, _ in pairs.sort("person_id", "other_person_id").iter_rows():
        smallest[one] = min(smallest.get(one, one), other)
    return smallest


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}

HERE = {
    "person_id": "P1", "programme": "DIBAO", "start_month": "2024-01", "end_month": "2024-12", "amount_yuan": 500,
    "division_code": "410502",
}  # fmt: skip
THERE = {**HERE, "start_month": "2024-09", "division_code": "410581"}
EXAMPLES = (
    Example(
        zh="两县同时发放低保四个月",
        en="Dibao paid by two counties for four months",
        given={"households": (HOME,), "members": (HEAD,), "aid": (HERE, THERE)},
        severity="HIGH",
        amount=("0", "2000"),
    ),
    Example(
        zh="仅迁移当月由两地发放",
        en="Paid by both in the month of the move alone",
        given={"households": (HOME,), "members": (HEAD,), "aid": ({**HERE, "end_month": "2024-09"}, THERE)},
        severity=None,
    ),
)

RULE = Rule(
    id="C06",
    version="1",
    title_zh="两地领取",
    title_en="Aid from two counties",
    basis="社会救助暂行办法：由户籍所在地（或居住地）县级认定；安政办〔2019〕15号 一：避免重复救助",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={"aid": f"{reading.AID} division_code*"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="同一人 {first} 至 {last} 有 {months} 个月同时由两个县（市、区）发放低保或特困供养（{counties}）；后开始的是{later}。",
    en="One person was paid dibao or tekun by two counties ({counties}) in {months} months from {first} to {last}; the later is "
    "{later}.",
    correction=(
        "由现居住地继续，另一地自重叠首月起终止并互相函告。",
        "the county of residence goes on, the other ends it from the first shared month and tells it so.",
    ),
    clears_zh="户籍迁移或区划调整的证明，或发放记录有误的说明。",
    clears_en="Proof of a move or of a changed boundary, or a statement that the payment records err.",
    exceptions={
        "move_month": ("是否仅为迁移当月", "only the month of the move"),
        "boundary_change": ("是否因区划调整", "a changed boundary"),
    },
    parameters=("overlap.switch_months",),
    examples=EXAMPLES,
)
