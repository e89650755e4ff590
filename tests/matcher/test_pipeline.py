"""A whole scan, from files as departments write them to leads: the story, and that nothing but the content matters."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from matcher import frames, pipeline
from matcher.errors import InputRefused, UsageError
from matcher.identity import numbers
from matcher.pipeline import ScanRequest
from matcher.plan import PERSONS, SHIPPED
from matcher.synthetic.city import write_city


def number(seventeen: str) -> str:
    return seventeen + numbers.check_character(seventeen)


ZHANG = number("41050219700101001")
LI = number("41050219720505002")
FILES = ("links.parquet", "findings.parquet", "coverage.parquet", "rejects.parquet", "flooded.parquet")


def write_csv(folder: Path, name: str, header: str, *rows: str) -> None:
    (folder / name).write_bytes("\r\n".join([header, *rows, ""]).encode("gb18030"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One couple that declared no car and owns one, as a Chinese office would export it."""
    city = tmp_path / "in"
    city.mkdir()
    write_csv(
        city, "households.csv", "家庭编号,申请日期,建档日期,申报车辆数,申报房产数,联系电话,家庭住址,行政区划代码",
        "H1,2024年3月1日,2024/4/1,0,1,13800138000,河南省安阳市文峰区人民大道12号,410502",
    )  # fmt: skip
    write_csv(
        city, "members.csv", "人员编号,家庭编号,姓名,身份证号,与户主关系,婚姻状况",
        f"P1,H1,张　伟,{ZHANG},户主,已婚",
        f"P2,H1,李娜,{LI},配偶,已婚",
    )  # fmt: skip
    write_csv(
        city, "vehicles_2024.csv", "姓名,公民身份号码,车牌号,车辆类型,状态,注册日期",
        f"张偉,{ZHANG.lower()},豫E12345,小型轿车,正常,20200506",
        f"王芳,{LI},豫E99999,小型轿车,正常,20200506",  # Li's number under another name: a lead for nobody
        "赵六,,豫E00000,小型轿车,正常,2020-13-45",
    )  # fmt: skip
    write_csv(
        city,
        "authorisations.csv",
        "人员编号,来源,有效期起,有效期止",
        "P1,ALL,2024-01-01,2025-12-31",
        "P2,ALL,2024-01-01,",
    )
    (city / "feeds.toml").write_text("[vehicles]\nas_of = 2024-12-31\ncomplete = true\n", encoding="utf-8")
    return city


