"""Under which number each record of a register of aid stands here: several may bear one number, and all are kept.

The first stands under it, others under `NUMBER~2` and so on. Told again, each is the one that stands and is most like it,
so that what changed of a record is told of that one, and none stands twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from api.services.registers.rows import Row

Place = tuple[int, str]
"""Whose an enrolment is, by household, and its record."""

ALIKE = (
    ("member_id", "programme_code", "start_month", "end_month", "amount_fen"),
    ("member_id", "programme_code", "start_month"),
    ("member_id", "programme_code"),
    ("programme_code",),
    (),
)
"""By what a record is found among those of its number: by all of its terms, or else by fewer."""


def placed(told: Mapping[Place, Collection[Row]], there: Iterable[Any]) -> dict[Place, Row]:
    """What is told of each number, every record at its own place; `there` are the enrolments that stand."""
    stand: dict[int, list[Any]] = defaultdict(list)
    for each in there:
        stand[each.household_id].append(each)
    found: dict[Place, Row] = {}
    for (household, number), given in told.items():
        known = [
            each
            for each in stand[household]
            if each.source_record == number
            or (each.source_record.startswith(f"{number}~") and (household, each.source_record) not in told)
        ]
        for row, each in _pairs(given, known):
            name = _new(household, number, told, found) if each is None else each.source_record
            found[household, name] = {**row, "source_record": name}
    return found


def _pairs(given: Collection[Row], known: list[Any]) -> Iterator[tuple[Row, Any | None]]:
    """What is told with what stands, the most alike first; at last what is new."""
    told = list(given)
    for names in ALIKE:
        for row in list(told):
            like = next((each for each in known if all(getattr(each, name) == row[name] for name in names)), None)
            if like is not None:
                told.remove(row)
                known.remove(like)
                yield row, like
    for row in told:
        yield row, None


def _new(household: int, number: str, told: Collection[Place], found: Collection[Place]) -> str:
    """The first name that is free: no other's number, which may look like one of these."""
    if (household, number) not in found:
        return number
    names = (f"{number}~{place}" for place in count(2))
    return next(name for name in names if (household, name) not in found and (household, name) not in told)
