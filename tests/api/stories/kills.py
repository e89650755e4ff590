"""At which points of a story a machine is killed: drawn from a seed over its steps, and within each over the time it takes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.api.stories.machines import Machine, Machines


@dataclass(frozen=True, order=True)
class Point:
    """Which machine is killed in which step, when so much of the step's time is over; at 1, when the step is done."""

    step: str
    share: float
    machine: Machine


def drawn(seed: int, count: int, steps: Sequence[str]) -> list[Point]:
    """So many points of a story of these steps."""
    chance = random.Random(seed)
    return [Point(chance.choice(steps), chance.random(), chance.choice([*Machine])) for _ in range(count)]


@dataclass
class Kills:
    """The points of one telling of the story, and how long its steps took where nothing was killed."""

    machines: Machines
    points: Sequence[Point] = ()
    usual: Mapping[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    done: int = 0

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """One step of the story, in which what is to be killed is; what was quicker than usual sees it killed at its end."""
        assert name not in self.took, f"two steps are called {name}"
        planned = asyncio.create_task(self._kill(name))
        began = time.monotonic()
        try:
            yield
        except BaseException:
            planned.cancel()
            raise
        self.took[name] = time.monotonic() - began
        await planned

    async def _kill(self, name: str) -> None:
        began = time.monotonic()
        for point in sorted(each for each in self.points if each.step == name):
            while name not in self.took and time.monotonic() - began < point.share * self.usual.get(name, 0.0):
                await asyncio.sleep(0.002)
            await self.machines.kill(point.machine)
            self.done += 1
