"""What the errors of registers and files make true: leads of P02, P04 and P15 that nobody planted.

They are told from what was done to each row, never by asking the rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import polars as pl
from rapidfuzz.distance import OSA

from matcher.identity import numbers
from matcher.synthetic import dirt
from matcher.synthetic.households import Household, Ledger, Person
from matcher.synthetic.lives.identity import MIGRANT
from matcher.synthetic.lives.work import MEN_RETIRE, OUT_OF_WORK, WOMEN_RETIRE
from matcher.synthetic.lookalikes import Lookalikes

WHOLE = ("number_fifteen", "number_full_width", "number_lower_x", "number_blanks")
"""What may happen to a number and leave it readable."""

LOST = sum(int(dirt.BIT[kind]) for kind in dirt.KINDS if kind.startswith("number_") and kind not in WHOLE)
FORMER, OTHER_CHARACTER = int(dirt.BIT["name_former"]), int(dirt.BIT["name_one_character"])
CORRECTED, REDATED = int(dirt.BIT["number_corrected"]), int(dirt.BIT["birth_shifted"])
PREFECTURE, DAYS_A_YEAR = 4, 365.25
LIKE_FROM = 3
"""From so many characters on, names that differ in one are one name written otherwise."""


@dataclass(frozen=True, slots=True)
class _Own:
    """A member's row as it came into our tables."""

    household: Household
    person: Person
    written: str | None
    kinds: int
    former_known: bool


def register(
    homes: Iterable[Household],
    ledger: Ledger,
    own: pl.DataFrame,
    about: pl.DataFrame,
    found: Lookalikes,
    unauthorised: set[str],
) -> None:
    """Writes down the leads that errors make true, of members who are on file and may be looked up.

    `own`: the rows of members as written, with `kinds`; `about`: truth.ABOUT of all feeds.
    """
    rows = {row["person_id"]: row for row in own.iter_rows(named=True)}
    people: list[_Own] = []
    for home in homes:
        for person in home.people if _on_file(home, ledger.as_of) else ():
            if person.person_id not in unauthorised and _counted(person, ledger.as_of):
                row = rows[person.person_id]
                known = row.get("former_name") is not None
                people.append(_Own(home, person, row["id_number"], int(row["kinds"]), known))
    duplicated = frozenset(found.duplicated.tolist())
    planted = {(lead["rule_id"], person) for lead in ledger.findings for person in lead["person_ids"]}
    records = _records(about, {each.person.human for each in people})
    for each in people:
        if ("P04", each.person.person_id) not in planted and (_impossible(each.written) or _outdated(each, records)):
            ledger.lead("P04", each.household, each.person)
        if ("P15", each.person.person_id) not in planted and _past_working_age(each.person, ledger.as_of):
            ledger.lead("P15", each.household, each.person)
        if ("P02", each.person.person_id) not in planted and _two_names(
            each, records, found.mistaken.keys() | duplicated
        ):
            ledger.lead("P02", each.household, each.person)


def _on_file(home: Household, as_of: dt.date) -> bool:
    return home.file_closed_on is None or home.file_closed_on > as_of


def _counted(person: Person, as_of: dt.date) -> bool:
    began, ended = person.valid_from, person.valid_to
    return (began is None or began <= as_of) and (ended is None or ended > as_of)


def _impossible(written: str | None) -> bool:
    """Whether eighteen characters stand there that no office can have issued."""
    reading = numbers.understand(written) if written else None
    return reading is not None and reading.kind == "citizen" and not numbers.is_valid(reading.text)


def _outdated(own: _Own, records: Mapping[int, list[tuple[int, bool]]]) -> bool:
    """Whether a number stands there that was corrected since, so that neither the register nor anybody else has it."""
    reading = numbers.understand(own.written) if own.written else None
    if not own.kinds & CORRECTED or own.kinds & REDATED or reading is None or reading.kind != "citizen":
        return False
    here = str(own.household.head.identity["division_code"])[:PREFECTURE] == reading.text[:PREFECTURE]
    migrant = own.household.file.get("target_group") == MIGRANT
    return here and not migrant and not any(kinds & CORRECTED for kinds, _ in records.get(own.person.human, ()))


def _past_working_age(person: Person, as_of: dt.date) -> bool:
    """Whether somebody is declared jobless and past the age at which men and women retire."""
    limit = WOMEN_RETIRE if person.identity["sex"] == "FEMALE" else MEN_RETIRE
    jobless = person.file.get("declared_employment") == OUT_OF_WORK
    return jobless and (as_of - person.born).days / DAYS_A_YEAR >= limit


def _records(about: pl.DataFrame, humans: set[int]) -> dict[int, list[tuple[int, bool]]]:
    """The kinds of each human's records, and whether the record names the former name."""
    theirs = about.filter(pl.col("human").is_in(sorted(humans)))
    found: dict[int, list[tuple[int, bool]]] = {}
    for human, kinds, recorded in theirs.select("human", "kinds", "recorded").iter_rows():
        found.setdefault(human, []).append((kinds, recorded))
    return found


def _two_names(own: _Own, records: Mapping[int, list[tuple[int, bool]]], others_number: Collection[int]) -> bool:
    """Whether some record bears the number that our file has for this person, and a really different name."""
    human = own.person.human
    if human in others_number:
        return True
    if own.kinds & LOST:
        return False
    theirs = [each for each in records.get(human, []) if not each[0] & LOST]
    recorded = own.former_known or any(known for _, known in theirs)
    return any(_differ(own.person, own.kinds, kinds, recorded=recorded) for kinds, _ in theirs)


def _differ(person: Person, ours: int, theirs: int, *, recorded: bool) -> bool:
    """Whether the names of two rows about one person are really two: a change of name, or another character of two."""
    one, other = (_called(person, kinds) for kinds in (ours, theirs))
    if one != other:
        alike = min(len(one), len(other)) >= LIKE_FROM and OSA.distance(one, other) <= 1
        return not (recorded or alike or one.startswith(other) or other.startswith(one))
    return len(one) < LIKE_FROM and bool((ours ^ theirs) & OTHER_CHARACTER)


def _called(person: Person, kinds: int) -> str:
    former = person.identity["former_name"]
    return str(former if kinds & FORMER and former else person.identity["name"])