def test_the_story_of_an_undeclared_car(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = pipeline.scan(ScanRequest(folder, out))

    links = pl.read_parquet(out / "links.parquet")
    assert links.schema == frames.links(PERSONS.names)
    assert links.select("person_id", "source", "grade", "decision").rows() == [
        ("P1", "vehicles", "G2", "LINK"),
        ("P2", "vehicles", "G3", "REVIEW"),
    ]
    findings = pl.read_parquet(out / "findings.parquet")
    assert findings.schema == frames.FINDINGS
    (lead,) = findings.filter(pl.col("rule_id") == "H05").to_dicts()
    assert (lead["household_id"], lead["basis"], lead["status"], lead["grade"]) == ("H1", "UNDECLARED", "LEAD", "G2")
    assert lead["person_ids"] == ["P1"]
    for text in (lead["explanation_zh"], lead["explanation_en"]):
        assert ZHANG not in text
        assert "张伟" not in text
        assert "豫E12345" not in text
        assert "2024-12-31" in text
    coverage = {
        (row["person_id"], row["source"]): row["state"]
        for row in pl.read_parquet(out / "coverage.parquet").to_dicts()
    }
    assert coverage["P1", "vehicles"] == "VALUE"
    assert coverage["P2", "vehicles"] == "NO_ANSWER"
    assert coverage["P1", "finance"] == "NOT_ASKED"
    rejects = pl.read_parquet(out / "rejects.parquet")
    assert rejects.schema == frames.REJECTS
    assert rejects.select("source", "row_number", "column").rows() == [("vehicles", 3, "registered_on")]
    assert json.loads((out / "summary.json").read_text(encoding="utf-8")) == json.loads(json.dumps(summary))
    assert not (out / ".work").exists()


@pytest.mark.parametrize(
    ("damage", "error", "match"),
    [
        ("feeds.toml", UsageError, "--as-of"),
        ("members.csv", InputRefused, "members"),
        ("households.csv", InputRefused, "households"),
        ("authorisations.csv", InputRefused, "--authorised-by"),
    ],
)
def test_what_is_missing_is_named(
    folder: Path, tmp_path: Path, damage: str, error: type[Exception], match: str
) -> None:
    (folder / damage).unlink()
    with pytest.raises(error, match=match):
        pipeline.scan(ScanRequest(folder, tmp_path / "out"))
    assert not (tmp_path / "out" / "summary.json").exists()


def test_an_expired_authorisation_joins_nobody(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pipeline.scan(ScanRequest(folder, out, as_of=dt.date(2026, 6, 1)))
    coverage = pl.read_parquet(out / "coverage.parquet").filter(pl.col("source") == "vehicles")
    assert coverage.select("person_id", "state").rows() == [("P1", "NOT_AUTHORISED"), ("P2", "NO_ANSWER")]
    assert pl.read_parquet(out / "findings.parquet").filter(pl.col("rule_id") == "H05").is_empty()
    assert "P1" not in pl.read_parquet(out / "links.parquet").get_column("person_id")


def test_two_rows_under_one_person_id_are_refused_with_their_place(folder: Path, tmp_path: Path) -> None:
    with (folder / "members.csv").open("ab") as file:
        file.write(f"P2,H1,李娜娜,{LI},子女,未婚\r\n".encode("gb18030"))
    with pytest.raises(InputRefused, match="row 3, column person_id"):
        pipeline.scan(ScanRequest(folder, tmp_path / "out"))


def test_a_feed_without_rows_and_a_folder_without_feeds_are_no_error(folder: Path, tmp_path: Path) -> None:
    write_csv(folder, "vehicles_2024.csv", "姓名,车牌号")
    pl.DataFrame(schema={"name": pl.String, "programme": pl.String}).write_parquet(folder / "aid.parquet")
    pipeline.scan(ScanRequest(folder, tmp_path / "empty"))
    for name in ("vehicles_2024.csv", "aid.parquet", "feeds.toml"):
        (folder / name).unlink()
    pipeline.scan(ScanRequest(folder, tmp_path / "none", as_of=dt.date(2024, 12, 31)))
    states = [set(pl.read_parquet(tmp_path / out / "coverage.parquet")["state"]) for out in ("empty", "none")]
    assert states == [{"NOT_ASKED", "NO_RECORD", "NO_ANSWER"}, {"NOT_ASKED"}]
    assert pl.read_parquet(tmp_path / "none" / "links.parquet").is_empty()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic city, written once."""
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, households=60, records=4_000, seed=7)
    return folder


@pytest.fixture(scope="module")
def reference(city: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a plain scan of the city writes."""
    out = tmp_path_factory.mktemp("reference")
    pipeline.scan(ScanRequest(city, out))
    return outputs(out)


def outputs(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in FILES}


def in_chunks_of(rows: int, folder: Path) -> Path:
    """The shipped plan with another size of chunks, as somebody would write it."""
    shipped = files("matcher.plans").joinpath(SHIPPED).read_text(encoding="utf-8")
    size = f"chunk_rows = {PERSONS.chunk_rows:_}"
    assert size in shipped
    path = folder / "plan.toml"
    path.write_text(shipped.replace(size, f"chunk_rows = {rows}"), encoding="utf-8")
    return path


@pytest.mark.parametrize("rows", [97, 1_000])
def test_the_size_of_a_chunk_changes_no_byte(
    city: Path, reference: dict[str, bytes], tmp_path: Path, rows: int
) -> None:
    pipeline.scan(ScanRequest(city, tmp_path, plan=in_chunks_of(rows, tmp_path)))
    assert outputs(tmp_path) == reference


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_rows_changes_no_byte(
    city: Path, reference: dict[str, bytes], tmp_path: Path, seed: int
) -> None:
    shuffled = tmp_path / "in"
    shuffled.mkdir()
    for path in city.glob("*.*"):
        if path.suffix == ".parquet":
            pl.read_parquet(path).sample(fraction=1, shuffle=True, seed=seed).write_parquet(shuffled / path.name)
        else:
            (shuffled / path.name).write_bytes(path.read_bytes())
    pipeline.scan(ScanRequest(shuffled, tmp_path / "out"))
    same = {name: content for name, content in outputs(tmp_path / "out").items() if name != "rejects.parquet"}
    assert same == {name: content for name, content in reference.items() if name != "rejects.parquet"}


@pytest.mark.parametrize("after", [1, 5, 11])
def test_a_scan_stopped_anywhere_goes_on_to_the_same_bytes(
    city: Path, reference: dict[str, bytes], tmp_path: Path, after: int
) -> None:
    request = ScanRequest(city, tmp_path, plan=in_chunks_of(200, tmp_path))
    steps = 0

    def stop(step: object) -> None:
        nonlocal steps
        steps += 1
        if steps > after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.scan(request, stop)
    done = len(list((tmp_path / ".work").rglob("*.json")))
    assert done > 0
    pipeline.scan(dataclasses.replace(request, resume=True))
    assert outputs(tmp_path) == reference


def test_a_resumed_scan_reuses_what_was_done(city: Path, tmp_path: Path) -> None:
    request = ScanRequest(city, tmp_path, plan=in_chunks_of(200, tmp_path))

    def finished() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (tmp_path / ".work").rglob("*.json")}

    def stop(step: object) -> None:
        if len(finished()) >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.scan(request, stop)
    before, after = finished(), {}

    def watch(step: object) -> None:
        after.update(finished())

    pipeline.scan(dataclasses.replace(request, resume=True), watch)
    assert len(before) >= 5
    assert {path: after[path] for path in before} == before  # not written again
    assert len(after) > len(before)
