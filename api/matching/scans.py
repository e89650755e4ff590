"""Runs a command of the matcher as a process of its own, without our settings, secrets or database in its environment.

Safeguard F-1: whatever goes wrong in there, it cannot reach a file, an enrolment or a payment; it writes files into
the folder it was given, and we read them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from matcher.engines import since

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "COLUMNS", "NO_COLOR", "SYSTEMROOT", "VIRTUAL_ENV")
"""The only variables of our environment that the matcher sees."""


class MatcherFailed(Exception):
    """The matcher ended with this exit status; `said` is its last line on stderr where that was kept."""

    def __init__(self, exit_status: int, said: str = "") -> None:
        self.exit_status, self.said = exit_status, said
        super().__init__(f"the matcher ended with exit status {exit_status}")


@dataclass(frozen=True, slots=True)
class Step:
    """How far a scan is: `done` of `total` `unit`s of `stage`; total is None while unknown."""

    stage: str
    done: int
    total: int | None
    unit: str


Progress = Callable[[Step], Awaitable[None]]


def run(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> None:
    """Runs `matcher ARGUMENTS`, its output and progress going where ours go. Raises MatcherFailed unless it ends with 0.

    Code is taken from the installation alone (-P): a folder called matcher where we happen to stand is not run.
    """
    finished = subprocess.run(_command(arguments), env=seen(environment), check=False)
    if finished.returncode != 0:
        raise MatcherFailed(finished.returncode)


async def scan(
    folder: Path, out: Path, arguments: Sequence[str], progress: Progress, environment: Mapping[str, str] = os.environ
) -> None:
    """Scans a folder, telling each step; cancelled, it stops the matcher first. Raises MatcherFailed.

    An interrupted scan of the same folder goes on where it stood.
    """
    await follow(
        ["scan", str(folder), "--out", str(out), "--json", "--json-progress", "--resume", *arguments],
        progress,
        environment,
    )


async def validate(
    folder: Path, out: Path, arguments: Sequence[str], progress: Progress, environment: Mapping[str, str] = os.environ
) -> None:
    """Holds the feeds of a folder against their contracts and their history, as above. Raises MatcherFailed.

    A feed that is refused is an exit status too; then the page and the figures in `out` say why, if it came to that.
    """
    await follow(["validate", str(folder), "--out", str(out), "--json-progress", *arguments], progress, environment)


async def follow(
    arguments: Sequence[str], progress: Progress | None = None, environment: Mapping[str, str] = os.environ
) -> None:
    """Runs `matcher ARGUMENTS` as `run` does, without waiting in its place; cancelled, it is stopped. Raises MatcherFailed."""
    command = _command(arguments)
    process = await asyncio.create_subprocess_exec(
        *command, env=seen(environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = ""
    try:
        async for line in process.stderr:
            text = line.decode("utf-8", "replace").strip()
            step = _step(text)
            if step is not None:
                if progress is not None:
                    await progress(step)
            elif text:
                said = text
        status = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if status != 0:
        raise MatcherFailed(status, said)


def kept(out: Path) -> Path:
    """Where a scan keeps what it matched, for the next one."""
    return out / since.FOLDER


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-P", "-m", "matcher", *arguments]


def seen(environment: Mapping[str, str]) -> dict[str, str]:
    """What a process of the matcher sees of our environment."""
    return {name: environment[name] for name in PASSED_ON if name in environment}


def _step(line: str) -> Step | None:
    try:
        content = json.loads(line)
        return Step(content["stage"], content["done"], content["total"], content["unit"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return None


def program_hash() -> str:
    """SHA-256 of every file of the installed matcher: equal as long as the same input gives the same results."""
    spec = find_spec("matcher")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the matcher is not installed")
    package = Path(spec.origin).parent
    found = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        found.update(f"{path.relative_to(package).as_posix()}\0{path.stat().st_size}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()
