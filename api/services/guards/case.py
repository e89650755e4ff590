"""What the guards are told of the household that is to be moved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from api.domain.lifecycle import Action
from api.domain.permissions import Viewer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """A household, its file that is not closed, or the last one where all are, and who would move it how.

    `decision_id` is the decision that the move rests on, where there is one; `known` what was read of the household
    already, so that it is read once for all guards and moves that are asked at one time.
    """

    household_id: int
    file_id: int | None
    division_code: str
    action: Action
    viewer: Viewer
    decision_id: int | None
    known: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    async def once(self, what: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """What was read of it already; it is read now where it was not."""
        if what not in self.known:
            self.known[what] = await read()
        found: T = self.known[what]
        return found
