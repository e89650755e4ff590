"""The command line as people type it: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

RED_FLAGS = ("fraudster", "suspect", "嫌疑", "骗子")


def matcher(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matcher", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    made = matcher(
        "synth", "--out", folder, "--households", "150", "--records", "6000", "--seed", "3", "--form", "gb18030"
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def out(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    done = matcher("scan", city, "--out", folder, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary == json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert "match vehicles" in done.stderr
    return folder


def test_the_report_shows_leads_and_entitlements_in_both_languages(out: Path) -> None:
    english, chinese = matcher("report", out, "--lang", "en"), matcher("report", out)
    assert "Possibly entitled, not reached" in english.stdout
    assert "可能应享未享" in chinese.stdout
    assert chinese.returncode == english.returncode == 0


def test_a_finding_is_explained_by_the_beginning_of_its_id(out: Path) -> None:
    finding = pl.read_parquet(out / "findings.parquet").row(0, named=True)
    shown = matcher("explain", out, finding["finding_id"][:10])
    assert shown.returncode == 0, shown.stderr
    assert finding["finding_id"] in shown.stdout
    assert finding["rule_id"] in shown.stdout
    assert finding["evidence"][0]["record_id"] in shown.stdout


@pytest.mark.parametrize("beginning", ["", "zzzz"])
def test_a_finding_that_is_not_meant_uniquely_is_asked_for_again(out: Path, beginning: str) -> None:
    shown = matcher("explain", out, beginning)
    assert shown.returncode == 2
    assert "findings begin with" in shown.stderr


def test_the_scan_is_measured_against_the_truth(city: Path, out: Path) -> None:
    scores = json.loads(matcher("evaluate", out, "--truth", city, "--json").stdout)
    assert scores["links"]["all"]["precision"] > 0.99
    # of numbers masked, missing or corrected by another valid one, people decide: decided links are fewer than pairs shown
    assert scores["links"]["all"]["recall"] > 0.92
    assert scores["review"]["all"]["recall"] > 0.97
    assert scores["findings"]["all"]["precision"] > 0.9
    assert scores["findings"]["all"]["recall"] > 0.85


def test_rules_and_sources_speak_for_themselves() -> None:
    assert "名下车辆" in matcher("rules").stdout
    assert "Vehicle" in matcher("rules", "H05", "--lang", "en").stdout
    assert "车牌号" in matcher("sources", "vehicles").stdout
    assert matcher("rules", "X99").returncode == 2
    assert matcher("sources", "cars").returncode == 2


def test_only_the_named_rules_run(city: Path, tmp_path: Path) -> None:
    assert matcher("scan", city, "--out", tmp_path, "--rules", "H05,U04", "--quiet").returncode == 0
    assert set(pl.read_parquet(tmp_path / "findings.parquet")["rule_id"]) <= {"H05", "U04"}


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_number_of_threads_changes_no_byte(city: Path, out: Path, tmp_path: Path, threads: str) -> None:
    assert matcher("scan", city, "--out", tmp_path, "--threads", threads, "--quiet").returncode == 0
    for name in ("links", "findings", "coverage", "rejects"):
        assert (tmp_path / f"{name}.parquet").read_bytes() == (out / f"{name}.parquet").read_bytes(), name


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("scan",), 2, "Missing"),
        (("scan", "IN"), 2, "--out"),
        (("link", "IN", "IN", "--plan", "febrl4"), 2, "--out"),
        (("dedupe", "IN", "--plan", "febrl3"), 2, "--out"),
        (("scan", "nowhere", "--explain-plan"), 3, "nowhere"),
        (("link", "IN", "IN", "--plan", "febrl4", "--explain-plan"), 3, "no such file"),
        (("scan", "IN", "--out", "OUT", "--as-of", "soon"), 2, "YYYY-MM-DD"),
        (("scan", "IN", "--out", "OUT", "--rules", "X1"), 2, "X1"),
        (("scan", "nowhere", "--out", "OUT"), 3, "nowhere"),
        (("scan", "IN", "--out", "OUT", "--model", "none.json"), 3, "none.json"),
        (("scan", "IN", "--out", "OUT", "--policy", "none.toml"), 3, "none.toml"),
        (("report", "nowhere"), 3, "nowhere"),
        (("fly",), 2, "fly"),
    ],
)
def test_what_goes_wrong_is_told_on_stderr_with_its_status(
    city: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, told: str
) -> None:
    places = {"IN": str(city), "OUT": str(tmp_path / "out")}
    ended = matcher(*(places.get(argument, argument) for argument in arguments))
    assert (ended.returncode, ended.stdout) == (status, "")
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LEFT, RIGHT and a plan for them, whose model is yet to be trained."""
    folder = tmp_path_factory.mktemp("tables")
    rows = [{"id": f"r{n}", "name": f"smith{n % 7}", "phone": str(1_000_000 + n % 11)} for n in range(40)]
    pl.DataFrame(rows[:15]).write_csv(folder / "left.csv")
    pl.DataFrame(rows).write_parquet(folder / "right.parquet")
    (folder / "plan.toml").write_text(
        '[ids]\nleft = "id"\nright = "id"\n[fields.name]\nkind = "text"\n[fields.phone]\nkind = "digits"\n'
        '[[blocks]]\nkeys = "phone"\ncap = 3\n[[blocks]]\nkeys = "name & phone"\n',
        encoding="utf-8",
    )
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", "CITY"),
        ("scan", "CITY", "--out", "OUT"),
        ("link", "left.csv", "right.parquet", "--plan", "plan.toml", "--train"),
        ("dedupe", "right.parquet", "--plan", "plan.toml", "--train", "--out", "OUT"),
    ],
)
def test_a_dry_run_tells_what_to_expect_and_writes_nothing(
    city: Path, tables: Path, arguments: tuple[str, ...]
) -> None:
    def there() -> list[tuple[Path, int]]:
        return [(path, path.stat().st_mtime_ns) for folder in (city, tables) for path in sorted(folder.rglob("*"))]

    before = there()
    places = {"CITY": str(city), "OUT": str(tables / "out")}
    command = [
        places.get(argument, str(tables / argument) if argument.count(".") else argument) for argument in arguments
    ]
    dry = matcher(*command, "--explain-plan", "--json", "--quiet")
    assert dry.returncode == 0, dry.stderr
    told = json.loads(dry.stdout)
    assert 0 < told["candidates"] <= told["bound"]
    assert told["seconds"]["total"] > 0
    assert 0 < told["memory_bytes"]["expected"] <= told["memory_bytes"]["bound"]
    for block in told["blocks"].values():
        assert block["candidates"] <= block["bound"] <= block["cap"] * block["applicants"] * len(told["sources"])
    assert sum(source["candidates"] for source in told["sources"].values()) == pytest.approx(
        told["candidates"], abs=len(told["sources"]) * len(told["blocks"])
    )
    assert there() == before


