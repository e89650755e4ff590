"""Exports: lists that somebody takes out of the service as a file, for a while, under their own name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from api.domain.permissions import Permission

MOST_ROWS = 1_000_000
"""What a sheet of Excel holds, and more than anybody reads."""

MOST_UNFINISHED = 5
"""How many exports of one user may wait or run at a time."""


class ExportKind(StrEnum):
    """What is listed."""

    HOUSEHOLDS = "HOUSEHOLDS"
    FINDINGS = "FINDINGS"
    PAYMENT_ORDERS = "PAYMENT_ORDERS"
    DOUBTFUL_ROWS = "DOUBTFUL_ROWS"

    @property
    def about_households(self) -> bool:
        """Whether its rows may tell where somebody is."""
        return self is not ExportKind.DOUBTFUL_ROWS


class ExportFormat(StrEnum):
    """As which file."""

    CSV = "CSV"
    XLSX = "XLSX"
    PARQUET = "PARQUET"


class ExportStatus(StrEnum):
    """Where an export stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self in (ExportStatus.SUCCEEDED, ExportStatus.FAILED)


NEEDED: Mapping[ExportKind, Permission] = {
    ExportKind.HOUSEHOLDS: Permission.READ_CASES,
    ExportKind.FINDINGS: Permission.READ_CASES,
    ExportKind.PAYMENT_ORDERS: Permission.READ_CASES,
    ExportKind.DOUBTFUL_ROWS: Permission.READ_REFERRALS,
}
"""What it takes to have a list: what it takes to read it."""
