"""Identity grades, case by case, and what each may be used for."""

from __future__ import annotations

import polars as pl
import pytest

from matcher import linking
from matcher.plan import PERSONS
from matcher.scoring import model as models

MODEL = models.load("persons-2.json")
PAIR = {
    "person_id": "p",
    "source": "vehicles",
    "record_id": "r",
    "party": "SELF",
    "probability": 0.999,
    "weight_bits": 20.0,
    "blocks": 1,
    "number": "equal",
    "name": "exact",
    "birth_date": "equal",
    "sex": "equal",
    "phone": "missing",
    "division": "missing",
    "address": "missing",
    "name_bits": 16.0,
}


def pairs(*changes: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([PAIR | change for change in changes], schema_overrides={"blocks": pl.UInt32})


def link(change: dict[str, object] | None = None) -> dict[str, object]:
    (row,) = linking.links(pairs(change or {}), PERSONS, MODEL).to_dicts()
    return row


@pytest.mark.parametrize(
    ("change", "grade", "decision"),
    [
        ({}, "G1", "LINK"),
        ({"name": "written"}, "G1", "LINK"),
        ({"number": "equal_15_18"}, "G1", "LINK"),
        ({"number": "equal_permit"}, "G1", "LINK"),
        ({"birth_date": "different"}, "G1", "LINK"),
        ({"name": "variant"}, "G2", "LINK"),
        ({"name": "former"}, "G2", "LINK"),
        ({"name": "tone"}, "G2", "LINK"),
        ({"name": "spelt"}, "G2", "LINK"),
        ({"name": "one_character"}, "G2", "LINK"),
        ({"name": "different"}, "G3", "REVIEW"),
        ({"name": "missing"}, None, "REVIEW"),
        ({"number": "repaired"}, "G4", "LINK"),
        ({"number": "repaired", "birth_date": "missing"}, None, "REVIEW"),
        ({"number": "repaired", "name": "sound"}, None, "REVIEW"),
        ({"number": "equal_unchecked"}, "G4", "LINK"),
        ({"number": "missing", "phone": "equal"}, "G5", "LINK"),
        ({"number": "different", "phone": "equal"}, "G5", "LINK"),
        ({"number": "compatible", "phone": "equal"}, "G5", "LINK"),
        ({"number": "missing", "address": "equal"}, "G5", "LINK"),
        ({"number": "missing", "division": "equal"}, None, "REVIEW"),  # a namesake born that day may live there too
        ({"number": "missing"}, None, "REVIEW"),  # no third field agrees
        ({"number": "missing", "phone": "equal", "sex": "missing"}, None, "REVIEW"),
        ({"number": "missing", "phone": "equal", "birth_date": "near"}, None, "REVIEW"),
        ({"number": "missing", "phone": "equal", "name": "sound"}, None, "REVIEW"),
        ({"number": "missing", "address": "equal", "name_bits": 8.0}, None, "REVIEW"),  # too common a name
        ({"probability": 0.9}, "G1", "REVIEW"),
    ],
)
def test_grades(change: dict[str, object], grade: str | None, decision: str) -> None:
    row = link(change)
    assert (row["grade"], row["decision"]) == (grade, decision)


def test_blocks_are_named() -> None:
    assert link({"blocks": 5})["blocks"] == ["number", "phone&name.family"]


def test_links_are_sorted_and_each_is_there_once() -> None:
    frame = pairs({"record_id": "b"}, {"record_id": "a"}, {"record_id": "b"})
    assert linking.links(frame, PERSONS, MODEL).get_column("record_id").to_list() == ["a", "b"]
    assert linking.merge([], PERSONS).is_empty()
