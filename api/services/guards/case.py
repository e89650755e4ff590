"""What the guards are told of the household that is to be moved."""

from __future__ import annotations

from dataclasses import dataclass

from api.domain.lifecycle import Action
from api.domain.permissions import Viewer


@dataclass(frozen=True, slots=True)
class Case:
    """A household, its file that is not closed, or the last one where all are, and who would move it how.

    `decision_id` is the decision that the move rests on, where there is one.
    """

    household_id: int
    file_id: int | None
    division_code: str
    action: Action
    viewer: Viewer
    decision_id: int | None
