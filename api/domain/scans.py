"""Where a scan stands."""

from __future__ import annotations

from enum import StrEnum


class ScanStatus(StrEnum):
    """A scan waits, runs, and ends in one of three ways."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self not in (ScanStatus.QUEUED, ScanStatus.RUNNING)


class LeadChange(StrEnum):
    """What became of a lead from the scans before to this one."""

    NEW = "NEW"
    AGAIN = "AGAIN"
    CHANGED = "CHANGED"
    WITHDRAWN = "WITHDRAWN"


class Severity(StrEnum):
    """How grave a lead would be if it proved true."""

    INFO = "INFO"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"

    @property
    def rank(self) -> int:
        """From 0, the least grave."""
        return list(Severity).index(self)
