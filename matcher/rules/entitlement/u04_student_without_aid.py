"""U04: a child at school, no student aid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import polars as pl

from matcher.identity.programmes import STUDENT_AID
from matcher.overlap import add_months, first_day
from matcher.rules import reading
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule

SCHOOL_YEAR_BEGINS = 9
DAYS_A_YEAR = 365.25


def find(facts: Facts) -> Iterator[Lead]:
    """在册家庭的成员目前在校就读，而本学年（含开学前发放的入学救助）没有发给学生本人或家庭任何成员的助学项目。该家庭可能
    符合条件而未享受：征得同意后转介。

    A member of an active file is enrolled at a school today, and no student aid was paid in this school year, or before its
    first term for it, to the student or, since the parent is the file's subject, to anyone of the household. This is
    something the household may be entitled to: with its consent, a referral.
    """
    enrolled = facts.linked["school"].filter(
        pl.col("status").is_null() | (pl.col("status") == "ENROLLED"),
        pl.col("term_start").is_null() | (pl.col("term_start") <= facts.as_of),
        pl.col("term_end").is_null() | (pl.col("term_end") >= facts.as_of),
        pl.any_horizontal(pl.col("term_start", "term_end").is_not_null()),
    )
    household_ids = enrolled.get_column("household_id").unique().to_list()
    homes = reading.households(facts, household_ids)
    families = reading.members(facts, household_ids)
    begun = school_year(facts.as_of)
    # what is granted for the new year is often paid before its first term
    granted = begun.replace(month=int(facts.policy.value("school_year.first_month", facts.as_of)))
    helped = {
        household_id
        for frame in (facts.linked["aid"], reading.under_review(facts, "aid"))
        for household_id, streams in reading.payments_in(frame, facts.as_of, household_ids).items()
        if any(each.programme in STUDENT_AID and each.last >= granted for each in streams)
    }
    untold = _untold(facts)
    for person_id, records in sorted(reading.rows_by(enrolled, "person_id").items()):
        household_id = records[0]["household_id"]
        student = next(each for each in families[household_id] if each["person_id"] == person_id)
        if household_id in helped or not _active(homes[household_id], facts.as_of):
            continue
        if not reading.is_member(student, facts.as_of) or _too_old(student, facts):
            continue
        told = untold.isdisjoint(each["person_id"] for each in families[household_id])
        yield Lead(
            household_id=household_id,
            person_ids=(person_id,),
            natural_key=(f"{begun:%Y}",),
            severity="LOW" if told else "INFO",
            grade=reading.weakest(record["grade"] for record in records),
            evidence=tuple(Evidence("school", record["record_id"], person_id) for record in records),
            exceptions=(("aid_elsewhere", "NO" if told else "UNKNOWN"), ("family_declines", "UNKNOWN")),
            facts={
                "year": f"{begun.year}–{begun.year + 1}",
                "as_of": facts.as_of.isoformat(),
                "aid_zh": reading.date_of_feed(facts, "aid", "zh"),
                "aid_en": reading.date_of_feed(facts, "aid", "en"),
            },
            period=(begun, add_months(begun, 11)),
            compared=(
                Compared(
                    ("本学年助学发放", "student aid in this school year"),
                    ("无记录", "none on record"),
                    ("在读", "enrolled"),
                    "school",
                    records[0]["record_id"],
                    beside="aid",
                ),
            ),
        )


def _untold(facts: Facts) -> frozenset[str]:
    """Members of whom the departments' silence does not say that no aid was paid."""
    if not facts.feeds["aid"].complete:
        return frozenset(facts.members.get_column("person_id").to_list())
    unasked = facts.coverage.filter(
        pl.col("source") == "aid", pl.col("state").is_in(["NOT_AUTHORISED", "NOT_ASKED", "NO_ANSWER"])
    )
    return frozenset(unasked.get_column("person_id").to_list())


def school_year(day: dt.date) -> dt.date:
    """The first month of the school year that a day belongs to."""
    year = day.year if day.month >= SCHOOL_YEAR_BEGINS else day.year - 1
    return first_day(dt.date(year, SCHOOL_YEAR_BEGINS, 1))


def _active(home: Row, as_of: dt.date) -> bool:
    opened = home["file_opened_on"] or home["applied_on"]
    closed = home["file_closed_on"]
    return (opened is None or opened <= as_of) and (closed is None or closed > as_of)


def _too_old(student: Row, facts: Facts) -> bool:
    oldest = facts.policy.value("student.oldest_age", facts.as_of)
    born = reading.birth_date(student)
    return born is not None and (facts.as_of - born).days >= (oldest + 1) * DAYS_A_YEAR


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}

PUPIL = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "birth_date": "2010-06-01"}
TERM = {"person_id": "P2", "term_start": "2024-09-01", "status": "ENROLLED"}
GRANT = {
    "person_id": "P2",
    "programme": "GOLDEN_AUTUMN",
    "start_month": "2024-09",
    "end_month": "2024-09",
    "amount_yuan": 3000,
}
EXAMPLES = (
    Example(
        zh="子女在读，本学年没有任何助学发放",
        en="A child at school, and no student aid in this school year",
        given={"households": (HOME,), "members": (HEAD, PUPIL), "school": (TERM,), "aid": ()},
        complete=("aid",),
        severity="LOW",
    ),
    Example(
        zh="9月已发放金秋助学",
        en="Golden Autumn aid was paid in September",
        given={"households": (HOME,), "members": (HEAD, PUPIL), "school": (TERM,), "aid": (GRANT,)},
        complete=("aid",),
        severity=None,
    ),
)

RULE = Rule(
    id="U04",
    version="1",
    title_zh="在读子女未获助学",
    title_en="Child at school without student aid",
    basis="安政办〔2019〕15号 三（六）助学：不让一名困难职工子女因贫失学",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"school": "status term_start term_end", "aid": reading.AID},
    minimum_grade="G5",
    find=find,
    rests_on=("school",),
    zh="学籍显示 {as_of} 在读，而 {year} 学年没有助学项目的发放记录（救助数据截至 {aid}）。该家庭可能符合助学条件："
    "经本人同意后转介教育部门和工会。",
    en="The school register shows enrolment on {as_of}, and no student aid was paid in the school year {year} (aid data as of "
    "{aid}). The household may be entitled to it: with its consent, refer it to the education office and the union.",
    clears_zh="已获其他助学的凭证，或家庭表示不申请。",
    clears_en="Proof of aid from elsewhere, or the family's wish not to apply.",
    exceptions={
        "aid_elsewhere": ("是否已由其他渠道资助", "aided from elsewhere"),
        "family_declines": ("家庭是否不愿申请", "the family declines"),
    },
    parameters=("student.oldest_age", "school_year.first_month"),
    examples=EXAMPLES,
)
