"""What a department is asked to look at again: the rejects, line by line, with the record that each is of."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from matcher.quality import doubts
from matcher.quality.run import REJECTED, Request, validate
from matcher.synthetic.city import write_city
from matcher.synthetic.writing import Form

TODAY = dt.date(2025, 1, 20)
DEATHS = (
    "记录编号,姓名,身份证号,死亡日期\n"
    "D1,张三,110105199001012218,2024-03-01\n"
    "D2,李四,11010519491231002X,昨天\n"
    ",王五,,\n"
    "D4,赵六\n"
    "D5,钱七,,\n"
)
CHANGES = "record_id,姓名,车牌号,登记日期,change\n1,甲,豫E1,前天,变更\n2,,,,删除\n3,乙,豫E3,2020-01-01,变更\n"
MANIFEST = (
    'source = "vehicles"\nbatch = "B-1"\ndepartment = "公安局"\nas_of = 2024-12-31\nkind = "CHANGES"\n'
    f'[[files]]\nname = "vehicles.csv"\nsha256 = "{hashlib.sha256(CHANGES.encode()).hexdigest()}"\n'
)


def doubted(folder: Path, out: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is doubted of the one source there, and the rejects."""
    validate(Request(folder, out, TODAY, doubts=out / "doubts"))
    (source,) = (out / "doubts").iterdir()
    found = pl.concat([doubts.LINES.to_frame(), *doubts.lines(source, 2)])
    assert found.schema == doubts.LINES
    return found, pl.read_parquet(out / REJECTED)


def test_of_what_was_set_aside_the_record_is_known_where_it_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/deaths.csv").write_text(DEATHS, encoding="utf-8")
    found, _ = doubted(tmp_path / "in", tmp_path / "out")
    assert found.select("row_number", "column", "reason", "record_id").rows() == [
        (2, "death_date", "ROW_SET_ASIDE:UNREADABLE_DATE", "D2"),
        (3, "death_date", "ROW_SET_ASIDE:MISSING_KEY", None),
        (4, None, "ROW_SET_ASIDE:FIELDS", None),
        (5, "death_date", "ROW_SET_ASIDE:MISSING_KEY", "D5"),
    ]


def test_an_order_to_delete_is_no_doubt_and_what_a_part_speaks_of_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/vehicles.csv").write_text(CHANGES, encoding="utf-8")
    (tmp_path / "in/a.manifest.toml").write_text(MANIFEST, encoding="utf-8")
    found, rejects = doubted(tmp_path / "in", tmp_path / "out")
    assert found.select("row_number", "column", "record_id").rows() == [(1, "registered_on", "1")]
    assert "ROW_SET_ASIDE:DELETION" in rejects.get_column("reason")
    spoken = pl.concat(doubts.spoken(tmp_path / "out/doubts/vehicles", 2)).get_column("record_id")
    assert sorted(spoken) == ["1", "2", "3"]


@pytest.mark.parametrize("form", ["parquet", "gb18030"])
def test_every_reject_that_asks_something_is_a_doubt(form: Form, tmp_path: Path) -> None:
    """Of whatever form the file is, and with nothing of a person but the record's name."""
    sources = ["vehicles", "marriage", "finance", "deaths"]
    write_city(tmp_path / "in", households=40, records=1_500, seed=5, form=form, sources=sources)
    out = tmp_path / "out"
    content = validate(Request(tmp_path / "in", out, TODAY, doubts=out / "doubts"))
    rejects = pl.read_parquet(out / REJECTED).filter(~pl.col("reason").is_in(doubts.NO_FAULT))
    found = pl.concat(
        part
        for each in content["sources"]
        for part in [doubts.LINES.to_frame(), *doubts.lines(out / "doubts" / each["id"], 1_000)]
    )
    place = ["source", "file", "row_number", "column"]
    assert found.select(place).rows() == rejects.select(place).rows()
    assert json.dumps(found.columns) == json.dumps([*place, "reason", "record_id"])
