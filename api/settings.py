"""The environment, read once: every setting is JIEKUN_SOMETHING."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "JIEKUN_"
DEFAULT_DATABASE_URL = "sqlite+aiosqlite:///jiekun.db"

KNOWN = {
    "DATABASE_URL": "SQLite or PostgreSQL; default: the file jiekun.db here",
    "DATA_DIR": "where feeds and the scans' folders lie; default: jiekun-data here",
    "KEY": "the master key, 32 bytes in base64",
    "KEY_FILE": "a file that holds the key, made where there is none; default: key in the data folder",
    "BULK_PEOPLE_HOUR": "more people whose identity one user sees within an hour raise an alarm; 300 REVIEWER=600",
    "BULK_PEOPLE_DAY": "the same for a day; default: 1200",
    "TEST_DATABASE_URL": "the PostgreSQL that the tests may use",
    "REQUIRE_ALL": "tests fail where a database or browser is missing",
}
"""Every setting and what it says."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service is told from outside."""

    database_url: str
    data_dir: Path
    key: str | None = field(repr=False)
    key_file: Path
    bulk_people_hour: str | None = None
    bulk_people_day: str | None = None

    def environment(self) -> dict[str, str]:
        """The variables that tell another process of ours the same."""
        told = {"DATABASE_URL": self.database_url, "DATA_DIR": str(self.data_dir), "KEY_FILE": str(self.key_file)}
        return {PREFIX + name: value for name, value in {**told, "KEY": self.key or ""}.items()}


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this environment. Raises ValueError for a JIEKUN_ variable that is no setting, which is a slip."""
    known = {f"{PREFIX}{name}" for name in KNOWN}
    if unknown := sorted(name for name in environment if name.startswith(PREFIX) and name not in known):
        raise ValueError(f"{', '.join(unknown)}: no such setting; known are {', '.join(sorted(known))}")

    def setting(name: str) -> str | None:
        return environment.get(PREFIX + name) or None

    data_dir = Path(setting("DATA_DIR") or "jiekun-data")
    return Settings(
        database_url=setting("DATABASE_URL") or DEFAULT_DATABASE_URL,
        data_dir=data_dir,
        key=setting("KEY"),
        key_file=Path(setting("KEY_FILE") or data_dir / "key"),
        bulk_people_hour=setting("BULK_PEOPLE_HOUR"),
        bulk_people_day=setting("BULK_PEOPLE_DAY"),
    )
