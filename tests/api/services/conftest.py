"""A database with nothing in it, and a key of its own, for whatever a register is taken over into."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from api import migrations, sealing
from api.sealing import Vault


@pytest.fixture
async def empty(engine: AsyncEngine) -> AsyncEngine:
    await migrations.upgrade(engine)
    return engine


@pytest.fixture
def vault() -> Vault:
    return sealing.vault(sealing.new_key())
