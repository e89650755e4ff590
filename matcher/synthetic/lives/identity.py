"""Who is registered, at school, in a union, away: the ordinary records of the population register and its neighbours."""

from __future__ import annotations

import datetime as dt
from typing import Any

from matcher.synthetic import places
from matcher.synthetic.households import Household, Ledger, Person

GROUPS = (("BELOW_LINE", 66), ("EXPENDITURE_SHOCK", 22), ("MIGRANT_WORKER", 8), ("STRUCTURAL_REFORM", 4))
"""Target groups and their shares in percent."""

MIGRANT = "MIGRANT_WORKER"
UNION_MEMBERS = 0.2
AWAY = 0.006
WORKING = (18, 60)


def live(household: Household, ledger: Ledger) -> None:
    """The records that an ordinary household has in these feeds, each where no plant has settled it."""
    if "target_group" not in household.file:
        household.file["target_group"] = _group(ledger)
    if "population" not in household.settled:
        for person in household.people:
            register(person, household, ledger)
    if "union_roll" not in household.settled:
        _join_unions(household, ledger)
    if "custody" not in household.settled:
        for person in household.people:
            if person.age(ledger.as_of) >= WORKING[0] and ledger.chance(AWAY):
                _go_away(person, household, ledger)


def register(person: Person, household: Household, ledger: Ledger, **columns: Any) -> None:
    """A record of the population register, in force unless told otherwise."""
    ledger.add(
        "population", person,
        **{
            "household_no": f"HK{household.household_id[1:]}", "status": "ACTIVE", "relation_to_head": person.relation,
            "marital_status": person.marital, "updated_on": ledger.before(ledger.as_of, 30, 3000), **columns,
        },
    )  # fmt: skip


def join_union(person: Person, ledger: Ledger, joined: dt.date, first: dt.date | None, last: dt.date | None) -> None:
    """A record of a union's roll, with the labour contract where it is known; the roll names no employer."""
    ledger.add("union_roll", person, joined_on=joined, contract_from=first, contract_to=last)


def _group(ledger: Ledger) -> str:
    draw, sum_ = ledger.number(1, 100), 0
    for group, share in GROUPS:
        sum_ += share
        if draw <= sum_:
            return group
    return GROUPS[0][0]


def _join_unions(household: Household, ledger: Ledger) -> None:
    """A migrant worker is a member under a contract of a year or more; of the others a few are members."""
    migrant = household.file["target_group"] == MIGRANT
    if migrant:
        begun = ledger.before(household.applied_on, 60, 700)
        years = ledger.number(1, 3)
        last = None if ledger.chance(0.3) else begun.replace(day=1) + dt.timedelta(days=366 * years + 800)
        join_union(household.head, ledger, ledger.before(household.applied_on, 40, 1500), begun, last)
    for person in household.people:
        grown = WORKING[0] <= person.age(ledger.as_of) < WORKING[1]
        if grown and ledger.chance(UNION_MEMBERS) and not (migrant and person is household.head):
            name = places.EMPLOYERS[ledger.number(0, len(places.EMPLOYERS) - 1)]
            ledger.add(
                "union_roll", person, union=f"安阳市{name}工会", joined_on=ledger.before(ledger.as_of, 200, 6000)
            )


def _go_away(person: Person, household: Household, ledger: Ledger) -> None:
    """A short journey abroad, treatment there, military service long ago, or a detention without a sentence."""
    match ledger.number(0, 3):
        case 0:
            began = ledger.before(ledger.as_of, 60, 500)
            kind, ended = "出境探亲", began + dt.timedelta(days=ledger.number(5, 20))
        case 1:
            began = ledger.before(ledger.as_of, 150, 300)
            kind, ended = "出境就医", began + dt.timedelta(days=ledger.number(20, 90))
        case 2:
            began = ledger.before(household.applied_on, 2000, 2800)
            kind, ended = "服现役", began + dt.timedelta(days=730)
        case _:
            began = ledger.before(ledger.as_of, 100, 400)
            kind, ended = "刑事拘留", began + dt.timedelta(days=ledger.number(3, 30))
    ledger.add("custody", person, kind=kind, **{"from": began, "to": ended})
