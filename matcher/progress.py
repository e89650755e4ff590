"""What a long job says while it works: which stage, how much is done, of how much.

The library only calls; who listens (a terminal, a log, a worker's table) is the caller's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One message: `done` of `total` `unit`s of `stage` are finished; total is None while unknown."""

    stage: str
    done: int
    total: int | None
    unit: str = "rows"


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Listens to nothing."""
