"""Identity grades, case by case, and what each may be used for."""

from __future__ import annotations

import polars as pl
import pytest

from matcher import linking
from matcher.plan import PERSONS
from matcher.scoring import model as models

MODEL = models.load()
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
    "address": "missing",
    "name_bits": 16.0,
    "third_bits": 0.0,
}


def pairs(*changes: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([PAIR | change for change in changes], schema_overrides={"blocks": pl.UInt32})


def link(
    change: dict[str, object] | None = None, applicants: int = 1_000, records: int = 100_000
) -> dict[str, object]:
    (row,) = linking.links(pairs(change or {}), PERSONS, MODEL, applicants, records).to_dicts()
    return row


@pytest.mark.parametrize(
    ("change", "grade", "decision"),
    [
        ({}, "G1", "LINK"),
        ({"number": "equal_15_18"}, "G1", "LINK"),
        ({"birth_date": "different"}, "G1", "LINK"),
        ({"name": "variant"}, "G2", "LINK"),
        ({"name": "former"}, "G2", "LINK"),
        ({"name": "one_character"}, "G2", "LINK"),
        ({"name": "different"}, "G3", "REVIEW"),
        ({"name": "missing"}, None, "REVIEW"),
        ({"number": "repaired"}, "G4", "LINK"),
        ({"number": "repaired", "birth_date": "missing"}, None, "REVIEW"),
        ({"number": "repaired", "name": "pinyin"}, None, "REVIEW"),
        ({"number": "equal_unchecked"}, "G4", "LINK"),
        ({"number": "missing", "third_bits": 20.0}, "G5", "LINK"),
        ({"number": "different", "third_bits": 20.0}, "G5", "LINK"),
        ({"number": "missing"}, None, "REVIEW"),  # no third field agrees
        ({"number": "missing", "third_bits": 20.0, "sex": "missing"}, None, "REVIEW"),
        ({"number": "missing", "third_bits": 20.0, "birth_date": "near"}, None, "REVIEW"),
        ({"number": "missing", "third_bits": 20.0, "name": "pinyin"}, None, "REVIEW"),
        ({"number": "missing", "third_bits": 4.0, "name_bits": 10.0}, None, "REVIEW"),  # too common a name
        ({"probability": 0.9}, "G1", "REVIEW"),
    ],
)
def test_grades(change: dict[str, object], grade: str | None, decision: str) -> None:
    row = link(change)
    assert (row["grade"], row["decision"]) == (grade, decision)


def test_the_more_pairs_chance_has_the_rarer_a_name_must_be() -> None:
    weak: dict[str, object] = {"number": "missing", "third_bits": 20.0, "name_bits": 14.0}
    assert link(weak, records=10_000)["grade"] == "G5"
    assert link(weak, records=100_000_000, applicants=1_000_000)["grade"] is None


def test_blocks_are_named() -> None:
    assert link({"blocks": 5})["blocks"] == ["number", "phone&surname"]


def test_links_are_sorted_and_each_is_there_once() -> None:
    frame = pairs({"record_id": "b"}, {"record_id": "a"}, {"record_id": "b"})
    found = linking.links(frame, PERSONS, MODEL, 10, 10)
    assert found.get_column("record_id").to_list() == ["a", "b"]
    assert linking.merge([]).is_empty()
