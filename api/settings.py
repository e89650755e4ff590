"""The environment, read once: every setting is JIEKUN_SOMETHING."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "JIEKUN_"
DEFAULT_DATABASE_URL = "sqlite+aiosqlite:///jiekun.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service is told from outside."""

    database_url: str


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this environment. Raises ValueError for a JIEKUN_ variable that is no setting, which is a slip."""
    known = {f"{PREFIX}DATABASE_URL", f"{PREFIX}TEST_DATABASE_URL", f"{PREFIX}REQUIRE_ALL"}
    if unknown := sorted(name for name in environment if name.startswith(PREFIX) and name not in known):
        raise ValueError(f"{', '.join(unknown)}: no such setting; known are {', '.join(sorted(known))}")
    return Settings(database_url=environment.get(f"{PREFIX}DATABASE_URL") or DEFAULT_DATABASE_URL)
