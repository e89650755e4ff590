"""A folder validated as a whole: what is written, again and again, refused, interrupted, overdue."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from matcher.errors import InputRefused, UsageError
from matcher.frames import REJECTS
from matcher.identity import numbers
from matcher.progress import Step
from matcher.quality import history
from matcher.quality.run import Request, any_refused, validate
from matcher.synthetic.city import write_city

TODAY = dt.date(2025, 1, 20)
OUTPUTS = ("quality.json", "rejects.parquet", "history.jsonl")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    write_city(
        folder,
        households=60,
        records=3_000,
        seed=3,
        form="gb18030",
        sources=["vehicles", "marriage", "finance", "deaths"],
    )
    return folder


def vehicles(folder: Path, rows: int, as_of: str = "2024-12-31", damaged: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    first = "41050219800101{:03}"
    wrong = [
        text + ("1" if numbers.check_character(text) != "1" else "2") for text in map(first.format, range(damaged))
    ]
    text = "姓名,身份证号,车牌号,地址\n" + "".join(
        f"张伟,{wrong[row] if row < damaged else '410502800101123'},豫E{row:05},文峰区{row}号\n"
        for row in range(rows)
    )
    (folder / "vehicles.csv").write_text(text, encoding="utf-8")
    (folder / "feeds.toml").write_text(f"[vehicles]\nas_of = {as_of}\n", encoding="utf-8")
    return folder


def states(content: dict[str, Any], source: str) -> dict[str, str]:
    found = next(each for each in content["sources"] if each["id"] == source)
    return {check["check"]: check["state"] for check in found["checks"]}


def test_every_source_of_a_city_is_accounted_for(city: Path, tmp_path: Path) -> None:
    steps: list[Step] = []
    content = validate(Request(city, tmp_path, TODAY), steps.append)
    assert not any_refused(content)
    assert {source["id"] for source in content["sources"]} >= {"vehicles", "marriage", "members", "authorisations"}
    rejects = pl.read_parquet(tmp_path / "rejects.parquet")
    assert rejects.schema == REJECTS
    for source in content["sources"]:
        if "rows_in" in source:
            assert source["rows_in"] == source["accepted"] + source["aside"]
            assert sum(reason["count"] for reason in source["reasons"]) == len(
                rejects.filter(pl.col("source") == source["id"])
            )
            assert [check["check"] for check in source["checks"]] == [f"Q{number:02}" for number in range(1, 11)]
    assert json.loads((tmp_path / "quality.json").read_text(encoding="utf-8")) == content
    assert any(step.stage == "read vehicles" and step.done == step.total for step in steps)


def test_the_same_batch_again_changes_nothing(city: Path, tmp_path: Path) -> None:
    validate(Request(city, tmp_path, TODAY))
    before = {name: (tmp_path / name).read_bytes() for name in OUTPUTS}
    validate(Request(city, tmp_path, TODAY))
    assert {name: (tmp_path / name).read_bytes() for name in OUTPUTS} == before


def test_nothing_of_a_person_is_kept(city: Path, tmp_path: Path) -> None:
    validate(Request(city, tmp_path, TODAY))
    members = pl.read_csv(
        city / "members_导出.csv", encoding="gb18030", infer_schema=False, truncate_ragged_lines=True
    )
    known = {number for number in members.get_column("身份证号").drop_nulls() if len(number) > 6}
    for name in ("quality.json", "history.jsonl"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not [number for number in known if number in text]


def test_a_department_is_held_against_its_own_batches(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for day in (1, 2, 3):
        content = validate(Request(vehicles(tmp_path / "in", 300 + day, f"2024-12-0{day}", damaged=6), out, TODAY))
    assert states(content, "vehicles")["Q02"] == states(content, "vehicles")["Q03"] == "OK"
    content = validate(Request(vehicles(tmp_path / "in", 200, "2024-12-31", damaged=40), out, TODAY))
    assert states(content, "vehicles")["Q02"] == states(content, "vehicles")["Q03"] == "ALARM"
    found = content["sources"][0]
    assert len(found["history"]) == 4
    q03 = next(check for check in found["checks"] if check["check"] == "Q03")
    assert q03["baseline"] == pytest.approx(6 / 302)
    assert q03["examples"][0] == {"file": "vehicles.csv", "row": 1, "column": "id_number", "value": "4***(9-18)"}
    assert len(history.read(out / "history.jsonl")) == 4


def test_another_history_may_be_named(tmp_path: Path) -> None:
    validate(Request(vehicles(tmp_path / "in", 300, "2024-12-01"), tmp_path / "old", TODAY))
    second = vehicles(tmp_path / "in", 100)
    alone = validate(Request(second, tmp_path / "new", TODAY))
    assert states(alone, "vehicles")["Q02"] == "NOT_ASSESSED"
    told = validate(Request(second, tmp_path / "new", TODAY, history=tmp_path / "old" / "history.jsonl"))
    assert states(told, "vehicles")["Q02"] == "ALARM"
    assert len(history.read(tmp_path / "new" / "history.jsonl")) == 1


def test_a_refused_feed_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = vehicles(tmp_path / "in", 30)
    (folder / "deaths.csv").write_text("姓名,身份证号\n张伟,1\n", encoding="utf-8")
    content = validate(Request(folder, tmp_path / "out", TODAY))
    assert any_refused(content)
    refused = next(source for source in content["sources"] if source["id"] == "deaths")
    assert refused["state"] == "REFUSED"
    assert refused["refused"]["column"] == "death_date"
    assert states(content, "vehicles")["Q05"] == "OK"
    assert [batch.source for batch in history.read(tmp_path / "out" / "history.jsonl")] == ["vehicles"]


def test_an_interrupted_run_leaves_what_was_there(tmp_path: Path) -> None:
    def stop(step: Step) -> None:
        raise KeyboardInterrupt

    folder, out = vehicles(tmp_path / "in", 30), tmp_path / "out"
    validate(Request(folder, out, TODAY))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    vehicles(folder, 40)
    with pytest.raises(KeyboardInterrupt):
        validate(Request(folder, out, TODAY), stop)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize(("due", "state"), [("2025-01-19", "ALARM"), ("2025-01-20", "OK"), (None, "NOT_ASSESSED")])
def test_answers_that_are_overdue(tmp_path: Path, due: str | None, state: str) -> None:
    folder = vehicles(tmp_path / "in", 30)
    (folder / "authorisations.csv").write_text("person_id,source\nP1,ALL\nP2,tax\nP3,车辆\n", encoding="utf-8")
    (folder / "answers.csv").write_text(
        "source,person_id,answer,answered_on\ntax,P1,未答复,2025-01-02\ntax,P1,RECORD,2025-01-03\n"
        "vehicles,P1,NO_ANSWER,2025-01-03\nvehicles,P3,NO_RECORD,2025-01-03\n",
        encoding="utf-8",
    )
    if due:
        with (folder / "feeds.toml").open("a", encoding="utf-8") as file:
            file.write(f"answers_due = {due}\n[answers]\nanswers_due = {due}\n")
    content = validate(Request(folder, tmp_path / "out", TODAY))
    assert states(content, "vehicles")["Q10"] == states(content, "tax")["Q10"] == state
    open_by_source = {
        source["id"]: check["figure"]
        for source in content["sources"]
        for check in source["checks"]
        if check["check"] == "Q10" and check["figure"] is not None
    }
    assert open_by_source == {"vehicles": 1, "tax": 1}


@pytest.mark.parametrize(
    ("request_of", "error"),
    [
        (lambda folder, out: Request(folder, folder / "out", TODAY), UsageError),
        (lambda folder, out: Request(folder, out, TODAY, ("tax",)), UsageError),
        (lambda folder, out: Request(folder, out, TODAY, history=folder / "feeds.toml"), InputRefused),
        (lambda folder, out: Request(folder, out, TODAY, history=folder / "nowhere"), InputRefused),
        (lambda folder, out: Request(folder / "nowhere", out, TODAY), InputRefused),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, request_of: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        validate(request_of(vehicles(tmp_path / "in", 3), tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_only_the_sources_named_are_read(city: Path, tmp_path: Path) -> None:
    content = validate(Request(city, tmp_path, TODAY, ("vehicles",)))
    assert [source["id"] for source in content["sources"]] == ["vehicles"]