@pytest.mark.parametrize(("language", "said"), [("en", "peak memory"), ("zh", "内存峰值")])
def test_a_dry_run_is_read_by_people(tables: Path, language: str, said: str) -> None:
    table, plan = tables / "right.parquet", tables / "plan.toml"
    dry = matcher("dedupe", table, "--plan", plan, "--train", "--explain-plan", "--quiet", "--lang", language)
    assert dry.returncode == 0, dry.stderr
    assert said in dry.stdout


def test_an_outcome_says_how_many_candidates_there_were_of_how_many(tables: Path, tmp_path: Path, out: Path) -> None:
    done = matcher(
        "link", tables / "left.csv", tables / "right.parquet", "--plan", tables / "plan.toml", "--train",
        "--out", tmp_path / "links.csv", "--quiet",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "candidates" in done.stdout
    assert "bound" in done.stdout
    shown = matcher("report", out, "--lang", "en")
    assert "of at most" in shown.stdout


def test_interrupting_a_scan_ends_with_130_and_it_can_be_resumed(city: Path, out: Path, tmp_path: Path) -> None:
    scan = subprocess.Popen(
        [sys.executable, "-m", "matcher", "scan", str(city), "--out", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".work/*/*.json")) and scan.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    scan.send_signal(signal.SIGINT)
    _, told = scan.communicate(timeout=60)
    if scan.returncode == 0:
        return  # it was done before the signal came
    assert scan.returncode == 130, told
    assert "--resume" in told
    assert matcher("scan", city, "--out", tmp_path, "--resume", "--quiet").returncode == 0
    for name in ("links", "findings", "coverage", "rejects"):
        assert (tmp_path / f"{name}.parquet").read_bytes() == (out / f"{name}.parquet").read_bytes(), name


def test_personal_data_is_in_no_message(city: Path, tmp_path: Path) -> None:
    """F-27: nothing that a scan says, well or badly, holds a name, a number, a phone or an address."""
    broken = tmp_path / "in"
    broken.mkdir()
    for path in city.glob("*.*"):
        (broken / path.name).write_bytes(path.read_bytes())
    register = broken / "members_导出.csv"
    first, second = register.read_bytes().decode("gb18030").splitlines()[:2]
    again = second.split(",")  # a person_id that is there already
    canary = {"姓名": "王金丝雀", "公民身份号码": "110105194912310029", "联系电话": "13912345678"}
    for place, heading in enumerate(first.split(",")):
        again[place] = canary.get(heading, again[place])
    with register.open("ab") as file:
        file.write((",".join(again) + "\r\n").encode("gb18030"))
    said = [
        matcher("scan", broken, "--out", tmp_path / "out"),
        matcher("scan", city, "--out", tmp_path / "out", "--lang", "en"),
    ]
    assert said[0].returncode == 3
    assert said[1].returncode == 0
    texts = [run.stderr + run.stdout for run in said]
    for text in texts:
        assert "金丝雀" not in text
        assert "110105194912310029" not in text
        assert "13912345678" not in text
        assert not any(flag in text for flag in RED_FLAGS)
    from matcher.sources.delivery import open_folder
    from matcher.sources.feeds import read_all

    members = read_all(open_folder(city).feeds["members"]).frame
    for column in ("name", "id_number", "phone"):
        for value in members.get_column(column).drop_nulls().unique():
            assert value not in texts[1], column


def test_the_work_is_quiet_when_asked(city: Path, tmp_path: Path) -> None:
    assert matcher("scan", city, "--out", tmp_path, "--quiet").stderr == ""
    assert os.listdir(tmp_path).count(".work") == 0


def test_a_path_that_cannot_be_and_a_full_disk_are_said_in_a_line(city: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="ascii")
    for arguments in (
        ("scan", city, "--out", blocked / "results", "--quiet"),
        ("index", city, "--out", blocked / "i", "--quiet"),
    ):
        ran = matcher(*arguments)
        assert ran.returncode == 1
        assert len(ran.stderr.splitlines()) == 1
        assert "Traceback" not in ran.stderr
    out = tmp_path / "full"
    command = f"ulimit -f 8; exec {shlex.quote(sys.executable)} -m matcher scan {shlex.quote(str(city))} --out {shlex.quote(str(out))} --quiet"
    full = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert "no space is left" in full.stderr.splitlines()[-1]
    assert "Traceback" not in full.stderr
    again = matcher("scan", city, "--out", out, "--resume", "--quiet")
    assert again.returncode == 0, again.stderr
    assert (out / "findings.parquet").exists()


def test_the_page_of_charts_explains_every_weight_of_a_dirty_city(city: Path, tmp_path: Path) -> None:
    assert matcher("scan", city, "--out", tmp_path / "out", "--quiet").returncode == 0
    ran = matcher("evaluate", tmp_path / "out", "--truth", city, "--page", tmp_path / "page.html", "--brief")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "page.html").stat().st_size > 10_000
