"""How long the stages took and how much memory the process has used at most."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

KIBIBYTE = 1024
_largest_apart = [0]


@dataclass
class Clock:
    """A stopwatch with laps, in seconds; `laps` keeps the order of the stages."""

    laps: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        """Ends the stage that began with the last lap."""
        now = time.perf_counter()
        self.laps[stage] = round(now - self._since, 3)
        self._since = now


def memory_bytes() -> int:
    """The resident size of this process now; where the system does not say, its largest so far."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * KIBIBYTE
    except (OSError, IndexError, ValueError):
        return own_peak_memory_bytes()


def peak_memory_bytes() -> int:
    """The largest resident size this process has had so far, and that of the process which reads files for it."""
    return own_peak_memory_bytes() + _largest_apart[0]


def count_apart(peak_bytes: int) -> None:
    """Notes the largest resident size of a process that worked for this one, one at a time."""
    _largest_apart[0] = max(_largest_apart[0], peak_bytes)


def own_peak_memory_bytes() -> int:
    """The largest resident size this process has had so far.

    On Linux from /proc, since getrusage there also counts what the parent held when it forked; elsewhere from getrusage.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) * KIBIBYTE
    except (OSError, IndexError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * KIBIBYTE
