"""What a client may still ask for: a bucket of cost that refills, one a client and process."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from api.domain.errors import Throttled

MOST_CLIENTS = 10_000


class Emptied(Throttled):
    """The bucket holds less than the operation may cost; it will hold enough after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(
            f"请求过于频繁，请在 {self.seconds} 秒后重试。",
            f"You have asked for too much in too short a time: try again in {self.seconds} seconds.",
        )


@dataclass
class Buckets:
    """Buckets of `capacity`, each refilled by `per_second`; the least used are forgotten, and are full again then."""

    capacity: float
    per_second: float
    clock: Callable[[], float] = time.monotonic
    _levels: OrderedDict[Hashable, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, client: Hashable, cost: float) -> float:
        """Takes the cost from the client's bucket; what it holds then. Raises Emptied."""
        level = self._level(client)
        if cost > level:
            self._keep(client, level)
            raise Emptied((min(cost, self.capacity) - level) / self.per_second)
        return self._keep(client, level - cost)

    def give_back(self, client: Hashable, cost: float) -> float:
        """Gives back what was taken and not used; what the bucket holds then."""
        return self._keep(client, min(self.capacity, self._level(client) + cost))

    def _level(self, client: Hashable) -> float:
        level, at = self._levels.get(client, (self.capacity, 0.0))
        return min(self.capacity, level + (self.clock() - at) * self.per_second) if client in self._levels else level

    def _keep(self, client: Hashable, level: float) -> float:
        self._levels[client] = level, self.clock()
        self._levels.move_to_end(client)
        if len(self._levels) > MOST_CLIENTS:
            self._levels.popitem(last=False)
        return level
