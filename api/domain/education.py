"""The education chain of the policy (入学救助、在校扶助、就业援助): which link of it a student has come to, as far as was declared.

What nobody said is not guessed: a stage that was not declared leaves an admission open, but for the ages at which a child
enters primary and junior school by law.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from api.domain.entitlements import AidStanding, Likelihood


class SchoolStage(StrEnum):
    """How far somebody is at school, the lower before the higher."""

    PRIMARY = "PRIMARY"
    JUNIOR = "JUNIOR"
    SENIOR = "SENIOR"
    HIGHER = "HIGHER"


JUNIOR_YEARS_LATER = 6
"""So many years after it enters primary school a child enters junior school."""


def admission(
    at_school: bool | None,
    stage: SchoolStage | None,
    before: SchoolStage | None,
    *,
    new: bool,
    age: int | None,
    first: int,
) -> Likelihood:
    """Whether somebody enters a school this school year. `before` is the stage declared before it began, `new` that
    somebody was said to be at no school then; `age` the one at its beginning, `first` that at which school begins.

    >>> admission(True, SchoolStage.HIGHER, SchoolStage.SENIOR, new=False, age=None, first=6)
    <Likelihood.LIKELY: 'LIKELY'>
    >>> admission(True, None, None, new=False, age=12, first=6), admission(True, None, None, new=False, age=17, first=6)
    (<Likelihood.LIKELY: 'LIKELY'>, <Likelihood.CANNOT_TELL: 'CANNOT_TELL'>)
    """
    if at_school is False:
        return Likelihood.UNLIKELY
    if at_school is None:
        return Likelihood.CANNOT_TELL
    if stage is not None and before is not None:
        order = list(SchoolStage)
        return Likelihood.LIKELY if order.index(stage) > order.index(before) else Likelihood.UNLIKELY
    if new or age in (first, first + JUNIOR_YEARS_LATER):
        return Likelihood.LIKELY
    return Likelihood.CANNOT_TELL


def employment(at_school: bool | None, out_of_work: bool | None, *, was_student: bool) -> Likelihood:
    """Whether somebody has left school and is without work.

    >>> employment(False, True, was_student=True), employment(None, None, was_student=True)
    (<Likelihood.LIKELY: 'LIKELY'>, <Likelihood.CANNOT_TELL: 'CANNOT_TELL'>)
    """
    if at_school or out_of_work is False:
        return Likelihood.UNLIKELY
    return Likelihood.LIKELY if out_of_work and was_student else Likelihood.CANNOT_TELL


def covered(standings: Iterable[AidStanding]) -> AidStanding:
    """What is on record of a link by the programmes of it: the best of them."""
    order = (
        AidStanding.RECEIVED, AidStanding.UNDER_WAY, AidStanding.UNKNOWN, AidStanding.DECLINED, AidStanding.NONE_KNOWN,
    )  # fmt: skip
    return min(standings, key=order.index, default=AidStanding.NONE_KNOWN)
