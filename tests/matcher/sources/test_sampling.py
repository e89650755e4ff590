"""What a dry run reads of a feed: rows from all over it, as the contract types them, and how many there are."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from matcher.errors import InputRefused
from matcher.sources import sampling
from matcher.sources.contract import load
from matcher.sources.delivery import Feed
from matcher.sources.sampling import Sample, dealt, sample

ROWS = 5_000


def written(folder: Path, form: str, rows: int = ROWS) -> Feed:
    """A feed of vehicles whose n-th row bears the plate n."""
    table = pl.DataFrame({"name": ["王伟"] * rows, "plate": [f"豫{n:06d}" for n in range(rows)]})
    path = folder / ("vehicles.parquet" if form == "parquet" else "vehicles.csv")
    if form == "parquet":
        table.write_parquet(path, row_group_size=250)
    else:
        path.write_bytes(table.write_csv().encode(form))
    return Feed("vehicles", load("vehicles"), (path,))


def plates(drawn: Sample) -> list[int]:
    return [int(plate[1:]) for piece in drawn.pieces for plate in piece.checked().frame.get_column("plate")]


@pytest.mark.parametrize("form", ["parquet", "utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("windows", [(128, 64 << 10), (8, 1 << 10)])
def test_rows_come_from_all_over_and_are_counted(
    form: str, windows: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "WINDOWS", windows[0])
    monkeypatch.setattr(sampling, "WINDOW_BYTES", windows[1])
    drawn = sample(written(tmp_path, form), 100)
    found = plates(drawn)
    assert len(set(found)) == len(found) == drawn.drawn
    assert 100 <= len(found) < 300
    assert {number * 4 // ROWS for number in found} == {0, 1, 2, 3}
    assert drawn.exact == (form == "parquet")
    assert drawn.rows == pytest.approx(ROWS, rel=0 if drawn.exact else 0.02)
    assert drawn.seconds_a_row > 0


@pytest.mark.parametrize("form", ["parquet", "gb18030"])
@pytest.mark.parametrize("rows", [0, 1, 7])
def test_of_a_small_feed_every_row_is_drawn_once(form: str, rows: int, tmp_path: Path) -> None:
    drawn = sample(written(tmp_path, form, rows), 100)
    assert plates(drawn) == list(range(rows))
    assert drawn.rows == rows


def test_rows_are_dealt_out_whole(tmp_path: Path) -> None:
    (piece,) = sample(written(tmp_path, "parquet", 7), 100).pieces
    assert sorted(row for part in dealt(piece, 3) for row in part.raw.get_column("row_number")) == list(range(1, 8))


def test_of_many_files_some_are_read_and_all_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FILES", 2)
    for place in range(5):
        (tmp_path / str(place)).mkdir()
    files = tuple(written(tmp_path / str(place), "parquet", 40).files[0] for place in range(5))
    drawn = sample(Feed("vehicles", load("vehicles"), files), 1_000)
    assert (len(drawn.pieces), drawn.drawn, drawn.rows) == (2, 80, 200)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    feed = written(tmp_path, "parquet")
    content = bytearray(feed.files[0].read_bytes())
    content[100:2_000] = bytes(1_900)
    feed.files[0].write_bytes(content)
    with pytest.raises(InputRefused, match=r"vehicles\.parquet"):
        sample(feed, 100)
