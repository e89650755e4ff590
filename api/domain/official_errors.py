"""Errors of ours: what they are, and that each is written down as ours and put right."""

from __future__ import annotations

from enum import StrEnum


class OfficialErrorKind(StrEnum):
    """What went wrong on our side."""

    PAID_TWICE = "PAID_TWICE"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_PERSON = "WRONG_PERSON"
    PAID_LATE = "PAID_LATE"
    STOPPED_WRONGLY = "STOPPED_WRONGLY"
    REFUSED_WRONGLY = "REFUSED_WRONGLY"
    WRONG_DATA = "WRONG_DATA"
    DISCLOSED = "DISCLOSED"
    OTHER = "OTHER"
