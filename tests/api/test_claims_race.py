"""Fifty reviewers who want the same leads at once, on PostgreSQL: no lead comes to have two (issue 10)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.database import transaction
from api.domain import days
from api.models import Household, LeadHolder, Scan
from api.services import audit
from tests.api import claiming
from tests.api.conftest import Service


@pytest.mark.parametrize("service", ["postgresql"], indirect=True)
async def test_fifty_reviewers_claim_the_same_leads_and_none_is_claimed_twice(service: Service) -> None:
    now = service.now()
    async with transaction(service.engine) as connection:
        who = await claiming.reviewers(connection, 50, now)
        home = (await connection.execute(select(Household.id).order_by(Household.id).limit(1))).scalar_one()
        scan = (await connection.execute(select(Scan.id).limit(1))).scalar_one()
        wanted = await claiming.raised(connection, home, scan, 150, days.today(now))
    came = await claiming.race(service.engine, who, wanted, 12, now)
    async with transaction(service.engine) as connection:
        assert await claiming.held(connection) == (150, 150, came.made)
        holders = set((await connection.scalars(select(LeadHolder.user_id))).all())
        assert (await audit.prove(connection)).broken is None
    assert (came.made, came.refused) == (150, 50 * 12 - 150)
    assert len(holders) > 10, "they were at work together"
