"""What costs seconds to make is made once in a run, by whichever worker needs it first, and all of them use it.

The run has a folder of its own, which pytest's first process makes, tells to its workers and removes at the end.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

Made = Mapping[str, str]
"""Where that which was made is to be found, in words that another process can read."""

PATIENCE = 600
"""For how many seconds a worker waits for another that is at it."""


class Run:
    """One run of the tests, however many workers carry it out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def begin(cls) -> Run:
        """A new one."""
        return cls(Path(tempfile.mkdtemp(prefix="jiekun-run-")))

    @property
    def name(self) -> str:
        """Its name among others, for what does not lie in its folder."""
        return self.folder.name.rpartition("-")[2].lower()

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What is made under this name: by this worker, or by the one that came first.

        The lock is SQLite's, which every system has, and which ends with the process that holds it.
        """
        with closing(self._open(name)) as alone:
            alone.execute("BEGIN EXCLUSIVE")
            alone.execute("CREATE TABLE IF NOT EXISTS made (told TEXT)")
            found = self._told(alone)
            if found is not None:
                return found
            made = make()
            alone.execute("INSERT INTO made VALUES (?)", (json.dumps(dict(made)),))
            alone.execute("COMMIT")
            return made

    def made(self, name: str) -> Made | None:
        """What was made under this name, if anything was."""
        if not self._file(name).exists():
            return None
        with closing(self._open(name)) as alone:
            there = alone.execute("SELECT count(*) FROM sqlite_master WHERE name = 'made'").fetchone()[0]
            return self._told(alone) if there else None

    def end(self) -> None:
        """Removes its folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.once"

    def _open(self, name: str) -> sqlite3.Connection:
        return sqlite3.connect(self._file(name), timeout=PATIENCE, isolation_level=None)

    @staticmethod
    def _told(alone: sqlite3.Connection) -> Made | None:
        row = alone.execute("SELECT told FROM made").fetchone()
        return None if row is None else json.loads(row[0])
