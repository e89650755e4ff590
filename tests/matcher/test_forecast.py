"""A forecast: what a sample lets expect, the bound that holds whatever the records are, and that reality keeps to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import applicants, forecast, index, joins
from matcher import plan as plans
from matcher.errors import UsageError
from matcher.forecast import Expected, Trial
from matcher.frames import PROPOSED
from matcher.joins import DedupeRequest, LinkRequest
from matcher.kernel import Batch
from matcher.pipeline import ScanRequest, scan
from matcher.plan import PERSONS
from matcher.scoring import model as models
from matcher.synthetic.city import write_city
from matcher.training import fitting
from tests.matcher.persons import table

MODEL = models.load("persons-2.json")
PLAN = """
[fields.name]
kind = "text"
[fields.phone]
kind = "digits"
[[blocks]]
keys = "phone"
cap = {cap}
[[blocks]]
keys = "name.soundex"
cap = {cap}
"""


def trial(*proposed: tuple[int, int, int], rows: int = 1_000, drawn: int = 100, **how: Any) -> Trial:
    """Three applicants of whom two have a telephone, and what was proposed to them: applicant, block, records."""
    people = table(
        {"name": "王强", "phone": "13800138000"}, {"name": "王强", "phone": "13800138000"}, {"name": "李娜"}
    )
    blocks = tuple(replace(block, cap=100) for block in PERSONS.blocks)
    plan = replace(PERSONS, blocks=blocks, chunk_rows=400)
    side = applicants.keyed(pl.Series("person_id", ["a", "b", "c"]), plan.prepare(people), plan, MODEL)
    given = Trial(
        source="tax", side=side, parties=1, rows=rows, exact=True, drawn=drawn,
        proposed=pl.DataFrame(list(proposed), PROPOSED, orient="row"),
        pairs=pl.DataFrame({"applicant": [0, 1, 1], "blocks": [4, 4, 6]}, {"applicant": pl.UInt32, "blocks": pl.UInt32}),
        seconds_a_chunk=0.5, seconds_a_row=0.01, reading_a_row=0.001, bytes_a_row=100.0,
    )  # fmt: skip
    return replace(given, **how)


@pytest.mark.parametrize(
    ("proposed", "rows", "told"),
    [
        ((), 1_000, Expected(0, 0)),
        (((0, 2, 4), (1, 2, 5)), 1_000, Expected(90, 0)),
        (((0, 2, 4), (1, 2, 11)), 1_000, Expected(40, 1)),  # 110 are more than the cap
        (((0, 2, 2), (1, 2, 5)), 10_000, Expected(200, 0)),  # too few of the sample to be sure; never above the bound
        (((0, 2, 101), (1, 2, 5)), 100, Expected(5, 1)),
    ],
)
def test_a_block_is_expected_to_propose_what_the_sample_lets_expect(
    proposed: tuple[tuple[int, int, int], ...], rows: int, told: Expected
) -> None:
    assert forecast.expected(trial(*proposed, rows=rows))[2] == told


@pytest.mark.parametrize(
    ("proposed", "pairs"),
    [(((0, 2, 4), (1, 2, 5)), 30), (((0, 2, 4), (1, 2, 11)), 20), (((1, 2, 11), (1, 1, 12)), 10)],
)
def test_what_only_a_flood_proposed_is_not_expected_to_be_kept(
    proposed: tuple[tuple[int, int, int], ...], pairs: int
) -> None:
    assert forecast.kept(trial(*proposed)) == pairs


def test_chance_is_told_by_what_the_model_knows_of_keys() -> None:
    some = trial()
    known = MODEL.key_counts["phone&name.family"]
    assert forecast.by_chance(some, MODEL)[2] == pytest.approx(2 * 1_000 * known.share * known.collision)
    assert forecast.by_chance(some, replace(MODEL, key_counts={})) == [None] * len(PERSONS.blocks)


def test_nothing_is_uncertain_where_every_row_was_tried_out() -> None:
    assert forecast.uncertainty(trial((0, 2, 5), rows=100)) == 0
    assert forecast.uncertainty(trial((0, 2, 20))) > forecast.uncertainty(trial((0, 2, 5))) > 0


@pytest.mark.parametrize(
    ("rows", "gain", "reading", "read", "match"),
    [
        (400, 2.0, 0.001, 0.4, 4.5),  # one chunk: nothing is gained by several workers, nor by reading ahead
        (1_000, 1.0, 0.003, 1.0, 11.5),  # of three chunks two are read while others are worked on
        (1_000, 2.0, 0.003, 1.0, 5.75),
        (1_000, 2.0, 0.01, 10 - 5.75 * 2 / 3, 5.75),  # reading is what takes longest
        (500, 2.0, 0.002, 0.5, 4.5),  # no quicker than its largest chunk
        (0, 1.0, 0.001, 0.0, 0.51),
    ],
)
def test_seconds_go_by_rows_chunks_and_workers(
    rows: int, gain: float, reading: float, read: float, match: float
) -> None:
    told = forecast.seconds(trial(rows=rows, gain=gain, reading_a_row=reading))
    assert told == pytest.approx({"read": read, "match": match})


def test_memory_is_the_sum_of_its_parts_and_bounded_however_many_rows_there_are() -> None:
    some = [trial((0, 2, 5), rows=rows) for rows in (10_000, 10**12)]
    few, many = (forecast.memory([each], 1_000) for each in some)
    assert few["expected"] == sum(few[part] for part in ("applicants", "index", "chunks", "compared", "kept"))
    assert few["expected"] <= few["bound"]
    assert few["bound"] == many["bound"]


def test_every_third_row_of_a_batch_keeps_its_own_keys() -> None:
    rows: list[dict[str, object]] = [
        {"name": name, "former_name": "李丽", "birth_date": None, "id_number": "41050219550303"}
        for name in "王李张赵周"
    ]
    whole = Batch.of(table(*rows), PERSONS)
    alone = Batch.of(table(*rows[::3]), PERSONS)
    thin = forecast.thinned(whole, 3)
    assert thin.people.table.equals(alone.people.table)
    for one, other in zip(thin.keys, alone.keys, strict=True):
        assert np.array_equal(one.dense, other.dense)
        assert np.array_equal(one.more.rows, other.more.rows)
        assert np.array_equal(one.more.keys, other.more.keys)


row = st.fixed_dictionaries(
    {"name": st.sampled_from(["smith", "smyth", "jones", ""]), "phone": st.sampled_from(["1234567", "7654321", ""])}
)


@settings(max_examples=12, deadline=None)
@given(
    left=st.lists(row, min_size=1, max_size=5), right=st.lists(row, min_size=1, max_size=25), cap=st.integers(1, 6)
)
def test_the_bound_is_never_below_what_comes_and_of_a_whole_sample_the_forecast_is_exact(
    left: list[dict[str, str]], right: list[dict[str, str]], cap: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hot")
    pl.DataFrame(left).write_parquet(folder / "left.parquet")
    pl.DataFrame(right).write_csv(folder / "right.csv", quote_style="always")
    (folder / "plan.toml").write_text(PLAN.format(cap=cap), encoding="utf-8")
    models.write(fitting.flat(plans.load(folder / "plan.toml")), folder / "model.json")
    out = folder / "links.parquet"
    request = LinkRequest(
        folder / "left.parquet", folder / "right.csv", out, folder / "plan.toml", folder / "model.json"
    )
    told = forecast.link(request)
    assert not out.exists()
    done = joins.link(request)
    assert done["pairs"] <= done["candidates"] <= done["bound"] == told["bound"] <= len(left) * 2 * cap
    assert (told["rows"], told["candidates"]) == (done["right_rows"], done["candidates"])
    assert told["pairs"] == done["pairs"]
    flooded = folder / "links.flooded.parquet"
    assert told["flooded"] == (len(pl.read_parquet(flooded)) if flooded.exists() else 0)


def test_a_table_on_both_sides_and_a_model_that_is_yet_to_be_trained(tmp_path: Path) -> None:
    rows = [{"name": "smith", "phone": str(1_000_000 + n)} for n in range(6)]
    pl.DataFrame(rows).write_csv(tmp_path / "table.csv")
    (tmp_path / "plan.toml").write_text(PLAN.format(cap=4), encoding="utf-8")
    request = DedupeRequest(tmp_path / "table.csv", tmp_path / "out.csv", tmp_path / "plan.toml", train=True)
    told = forecast.dedupe(request)
    assert (told["candidates"], told["flooded"], told["bound"]) == (6, 6, 48)
    assert told["pairs"] is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.toml", "table.csv"]
    with pytest.raises(UsageError, match="--train"):
        forecast.dedupe(replace(request, train=False))


def test_a_scan_is_forecast_from_its_feeds_and_from_an_index_alike(tmp_path: Path) -> None:
    city, own = tmp_path / "city", tmp_path / "own"
    write_city(city, households=60, records=3_000, seed=5)
    index.build(city, tmp_path / "index", PERSONS)
    own.mkdir()
    for path in city.iterdir():
        if path.name.startswith(index.OWN_TABLES):
            (own / path.name).write_bytes(path.read_bytes())
    told = forecast.scan(ScanRequest(city, tmp_path / "out"))
    indexed = forecast.scan(ScanRequest(own, tmp_path / "out", index=tmp_path / "index"))
    assert not (tmp_path / "out").exists()
    done = scan(ScanRequest(city, tmp_path / "out"))["pairs"]
    for one in (told, indexed):
        assert (one["candidates"], one["bound"], one["pairs"]) == (done["candidates"], done["bound"], done["kept"])
        assert one["plus_minus"] == 0
        for name, counts in done["by_source"].items():
            assert one["sources"][name]["candidates"] == counts["candidates"]
