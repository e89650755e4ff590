"""Whether what is done falls on groups of households alike: rates, what they are to those of the rest, and what is too far apart (F-22).

An alarm is a question about how we work, never an answer about anybody. A household is told apart by what is known of the
worker in whose name its file is; what is not known is a group of its own. Cells of too few households are withheld, and
others beside them (domain/suppression); an alarm is then raised only where it would be for whatever the cell may hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from api.domain import divisions, suppression
from api.domain.figures import part
from api.domain.people import Sex
from api.domain.review import Outcome


class EquityAttribute(StrEnum):
    """By what households are told apart."""

    SEX = "SEX"
    AGE = "AGE"
    MIGRANT = "MIGRANT"
    DISABILITY = "DISABILITY"
    COUNTY = "COUNTY"


class EquityEvent(StrEnum):
    """What may come upon a household in a period; each is counted among those upon whom it could have come."""

    LEAD_RAISED = "LEAD_RAISED"
    LEAD_CONFIRMED = "LEAD_CONFIRMED"
    LEAD_REVERSED = "LEAD_REVERSED"
    ENTITLEMENT_LEAD = "ENTITLEMENT_LEAD"
    GRANT_REFUSED = "GRANT_REFUSED"
    STOP_PROPOSED = "STOP_PROPOSED"
    OBJECTION_UPHELD = "OBJECTION_UPHELD"


class EquityAlarm(StrEnum):
    """On which side of the rest a group stands too far."""

    ABOVE = "ABOVE"
    BELOW = "BELOW"


UNKNOWN = "UNKNOWN"
CONFIRMED = frozenset({Outcome.CLAIMANT_ERROR, Outcome.OFFICIAL_ERROR, Outcome.DECEPTION_CONFIRMED})
"""Conclusions by which what the lead said was so, whoever's error it was."""

INCONCLUSIVE = frozenset({Outcome.NEEDS_INQUIRY})

AGES: tuple[tuple[str, int], ...] = (("UNDER_35", 35), ("FROM_35", 50), ("FROM_50", 60))
"""Bands of age, each up to before so many years; who is older is in the last, `FROM_60`."""

OLDEST = "FROM_60"
YES, NO = "YES", "NO"
CODES: Mapping[EquityAttribute, tuple[str, ...]] = {
    EquityAttribute.SEX: (*Sex, UNKNOWN),
    EquityAttribute.AGE: (*(code for code, _ in AGES), OLDEST, UNKNOWN),
    EquityAttribute.MIGRANT: (YES, NO, UNKNOWN),
    EquityAttribute.DISABILITY: (YES, NO, UNKNOWN),
}
"""All groups of an attribute, each of which is told, so that one that is left out tells nothing; counties are those with files."""


NAMES: Mapping[str, tuple[str, str]] = {
    "MALE": ("男", "Men"),
    "FEMALE": ("女", "Women"),
    "UNDER_35": ("35岁以下", "Under 35"),
    "FROM_35": ("35—49岁", "35 to 49"),
    "FROM_50": ("50—59岁", "50 to 59"),
    "FROM_60": ("60岁及以上", "60 and older"),
    YES: ("是", "Yes"),
    NO: ("否", "No"),
    UNKNOWN: ("未知", "Unknown"),
}


def group_name(group: str) -> tuple[str, str]:
    """A group's name in Chinese and in English; a division has its Chinese name alone."""
    return NAMES.get(group) or (divisions.name(group), divisions.name(group))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which ratios are too far apart, and of how many households at least a group has to be."""

    high: Decimal
    low: Decimal
    least: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Of a group: upon how many households something could have come, and upon how many it did."""

    could: int
    did: int


@dataclass(frozen=True, slots=True)
class GroupRate:
    """A group's part in something; what is withheld is None and says so."""

    group: str
    could: int | None
    did: int | None
    rate: Decimal | None
    ratio: Decimal | None
    alarm: EquityAlarm | None
    withheld: bool


@dataclass(frozen=True, slots=True)
class EquityTable:
    """One event told by one attribute: the whole, and each group."""

    attribute: EquityAttribute
    event: EquityEvent
    could: int
    did: int
    groups: tuple[GroupRate, ...]


@dataclass(frozen=True, slots=True)
class EquityReport:
    """All tables of a division and a period, and by which bounds they were judged."""

    households: int
    bounds: Bounds
    tables: tuple[EquityTable, ...]


def ratio(of: Counted, whole: Counted) -> Fraction | None:
    """The group's rate to that of all others; None where one of the two is of nobody, or the others' is nil.

    >>> ratio(Counted(100, 16), Counted(200, 36))
    Fraction(4, 5)
    """
    could, did = whole.could - of.could, whole.did - of.did
    if of.could == 0 or could == 0 or did == 0:
        return None
    return Fraction(of.did, of.could) / Fraction(did, could)


def alarm(of: Counted, whole: Counted, bounds: Bounds) -> EquityAlarm | None:
    """Whether the group stands too far from the rest, both being of enough households."""
    found = ratio(of, whole)
    if found is None or min(of.could, whole.could - of.could) < bounds.least:
        return None
    if found > bounds.high:
        return EquityAlarm.ABOVE
    return EquityAlarm.BELOW if found < bounds.low else None


def table(
    attribute: EquityAttribute, event: EquityEvent, groups: Mapping[str, Counted], bounds: Bounds
) -> EquityTable:
    """The table of an event by an attribute, with what is to be withheld withheld; groups in their order, the unknown last."""
    codes = CODES.get(attribute) or sorted(groups, key=lambda code: (code == UNKNOWN, code))
    named = [(code, groups.get(code, Counted(0, 0))) for code in codes]
    whole = _sum(counted for _, counted in named)
    hidden = suppression.withheld([(each.did, each.could - each.did) for _, each in named])
    rates = []
    for number, (group, counted) in enumerate(named):
        if number in hidden.totals:
            rates.append(GroupRate(group, None, None, None, None, None, True))
        elif (number, 0) in hidden.cells or (number, 1) in hidden.cells:
            judged = _of_any(counted, whole, bounds)
            rates.append(GroupRate(group, counted.could, None, None, None, judged, True))
        else:
            rate = part(counted.did, counted.could)
            rates.append(
                GroupRate(
                    group,
                    counted.could,
                    counted.did,
                    rate,
                    None if (found := ratio(counted, whole)) is None else part(found.numerator, found.denominator),
                    alarm(counted, whole, bounds),
                    False,
                )
            )
    return EquityTable(attribute, event, whole.could, whole.did, tuple(rates))


def _of_any(counted: Counted, whole: Counted, bounds: Bounds) -> EquityAlarm | None:
    """The alarm that a withheld group raises whichever number of few it is; None where that would tell more."""
    if not suppression.small(counted.did):
        return None
    possible = {
        alarm(Counted(counted.could, did), whole, bounds)
        for did in range(1, suppression.LEAST)
        if did <= min(counted.could, whole.did)
    }
    return possible.pop() if len(possible) == 1 else None


def _sum(counted: Iterable[Counted]) -> Counted:
    some: Sequence[Counted] = [*counted]
    return Counted(sum(each.could for each in some), sum(each.did for each in some))
