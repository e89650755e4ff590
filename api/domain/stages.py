"""The stages of a household's life, from application to exit, and the stage that its dates tell."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum


class Stage(StrEnum):
    """Where a household stands: 申请 → 审核 → 公示 → 录入, and the ways out."""

    APPLIED = "APPLIED"
    UNDER_REVIEW = "UNDER_REVIEW"
    PUBLIC_NOTICE = "PUBLIC_NOTICE"
    RECORDED = "RECORDED"
    RELIEVED = "RELIEVED"
    GRADUATED = "GRADUATED"
    DEREGISTERED = "DEREGISTERED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


ACTIVE = frozenset({Stage.RECORDED, Stage.RELIEVED})
"""A file is open, and aid goes on."""

PENDING = frozenset({Stage.APPLIED, Stage.UNDER_REVIEW, Stage.PUBLIC_NOTICE})
"""An application is under way."""

ENDED = frozenset({Stage.GRADUATED, Stage.DEREGISTERED, Stage.REFUSED, Stage.WITHDRAWN})
"""Neither: the household may apply, or apply again."""


def of_dates(file_opened_on: dt.date | None, file_closed_on: dt.date | None) -> Stage:
    """The stage of a household of which a register tells only when its file was opened and closed.

    Why a file was closed is not in its date, so such a household is deregistered, neither relieved nor graduated.
    """
    if file_closed_on is not None:
        return Stage.DEREGISTERED
    return Stage.RECORDED if file_opened_on is not None else Stage.APPLIED
