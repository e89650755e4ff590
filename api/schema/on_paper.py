"""What a department without an account answered on paper, as an officer writes it down."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.domain.on_paper import OnPaper

ON_PAPER = (
    "The department's paper, where it has no account and an officer writes down what it answered; refused where it can "
    "answer itself."
)


@strawberry.input(description="A department's paper.")
class OnPaperInput:
    """A department's paper."""

    number: str = strawberry.field(description="Its number, up to 100 characters.")
    on: dt.date = strawberry.field(description="Its day, no later than today.")


def paper_of(given: OnPaperInput | None) -> OnPaper | None:
    """The paper, where one is given."""
    return None if given is None else OnPaper(given.number, given.on)
