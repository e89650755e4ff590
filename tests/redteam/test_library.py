"""The table through the library: one scan of one folder, and what it says of every case."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from matcher import pipeline
from matcher.index import OWN_TABLES
from matcher.pipeline import ScanRequest
from tests.redteam import folder, table, verdict
from tests.redteam.table import Case
from tests.redteam.verdict import Finding


@pytest.fixture(scope="module")
def out(redteam_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library")
    pipeline.scan(ScanRequest(redteam_folder, path))
    return path


@pytest.fixture(scope="module")
def found(out: Path) -> Mapping[str, list[Finding]]:
    return verdict.by_case(pl.read_parquet(out / "findings.parquet").to_dicts())


@pytest.mark.parametrize("case", [case for case in table.load() if case.innocent], ids=lambda case: case.id)
def test_no_lead(found: Mapping[str, list[Finding]], case: Case) -> None:
    leads = found.get(case.id, [])
    assert not verdict.complaints(case, leads), [lead["explanation_en"] for lead in leads]


@pytest.mark.parametrize("case", [case for case in table.load() if not case.innocent], ids=lambda case: case.id)
def test_the_leads_that_are_due(found: Mapping[str, list[Finding]], case: Case) -> None:
    leads = found.get(case.id, [])
    assert not verdict.complaints(case, leads), [lead["explanation_en"] for lead in leads]


def test_every_row_is_read_and_the_bait_hangs_on_the_hook(out: Path) -> None:
    """A case is no innocent because its records could not be read or found nobody."""
    assert pl.read_parquet(out / "rejects.parquet").is_empty()
    links = pl.read_parquet(out / "links.parquet").filter(pl.col("decision") == "LINK")
    linked = set(links.select("person_id", "source").iter_rows())
    missed = [
        (person, source)
        for case in table.load()
        for source, rows in case.records.items()
        if source not in OWN_TABLES
        for row in rows
        if row.get("of") in case.people and not set(row) & {"name", "id_number"}
        for person in [folder.person_id(case, row["of"])]
        if row["of"] not in case.unauthorised
        and case.people[row["of"]].home
        and case.people[row["of"]].identity.id_number
        and (person, source) not in linked
    ]
    assert not missed
