"""The checks of feeds that a scan can make by the way: age (Q01), rows lost since earlier scans (Q02), spoilt numbers (Q03).

The other checks read every cell; `matcher validate` makes all ten.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from matcher.quality import checks
from matcher.quality.history import Figures
from matcher.quality.results import Subject
from matcher.sources.contract import load

MADE = ("Q01", "Q02", "Q03")

Told = Mapping[str, Mapping[str, Any]]
"""`sources` of a summary.json: by source the rows accepted, as_of, and `numbers` present and broken."""


def judge(sources: Told, earlier: Sequence[Told], today: dt.date) -> dict[str, list[dict[str, str]]]:
    """By feed whose rows hold ID numbers: each check's state (OK, ALARM, NOT_ASSESSED) and what it noticed, zh and en.

    `earlier` are the same of earlier scans, the latest last.
    """
    found = {}
    for source, told in sources.items():
        if "numbers" not in told:
            continue
        past = [_figures(source, each[source]) for each in earlier if source in each]
        subject = Subject(load(source), _figures(source, told), {}, past, today)
        results = (checks.CHECKS[check](subject) for check in MADE)
        found[source] = [
            {"check": each.check, "state": each.state, "notice_zh": each.noticed[0], "notice_en": each.noticed[1]}
            for each in results
        ]
    return found


def _figures(source: str, told: Mapping[str, Any]) -> Figures:
    numbers = told.get("numbers") or {"present": 0, "broken": 0}
    counts = {
        "accepted": told["accepted"],
        "present.numbers": numbers["present"],
        "numbers.failed": numbers["broken"],
    }
    as_of = told.get("as_of")
    return Figures(source, dt.date.fromisoformat(as_of) if as_of else None, {}, counts, ())
