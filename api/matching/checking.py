"""The process in which households are checked: a line of JSON with households comes in, a line with what was found goes out.

It is started by `desk` without our settings, secrets or database in its environment, keeps the latest indexes open, and ends
with its standard input. What it is told of households goes through pipes alone, and nothing of them stays.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from api.matching import folders
from api.matching.policy import Written, read
from matcher.checking import Checked, Desk, Household
from matcher.errors import MatcherError
from matcher.index import open_index
from matcher.plan import PERSONS
from matcher.scoring import model as models

OPEN = 2
"""How many indexes stay open: the one in use, and for those who still ask it the one before."""


def main() -> None:
    """Answers line by line until nothing more comes."""
    for line in sys.stdin:
        asked = json.loads(line)
        written = asked["policy"]
        values: Written = (written[0] and Path(written[0]), *written[1:])
        found = answered(Path(asked["index"]), values, dt.date.fromisoformat(asked["as_of"]), asked["homes"])
        sys.stdout.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()


def answered(
    index: Path, values: Written, as_of: dt.date, homes: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Of each household what is found, or why it cannot be checked: `refused` in words, `failed` by its kind alone."""
    try:
        desk = _opened(index, values, as_of)
    except MatcherError as error:
        return [{"refused": str(error)} for _ in homes]
    try:
        given = [_household(home) for home in homes]
        return [_plain(desk, found) for found in desk.check_all(given)]
    except Exception as error:  # what is wrong with one is no reason to leave the others out
        if len(homes) > 1:
            return [each for home in homes for each in answered(index, values, as_of, [home])]
        return [{"refused": str(error)} if isinstance(error, MatcherError) else {"failed": type(error).__name__}]


@lru_cache(maxsize=OPEN)
def _opened(folder: Path, values: Written, as_of: dt.date) -> Desk:
    found = Desk(open_index(folder, PERSONS), models.load(PERSONS.model or ""), read(values), as_of)
    found.open()
    return found


def _household(home: Mapping[str, Any]) -> Household:
    return Household(
        folders.typed("households", [home["household"]]),
        folders.typed("members", home["members"]),
        home["allowed"],
        folders.typed("answers", home["answers"]),
    )


def _plain(desk: Desk, found: Checked) -> dict[str, Any]:
    """What is kept of a check: plain values."""
    return {
        "links": found.links.drop("blocks").to_dicts(),
        "leads": [_told(row) for row in found.findings.to_dicts()],
        "coverage": [_told(row) for row in found.coverage.filter(pl.col("state") != "NOT_ASKED").to_dicts()],
        "only_in_a_scan": [rule.id for rule in desk.only_in_a_scan],
        "not_asked": [ran.rule.id for ran in found.ran if ran.state == "NOT_ASKED"],
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, dt.date | Decimal) else value for name, value in row.items()}


if __name__ == "__main__":
    main()
