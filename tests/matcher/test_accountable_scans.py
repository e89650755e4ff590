"""A scan that can answer for itself: findings recomputed from what was kept, changes simulated, damage that stops it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from matcher import pipeline
from matcher.errors import BreakerOpened, InputRefused
from matcher.pipeline import ScanRequest
from matcher.report import diffing, files
from matcher.rules import book, finding, keeping
from matcher.synthetic.city import write_city

CHANGE = """
[[value]]
key = "vehicle.limit"
value = {limit}
unit = "vehicles"
valid_from = 2000-01-01
basis = "拟议中"
status = "assumed"
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, households=220, records=6_000, seed=11)
    return folder


@pytest.fixture(scope="module")
def out(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    pipeline.scan(ScanRequest(city, folder))
    return folder


@pytest.fixture
def copy(out: Path, tmp_path: Path) -> Path:
    """The results, to be spoilt."""
    return Path(shutil.copytree(out, tmp_path / "copy"))


def rows(out: Path) -> Iterator[dict[str, object]]:
    yield from files.read_table(out, "findings").iter_rows(named=True)


def test_every_finding_follows_from_the_kept_inputs(out: Path) -> None:
    again = finding.run(keeping.kept(out), book.chosen((), dt.date(2024, 12, 31)))
    assert again.equals(files.read_table(out, "findings"))
    assert len(again) > 50


def test_one_finding_of_each_rule_is_recomputed_with_its_parts(out: Path) -> None:
    by_rule = {str(row["rule_id"]): row for row in rows(out)}
    for row in by_rule.values():
        told = keeping.recomputed(out, row).as_dict()
        assert told["recomputed"] is True
        for language in ("zh", "en"):
            assert "\n".join(part["text"] for part in told["explanation"][language]) == row[f"explanation_{language}"]
        assert {"title", "what", "identity", "clears", "basis", "reminder"} <= {
            part["part"] for part in told["explanation"]["zh"]
        }
        json.dumps(told, default=str)


def test_a_finding_that_does_not_follow_is_not_explained(copy: Path) -> None:
    row = next(row for row in rows(copy) if row["rule_id"] == "H05")
    with pytest.raises(InputRefused, match="amount_high_yuan") as refusal:
        keeping.recomputed(copy, {**row, "amount_high_yuan": Decimal(999_999)})
    assert "Do not use it" in str(refusal.value)
    with pytest.raises(InputRefused, match="version 0"):
        keeping.recomputed(copy, {**row, "rule_version": "0"})


def test_without_its_inputs_nothing_is_claimed(copy: Path) -> None:
    shutil.rmtree(copy / keeping.FOLDER)
    with pytest.raises(InputRefused, match="not kept"):
        keeping.recomputed(copy, next(rows(copy)))


def test_what_is_kept_is_the_owners_alone_and_holds_no_more_than_rules_read(out: Path) -> None:
    folder = out / keeping.FOLDER
    assert folder.stat().st_mode & 0o077 == 0
    kept = keeping.kept(out)
    read = {
        source: {name for rule in book.BOOK if source in rule.reads for name in rule.columns(source)}
        for source in kept.linked
    }
    for source, frame in kept.linked.items():
        beyond = (
            set(frame.columns) - read[source] - set(pl.read_parquet(folder / "linked" / f"{source}.parquet").columns)
        )
        assert not beyond
        assert not {"phone", "address"} & (set(frame.columns) - read[source])


def test_an_amount_is_never_above_what_was_paid(out: Path) -> None:
    """Safeguard F-10, over the whole city: no lead puts more at risk than all members of its household were ever paid."""
    facts = keeping.kept(out)
    aid = facts.linked["aid"].filter(pl.col("start_month").is_not_null())
    last = pl.min_horizontal(pl.col("end_month").fill_null(facts.as_of), pl.lit(facts.as_of))
    months = (
        (last.dt.year() - pl.col("start_month").dt.year()) * 12
        + last.dt.month()
        - pl.col("start_month").dt.month()
        + 1
    )
    others = [
        facts.linked[source].group_by("household_id").agg(paid=pl.col(column).sum())
        for source, column in (("unemployment_benefit", "benefit_yuan"), ("medical", "total_yuan"))
        if column in facts.linked[source].columns
    ]
    streams = aid.group_by("household_id").agg(
        paid=(pl.col("amount_yuan").fill_null(0).cast(pl.Float64) * months.clip(lower_bound=0)).sum()
    )
    paid: dict[str, float] = {}
    for frame in (streams, *others):
        for household, yuan in frame.iter_rows():
            paid[household] = paid.get(household, 0.0) + float(yuan or 0)
    for row in rows(out):
        low, high = row["amount_low_yuan"], row["amount_high_yuan"]
        assert isinstance(low, Decimal)
        assert isinstance(high, Decimal)
        assert Decimal(0) <= low <= high
        assert float(high) <= paid.get(str(row["household_id"]), 0.0) + 0.01, row["rule_id"]


def test_a_change_is_simulated_and_nothing_is_stored(city: Path, tmp_path: Path) -> None:
    change = tmp_path / "limit.toml"
    change.write_text(CHANGE.format(limit=1), encoding="utf-8")
    before = sorted(path.name for path in city.iterdir())
    effect = pipeline.simulate(ScanRequest(city, tmp_path / "never", rules=("H04", "H05")), change)
    assert sorted(path.name for path in city.iterdir()) == before
    assert not (tmp_path / "never").exists()
    assert set(effect["by_rule"]) == {"H04", "H05"}
    assert effect["by_rule"]["H04"]["GONE"] == effect["by_rule"]["H04"]["NEW"] == 0
    assert effect["by_rule"]["H05"]["GONE"] > 0
    assert sum(effect["findings"].values()) == sum(sum(each.values()) for each in effect["by_county"].values())
    gone = [each for each in effect["changes"] if each["change"] == "GONE"]
    assert all(each["severity"][1] is None for each in gone)


def test_a_simulated_value_goes_before_a_nearer_one(city: Path, tmp_path: Path) -> None:
    own, change = tmp_path / "policy.toml", tmp_path / "limit.toml"
    own.write_text('approved_by = ["甲", "乙"]\n' + CHANGE.format(limit=0) + 'division = "4105"\n', encoding="utf-8")
    change.write_text(CHANGE.format(limit=9), encoding="utf-8")
    effect = pipeline.simulate(ScanRequest(city, tmp_path / "never", policy=own, rules=("H05",)), change)
    assert effect["by_rule"]["H05"]["GONE"] > 0


@pytest.fixture
def damaged(city: Path, tmp_path: Path) -> Path:
    """The city with a vehicle register whose numbers went through a spreadsheet, and a tax feed cut in half."""
    folder = Path(shutil.copytree(city, tmp_path / "damaged"))
    vehicles = pl.read_parquet(folder / "vehicles.parquet")
    vehicles.with_columns(
        id_number=pl.col("id_number").str.head(6) + "********" + pl.col("id_number").str.tail(4)
    ).write_parquet(folder / "vehicles.parquet")
    tax = pl.read_parquet(folder / "tax.parquet")
    tax.head(len(tax) // 2).write_parquet(folder / "tax.parquet")
    return folder


def test_damage_stops_a_scan_and_a_reason_lets_it_go_on(damaged: Path, out: Path, tmp_path: Path) -> None:
    place = tmp_path / "second"
    request = ScanRequest(damaged, place, baselines=(out,))
    with pytest.raises(BreakerOpened, match="Q02 tax") as stopped:
        pipeline.scan(request)
    assert stopped.value.exit_status == 4
    assert not (place / "findings.parquet").exists()
    assert not (place / "summary.json").exists()

    summary = pipeline.scan(dataclasses.replace(request, resume=True, override_breaker="已电话核实"))
    assert summary["override_breaker"] == "已电话核实"
    assert {(each["check"], each["of"]) for each in summary["breakers"]} >= {("Q02", "tax")}
    assert summary["quality"]["tax"][1]["state"] == "ALARM"


def test_the_same_scan_again_opens_no_breaker(city: Path, out: Path, tmp_path: Path) -> None:
    assert pipeline.scan(ScanRequest(city, tmp_path / "again", baselines=(out,)))["breakers"] == []
    difference = diffing.compare(out, tmp_path / "again")
    assert difference.counts() == {"NEW": 0, "GONE": 0, "CHANGED": 0, "SAME": len(files.read_table(out, "findings"))}


def test_a_lead_whose_amount_is_another_has_changed(out: Path, copy: Path) -> None:
    table = files.read_table(copy, "findings")
    some = table.filter(pl.col("rule_id") == "H05").row(0, named=True)["finding_id"]
    risk = pl.when(pl.col("finding_id") == some).then(pl.col("amount_high_yuan") + 1).otherwise("amount_high_yuan")
    table.with_columns(amount_high_yuan=risk.cast(table.schema["amount_high_yuan"])).write_parquet(
        copy / "findings.parquet"
    )
    (changed,) = [each for each in diffing.compare(out, copy).findings if each.change != "SAME"]
    assert (changed.change, changed.finding_id) == ("CHANGED", some)
    assert [reason.why for reason in changed.reasons] == ["OTHERWISE"]
