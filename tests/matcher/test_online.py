"""An index: a scan over it gives the bytes of a scan without it, and one applicant checked gets the pairs of the scan."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from matcher import applicants, index, online
from matcher.errors import InputRefused, UsageError
from matcher.pipeline import ScanRequest, scan
from matcher.plan import PERSONS
from matcher.scoring import model as models
from matcher.sources.delivery import open_folder
from matcher.sources.feeds import read_all
from matcher.synthetic.city import write_city

TABLES = ("links", "findings", "coverage", "rejects", "flooded")
KEYS = ["source", "record_id", "party"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`all`: a city; `own`: its own tables alone; `index`: its feeds prepared; `out`: a scan of it all."""
    folder = tmp_path_factory.mktemp("city")
    write_city(folder / "all", households=250, records=9_000, seed=8)
    (folder / "own").mkdir()
    for name in ("households", "members", "authorisations", "answers", "handlers", "documents"):
        shutil.copy(folder / "all" / f"{name}.parquet", folder / "own")
    shutil.copy(folder / "all" / "policy.toml", folder / "own")
    index.build(folder / "all", folder / "index", PERSONS)
    scan(ScanRequest(folder / "all", folder / "out"))
    return folder


def test_a_scan_over_an_index_gives_the_same_bytes(city: Path, tmp_path: Path) -> None:
    scan(ScanRequest(city / "own", tmp_path, index=city / "index"))
    for name in TABLES:
        assert (tmp_path / f"{name}.parquet").read_bytes() == (city / "out" / f"{name}.parquet").read_bytes(), name


def test_one_applicant_checked_gets_the_pairs_of_the_scan(city: Path) -> None:
    checker = online.Checker(index.open_index(city / "index", PERSONS), models.load("persons-2.json"))
    feeds = open_folder(city / "own").feeds
    people = applicants.at_home(read_all(feeds["members"]).frame, read_all(feeds["households"]).frame)
    covered = pl.read_parquet(city / "out" / "coverage.parquet").filter(pl.col("state") == "NOT_AUTHORISED")
    links = pl.read_parquet(city / "out" / "links.parquet")
    compared = 0
    for row in people.filter(~pl.col("person_id").is_in(covered["person_id"].implode())).iter_rows(named=True):
        said = {key: value for key, value in row.items() if key in online.SAID and value is not None}
        found = checker.check(said).links.sort(KEYS)
        assert found.equals(links.filter(pl.col("person_id") == row["person_id"]).sort(KEYS))
        compared += len(found)
    assert compared > 1_000


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"name": "王芳", "410502198001011234": "x"}, None),
        ({"name": "王芳", "id_number": 410502198001011234}, "id_number"),
        ({"name": "王芳", "birth_date": "1.1.1980"}, "birth_date"),
        ({"name": "王芳"}, None),
        ({}, None),
    ],
)
def test_an_applicant_who_cannot_be_looked_up_is_refused_without_a_value(
    city: Path, said: dict[str, object], column: str | None
) -> None:
    checker = online.Checker(index.open_index(city / "index", PERSONS), models.load("persons-2.json"))
    with pytest.raises(InputRefused) as refused:
        checker.check(said)
    assert refused.value.column == column
    assert "王芳" not in str(refused.value)
    assert "1980" not in str(refused.value)


def test_dates_may_be_dates(city: Path) -> None:
    checker = online.Checker(index.open_index(city / "index", PERSONS), models.load("persons-2.json"))
    day = dt.date(1980, 1, 1)
    one, other = ({"name": "王芳", "birth_date": value} for value in (day, day.isoformat()))
    assert checker.check(one).links.equals(checker.check(other).links)


def test_an_index_is_bound_to_its_plan_and_whole_or_not_there(city: Path, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="no finished index"):
        index.open_index(tmp_path, PERSONS)
    shutil.copytree(city / "index", tmp_path / "index")
    facets = tmp_path / "index" / "population.SELF.facets.arrow"
    facets.write_bytes(facets.read_bytes()[:-9])
    with pytest.raises(InputRefused, match=r"population\.SELF\.facets\.arrow: a file of this index is not as it was"):
        index.open_index(tmp_path / "index", PERSONS)
    content = json.loads((tmp_path / "index" / index.FILE).read_text(encoding="utf-8"))
    (tmp_path / "index" / index.FILE).write_text(json.dumps({**content, "bound_to": "x"}), encoding="utf-8")
    with pytest.raises(InputRefused, match="built for plan"):
        index.open_index(tmp_path / "index", PERSONS)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(InputRefused, match="will not be replaced"):
        index.build(city / "all", tmp_path / "thesis", PERSONS)
    assert (tmp_path / "thesis" / "chapter.txt").exists()


def test_feeds_come_from_the_folder_or_from_the_index(city: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="move them away"):
        scan(ScanRequest(city / "all", tmp_path, index=city / "index"))
