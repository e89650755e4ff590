"""The table itself: wide enough, for every rule, and its people are who the numbers say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from matcher.identity import numbers
from matcher.rules.book import BOOK
from tests.redteam import table
from tests.redteam.table import Case

RULES = frozenset(
    f"{family}{number:02d}"
    for family, last in (("P", 15), ("H", 14), ("C", 9), ("N", 9), ("U", 8))
    for number in range(1, last + 1)
)
"""The rules of rules.md."""

TEMPTED_AT_LEAST = 2


def test_there_are_more_than_eighty_innocents() -> None:
    assert sum(case.innocent for case in table.load()) >= 80


def test_every_rule_stands_in_the_book() -> None:
    assert {rule.id for rule in BOOK} >= RULES


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_is_tempted_and_must_speak(rule: str) -> None:
    innocents = [case.id for case in table.load() if case.innocent and rule in case.tempts]
    assert [case.id for case in table.load() if rule in {each.rule for each in case.leads}], (
        "no case in which it must speak"
    )
    assert len(innocents) >= TEMPTED_AT_LEAST, "too few cases in which it must not"


@pytest.mark.parametrize("case", table.load(), ids=lambda case: case.id)
def test_a_case_says_what_it_is(case: Case) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", case.id)
    assert case.zh
    assert case.en
    assert set(case.tempts) <= RULES
    assert case.tempts
    assert case.because or not case.innocent
    assert {each.rule for each in case.leads} <= RULES
    assert case.may <= RULES


def test_numbers_are_what_they_say_of_their_bearers() -> None:
    for case in table.load():
        for person in case.people.values():
            number = person.identity.id_number
            if number and numbers.is_valid(number):
                assert numbers.birth_date(number) == person.identity.birth_date
                assert (int(number[16]) % 2 == 1) == (person.identity.sex == "MALE")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ('[[case]]\nid = "a"\nzh = "x"\nen = "x"\ntempts = []\nleads = []\ncolour = "red"\n', "colour"),
        ('[[case]]\nid = "a"\nzh = "x"\nen = "x"\ntempts = []\nleads = []\n' * 2, "two cases"),
        (
            '[[case]]\nid = "a"\nzh = "x"\nen = "x"\ntempts = []\nleads = []\npeople.head = { sex = "M", born = "1980-01-01", name = "甲乙丙" }\n'
            '[[case]]\nid = "b"\nzh = "x"\nen = "x"\ntempts = []\nleads = []\npeople.head = { sex = "M", born = "1981-01-01", name = "甲乙丙" }\n',
            "share name",
        ),
        (
            '[[case]]\nid = "a"\nzh = "x"\nen = "x"\ntempts = []\nleads = []\npeople.head = { sex = "M", born = "1980-01-01", sequence = 2 }\n',
            "odd",
        ),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, broken: str, message: str) -> None:
    (tmp_path / "cases.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        table.load(tmp_path)
