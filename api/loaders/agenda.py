"""Which snapshot an agenda pack rests on: the one that is named, or the latest by then of the division or one that holds it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Boolean, Date, String, and_, bindparam, or_, select

from api import scope
from api.database import Key, among
from api.domain import divisions
from api.loaders.reading import Reading
from api.models import Snapshot, table

S = table(Snapshot).c

_OF_DAY = (
    scope.narrow_to_line(select(*S), S.division_code)
    .where(
        S.digest.is_not(None),
        S.as_of <= bindparam("last_day", type_=Date()),
        or_(
            S.id == bindparam("named", type_=Key),
            and_(bindparam("latest", type_=Boolean()), among(S.division_code, "holding", String)),
        ),
    )
    .order_by(S.as_of.desc(), S.id.desc())
    .limit(1)
)


async def snapshot(reading: Reading, code: str, on: dt.date, named: int | None, *, latest: bool) -> Any | None:
    """The snapshot of that key, or the latest; None where there is none of that day or before that the viewer may see."""
    told = {"last_day": on, "named": named or 0, "latest": latest, "holding": divisions.chain(code)}
    return next(iter(await reading.rows(_OF_DAY, told)), None)
