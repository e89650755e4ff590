"""P13: student aid for months in which no student of the household was enrolled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.identity.programmes import STUDENT_AID
from matcher.overlap import Stream, add_months, first_day
from matcher.rules import reading, silence, sums
from matcher.rules.entitlement.u04_student_without_aid import DAYS_A_YEAR, school_year
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Rule

GRADES = ("G1", "G2", "G4")
ADULT_RELATIONS = ("HEAD", "SPOUSE", "PARENT")


def find(facts: Facts) -> Iterator[Lead]:
    """发放了助学金，而完整的学籍登记表明，受助学生（以家长名义领取的，为家中所有可能就学的成员）当时不在校：没有学籍，或早已毕业、
    离校。学期之间、休学、毕业当学期、转学衔接期间，学籍不完整或未答复，离校日期不明，以及此后仍有学籍的，不构成疑点。民办
    学校可能不在登记之内，须核实。

    Student aid was paid, and the complete school register says that the student (where a parent received it: anyone of
    the household who may study) was at no school: no record, or left long before. The time between terms, a term's leave,
    the term of graduation and a change of school, an incomplete register or one that did not answer, an unknown date of
    leaving, and an enrolment that goes on later are no lead. A private school may not be in the register: to be checked.
    """
    if not facts.feeds["school"].complete:
        return
    aid = facts.linked["aid"].filter(pl.col("programme").is_in(list(STUDENT_AID)) & pl.col("grade").is_in(GRADES))
    if aid.is_empty():
        return
    household_ids = aid.get_column("household_id").unique().to_list()
    families = reading.members(facts, household_ids)
    homes = reading.households(facts, household_ids)
    people = [member["person_id"] for family in families.values() for member in family]
    grades = {(row[0], row[1]): row[2] for row in aid.select("record_id", "person_id", "grade").iter_rows()}
    register = _Register.of(facts, people)
    for household_id, streams in sorted(reading.payments_in(aid, facts.as_of, household_ids).items()):
        value = facts.policy.at(facts.as_of, homes[household_id]["division_code"])
        gap, oldest = int(value("student.gap_months")), value("student.oldest_age")
        wrong: dict[tuple[str, str, dt.date], list[tuple[Stream, list[dt.date]]]] = {}
        for stream in streams:
            students = _students(families[household_id], stream.person_id, facts.as_of, oldest)
            if not register.answered(students):
                continue
            months = [
                month
                for month in sums.since(stream.first, stream.last)
                if not register.at_school(students, month, gap)
            ]
            for year in sorted({school_year(month) for month in months}):
                inside = [month for month in months if school_year(month) == year]
                wrong.setdefault((stream.person_id, stream.programme, year), []).append((stream, inside))
        for (person_id, programme, year), parts in sorted(wrong.items()):
            receiver = next(each for each in families[household_id] if each["person_id"] == person_id)
            grade = reading.weakest(grades[stream.record_id, person_id] for stream, _ in parts)
            yield _lead(receiver, programme, year, parts, register, grade)


@dataclass(frozen=True)
class _Register:
    """What the school register says of some people: their records, those under review, and whether it answered."""

    records: dict[str, list[Row]]
    told: frozenset[str]

    @classmethod
    def of(cls, facts: Facts, people: list[str]) -> _Register:
        frames = (facts.linked["school"], silence.doubtful(facts, "school"))
        records: dict[str, list[Row]] = {}
        for frame in frames:
            for person, rows in reading.rows_by(frame.filter(pl.col("person_id").is_in(people)), "person_id").items():
                records.setdefault(person, []).extend(rows)
        return cls(records, silence.answered(facts, "school"))

    def answered(self, students: Iterable[str]) -> bool:
        """Whether it can be told of each of them that they have a record, or none."""
        return all(student in self.told for student in students)

    def at_school(self, students: Iterable[str], month: dt.date, gap: int) -> bool:
        """Whether one of them was enrolled then, or may have been."""
        return any(
            (left := _left(record)) is None or month <= add_months(first_day(left), gap)
            for student in students
            for record in self.records.get(student, ())
        )


def _left(record: Row) -> dt.date | None:
    """The day a student left a school; None where the enrolment goes on, or nobody knows."""
    left: dt.date | None = record["term_end"]
    return left


def _students(family: list[Row], receiver: str, as_of: dt.date, oldest: float) -> list[str]:
    """Whom aid was for: its receiver, and where that is a parent, anyone of the household who may study."""
    own = next(each for each in family if each["person_id"] == receiver)
    if own["relation"] not in ADULT_RELATIONS:
        return [receiver]
    return [each["person_id"] for each in family if each is own or _may_study(each, as_of, oldest)]


def _may_study(member: Row, as_of: dt.date, oldest: float) -> bool:
    born = reading.birth_date(member)
    return born is None or (as_of - born).days < (oldest + 1) * DAYS_A_YEAR


def _lead(
    receiver: Row, programme: str, year: dt.date, parts: list[tuple[Stream, list[dt.date]]], register: _Register, grade: Grade,
) -> Lead:  # fmt: skip
    person_id = receiver["person_id"]
    own = receiver["relation"] not in ADULT_RELATIONS
    records = register.records.get(person_id, [])
    months = sorted({month for _, inside in parts for month in inside})
    streams = [stream for stream, _ in parts]
    last = max((day for record in records if (day := _left(record))), default=None)
    left = (
        (f"最后学籍止于 {last.isoformat()}", f"the last enrolment ended on {last.isoformat()}")
        if last
        else ("没有学籍记录", "no record of enrolment")
    )
    return Lead(
        household_id=receiver["household_id"],
        person_ids=(person_id,),
        natural_key=(programme, f"{year:%Y}"),
        severity="MEDIUM" if own else "LOW",
        grade=grade,
        evidence=(
            *(Evidence("aid", stream.record_id, person_id) for stream, _ in parts),
            *(Evidence("school", record["record_id"], person_id) for record in records),
        ),
        exceptions=(
            ("gap_term", "NO"),
            ("transfer", "NO"),
            ("graduation_month", "NO"),
            ("private_school", "UNKNOWN"),
        ),
        facts={
            **sums.words(streams, months),
            "first": f"{months[0]:%Y-%m}",
            "last": f"{months[-1]:%Y-%m}",
            "whom_zh": "受助学生" if own else "家中可能就学的成员",
            "whom_en": "the student" if own else "of the household nobody who may study",
            "not_en": " was not" if own else " was",
            "left_zh": left[0],
            "left_en": left[1],
        },
        amount=(Decimal(0), sums.paid_in(streams, months)),
        period=(months[0], months[-1]),
        compared=(
            Compared(("助学金与学籍", "student aid and enrolment"), sums.told(streams), left, "school", beside="aid"),
        ),
        steps=sums.steps(streams, months),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "birth_date": "1975-01-01"}
CHILD = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "birth_date": "2004-06-01"}
GRANT = {
    "person_id": "P2",
    "programme": "STATE_STUDENT_AID",
    "start_month": "2024-10",
    "end_month": "2024-10",
    "amount_yuan": 1500,
}
TERM = {
    "person_id": "P2",
    "school": "职业学院",
    "term_start": "2022-09-01",
    "term_end": "2023-01-20",
    "status": "GRADUATED",
}
FAMILY = {"households": (HOME,), "members": (HEAD, CHILD)}
EXAMPLES = (
    Example(
        zh="2024年10月发放国家助学金，学籍止于2023年1月",
        en="State student aid in October 2024, the enrolment had ended in January 2023",
        given={**FAMILY, "aid": (GRANT,), "school": (TERM,)},
        complete=("school",),
        severity="MEDIUM",
        amount=("0", "1500"),
    ),
    Example(
        zh="休学一学期",
        en="A term's leave",
        given={**FAMILY, "aid": (GRANT,), "school": ({**TERM, "term_end": "2024-07-10"},)},
        complete=("school",),
        severity=None,
    ),
    Example(
        zh="以家长名义领取，弟弟在读",
        en="Received by a parent, and the younger brother is at school",
        given={
            "households": (HOME,),
            "members": (HEAD, CHILD, {**CHILD, "person_id": "P3", "birth_date": "2010-02-02"}),
            "aid": ({**GRANT, "person_id": "P1"},),
            "school": (
                TERM,
                {
                    **TERM,
                    "person_id": "P3",
                    "term_start": "2024-09-01",
                    "term_end": "2025-01-20",
                    "status": "ENROLLED",
                },
            ),
        },
        complete=("school",),
        severity=None,
    ),
    Example(
        zh="学籍不是完整数据：没有记录不等于不在校",
        en="The register is no complete extract: no record proves nothing",
        given={**FAMILY, "aid": (GRANT,), "school": ()},
        severity=None,
    ),
)

RULE = Rule(
    id="P13",
    version="1",
    title_zh="助学金与学籍不符",
    title_en="Student aid without enrolment",
    basis="学生资助资金管理办法（财教〔2021〕310号）：资助对象为在籍在校学生；安政办〔2019〕15号 三（六）",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"aid": reading.AID, "school": "term_start term_end status", "members": "relation birth_date id_number"},
    minimum_grade="G4",
    find=find,
    rests_on=("aid",),
    zh="助学金发放于 {first} 至 {last}，而{whom}当时不在学籍登记中（{left}）。",
    en="Student aid was paid for {first} to {last}, and {whom}{not} enrolled then by the school register ({left}).",
    clears_zh="在读证明（含民办学校、外地学校）、休学或转学证明，或助学金属于此前学期的凭证。",
    clears_en="Proof of enrolment (a private school or one elsewhere too), of leave or a change of school, or that the aid was for an "
    "earlier term.",
    exceptions={
        "gap_term": ("是否为学期间隔或休学", "between terms, or a term's leave"),
        "transfer": ("是否在转学", "a change of school"),
        "graduation_month": ("是否为毕业当学期", "the term of graduation"),
        "private_school": ("是否就读于未入登记的学校", "a school that is not in the register"),
    },
    parameters=("student.gap_months", "student.oldest_age"),
    examples=EXAMPLES,
)
