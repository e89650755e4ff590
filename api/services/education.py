"""The education chain of a household's students: which link each has come to, and what is on record of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from api.domain import education
from api.domain.catalogue import ChainLink, Entry, Sign
from api.domain.education import SchoolStage
from api.domain.entitlements import AidStanding, Likelihood, answer, school_year
from api.domain.people import age
from api.matching import employment
from api.matching.employment import Work
from api.services.entitlements import Day, Home, may_study, signs_of, standing_of


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the chain for one person: whether it is due this school year, which programmes it has, and what is on record."""

    link: ChainLink
    due: Likelihood
    standing: AidStanding
    programmes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Student:
    """Somebody who is, or was, at school as far as is known; `stage` is what was declared of it."""

    member_id: int
    stage: SchoolStage | None
    links: tuple[Link, ...]


def students(home: Home, day: Day) -> list[Student]:
    """Those of the household who are at school, or were, or of whom the register does not tell and who are young enough."""
    found = []
    for row in home.people:
        said = home.said.get(row.id, ())
        if may_study(row, day) or _was_student(said):
            links = tuple(
                Link(link, due, _standing(home, day, row.id, codes), codes)
                for link, due in due_of(row, day, said).items()
                if (codes := tuple(code for code, each in day.entries.items() if link in each.chain))
            )
            found.append(Student(row.id, employment.stage(row.declared_employment), links))
    return found


def turn(home: Home, day: Day, member_id: int | None, entry: Entry | None) -> ChainLink | None:
    """The link that a programme of the chain is for, of those that the person seems to have come to: the first of them."""
    for row in home.people:
        if entry is not None and row.id == member_id:
            due = due_of(row, day, home.said.get(row.id, ()))
            return next((link for link in entry.chain if due[link] is Likelihood.LIKELY), None)
    return None


def due_of(
    row: Row[*tuple[Any, ...]], day: Day, said: Sequence[tuple[dt.date, str]]
) -> Mapping[ChainLink, Likelihood]:
    """Which links are due for a person in the school year of the day, by what was said of them and when."""
    signs, begun = signs_of(row, day), school_year(day.today, day.first_month)
    at_school = signs.get(Sign.AT_SCHOOL)
    before = [employment.of(word) for on, word in said if on < begun]
    stages = [employment.stage(word) for on, word in said if on < begun]
    new = bool(before) and before[-1] not in (None, Work.STUDENT)
    autumn = dt.date(begun.year, 9, 1)
    years = age(row.birth_date, autumn) if row.birth_date is not None and row.declared_employment is None else None
    now = employment.stage(row.declared_employment)
    return {
        ChainLink.ADMISSION: education.admission(
            at_school, now, stages[-1] if stages else None, new=new, age=years, first=day.compulsory[0]
        ),
        ChainLink.IN_SCHOOL: answer(at_school),
        ChainLink.EMPLOYMENT: education.employment(
            at_school, signs.get(Sign.OUT_OF_WORK), was_student=_was_student(said)
        ),
    }


def _was_student(said: Sequence[tuple[dt.date, str]]) -> bool:
    return any(employment.of(word) is Work.STUDENT for _, word in said)


def _standing(home: Home, day: Day, member_id: int, codes: Sequence[str]) -> AidStanding:
    return education.covered(standing_of(home, day, day.entries[code], member_id) for code in codes)
