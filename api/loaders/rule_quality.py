"""What became of each rule's leads, by county, and which rules are set aside where (F-17, F-18)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, and_, case, func, literal, select
from sqlalchemy.orm import aliased

from api import scope
from api.database import among, days_between
from api.domain import divisions, quality
from api.domain.scorecards import Period
from api.loaders import periods
from api.loaders.conditions import in_division
from api.loaders.periods import FIRST, LAST
from api.loaders.reading import Reading, Rows
from api.models import Finding, Household, Review, RuleShadow, User, table

F, H, S, V = (table(each).c for each in (Finding, Household, RuleShadow, Review))
_EARLIER = table(Review).alias("earlier")
_APPROVER, _RESTORER = aliased(User, name="approver"), aliased(User, name="restorer")
MOST = 200

CONCLUDED = V.outcome.not_in(sorted(quality.INCONCLUSIVE))
CONFIRMED = V.outcome.in_(sorted(quality.CONFIRMED))
_WAS_CONFIRMED = (
    select(literal(1))
    .where(_EARLIER.c.finding_id == F.id, _EARLIER.c.id < V.id, _EARLIER.c.outcome.in_(sorted(quality.CONFIRMED)))
    .correlate_except(_EARLIER)
    .exists()
)
_REVERSED = case((and_(CONCLUDED, ~CONFIRMED, _WAS_CONFIRMED), 1), else_=0)
_DAYS = case((CONCLUDED, days_between(F.raised_on, func.date(V.reviewed_at))))
_COUNTS = select(
    F.rule_id,
    H.division_code,
    V.outcome,
    _REVERSED.label("reversed"),
    _DAYS.label("days"),
    func.count().label("leads"),
).select_from(Finding).join(Household, H.id == F.household_id).outerjoin(Review, V.id == F.review_id)  # fmt: skip
_BY_RULE = (
    scope.narrow(_COUNTS, H.division_code)
    .where(in_division(H.division_code), F.raised_on >= FIRST, F.raised_on <= LAST)
    .group_by(F.rule_id, H.division_code, V.outcome, _REVERSED, _DAYS)
    .order_by(F.rule_id, H.division_code)
)


def _shadows() -> Select[*tuple[object, ...]]:
    columns = select(*S, _APPROVER.display_name.label("approver_name"), _RESTORER.display_name.label("restorer_name"))
    joined = columns.outerjoin(_APPROVER, _APPROVER.id == S.approved_by)
    return scope.narrow(joined.outerjoin(_RESTORER, _RESTORER.id == S.restored_by), S.division_code)


_BY_KEY = _shadows().where(among(S.id, "keys"))
_OF_DIVISION = (
    _shadows().where(in_division(S.division_code)).order_by(S.restored_at.is_not(None), S.id.desc()).limit(MOST)
)


async def by_rule(reading: Reading, code: str, period: Period) -> Rows:
    """Of the leads raised in the period how many of each rule, county, outcome and number of days there are."""
    return await reading.rows(_BY_RULE, periods.told(code, period))


async def shadows_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Rules that are or were set aside, by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def shadows_of(reading: Reading, code: str) -> Rows:
    """Rules that are or were set aside in a division, those that are first, then the latest."""
    low, high = divisions.span(code)
    return await reading.rows(_OF_DIVISION, {"division_from": low, "division_to": high})
