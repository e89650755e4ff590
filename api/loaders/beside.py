"""Findings with the links on which they rest: a person, a department's record, and how their fields compare."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from api import scope
from api.database import Key
from api.loaders.findings import HIDDEN, SHOWN
from api.loaders.reading import Reading, Rows
from api.models import Finding, FindingPerson, Household, Link, PairJudgement, table

F, H, J, L, P = (table(each).c for each in (Finding, Household, PairJudgement, Link, FindingPerson))
MOST = 40

_JUDGED = (
    select(J.same)
    .where(J.member_id == L.member_id, J.source == L.source, J.record_id == L.record_id)
    .order_by(J.id.desc())
    .limit(1)
    .correlate_except(PairJudgement)
    .scalar_subquery()
)
_LINKS = (
    scope.narrow(
        select(
            L.member_id,
            L.source,
            L.record_id,
            L.party,
            L.probability,
            L.weight_bits,
            L.grade,
            L.decision,
            L.levels,
            _JUDGED.label("judged_same"),
            F.household_id,
            F.last_scan_id,
            F.evidence,
            HIDDEN,
        )
        .select_from(Finding)
        .join(Household, H.id == F.household_id)
        .join(FindingPerson, P.finding_id == F.id)
        .join(Link, (L.member_id == P.member_id) & (L.scan_id == F.last_scan_id)),
        H.division_code,
    )
    .where(F.id == bindparam("finding", type_=Key), SHOWN)
    .order_by(L.source, L.record_id, L.member_id, L.party)
)


async def of_finding(reading: Reading, key: int) -> Rows:
    """The links of the finding's people to the records that it rests on, in the scan that raised it last."""
    rows = await reading.rows(_LINKS, {"finding": key})
    rests_on = {(each["source"], each["record_id"]) for row in rows[:1] for each in row.evidence}
    return [row for row in rows if (row.source, row.record_id) in rests_on][:MOST]
