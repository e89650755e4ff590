"""What binds two households and is no second file: plants for P03, H02 and H03."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from matcher.synthetic import numbering
from matcher.synthetic.families import text
from matcher.synthetic.households import Household, Ledger, Person
from matcher.synthetic.lives.identity import register
from matcher.synthetic.lives.medical import bill
from matcher.synthetic.plants import counted_twice
from matcher.synthetic.plants.plant import alone, on_file

MOST_WAITING = 40
"""So many households wait for one that fits them."""

_CITIZEN = re.compile("[1-8][0-9]{16}[0-9X]")

Arrange = Callable[[Household, Household, Iterator[str], Ledger], None]
Fits = Callable[[Household, Household, dt.date], bool]


@dataclass(frozen=True, slots=True)
class Pair:
    """One kind of situation of two households, and which two will do."""

    kind: str
    arrange: Arrange
    fits: Fits


def plant(homes: Sequence[Household], count: int, next_id: Iterator[str], ledger: Ledger) -> None:
    """Arranges each kind so many times in households without a plant."""
    for pair in PAIRS:
        for one, other in islice(_couples(homes, pair.fits, ledger.as_of), count):
            for home in (one, other):
                home.planted = pair.kind
            pair.arrange(one, other, next_id, ledger)


def _couples(homes: Sequence[Household], fits: Fits, as_of: dt.date) -> Iterator[tuple[Household, Household]]:
    """Households without a plant by twos that fit, each once; a few wait for one that fits them."""
    waiting: list[Household] = []
    for home in homes:
        if home.planted is not None or home.file_closed_on is not None:
            continue
        other = next((each for each in waiting if fits(each, home, as_of) or fits(home, each, as_of)), None)
        if other is None:
            waiting = [*waiting[-MOST_WAITING + 1 :], home]
        else:
            waiting.remove(other)
            yield (other, home) if fits(other, home, as_of) else (home, other)


def _both_on_file(one: Household, other: Household, as_of: dt.date) -> bool:
    return on_file(one, as_of) and on_file(other, as_of)


def _file_and_application(one: Household, other: Household, as_of: dt.date) -> bool:
    return on_file(one, as_of) and other.file_opened_on is None


def _former_couple(one: Household, other: Household, as_of: dt.date) -> bool:
    """Two heads without a spouse, man and woman, about one age; the second applied later."""
    ages = abs((one.head.born - other.head.born).days) < 3000
    sexes = {one.head.identity["sex"], other.head.identity["sex"]} == {"MALE", "FEMALE"}
    return alone(one, as_of) and alone(other, as_of) and ages and sexes and one.applied_on < other.applied_on


def _later(one: Household, other: Household) -> Household:
    return max((one, other), key=lambda home: (home.applied_on, home.household_id))


def _before_correction(person: Person) -> str:
    """The number that this person had before it was corrected."""
    matrix = np.array([person.identity["id_number"]], dtype="S18").view(np.uint8).reshape(1, 18)
    return str(text(numbering.earlier(matrix, np.array([False])))[0])


def _guest(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> tuple[Person, Person]:
    """One human in both households, in the second under an old number."""
    guest = next(person for person in ledger.outsiders if _CITIZEN.fullmatch(person.identity["id_number"]))
    old = {**guest.identity, "id_number": _before_correction(guest)}
    first = Person(guest.human, next(next_id), "OTHER", guest.identity, marital="SINGLE")
    second = Person(guest.human, next(next_id), "OTHER", old, marital="SINGLE")
    one.people.append(first)
    other.people.append(second)
    return first, second


def two_numbers(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    """One person in two files under two numbers, with one phone and one address."""
    _one_address(one, other)
    ledger.lead("P03", _later(one, other), *_guest(one, other, next_id, ledger))


def corrected_number(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    """One person under the old number and the new; the register has struck off the old one."""
    _, old = _guest(one, other, next_id, ledger)
    for home in (one, other):
        for person in home.people:
            register(person, home, ledger, status="CANCELLED" if person is old else "ACTIVE")
        home.settled.add("population")
    ledger.innocent("corrected_number", "P03", other, old)
    ledger.lead("H03", other, old)


def file_and_application(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    """One person in a file, and in another household's application."""
    guest = next(ledger.outsiders)
    first, second = (Person(guest.human, next(next_id), "OTHER", guest.identity, marital="SINGLE") for _ in range(2))
    one.people.append(first)
    other.people.append(second)
    for home in (one, other):
        bill(home.head, ledger, ledger.before(ledger.as_of, 130, 200), 9000, 2800)
        ledger.pay(home.head, "MEDICAL_AID", ledger.months_ago(3), ledger.months_ago(3), 1200)
        home.settled |= {"aid", "school", "medical"}
    ledger.lead("H03", _later(one, other), first, second)


def _one_address(one: Household, other: Household) -> None:
    for home in (one, other):
        home.file |= {column: one.head.identity[column] for column in ("address", "division_code")}


def _divorce(one: Household, other: Household, ledger: Ledger, days: int) -> dt.date:
    divorced = other.applied_on - dt.timedelta(days=days)
    ledger.marry(one.head, other.head, "MARRIED", divorced - dt.timedelta(days=ledger.number(1000, 2500)))
    ledger.marry(one.head, other.head, "DIVORCED", divorced)
    for home in (one, other):
        home.head.marital = "DIVORCED"
        home.settled |= {"marriage", "vehicles"}
    _one_address(one, other)
    return divorced


def divorced_under_one_roof(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    """Divorced half a year before the application, with one address, one motorcycle and one tricycle."""
    divorced = _divorce(one, other, ledger, ledger.number(40, 300))
    for kind in ("MOTORCYCLE", "TRICYCLE"):
        plate = f"豫E{ledger.number(10_000, 99_999)}"
        for home in (one, other):
            ledger.add("vehicles", home.head, plate=plate, vehicle_kind=kind, status="ACTIVE",
                       registered_on=ledger.before(home.applied_on, 900, 1500))  # fmt: skip
    for home in (one, other):
        if home is other or divorced <= home.applied_on:
            ledger.lead("H02", home, home.head)


def divorced_at_one_address(one: Household, other: Household, next_id: Iterator[str], ledger: Ledger) -> None:
    """Divorced half a year before the application, with one address and nothing else in common."""
    _divorce(one, other, ledger, ledger.number(40, 300))
    ledger.innocent("divorced_at_one_address", "H02", other, other.head)


PAIRS: tuple[Pair, ...] = (
    Pair("two_numbers", two_numbers, _both_on_file),
    Pair("file_and_application", file_and_application, _file_and_application),
    Pair("divorced_under_one_roof", divorced_under_one_roof, _former_couple),
    Pair("corrected_number", corrected_number, _both_on_file),
    Pair("divorced_at_one_address", divorced_at_one_address, _former_couple),
    Pair("both_on_dibao", counted_twice.both_on_dibao, _both_on_file),
    Pair("one_on_dibao", counted_twice.one_on_dibao, _both_on_file),
)
