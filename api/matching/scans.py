"""Runs a command of the matcher as a process of its own, without our settings, secrets or database in its environment.

Safeguard F-1: whatever goes wrong in there, it cannot reach a file, an enrolment or a payment; it writes files into
the folder it was given, and we read them.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "COLUMNS", "NO_COLOR", "SYSTEMROOT", "VIRTUAL_ENV")
"""The only variables of our environment that the matcher sees."""


class MatcherFailed(Exception):
    """The matcher ended with this exit status; what it had to say stands on stderr."""

    def __init__(self, exit_status: int) -> None:
        self.exit_status = exit_status
        super().__init__(f"the matcher ended with exit status {exit_status}")


def run(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> None:
    """Runs `matcher ARGUMENTS`, its output and progress going where ours go. Raises MatcherFailed unless it ends with 0.

    Code is taken from the installation alone (-P): a folder called matcher where we happen to stand is not run.
    """
    seen = {name: environment[name] for name in PASSED_ON if name in environment}
    finished = subprocess.run([sys.executable, "-P", "-m", "matcher", *arguments], env=seen, check=False)
    if finished.returncode != 0:
        raise MatcherFailed(finished.returncode)


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
