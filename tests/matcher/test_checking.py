"""One household checked from an index: the links, coverage and leads that a full scan of the city gives it, and no others."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from matcher import index, policy
from matcher.checking import Checked, Desk, Household
from matcher.gathering import Asked, ScanRequest, ask, open_scan
from matcher.pipeline import scan
from matcher.plan import PERSONS
from matcher.rules import book
from matcher.synthetic.city import write_city

OWN = ("households", "members", "authorisations", "answers", "handlers", "documents")
SEEDS = (8, 21, 34)
ODD = (55,)
"""Seeds of cities whose own files are full of gaps and contradictions."""

WRITTEN = {
    "declared_employment": ("下岗", "退休", "务农", "在职", "不详", ""),
    "target_group": ("MIGRANT_WORKER", "EXPENDITURE_SHOCK", "STRUCTURAL_REFORM"),
    "category": ("低保", "低收入", "意外致困", "别的"),
    "id_number": ("11010119900307000X", "110101900307123", "H1234567"),
    "division_code": ("410502", "110101", "41"),
    "address": ("", "不详"),
    "relation": ("HEAD", "CHILD", "SPOUSE"),
}
"""What stands in some cells of such files instead."""


@dataclass(frozen=True)
class City:
    """A synthetic city: what its scan found, by table, and a desk at which its households are checked."""

    found: dict[str, pl.DataFrame]
    asked: Asked
    desk: Desk

    def check(self, household: str) -> Checked:
        """One household, as if it had come today."""
        return self.desk.check(self.home(household))

    def home(self, household: str) -> Household:
        """A household with all that is known of it."""
        its = self.asked.members.filter(pl.col("household_id") == household)
        answers = self.asked.own["answers"].frame
        documents = self.asked.own["documents"].frame
        return Household(
            self.asked.households.filter(pl.col("household_id") == household),
            its,
            {source: frozenset(people) for source, people in self.asked.allowed.items()},
            answers.filter(pl.col("person_id").is_in(its.get_column("person_id").implode())),
            {"documents": documents.filter(pl.col("household_id") == household)},
        )


def muddle(folder: Path, seed: int) -> None:
    """Leaves out cells of the city's own files, writes what is odd into others, and enters some people once more, in two households."""
    chance = random.Random(seed)
    for name, keys in (("households", ("household_id",)), ("members", ("person_id", "household_id"))):
        path = folder / f"{name}.parquet"
        table = pl.read_parquet(path)
        rows = table.to_dicts()
        if name == "members":
            again = [
                {
                    **row,
                    "person_id": f"A{place}",
                    "household_id": chance.choice((row, chance.choice(rows)))["household_id"],
                }
                for place, row in enumerate(chance.sample(rows, 30))
            ]
            rows += again
        for row in rows:
            for column in [each for each in row if each not in keys]:
                what = chance.random()
                if what < 0.12:
                    row[column] = None
                elif what < 0.2 and column in WRITTEN:
                    row[column] = chance.choice(WRITTEN[column])
                elif what < 0.2 and isinstance(row[column], dt.date):
                    row[column] += dt.timedelta(days=chance.choice((-9000, -400, -31, 31, 200)))
        pl.DataFrame(rows, schema=table.schema).write_parquet(path)


@pytest.fixture(scope="module", params=(*SEEDS, *ODD))
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("city")
    write_city(folder / "all", households=160, records=6_000, seed=request.param)
    if request.param in ODD:
        muddle(folder / "all", request.param)
    (folder / "own").mkdir()
    for name in OWN:
        shutil.copy(folder / "all" / f"{name}.parquet", folder / "own")
    shutil.copy(folder / "all" / "policy.toml", folder / "own")
    index.build(folder / "all", folder / "index", PERSONS)
    scan(ScanRequest(folder / "all", folder / "out"))
    asked_for = ScanRequest(folder / "own", folder / "none", index=folder / "index")
    opened = open_scan(asked_for)
    assert opened.index is not None
    desk = Desk(opened.index, opened.model, policy.load(folder / "own" / "policy.toml"), opened.as_of)
    desk.open()
    found = {
        name: pl.read_parquet(folder / "out" / f"{name}.parquet")
        for name in ("links", "findings", "coverage", "flooded")
    }
    return City(found, ask(asked_for, opened), desk)


def compare(city: City, household: str, checked: Checked) -> list[str]:
    """That a household got what the scan gives it; the rules of its leads."""
    people = city.asked.members.filter(pl.col("household_id") == household).get_column("person_id")
    theirs = pl.col("person_id").is_in(people.implode())
    for name in ("links", "coverage"):
        assert getattr(checked, name).equals(city.found[name].filter(theirs)), (household, name)
    assert set(checked.flooded.rows()) == set(city.found["flooded"].filter(theirs).rows())
    leads = city.found["findings"].filter(
        pl.col("household_id") == household, pl.col("rule_id").is_in([rule.id for rule in city.desk.rules])
    )
    assert checked.findings.equals(leads), household
    return leads.get_column("rule_id").to_list()


def test_every_household_gets_the_links_the_coverage_and_the_leads_of_the_scan(city: City) -> None:
    raised: Counter[str] = Counter()
    for household in city.asked.households.get_column("household_id"):
        raised.update(compare(city, household, city.check(household)))
    assert len(raised) > 15
    assert sum(raised.values()) > 40


def test_who_is_checked_beside_others_gets_what_it_gets_alone(city: City) -> None:
    every = city.asked.households.get_column("household_id").to_list()
    for start, end in ((0, 1), (1, 3), (3, 40), (40, len(every))):
        together = city.desk.check_all([city.home(household) for household in every[start:end]])
        for household, checked in zip(every[start:end], together, strict=True):
            compare(city, household, checked)
    alone = city.check(every[0])
    assert [(ran.rule.id, ran.state, ran.missing) for ran in together[0].ran] == [
        (ran.rule.id, ran.state, ran.missing) for ran in alone.ran
    ]
    assert city.desk.check_all([]) == []


def test_nobody_is_looked_up_who_may_not_be(city: City) -> None:
    household = city.found["links"].join(city.asked.members, on="person_id").item(0, "household_id")
    whole = city.check(household)
    its = city.asked.members.filter(pl.col("household_id") == household)
    nobody = Household(city.asked.households.filter(pl.col("household_id") == household), its, {})
    silent = city.desk.check(nobody)
    assert len(whole.links) > 0
    assert silent.links.is_empty()
    states = set(silent.coverage.filter(pl.col("source").is_in(sorted(city.desk.index.sources))).get_column("state"))
    assert states == {"NOT_AUTHORISED"}


def test_every_rule_in_force_is_asked_at_the_desk_or_in_a_scan_alone(city: City) -> None:
    asked, not_asked = ({rule.id for rule in some} for some in (city.desk.rules, city.desk.only_in_a_scan))
    assert not asked & not_asked
    assert asked | not_asked == {rule.id for rule in book.chosen((), city.desk.as_of)}
    assert not {each for each in asked if each[0] in "NC"}


def test_the_rules_of_the_desk_never_hear_of_another_household() -> None:
    """A worked example in which several households stand is one of a rule that compares them."""
    for rule in book.chosen((), dt.date(2024, 12, 31)):
        several = any(len(example.given.get("households", ())) > 1 and example.severity for example in rule.examples)
        assert not several or rule.only_in_a_scan, rule.id
