"""Rows kept as Parquet: read again they are the rows of the file that was sent, with its row numbers; else they are not kept."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import InputRefused
from matcher.sources import chunking
from matcher.sources.checks import accept
from matcher.sources.chunking import Chunk
from matcher.sources.contract import load
from matcher.sources.delivery import open_folder
from matcher.sources.keeping import Keeping, listed
from matcher.sources.kept import MARK
from tests.matcher.sources import nasty

VEHICLES = load("vehicles")


def read(folder: Path, rows: int = 1 << 18) -> list[Chunk]:
    """The vehicles of a folder."""
    feed = open_folder(folder).feeds["vehicles"]
    return [chunk for chunk in chunking.chunks(feed, rows) if isinstance(chunk, Chunk)]


def kept(folder: Path, out: Path, rows: int = 1 << 18) -> list[Path]:
    """The same, kept."""
    keeping = Keeping(out, VEHICLES)
    for chunk in read(folder, rows):
        keeping.add(chunk)
    told = keeping.finish()
    assert tuple(listed(out)) == told
    return [out / each.name for each in listed(out)]


def again(paths: list[Path], folder: Path, mapping: str = "") -> pl.DataFrame:
    """What is kept, read as a folder."""
    folder.mkdir()
    for number, path in enumerate(paths):
        (folder / f"vehicles_{number}.parquet").write_bytes(path.read_bytes())
    if mapping:
        (folder / "feeds.toml").write_text(mapping, encoding="utf-8")
    chunks = read(folder)
    assert all(chunk.rejects.is_empty() for chunk in chunks)
    return pl.concat(chunk.frame for chunk in chunks)


@pytest.mark.parametrize(("name", "state", "content"), [each for each in nasty.corpus() if each[1] in nasty.SPOILT])
def test_of_every_file_what_was_accepted_is_read_again(name: str, state: str, content: bytes, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / name).write_bytes(content)
    try:
        chunks = read(sent)
    except InputRefused:
        return
    paths = kept(sent, tmp_path / "rows", 3)
    assert len(paths) == len({chunk.file_index for chunk in chunks})
    assert again(paths, tmp_path / "again").equals(pl.concat(chunk.frame for chunk in chunks))


MAPPED = """[vehicles.columns]
plate = "牌子"
[vehicles.units]
value_yuan = "万元"
[vehicles.values.status]
"在用" = "ACTIVE"
"""


def test_what_a_department_calls_its_own_way_is_understood_once(tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "feeds.toml").write_text(MAPPED, encoding="utf-8")
    (sent / "vehicles.csv").write_text(
        "姓名,牌子,价值,车辆状态\n,豫E00000,1,在用\n张三,豫E00001,2.5,在用\n李四,豫E00002,,注销\n王五,豫E00003,x,在用\n",
        encoding="utf-8",
    )
    before = pl.concat(chunk.frame for chunk in read(sent))
    assert before.get_column("value_yuan").drop_nulls().to_list()[-1] == Decimal("25000.00")
    paths = kept(sent, tmp_path / "rows")
    for number, mapping in enumerate(("", MAPPED)):
        assert again(paths, tmp_path / f"again-{number}", mapping).equals(before), "whatever feeds.toml says"
    assert before.get_column("row_number").to_list() == sorted(before.get_column("row_number"))
    assert pq.read_schema(paths[0]).metadata[MARK] == b"vehicles.csv"


def test_a_table_that_would_be_read_otherwise_is_not_kept(tmp_path: Path) -> None:
    typed = accept(pl.DataFrame({"row_number": [1], "plate": ["豫E1"]}), VEHICLES, "vehicles.csv", {}, {}).rows
    chunk = Chunk("vehicles", "vehicles.csv", 0, 0, typed, pl.DataFrame(), 1, {}, (), 0)
    keeping = Keeping(tmp_path, VEHICLES)
    keeping.add(chunk)
    otherwise = typed.with_columns(plate=pl.lit("'豫E1"))
    keeping.add(Chunk("vehicles", "vehicles.csv", 0, 1, otherwise, pl.DataFrame(), 1, {}, (), 0))
    keeping.add(chunk)
    assert keeping.finish() == ()
    assert [path.name for path in tmp_path.iterdir()] == ["rows.json"]


def test_rows_whose_numbers_do_not_rise_are_refused(tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "vehicles.csv").write_text("姓名,车牌号\n张三,豫E1\n李四,豫E2\n", encoding="utf-8")
    (path,) = kept(sent, tmp_path / "rows")
    table = pq.read_table(path)
    for number, forged in enumerate((table.slice(1).take([0, 0]), table.take([1, 0]))):
        pq.write_table(forged, path)
        with pytest.raises(InputRefused, match="rise"):
            again([path], tmp_path / f"forged-{number}")


CELLS = {
    pl.String(): st.text(max_size=12) | st.sampled_from(["'x", '="1"', "正常", " 豫E 1 ", "无", "０"]),
    pl.Date(): st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(str),
}


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_the_cells_are_what_is_kept_is_what_was_accepted(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    cell = st.none() | CELLS[pl.String()] | CELLS[pl.Date()] | st.integers(-5, 10**12).map(str)
    columns = {column.name: data.draw(st.lists(cell, min_size=4, max_size=4)) for column in VEHICLES.columns}
    raw = pl.DataFrame(
        {"row_number": [1, 2, 5, 9], **columns}, schema={"row_number": pl.Int64, **dict.fromkeys(columns, pl.String)}
    )
    accepted = accept(raw, VEHICLES, "vehicles.csv", {}, {}).rows
    folder = tmp_path_factory.mktemp("kept")
    keeping = Keeping(folder / "rows", VEHICLES)
    keeping.add(Chunk("vehicles", "vehicles.csv", 0, 0, accepted, pl.DataFrame(), 4, {}, (), 0))
    if told := keeping.finish():
        assert again([folder / "rows" / told[0].name], folder / "again").equals(accepted)
