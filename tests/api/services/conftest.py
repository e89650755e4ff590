"""A key of its own for whatever a register is taken over into, officers at work in it, and the books by which they pay."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from api import sealing
from api.database import transaction
from api.domain import days
from api.sealing import Vault
from tests.api import county, paying
from tests.api.county import Officers
from tests.api.paying import Paying


@pytest.fixture
def vault() -> Vault:
    return sealing.vault(sealing.new_key())


@pytest.fixture
async def officers(empty: AsyncEngine) -> Officers:
    """Those of a county, where the city's union and a neighbouring one keep files too."""
    now = days.this_moment()
    async with transaction(empty) as connection:
        for code, division in (("linzhou", "410581"), ("anyang", "410500")):
            await county.union(connection, code, division, now)
        return await county.officers(connection, now)


@pytest.fixture
async def books(empty: AsyncEngine, vault: Vault, officers: Officers) -> Paying:
    """The books of that county, which pays aid."""
    return await paying.books(empty, vault, officers)
