"""The stage that a register's dates tell."""

from __future__ import annotations

import datetime as dt

import pytest

from api.domain.stages import Stage, of_dates

DAY = dt.date(2024, 5, 1)


@pytest.mark.parametrize(
    ("opened", "closed", "stage"),
    [
        (None, None, Stage.APPLIED),
        (DAY, None, Stage.RECORDED),
        (DAY, DAY, Stage.DEREGISTERED),
        (None, DAY, Stage.DEREGISTERED),
    ],
)
def test_the_stage(opened: dt.date | None, closed: dt.date | None, stage: Stage) -> None:
    assert of_dates(opened, closed) is stage
