"""Pairs that people judged: what may stand in their file, how they are weighed, and that a model goes by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from matcher.errors import InputRefused
from matcher.plan import PERSONS
from matcher.report import linkage
from matcher.report.linkage import Subject
from matcher.scoring import model as models
from matcher.training import fitting, reviewed
from tests.matcher.training.test_fitting import people

LEVELS = {"id_number": "equal", "name": "equal", "birth_date": "equal", "sex": "equal", "phone": "different"}
LINE = {"group": 1, "source": "vehicles", "levels": LEVELS, "rarity_bits": 0.0, "same": True}


def written(path: Path, *lines: Any) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return path


PAIRS = [(field.name, comparison) for field, comparison in zip(PERSONS.fields, PERSONS.comparisons, strict=True)]


def known_levels() -> dict[str, str]:
    """The best level of every field of the plan."""
    return {name: comparison.names[1] for name, comparison in PAIRS}


@pytest.mark.parametrize(
    "line",
    [
        {**LINE, "name": "王大力"},
        {**LINE, "record_id": "1"},
        {name: value for name, value in LINE.items() if name != "same"},
        {**LINE, "same": "yes"},
        {**LINE, "levels": 7},
        [1, 2],
    ],
)
def test_a_line_that_holds_anything_else_is_refused_with_its_number(tmp_path: Path, line: Any) -> None:
    with pytest.raises(InputRefused, match="line 2 is no reviewed pair"):
        reviewed.read(written(tmp_path / "pairs.jsonl", LINE, line))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot be read"):
        reviewed.read(tmp_path / "none.jsonl")


def test_a_level_that_the_plan_does_not_know_is_refused() -> None:
    pair = reviewed.Judged(1, "vehicles", {"name": "resembling"}, 0.0, True)
    with pytest.raises(InputRefused, match="level resembling of name"):
        reviewed.weighed([pair], PERSONS, models.load("persons-2.json"))


def test_a_pair_weighs_what_its_waterfall_says() -> None:
    model = models.load("persons-2.json")
    subject, levels = Subject(PERSONS, model), known_levels()
    for some in (levels, {**levels, "phone": None}, dict.fromkeys(levels)):
        told = {name: level for name, level in some.items() if level is not None}
        bars = linkage.waterfall(some, 0.0, subject)
        expected = sum(bar.bits for bar in bars if bar.kind != "rarity") + 2.5
        bits, _, _ = reviewed.weighed([reviewed.Judged(1, "vehicles", told, 2.5, True)], PERSONS, model)
        assert bits[0] == pytest.approx(expected)


def test_whose_pairs_belong_together_are_held_out_together() -> None:
    pairs = [reviewed.Judged(group, "tax", known_levels(), 0.0, group % 3 == 0) for group in (1, 1, 2, 2, 3)]
    _, same, held_out = reviewed.weighed(pairs, PERSONS, models.load("persons-2.json"))
    assert held_out.tolist() == [True, True, False, False, True]
    assert same.tolist() == [False, False, False, False, True]


def test_where_no_number_labels_a_pair_a_model_is_calibrated_by_what_people_judged_and_says_so() -> None:
    members, records = (side.with_columns(id_number=pl.lit(None, pl.String)) for side in people(1_200))
    before = fitting.fit(PERSONS, members, records)
    assert before.reliability is None
    alike = {name: level for name, level in known_levels().items() if name != "id_number"}
    unlike = {name: comparison.names[-2] for name, comparison in PAIRS if name != "id_number"}
    judged = [
        reviewed.Judged(number // 2, "population", alike if number % 2 else unlike, 0.0, number % 10 in (1, 3, 5, 7))
        for number in range(1_000)
    ]
    after = fitting.fit(PERSONS, members, records, judged=judged)
    assert after.reliability is not None
    assert after.reliability.pairs == 1_000
    assert after.reliability.error_after < after.reliability.error_before, "of five that agree in all, one is another"
    assert "1,000 of them by people" in after.note
    assert after.weights == before.weights, "weights are learnt from the tables alone"
    assert fitting.fit(PERSONS, members, records, judged=judged) == after
