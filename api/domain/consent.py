"""Whom a household's adults let be looked up, where, for what and until when; who is missing, and what an emergency allows (F-23).

The rules are those by which the matcher takes people out of a scan before it joins anything (matcher/authorisations): a
test holds both against each other. Adult is whoever is eighteen on that day, and whoever's birth date nobody knows. A
withdrawal ends, for its sources, whatever was not signed after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.domain import casework
from api.domain.errors import NotDone, UserErrorCode
from api.domain.people import age

ADULT_AGE = 18
ALL = "ALL"
"""What stands for every source, those of later years too."""

NINE = (
    "population", "social_insurance", "business", "tax", "marriage", "real_estate", "vehicles", "housing_fund", "finance",
)  # fmt: skip
"""The policy's nine kinds of data, against which a household is checked before its file is opened."""


class ConsentPurpose(StrEnum):
    """What somebody consented to."""

    ECONOMIC_CHECK = "ECONOMIC_CHECK"
    REFERRAL = "REFERRAL"
    PUBLICITY = "PUBLICITY"


class ConsentState(StrEnum):
    """Whether a consent stands today."""

    VALID = "VALID"
    NOT_YET = "NOT_YET"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Signed:
    """One consent of one person. `purpose` is None for one that is none of ours, `sources` where none is named at all."""

    member_id: int
    sources: frozenset[str] | None
    purpose: ConsentPurpose | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    withdrawn_on: dt.date | None = None

    def covers(self, source: str) -> bool:
        """Whether it names this source, or all."""
        return self.sources is not None and (source in self.sources or ALL in self.sources)

    def holds_on(self, day: dt.date) -> bool:
        """Whether the day lies in its time, and nobody took it back."""
        return state_on(day, self.valid_from, self.valid_to, self.withdrawn_on) is ConsentState.VALID


@dataclass(frozen=True, slots=True)
class Adult:
    """Somebody of a household as a consent looks at them.

    `lapses_on` is the last day on which the register they come from let them be looked up, where it says one.
    """

    member_id: int
    birth_date: dt.date | None
    lapses_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """An officer's exception for a household: these sources, for this purpose, until the day."""

    sources: frozenset[str]
    purpose: ConsentPurpose
    starts_on: dt.date
    until: dt.date

    def covers(self, source: str, purpose: ConsentPurpose, day: dt.date) -> bool:
        """Whether it stands in for a consent that could not be had."""
        named = source in self.sources or ALL in self.sources
        return named and purpose is self.purpose and self.starts_on <= day <= self.until


def state_on(
    day: dt.date, valid_from: dt.date | None, valid_to: dt.date | None, withdrawn_on: dt.date | None
) -> ConsentState:
    """Whether a consent stands on a day. A withdrawal counts whatever its own day: it is known."""
    if withdrawn_on is not None:
        return ConsentState.WITHDRAWN
    if valid_to is not None and valid_to < day:
        return ConsentState.EXPIRED
    if valid_from is not None and valid_from > day:
        return ConsentState.NOT_YET
    return ConsentState.VALID


def is_minor(birth_date: dt.date | None, day: dt.date) -> bool:
    """Whether somebody is born by the day and under eighteen on it; of whom it is not known, is not."""
    return birth_date is not None and birth_date <= day and age(birth_date, day) < ADULT_AGE


def missing(
    people: Iterable[Adult],
    signed: Collection[Signed],
    emergencies: Collection[Emergency],
    sources: Sequence[str],
    purpose: ConsentPurpose,
    day: dt.date,
) -> list[tuple[int, tuple[str, ...]]]:
    """Who may not be looked up, and where: adults without a consent of their own, in the order in which they are given.

    An emergency stands in for a signature that could not be had, never for one that was taken back; and for nobody whose
    register says that their time is over, who has to sign anew.
    """
    found = []
    for person in people:
        if is_minor(person.birth_date, day):
            continue
        own = [each for each in signed if each.member_id == person.member_id]
        lapsed = person.lapses_on is not None and person.lapses_on < day
        lacking = tuple(
            source
            for source in sources
            if lapsed
            or not (_consented(own, source, purpose, day) or _excepted(own, emergencies, source, purpose, day))
        )
        if lacking:
            found.append((person.member_id, lacking))
    return found


def _consented(own: Collection[Signed], source: str, purpose: ConsentPurpose, day: dt.date) -> bool:
    last = _last_withdrawal(own, source)
    return any(
        each.covers(source)
        and each.purpose is purpose
        and each.holds_on(day)
        and (last is None or (each.valid_from is not None and each.valid_from > last))
        for each in own
    )


def _excepted(
    own: Collection[Signed], emergencies: Iterable[Emergency], source: str, purpose: ConsentPurpose, day: dt.date
) -> bool:
    return _last_withdrawal(own, source) is None and any(each.covers(source, purpose, day) for each in emergencies)


def _last_withdrawal(own: Collection[Signed], source: str) -> dt.date | None:
    """The last day on which the person took something back that this source is meant by, or may be."""
    days = [each.withdrawn_on for each in own if each.withdrawn_on and (each.sources is None or each.covers(source))]
    return max(days, default=None)


def check_sources(sources: Sequence[str], known: Collection[str], path: tuple[str, ...]) -> tuple[str, ...]:
    """The sources, each once; ALL stands alone. Raises NotDone for none, or one that nobody keeps."""
    named = tuple(dict.fromkeys(sources))
    if not named:
        raise NotDone(
            UserErrorCode.REQUIRED, path, "请至少列出一个部门数据。", "Name at least one kind of data, or ALL."
        )
    if ALL in named and len(named) > 1:
        raise NotDone(
            UserErrorCode.INVALID, path, "ALL 已含全部，不能与其他并列。", "ALL stands alone: it means every one."
        )
    if unknown := [each for each in named if each != ALL and each not in known]:
        raise NotDone(
            UserErrorCode.INVALID,
            path,
            f"有 {len(unknown)} 项部门数据无法识别，可选项见 departments。",
            f"{len(unknown)} of the sources are not known: see `departments`.",
        )
    return named


def check_time(valid_from: dt.date, valid_to: dt.date | None) -> None:
    """Raises NotDone for a consent that ends before it begins."""
    if valid_to is not None and valid_to < valid_from:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "validTo"), "有效期止早于有效期起。", "It would end before it begins."
        )


def check_withdrawal(day: dt.date, valid_from: dt.date | None, today: dt.date) -> None:
    """Raises NotDone for a withdrawal on a day to come, or before the consent began."""
    casework.past(day, today, "withdrawnOn")
    if valid_from is not None and day < valid_from:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "withdrawnOn"),
            "撤回日期早于授权生效日期。",
            "Nothing was consented to yet on that day.",
        )


def check_emergency(starts_on: dt.date, until: dt.date, most_days: int) -> None:
    """Raises NotDone for an exception that has ended already, or lasts longer than one may."""
    if until < starts_on:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "until"), "截止日期不能早于今天。", "The day lies in the past."
        )
    if (until - starts_on).days >= most_days:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "until"),
            f"紧急例外最长 {most_days} 天。",
            f"An emergency's exception lasts {most_days} days at most, today among them.",
        )
