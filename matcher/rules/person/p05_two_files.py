"""P05: one person in two active files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
from chinese_calendar import get_workdays
from chinese_calendar.constants import holidays

from matcher.overlap import first_day, paid
from matcher.rules import reading, sums
from matcher.rules.explaining import GRADES
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule

DAYS_A_YEAR = 365.25


def find(facts: Facts) -> Iterator[Lead]:
    """同一人同时是两份在册档案的成员，重叠的工作日超过转档所需的时限。仅申请未建档、转档的短期重叠、父母双方都填报的子女，
    不构成疑点。两地各有一份档案的，也由本规则处理。

    One person is a member of two active files for more working days than a transfer may take. An application is
    no file; a transfer with a short overlap is none; a child or student listed by both parents is none. Files in two
    counties are this rule's too.
    """
    pairs = facts.same_person.filter(pl.col("person_id") < pl.col("other_person_id"))
    wanted = pl.concat([pairs.get_column("person_id"), pairs.get_column("other_person_id")]).unique()
    rows = facts.members.filter(pl.col("person_id").is_in(wanted.implode()))
    people = {row["person_id"]: row for row in rows.iter_rows(named=True)}
    homes = reading.households(facts, rows.get_column("household_id").to_list())
    dated = facts.households.select(pl.col("file_opened_on").is_not_null().any()).item()
    leads = []
    for one, other, grade in pairs.sort("person_id", "other_person_id").iter_rows():
        sides = [
            _interval(people[person], homes[people[person]["household_id"]], facts.as_of, dated)
            for person in (one, other)
        ]
        left, right = sides
        if left is None or right is None or people[one]["household_id"] == people[other]["household_id"]:
            continue
        first, last = max(left[0], right[0]), min(left[1], right[1])
        later, earlier = sorted(
            ((left[0], people[one]["household_id"], one), (right[0], people[other]["household_id"], other)),
            reverse=True,
        )
        division = homes[later[1]]["division_code"]
        days, certain = working_days(first, last)
        if days <= facts.policy.value("transfer.working_days", facts.as_of, division):
            continue
        age = facts.policy.value("child.counted_until_age", facts.as_of, division)
        if all(_is_child(people[person], facts.as_of, age) for person in (one, other)):
            continue
        leads.append((later, earlier, first, last, days, certain, grade))
    streams = reading.payments(facts, [later[1] for later, *_ in leads])
    for later, earlier, first, last, days, certain, grade in leads:
        amount = paid(streams.get(later[1], []), first_day(first), first_day(last))
        divisions = [homes[side[1]]["division_code"] for side in (earlier, later)]
        yield Lead(
            household_id=later[1],
            person_ids=(later[2], earlier[2]),
            natural_key=(earlier[1],),
            severity="MEDIUM",
            grade=grade,
            evidence=(Evidence("members", later[2], later[2]), Evidence("members", earlier[2], earlier[2])),
            exceptions=(("transfer", "NO"), ("listed_by_both_parents", "NO"), ("remarriage_dated", "UNKNOWN")),
            facts={
                **sums.words(streams.get(later[1], []), sums.since(first, last)),
                "first": first.isoformat(),
                "last": last.isoformat(),
                "identity_zh": GRADES[grade][0],
                "identity_en": GRADES[grade][1],
                "days": str(days),
                "certain_zh": "" if certain else "（部分年份的节假日未知，按周一至周五计）",
                "certain_en": "" if certain else " (holidays of some years unknown: Monday to Friday counted)",
                "divisions_zh": "、".join(dict.fromkeys(reading.place(code)[0] for code in divisions)),
                "divisions_en": ", ".join(dict.fromkeys(reading.place(code)[1] for code in divisions)),
            },
            amount=(Decimal(0), amount[1]),
            period=(first, last),
            compared=(
                Compared(
                    ("在册起始", "on file since"),
                    (later[0].isoformat(), later[0].isoformat()),
                    (earlier[0].isoformat(), earlier[0].isoformat()),
                    "members",
                    earlier[2],
                ),
            ),
            steps=(
                (f"重叠 {first} 至 {last}，共 {days} 个工作日", f"overlap {first} to {last}: {days} working days"),
                *sums.steps(streams.get(later[1], []), sums.since(first, last)),
            ),
        )


def _interval(member: Row, home: Row, as_of: dt.date, dated: bool) -> tuple[dt.date, dt.date] | None:
    """From when to when the person was in an active file, as far as is known; None where never.

    `dated`: some household of the table says when its file was opened; then one that does not is an application.
    """
    opened = home["file_opened_on"]
    if opened is None and (dated or member["valid_from"] is None):
        return None
    began = max(day for day in (opened, member["valid_from"]) if day is not None)
    ended = min(day for day in (home["file_closed_on"], member["valid_to"], as_of) if day is not None)
    return (began, ended) if began <= ended else None


def working_days(first: dt.date, last: dt.date) -> tuple[int, bool]:
    """Working days from `first` to `last`, both counted, and whether the calendar knows all the years.

    Source: the State Council's holiday notices through chinese_calendar; years it does not know count Monday to
    Friday.
    """
    if last < first:
        return 0, True
    days = _calendar()
    if days[0].astype(object).year <= first.year and last.year <= days[-1].astype(object).year:
        return int(
            np.searchsorted(days, np.datetime64(last, "D"), "right")
            - np.searchsorted(days, np.datetime64(first, "D"))
        ), True
    return int(np.busday_count(first, last + dt.timedelta(days=1))), False


@cache
def _calendar() -> npt.NDArray[np.datetime64]:
    """Every working day of the years that chinese_calendar knows, sorted."""
    years = {day.year for day in holidays}
    return np.array(get_workdays(dt.date(min(years), 1, 1), dt.date(max(years), 12, 31)), dtype="datetime64[D]")


def _is_child(member: Row, as_of: dt.date, age: float) -> bool:
    born = reading.birth_date(member)
    return member["relation"] == "CHILD" and (born is None or (as_of - born).days < age * DAYS_A_YEAR)


EARLIER = {"household_id": "H1", "file_opened_on": "2024-01-10", "division_code": "410502"}
LATER = {"household_id": "H2", "file_opened_on": "2024-05-10", "division_code": "410503"}
ROWS = (
    {"person_id": "P1", "household_id": "H1", "relation": "HEAD"},
    {"person_id": "P2", "household_id": "H2", "relation": "HEAD"},
)
EXAMPLES = (
    Example(
        zh="同一人1月在一县建档，5月又在另一县建档，两份档案都未注销",
        en="One person's file was opened in January, another in May in another county, and both are open",
        given={"households": (EARLIER, LATER), "members": ROWS},
        same_person=(("P1", "P2"),),
        severity="MEDIUM",
    ),
    Example(
        zh="转档：新档案建立后十天注销旧档案",
        en="A transfer: the old file was closed ten days after the new one was opened",
        given={"households": ({**EARLIER, "file_closed_on": "2024-05-20"}, LATER), "members": ROWS},
        same_person=(("P1", "P2"),),
        severity=None,
    ),
)

RULE = Rule(
    id="P05",
    version="1",
    title_zh="一人两档",
    title_en="Person in two active files",
    basis="困难职工档案管理办法：一户一档；安政办〔2019〕15号 三（一）",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"members": "relation birth_date id_number valid_from valid_to"},
    optional={"aid": reading.AID},
    minimum_grade="G4",
    only_in_a_scan=True,
    find=find,
    zh="同一人在 {first} 至 {last} 同时属于两份在册档案（{divisions}），重叠 {days} 个工作日{certain}。",
    en="One person belonged to two active files from {first} to {last} ({divisions}): {days} working days of "
    "overlap{certain}.",
    clears_zh="转档手续、离婚再婚后的家庭变更证明，或两份档案并非同一人的证明。",
    clears_en="Papers of the transfer, of a divorce or remarriage, or proof that the two are not one person.",
    exceptions={
        "transfer": ("是否为转档过渡期", "a transfer between unions"),
        "listed_by_both_parents": ("是否为父母双方都填报的子女", "a child listed by both parents"),
        "remarriage_dated": ("是否因离婚或再婚变更家庭", "a divorce or remarriage"),
    },
    parameters=("transfer.working_days", "child.counted_until_age"),
    examples=EXAMPLES,
)
