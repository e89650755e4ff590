"""Starts the process that reads foreign files: early and without waiting, so that it gets ready while we do.

Light on purpose: the command line asks for it before it imports anything heavy.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MEMORY = "JIEKUN_READER_MEMORY_MIB"
MEMORY_MIB = 4096
"""What reading one file may take at most; the setting raises it for files whose row groups or sheets are larger."""

_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_KEPT_BEGINNINGS = (
    "LC_",
    "POLARS_",
    "PYTHON",
    "OPENBLAS_",
    "OMP_",
    "JIEKUN_READER_",
    "ARROW_",
    "MALLOC_",
    "MIMALLOC_",
)


@dataclass(frozen=True, slots=True)
class Started:
    """A process that has been started, and our end of the socket to it."""

    process: subprocess.Popen[bytes]
    socket: socket.socket


_early: list[Started] = []


def memory_mib() -> int:
    """What a process apart may take."""
    return int(os.environ.get(MEMORY, MEMORY_MIB))


def ahead() -> None:
    """Starts one that `take` will give, unless one stands ready."""
    if not _early:
        _early.append(_start())


def take() -> Started:
    """The one that was started early, else a new one."""
    return _early.pop() if _early else _start()


def _start() -> Started:
    root = str(Path(__file__).parents[2])
    kept = {key: value for key, value in os.environ.items() if key in _KEPT or key.startswith(_KEPT_BEGINNINGS)}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH")]))
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "matcher.sources.apart", str(theirs.fileno()), str(memory_mib())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=kept,
            pass_fds=[theirs.fileno()],
            process_group=0,  # whoever interrupts us at the terminal does not mean it
        )
    return Started(process, ours)


if hasattr(os, "register_at_fork"):  # two processes must not talk to one reader
    os.register_at_fork(after_in_child=_early.clear)


@atexit.register
def _end_unused() -> None:
    while _early:
        started = _early.pop()
        started.socket.close()
        started.process.kill()
        started.process.wait()
