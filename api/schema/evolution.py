"""How the schema changes: what goes is announced with what takes its place and a day; what would break a client is told.

The schema has no versions: it grows, and what is deprecated goes ninety days after its announcement at the earliest
(docs/schema-changes.md, docs/released.graphql).
"""

from __future__ import annotations

import datetime as dt
import re

NOTICE = dt.timedelta(days=90)
REASON = re.compile(r"use `?(.+?)`?; removed after (\d{4}-\d{2}-\d{2})")


def deprecated(use: str, removed_after: dt.date) -> str:
    """Why something is deprecated: what to use, and until when it stands.

    >>> deprecated("filter", dt.date(2027, 6, 30))
    'use `filter`; removed after 2027-06-30'
    """
    return f"use `{use}`; removed after {removed_after.isoformat()}"
