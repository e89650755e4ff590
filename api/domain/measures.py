"""The policy's seven measures, by which a plan says what is done for a household (domain.md A3)."""

from __future__ import annotations

from enum import StrEnum


class Measure(StrEnum):
    """What kind of help it is."""

    IDENTIFICATION = "IDENTIFICATION"
    SOCIAL_ASSISTANCE = "SOCIAL_ASSISTANCE"
    EMPLOYMENT = "EMPLOYMENT"
    SOCIAL_INSURANCE = "SOCIAL_INSURANCE"
    HEALTHCARE = "HEALTHCARE"
    EDUCATION = "EDUCATION"
    UNION_AID = "UNION_AID"
