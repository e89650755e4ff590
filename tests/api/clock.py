"""The clock of the tests' service: it stays on the day on which they began, for their modules took today's date then."""

from __future__ import annotations

import datetime as dt

from api.domain import days

BEGAN = days.this_moment()


def last_of_the_day(moment: dt.datetime) -> dt.datetime:
    """The last moment of this one's day, in China."""
    tomorrow = dt.datetime.combine(days.today(moment) + dt.timedelta(days=1), dt.time(), days.CHINA)
    return tomorrow.astimezone(dt.UTC) - dt.timedelta.resolution


def this_moment(world: days.Clock = days.this_moment, began: dt.datetime = BEGAN) -> dt.datetime:
    """This moment; past midnight, the last moment of the day on which the tests began."""
    return min(world(), last_of_the_day(began))
