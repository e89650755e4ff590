"""Two scans of one folder as batches come in: what became of each lead, why, and that the same batch changes nothing."""

from __future__ import annotations

import datetime as dt
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from matcher import forecast, index, pipeline
from matcher.errors import InputRefused
from matcher.identity import numbers
from matcher.pipeline import ScanRequest
from matcher.plan import load
from matcher.report import diffing
from tests.matcher.sources.test_batches import DECEMBER, JANUARY, NOVEMBER, send

FULL = "记录编号,姓名,公民身份号码,车牌号,车辆类型,状态,注册日期"
CHANGES = f"变更类型,{FULL}"
AS_OF = dt.date(2025, 3, 1)
OUTPUTS = ("links", "findings", "coverage", "rejects", "flooded")


def number(seventeen: str) -> str:
    return seventeen + numbers.check_character(seventeen)


ZHANG, LI = number("41050219700101001"), number("41050219850505002")
ZHANGS = f"A1,张伟,{ZHANG},豫E12345,小型轿车,正常,20200506"
LIS = f"A2,李娜,{LI},豫E22222,小型轿车,正常,20210506"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two households, each with a car that it did not declare."""
    where = tmp_path / "in"
    where.mkdir()
    (where / "households.csv").write_text(
        "家庭编号,申请日期,建档日期,申报车辆数,行政区划代码\nH1,2024-03-01,2024-04-01,0,410502\nH2,2024-03-01,2024-04-01,0,410502\n"
    )
    (where / "members.csv").write_text(
        f"人员编号,家庭编号,姓名,身份证号,与户主关系\nP1,H1,张伟,{ZHANG},户主\nP2,H2,李娜,{LI},户主\n"
    )
    (where / "authorisations.csv").write_text(
        "人员编号,来源,有效期起,有效期止\nP1,ALL,2024-01-01,2026-01-01\nP2,ALL,2024-01-01,2026-01-01\n"
    )
    send(where, "11", "FULL", NOVEMBER, ZHANGS, LIS, header=FULL)
    return where


def scan(folder: Path, out: Path) -> Path:
    pipeline.scan(ScanRequest(folder, out, as_of=AS_OF))
    return out


def told(
    difference: diffing.Difference, rule: str = "H05"
) -> dict[str | None, tuple[str, list[tuple[str, str | None]]]]:
    """Household → change and reasons, of one rule."""
    return {
        each.household_id: (each.change, [(reason.why, reason.of) for reason in each.reasons])
        for each in difference.findings
        if each.rule_id == rule
    }


def corrected(folder: Path) -> None:
    send(folder, "12", "CHANGES", DECEMBER, f"更正,{ZHANGS.replace('张伟', '王强').replace(ZHANG, LI[:6] + '19600101001X')}",
         "撤回,A2,,,,,,", header=CHANGES)  # fmt: skip


def recut(folder: Path) -> None:
    send(folder, "12", "FULL", DECEMBER, ZHANGS, header=FULL)


def repainted(folder: Path) -> None:
    send(folder, "12", "CHANGES", DECEMBER, f"U,{ZHANGS.replace('豫E12345', '豫E54321')}", header=CHANGES)


def told_anew(folder: Path) -> None:
    send(folder, "12", "PARTIAL", DECEMBER, f"{LIS.replace('正常', '注销')}", header=FULL)


def withdrawn(folder: Path) -> None:
    text = (
        (folder / "authorisations.csv")
        .read_text()
        .replace("P2,ALL,2024-01-01,2026-01-01", "P2,ALL,2024-01-01,2024-02-01")
    )
    (folder / "authorisations.csv").write_text(text)


def left(folder: Path) -> None:
    path = folder / "members.csv"
    path.write_text(path.read_text().replace(f"P2,H2,李娜,{LI}", f"P3,H2,赵六,{number('41050219900101003')}"))


def without_feed(folder: Path) -> None:
    for path in folder.glob("11*"):
        path.unlink()
    send(folder, "1", "FULL", DECEMBER, "1,孙七", source="housing_fund", header="记录编号,姓名")


@pytest.mark.parametrize(
    ("change", "first", "second"),
    [
        (corrected, ("GONE", [("CORRECTED", "12")]), ("GONE", [("DELETED", "12")])),
        (recut, ("SAME", []), ("GONE", [("NO_LONGER_LINKED", "vehicles")])),
        (repainted, None, ("SAME", [])),
        (told_anew, ("SAME", []), ("GONE", [("SUPERSEDED", "12")])),
        (withdrawn, ("SAME", []), ("GONE", [("NOT_AUTHORISED", "vehicles")])),
        (left, ("SAME", []), ("GONE", [("NOT_IN_REGISTER", None)])),
        (without_feed, ("GONE", [("FEED_MISSING", "vehicles")]), ("GONE", [("FEED_MISSING", "vehicles")])),
    ],
)
def test_why_a_lead_is_gone(
    folder: Path,
    tmp_path: Path,
    change: Callable[[Path], None],
    first: tuple[str, list[tuple[str, str | None]]] | None,
    second: tuple[str, list[tuple[str, str | None]]],
) -> None:
    before = scan(folder, tmp_path / "1")
    change(folder)
    found = told(diffing.compare(before, scan(folder, tmp_path / "2")))
    assert found["H2"] == second
    if first:
        assert found["H1"] == first


def test_a_plate_that_was_corrected_is_another_lead_and_the_old_one_is_gone(folder: Path, tmp_path: Path) -> None:
    before = scan(folder, tmp_path / "1")
    repainted(folder)
    difference = diffing.compare(before, scan(folder, tmp_path / "2"))
    of_zhang = {
        each.change: each.reasons
        for each in difference.findings
        if each.household_id == "H1" and each.change != "SAME"
    }
    assert of_zhang == dict.fromkeys(("NEW", "GONE"), (diffing.Reason("CORRECTED", "12"),))
    assert difference.links["vehicles"]["SAME"] == 2, "the record is the same, and so is the person"


def test_what_comes_is_new_and_says_why(folder: Path, tmp_path: Path) -> None:
    recut(folder)
    before = scan(folder, tmp_path / "1")
    send(folder, "13", "CHANGES", JANUARY, f"新增,{LIS}", header=CHANGES)
    difference = diffing.compare(before, scan(folder, tmp_path / "2"))
    assert told(difference)["H2"] == ("NEW", [("NEWLY_LINKED", "vehicles")])
    assert told(difference)["H1"] == ("SAME", [])
    assert difference.links["vehicles"] == {"NEW": 1, "GONE": 0, "CHANGED": 0, "SAME": 1}


def test_the_same_batch_again_changes_nothing(folder: Path, tmp_path: Path) -> None:
    corrected(folder)
    before = scan(folder, tmp_path / "1")
    send(folder, "11", "FULL", NOVEMBER, ZHANGS, LIS, header=FULL, name="11 again")
    after = scan(folder, tmp_path / "2")
    for name in OUTPUTS:
        assert (after / f"{name}.parquet").read_bytes() == (before / f"{name}.parquet").read_bytes()
    assert set(diffing.compare(before, after).counts().items()) >= {("NEW", 0), ("GONE", 0), ("CHANGED", 0)}


def test_nothing_rests_on_what_was_retracted_and_the_summary_lists_the_batches(folder: Path, tmp_path: Path) -> None:
    corrected(folder)
    out = scan(folder, tmp_path / "1")
    assert pl.read_parquet(out / "links.parquet").filter(pl.col("decision") == "LINK").is_empty()
    assert pl.read_parquet(out / "findings.parquet").filter(pl.col("rule_id") == "H05").is_empty()
    states = pl.read_parquet(out / "coverage.parquet").filter(pl.col("source") == "vehicles")
    assert states.get_column("state").to_list() == ["NO_RECORD", "NO_RECORD"]
    assert states.get_column("as_of").unique().to_list() == [DECEMBER]
    intake = json.loads((out / "summary.json").read_text())["sources"]["vehicles"]
    assert (intake["rows_in"], intake["accepted"], intake["set_aside"]) == (4, 1, 3)
    assert [(each["batch"], each["kind"], each["signed"]) for each in intake["batches"]["in_force"]] == [
        ("11", "FULL", False),
        ("12", "CHANGES", False),
    ]
    assert intake["batches"]["history"] == []


def test_an_index_knows_its_batches(folder: Path, tmp_path: Path) -> None:
    corrected(folder)
    direct = scan(folder, tmp_path / "1")
    index.build(folder, tmp_path / "index", load(None))
    for path in folder.glob("1*"):
        path.unlink()
    pipeline.scan(ScanRequest(folder, tmp_path / "2", as_of=AS_OF, index=tmp_path / "index"))
    for name in ("links", "findings", "coverage", "rejects"):
        assert (tmp_path / f"2/{name}.parquet").read_bytes() == (direct / f"{name}.parquet").read_bytes()
    one, other = (json.loads((out / "summary.json").read_text())["sources"] for out in (direct, tmp_path / "2"))
    assert one["vehicles"]["batches"] == other["vehicles"]["batches"]


def test_the_table_says_it_in_chinese_and_english(folder: Path, tmp_path: Path) -> None:
    before = scan(folder, tmp_path / "1")
    corrected(folder)
    difference = diffing.compare(before, scan(folder, tmp_path / "2"))
    for language, words in (
        ("zh", ("消失", "记录已由部门删除（批次12）", "关联变化")),
        ("en", ("gone", "(batch 12)", "Links")),
    ):
        shown = io.StringIO()
        diffing.show(difference, Console(file=shown, width=200), language)
        assert all(word in shown.getvalue() for word in words)
        assert "张伟" not in shown.getvalue()
    content = difference.as_dict()
    assert content["findings"]["GONE"] == len(content["changes"]) == 2
    nothing = io.StringIO()
    diffing.show(diffing.compare(before, before), Console(file=nothing, width=200), "en")
    assert "the same" in nothing.getvalue()


def test_what_is_no_scan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="no finished scan"):
        diffing.compare(tmp_path, tmp_path)


def test_the_command_line_says_it_too(folder: Path, tmp_path: Path) -> None:
    before = scan(folder, tmp_path / "1")
    corrected(folder)
    after = scan(folder, tmp_path / "2")
    asked = [sys.executable, "-m", "matcher", "diff", str(before), str(after)]
    done = subprocess.run([*asked, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(diffing.compare(before, after).as_dict()))
    assert subprocess.run([*asked[:4], str(tmp_path), str(after)], capture_output=True, check=False).returncode == 3


def test_a_dry_run_reads_batches_as_a_scan_does(folder: Path, tmp_path: Path) -> None:
    corrected(folder)
    foretold = forecast.scan(ScanRequest(folder, tmp_path / "out", as_of=AS_OF))
    assert foretold["sources"]["vehicles"]["rows"] == 4
