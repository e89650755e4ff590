"""What is kept for how long: a class for everything that is kept, a clock for every class (F-26)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from api.domain.clocks import MONTHS_A_YEAR, months_after


class RetentionClass(StrEnum):
    """What has one clock."""

    FILE = "FILE"
    APPLICATION = "APPLICATION"
    MEMBERSHIP = "MEMBERSHIP"
    CLEARED_LEAD = "CLEARED_LEAD"
    SCAN = "SCAN"
    FEED_EXTRACT = "FEED_EXTRACT"
    READ = "READ"
    EXPORT = "EXPORT"
    CREDENTIAL = "CREDENTIAL"
    JOB = "JOB"
    PASSING = "PASSING"


R = RetentionClass
CLOCKS: dict[RetentionClass, str] = {
    R.FILE: "retention.file_years",
    R.APPLICATION: "retention.application_years",
    R.MEMBERSHIP: "retention.member_years",
    R.CLEARED_LEAD: "retention.cleared_lead_months",
    R.SCAN: "retention.scan_days",
    R.FEED_EXTRACT: "retention.feed_days",
    R.READ: "retention.read_months",
    R.EXPORT: "retention.export_days",
    R.CREDENTIAL: "retention.token_days",
    R.JOB: "retention.job_days",
}
"""By class the parameter that says how long; what is PASSING has its hours in the code that passes it on."""


def before(day: dt.date, length: int, key: str) -> dt.date:
    """The last day on which something ended whose time is over on this day; `key` tells years, months or days.

    >>> before(dt.date(2036, 2, 29), 10, "retention.file_years")
    datetime.date(2026, 2, 28)
    """
    if key.endswith("_days"):
        return day - dt.timedelta(days=length)
    return months_after(day, -length * (MONTHS_A_YEAR if key.endswith("_years") else 1))
