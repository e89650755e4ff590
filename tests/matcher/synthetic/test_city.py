"""The city: the same for the same seed, true to its own truth, and as large as asked for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from matcher.identity import numbers
from matcher.rules import book
from matcher.sources.contract import load, source_ids
from matcher.sources.delivery import open_folder
from matcher.sources.feeds import read_all
from matcher.synthetic.city import CityReport, write_city
from matcher.synthetic.numbering import SLOTS, STRIDE
from matcher.synthetic.plants import two_files
from matcher.synthetic.plants.catalogue import PLANTS

HOUSEHOLDS, RECORDS = 400, 12_000
NOT_LINKED = ("answers", "documents", "handlers")
DEPARTMENTS = tuple(
    source for source in source_ids() if source not in ("households", "members", "authorisations", *NOT_LINKED)
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CityReport]:
    folder = tmp_path_factory.mktemp("city")
    return folder, write_city(folder, households=HOUSEHOLDS, records=RECORDS, seed=5)


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def test_the_same_seed_writes_the_same_bytes(made: tuple[Path, CityReport], tmp_path: Path) -> None:
    write_city(tmp_path, households=HOUSEHOLDS, records=RECORDS, seed=5)
    for path in sorted(made[0].rglob("*.parquet")):
        assert (tmp_path / path.relative_to(made[0])).read_bytes() == path.read_bytes(), path.name


def test_another_seed_writes_another_city(made: tuple[Path, CityReport], tmp_path: Path) -> None:
    write_city(tmp_path, households=HOUSEHOLDS, records=RECORDS, seed=6)
    assert not table(tmp_path, "members").equals(table(made[0], "members"))


def test_there_are_as_many_records_as_asked_for(made: tuple[Path, CityReport]) -> None:
    folder, report = made
    assert sum(len(table(folder, source)) for source in report.rows) == RECORDS == sum(report.rows.values())


def test_almost_every_valid_number_belongs_to_one_human(made: tuple[Path, CityReport]) -> None:
    """Two people of the population register hardly ever share a number, whatever the register did to it."""
    register = table(made[0], "population").select("record_id", "id_number")
    links = pl.read_parquet(made[0] / "truth_links.parquet").filter(pl.col("source") == "population")
    strangers = register.join(links, on="record_id", how="anti").get_column("id_number").drop_nulls()
    read = [number for number in map(numbers.read, strangers.to_list()) if number and numbers.is_valid(number)]
    # but for the few that are planted: somebody else's number, and one number issued twice
    assert len(set(read)) > 0.98 * len(read)
    assert len(read) > 500


def test_the_permutation_of_numbers_visits_every_slot() -> None:
    assert len({turn * STRIDE % SLOTS for turn in range(SLOTS)}) == SLOTS


def test_record_ids_are_unique_in_their_source(made: tuple[Path, CityReport]) -> None:
    for source in DEPARTMENTS:
        assert table(made[0], source).get_column("record_id").is_unique().all(), source


def test_the_truth_speaks_of_rows_that_are_there(made: tuple[Path, CityReport]) -> None:
    folder = made[0]
    links = pl.read_parquet(folder / "truth_links.parquet")
    people = table(folder, "members").get_column("person_id")
    assert links.get_column("person_id").is_in(people.implode()).all()
    for (source,), part in links.partition_by("source", as_dict=True).items():
        ids = table(folder, str(source)).get_column("record_id")
        assert part.get_column("record_id").is_in(ids.implode()).all(), source
    assert set(links.filter(pl.col("source") == "marriage").get_column("party")) == {"A", "B"}


def test_nobody_unauthorised_is_in_the_truth(made: tuple[Path, CityReport]) -> None:
    truth = made[0]
    unauthorised = pl.read_parquet(truth / "truth_unauthorised.parquet").get_column("person_id")
    assert len(unauthorised) > 0
    assert (
        not pl.read_parquet(truth / "truth_links.parquet").get_column("person_id").is_in(unauthorised.implode()).any()
    )


def test_every_rule_has_true_leads_and_look_alikes(made: tuple[Path, CityReport]) -> None:
    report, rules = made[1], {rule.id for rule in book.BOOK}
    assert set(report.leads) == rules
    assert {plant.rule for plant in PLANTS} <= rules
    lookalikes = pl.read_parquet(made[0] / "truth_lookalikes.parquet")
    assert set(lookalikes.get_column("rule_id")) == rules
    assert set(two_files.KINDS) - {"two_files"} <= set(report.lookalikes)


@pytest.mark.parametrize("form", ["parquet", "gb18030"])
def test_departments_write_what_their_contracts_promise(tmp_path: Path, form: str) -> None:
    write_city(tmp_path, households=60, records=2_500, seed=2, form="gb18030" if form == "gb18030" else "parquet")
    delivery = open_folder(tmp_path)
    assert delivery.ignored == ()
    assert set(delivery.feeds) == set(source_ids())
    for source, feed in delivery.feeds.items():
        read = read_all(feed)
        assert read.nulled == {}, source
        assert read.frame.schema == {"row_number": pl.Int64, **load(source).schema()}
        if form == "parquet":
            assert read.rejects.is_empty()


def test_the_form_of_the_files_changes_nothing_else(tmp_path: Path) -> None:
    for form in ("parquet", "gb18030"):
        (tmp_path / form).mkdir()
    write_city(tmp_path / "parquet", households=60, records=2_500, seed=2)
    write_city(tmp_path / "gb18030", households=60, records=2_500, seed=2, form="gb18030")
    for source in DEPARTMENTS:
        frames = [
            read_all(open_folder(tmp_path / form).feeds[source]).frame.drop("row_number")
            for form in ("parquet", "gb18030")
        ]
        assert frames[0].equals(frames[1]), source
