"""Why a lead does not stand any more: each reason on a city of which one thing was changed, and silence wherever less was seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from api import matching
from api.domain.review import WithdrawnBecause as W
from api.matching.withdrawals import Raised
from matcher.rules import keeping
from matcher.sources.checks import SET_ASIDE
from matcher.sources.retracting import fingerprint
from tests.once import Run

Summary = dict[str, Any]


def scan(folder: Path, out: Path, *more: str) -> Path:
    matching.run(["scan", str(folder), "--out", str(out), "--json", *more])
    return out


def raised(out: Path) -> dict[str, Raised]:
    rows = pl.read_parquet(out / "findings.parquet").iter_rows(named=True)
    return {
        row["finding_id"]: Raised(
            number, row["rule_id"], row["rule_version"], row["household_id"], tuple(row["person_ids"]), tuple(row["evidence"])
        )
        for number, row in enumerate(rows)
    }  # fmt: skip


def gone(before: Path, now: Path) -> list[Raised]:
    here = raised(now)
    return [lead for finding, lead in raised(before).items() if finding not in here]


def why(before: Path, now: Path, leads: Collection[Raised]) -> dict[int, W]:
    summary = json.loads((before / "summary.json").read_text("utf-8"))
    return matching.withdrawn(now, before, summary, list(leads))


def records(lead: Raised, source: str) -> list[str]:
    return [piece["record_id"] for piece in lead.evidence if piece["source"] == source]


def changed(folder: Path, table: str, column: str, keys: Collection[str], **values: Any) -> None:
    """The rows of these keys say otherwise."""
    path = folder / f"{table}.parquet"
    rows = pl.read_parquet(path)
    these = pl.col(column).is_in(list(keys))
    told = {
        name: pl.when(these).then(pl.lit(value)).otherwise(pl.col(name)).cast(rows.schema[name])
        for name, value in values.items()
    }
    rows.with_columns(**told).write_parquet(path)


def without(folder: Path, table: str, column: str, keys: Collection[str]) -> None:
    path = folder / f"{table}.parquet"
    pl.read_parquet(path).filter(~pl.col(column).is_in(list(keys))).write_parquet(path)


@pytest.fixture(scope="module")
def before(run: Run, city: Path) -> Path:
    """The city scanned."""
    return Path(run.once("withdrawals-before", lambda: {"out": str(scan(city, run.folder / "w-before"))})["out"])


@pytest.fixture(scope="module")
def first(before: Path) -> Mapping[str, Raised]:
    """Of each rule the first lead."""
    found: dict[str, Raised] = {}
    for lead in raised(before).values():
        found.setdefault(lead.rule, lead)
    return found


@pytest.fixture(scope="module")
def after(run: Run, city: Path, before: Path, first: Mapping[str, Raised]) -> Path:
    """The city scanned again, after some things were corrected."""

    def make() -> dict[str, str]:
        folder = run.folder / "w-city"
        shutil.copytree(city, folder)
        without(folder, "vehicles", "record_id", records(first["H05"], "vehicles"))
        changed(folder, "tax", "record_id", records(first["H08"], "tax"), income_yuan=0)
        somebody_else = {"name": "欧阳无忌", "id_number": "110105199001012218", "phone": None, "former_name": None}
        changed(folder, "members", "person_id", first["H04"].people, **somebody_else)
        without(folder, "members", "person_id", first["P10"].people)
        return {"out": str(scan(folder, run.folder / "w-after"))}

    return Path(run.once("withdrawals-after", make)["out"])


def test_f11_each_has_its_reason(before: Path, after: Path, first: Mapping[str, Raised]) -> None:
    leads = gone(before, after)
    told = why(before, after, leads)
    expected = {
        "H05": W.RECORD_GONE,
        "H08": W.RECORD_CORRECTED,
        "H04": W.HOUSEHOLD_CHANGED,
        "P10": W.PERSON_LEFT,
    }
    assert {rule: told.get(first[rule].key) for rule in expected} == expected


def test_f11_an_earlier_scan_whose_folder_is_gone_leaves_what_can_still_be_told(
    before: Path, after: Path, first: Mapping[str, Raised], tmp_path: Path
) -> None:
    summary = json.loads((before / "summary.json").read_text("utf-8"))
    told = matching.withdrawn(after, tmp_path / "gone", summary, gone(before, after))
    assert told.get(first["H05"].key) is W.RECORD_GONE
    assert told.get(first["P10"].key) is W.PERSON_LEFT
    assert W.HOUSEHOLD_CHANGED not in told.values()
    assert first["H08"].key not in told


def test_f11_where_nothing_can_be_named_a_lead_stays(before: Path) -> None:
    """As if the same scan had not raised them."""
    assert why(before, before, raised(before).values()) == {}


def test_f11_that_days_have_passed_withdraws_nothing(run: Run, city: Path, before: Path) -> None:
    later = scan(city, run.folder / "w-later", "--as-of", "2025-02-10")
    leads = gone(before, later)
    assert leads, "some leads are of their day"
    assert why(before, later, leads) == {}


Edit = Callable[[Path], None]


def in_summary(edit: Callable[[Summary], None]) -> Edit:
    def act(out: Path) -> None:
        summary = json.loads((out / "summary.json").read_text("utf-8"))
        edit(summary)
        (out / "summary.json").write_text(json.dumps(summary), "utf-8")

    return act


def of_vehicles(**told: Any) -> Edit:
    return in_summary(lambda summary: summary["sources"]["vehicles"].update(told))


def state(said: str) -> Edit:
    def act(out: Path) -> None:
        path = out / "coverage.parquet"
        rows = pl.read_parquet(path)
        vehicles = pl.when(pl.col("source") == "vehicles").then(pl.lit(said)).otherwise(pl.col("state"))
        rows.with_columns(state=vehicles).write_parquet(path)

    return act


@pytest.mark.parametrize(
    "less",
    [
        pytest.param(in_summary(lambda summary: summary["sources"].pop("vehicles")), id="the feed is missing"),
        pytest.param(of_vehicles(complete=False), id="it is no longer complete"),
        pytest.param(of_vehicles(as_of="2024-11-30"), id="it is older than it was"),
        pytest.param(of_vehicles(as_of=None), id="nobody knows when it was cut"),
        pytest.param(of_vehicles(accepted=1), id="it has lost rows"),
        pytest.param(in_summary(lambda summary: summary.update(as_of="2027-12-31")), id="it is stale by now"),
        pytest.param(in_summary(lambda summary: summary["rules"]["H05"].update(state="NOT_ASKED")), id="the rule did not run"),
        pytest.param(in_summary(lambda summary: summary["rules"].pop("H05")), id="the rule is switched off"),
        pytest.param(state("NOT_AUTHORISED"), id="consent was withdrawn"),
        pytest.param(state("NOT_ASKED"), id="nobody was asked about"),
        pytest.param(state("NO_ANSWER"), id="the source said nothing"),
    ],
)  # fmt: skip
def test_f11_a_scan_that_saw_less_clears_nobody(
    before: Path, after: Path, first: Mapping[str, Raised], tmp_path: Path, less: Edit
) -> None:
    now = tmp_path / "now"
    shutil.copytree(after, now)
    less(now)
    assert why(before, now, [first["H05"]]) == {}


@pytest.mark.parametrize(("reason", "because"), [("DELETED", W.RECORD_DELETED), ("CORRECTED", W.RECORD_CORRECTED)])
def test_f11_what_a_department_took_back_itself_counts_in_a_feed_of_changes_too(
    before: Path, after: Path, first: Mapping[str, Raised], tmp_path: Path, reason: str, because: W
) -> None:
    now = tmp_path / "now"
    shutil.copytree(after, now)
    state("NO_ANSWER")(now)
    rejects = pl.read_parquet(now / "rejects.parquet")
    marks = [f"{fingerprint('vehicles', record)}@2025-01" for record in records(first["H05"], "vehicles")]
    taken_back = pl.DataFrame(
        [{"source": "vehicles", "file": "x", "row_number": 1, "column": "record_id", "reason": f"{SET_ASIDE}:{reason}", "raw_value": mark} for mark in marks],
        schema=rejects.schema,
    )  # fmt: skip
    pl.concat([rejects, taken_back]).write_parquet(now / "rejects.parquet")
    assert why(before, now, [first["H05"]]) == {first["H05"].key: because}


@pytest.mark.parametrize(
    ("what", "value", "because"),
    [("policy", "another", W.PARAMETERS_CHANGED), ("model", "another", W.MATCHING_CHANGED), ("program", "9", W.MATCHING_CHANGED)],
)  # fmt: skip
def test_f11_another_version_is_a_reason_where_the_data_are_the_same(
    before: Path, first: Mapping[str, Raised], tmp_path: Path, what: str, value: str, because: W
) -> None:
    now = tmp_path / "now"
    shutil.copytree(before, now)
    in_summary(lambda summary: summary["versions"].update({what: value}))(now)
    leads = [first["H05"], first["P03"]]
    assert why(before, now, leads) == {lead.key: because for lead in leads}
    in_summary(lambda summary: summary["rules"]["H05"].update(version="2"))(now)
    assert why(before, now, leads)[first["H05"].key] is W.RULE_CHANGED


def test_f11_another_record_that_the_rule_reads_is_a_reason(
    before: Path, first: Mapping[str, Raised], tmp_path: Path
) -> None:
    now = tmp_path / "now"
    shutil.copytree(before, now)
    path = now / keeping.FOLDER / "linked" / "vehicles.parquet"
    rows = pl.read_parquet(path)
    theirs = rows.filter(pl.col("person_id").is_in(list(first["H05"].people))).head(1)
    pl.concat([rows, theirs.with_columns(record_id=pl.lit("sold"), content=pl.lit("sold"))]).write_parquet(path)
    assert why(before, now, [first["H05"]]) == {first["H05"].key: W.OTHER_RECORDS}
