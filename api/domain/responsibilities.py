"""Who leads each of the policy's seven measures, and who is responsible beside (domain.md A3): roles, never names.

Offices are renamed and merged with every reform; what the policy asks of them stays. Which organisation holds a role in
a division is dated data (models/organisations).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.domain import divisions
from api.domain.measures import Measure


class MeasureRole(StrEnum):
    """An office that a measure is entrusted to."""

    TRADE_UNION_FEDERATION = "TRADE_UNION_FEDERATION"
    CIVIL_AFFAIRS = "CIVIL_AFFAIRS"
    HUMAN_RESOURCES = "HUMAN_RESOURCES"
    HEALTHCARE_SECURITY = "HEALTHCARE_SECURITY"
    HEALTH = "HEALTH"
    EDUCATION = "EDUCATION"
    FINANCE = "FINANCE"
    TAXATION = "TAXATION"
    HOUSING = "HOUSING"
    PUBLIC_SECURITY = "PUBLIC_SECURITY"
    NATURAL_RESOURCES = "NATURAL_RESOURCES"
    MARKET_REGULATION = "MARKET_REGULATION"
    PROVIDENT_FUND = "PROVIDENT_FUND"
    CENTRAL_BANK = "CENTRAL_BANK"
    DEVELOPMENT_AND_REFORM = "DEVELOPMENT_AND_REFORM"
    INDUSTRY_AND_IT = "INDUSTRY_AND_IT"
    INDUSTRY_AND_COMMERCE_FEDERATION = "INDUSTRY_AND_COMMERCE_FEDERATION"
    CYBERSPACE_ADMINISTRATION = "CYBERSPACE_ADMINISTRATION"


@dataclass(frozen=True, slots=True)
class Entrusted:
    """A measure, who leads it, and who is responsible beside, in the policy's order."""

    lead: tuple[MeasureRole, ...]
    responsible: tuple[MeasureRole, ...]


R = MeasureRole
MEASURES: Mapping[Measure, Entrusted] = {
    Measure.IDENTIFICATION: Entrusted(
        (R.TRADE_UNION_FEDERATION, R.CIVIL_AFFAIRS),
        (
            R.CYBERSPACE_ADMINISTRATION,
            R.HOUSING,
            R.PUBLIC_SECURITY,
            R.HUMAN_RESOURCES,
            R.NATURAL_RESOURCES,
            R.MARKET_REGULATION,
            R.TAXATION,
            R.INDUSTRY_AND_COMMERCE_FEDERATION,
            R.PROVIDENT_FUND,
            R.CENTRAL_BANK,
        ),
    ),
    Measure.SOCIAL_ASSISTANCE: Entrusted(
        (R.CIVIL_AFFAIRS,), (R.HUMAN_RESOURCES, R.EDUCATION, R.HOUSING, R.HEALTHCARE_SECURITY)
    ),
    Measure.EMPLOYMENT: Entrusted(
        (R.HUMAN_RESOURCES,),
        (R.FINANCE, R.EDUCATION, R.TRADE_UNION_FEDERATION, R.INDUSTRY_AND_COMMERCE_FEDERATION, R.TAXATION),
    ),
    Measure.SOCIAL_INSURANCE: Entrusted(
        (R.HUMAN_RESOURCES,),
        (
            R.FINANCE,
            R.TAXATION,
            R.TRADE_UNION_FEDERATION,
            R.DEVELOPMENT_AND_REFORM,
            R.INDUSTRY_AND_IT,
            R.MARKET_REGULATION,
            R.INDUSTRY_AND_COMMERCE_FEDERATION,
        ),
    ),
    Measure.HEALTHCARE: Entrusted(
        (R.HEALTHCARE_SECURITY, R.HEALTH),
        (R.FINANCE, R.TRADE_UNION_FEDERATION, R.CIVIL_AFFAIRS, R.INDUSTRY_AND_COMMERCE_FEDERATION),
    ),
    Measure.EDUCATION: Entrusted((R.EDUCATION, R.TRADE_UNION_FEDERATION), (R.FINANCE, R.TAXATION)),
    Measure.UNION_AID: Entrusted((R.TRADE_UNION_FEDERATION,), (R.FINANCE, R.CIVIL_AFFAIRS)),
}
"""The policy's measures, in its order."""


def nearest(codes: Iterable[str]) -> str | None:
    """Of divisions that all hold one and the same, the lowest: whoever holds a role there answers before those above.

    >>> nearest(["410000", "410500"]), nearest([])
    ('410500', None)
    """
    return max(codes, key=lambda code: len(divisions.span(code)[0]) * (code != divisions.COUNTRY), default=None)
