"""The database in files and back: SQLite by its own backup, PostgreSQL by pg_dump and pg_restore.

Both are one view of the database, while others write on. No address or password stands in a command line, and of what
the programs say only their own line is repeated, never a row that they quote.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy.engine import URL, make_url

from api import settings

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DEBIAN = "/usr/lib/postgresql/*/bin"
CHUNK = 4 * 1024 * 1024
DUMP = ("--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--no-password")
RESTORE = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password")
QUOTED = re.compile(r"ERROR:.*")
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "username": "PGUSER",
    "password": "PGPASSWORD",
    "database": "PGDATABASE",
}


class NotDumped(ValueError):
    """The database could not be written down, or not be filled again; the message says why and what to do."""


def backend(database_url: str) -> str:
    """SQLITE or POSTGRESQL."""
    return make_url(database_url).get_backend_name()


def file_of(database_url: str) -> Path:
    """Where SQLite's database lies. Raises NotDumped for one in memory."""
    name = make_url(database_url).database
    if not name or name == ":memory:":
        raise NotDumped("a database in memory cannot be backed up")
    return Path(name)


@contextmanager
def dumped(database_url: str, beside: Path) -> Iterator[IO[bytes]]:
    """The database as it is now, as bytes to be read; `beside` is a folder for what passes. Raises NotDumped."""
    opened = _of_sqlite if backend(database_url) == SQLITE else _of_postgresql
    with opened(database_url, beside) as content:
        yield content


def load(database_url: str, dump: Path) -> None:
    """An empty database holds what was dumped: all of it, or nothing. Raises NotDumped."""
    if backend(database_url) == SQLITE:
        path = file_of(database_url)
        path.parent.mkdir(parents=True, exist_ok=True)
        _sound(dump)
        shutil.copyfile(dump, passing := path.with_name(f".{path.name}.restoring"))
        os.chmod(passing, 0o600)
        passing.replace(path)
        return
    command = [program("pg_restore"), *RESTORE, "--dbname", _surroundings(database_url)["PGDATABASE"], str(dump)]
    done = subprocess.run(command, env=_surroundings(database_url), capture_output=True, check=False)
    if done.returncode:
        raise NotDumped(_said("pg_restore", done.stderr))


def program(name: str) -> str:
    """PostgreSQL's program of this name: where we are told, else on the path, else Debian's newest. Raises NotDumped."""
    if place := settings.pg_programs():
        return str(place / name)
    for path in (shutil.which(name), *(str(Path(each) / name) for each in sorted(glob.glob(DEBIAN), reverse=True))):
        if path and Path(path).exists():
            return path
    raise NotDumped(
        f"{name} is not here; install PostgreSQL's client programs of the server's version or a newer one, or name their "
        "folder with JIEKUN_PG_PROGRAMS"
    )


@contextmanager
def _of_sqlite(database_url: str, beside: Path) -> Iterator[IO[bytes]]:
    """A copy of its pages in one view: writers wait for nobody meanwhile."""
    copy = beside / "database"
    source = sqlite3.connect(f"file:{file_of(database_url)}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    try:
        with copy.open("rb") as opened:
            yield opened
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def _of_postgresql(database_url: str, beside: Path) -> Iterator[IO[bytes]]:
    said = beside / "said"
    with said.open("w+b") as errors:
        running = subprocess.Popen(
            [program("pg_dump"), *DUMP],
            env=_surroundings(database_url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert running.stdout is not None
        try:
            yield running.stdout
            if running.wait():
                errors.seek(0)
                raise NotDumped(_said("pg_dump", errors.read()))
        finally:
            running.kill()
            running.wait()
            running.stdout.close()
            said.unlink(missing_ok=True)


def _sound(dump: Path) -> None:
    with closing(sqlite3.connect(f"file:{dump}?mode=ro&immutable=1", uri=True)) as opened:
        if (found := opened.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
            raise NotDumped(f"the database in the backup is damaged: {str(found[0]).splitlines()[0]}")


def _surroundings(database_url: str) -> Mapping[str, str]:
    """What PostgreSQL's programs are told: where the database is, and nothing of ours."""
    url = make_url(database_url)
    told = {variable: str(value) for name, variable in VARIABLES.items() if (value := getattr(url, name)) is not None}
    told |= {variable: _one(url, name) for name, variable in VARIABLES.items() if name in url.query}
    if "sslmode" in url.query or "ssl" in url.query:
        told["PGSSLMODE"] = _one(url, "sslmode" if "sslmode" in url.query else "ssl")
    passed = {name: value for name, value in os.environ.items() if not name.startswith(settings.PREFIX)}
    return {**passed, **told, "LC_ALL": "C.UTF-8"}


def _one(url: URL, name: str) -> str:
    value = url.query[name]
    return value if isinstance(value, str) else ",".join(value)


def _said(name: str, errors: bytes) -> str:
    """The program's own lines; what the server quotes of a row is left out."""
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.startswith(f"{name}: ")]
    told = "; ".join(QUOTED.sub("the server refused it", line.removeprefix(f"{name}: ")) for line in lines[:3])
    return f"{name} has failed: {told or 'it said nothing'}"
