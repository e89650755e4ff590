"""The shipped model is a proper one, is read back as it was written, and a broken file is refused with its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from matcher.applicants import scale_of
from matcher.errors import InputRefused
from matcher.normalising import names
from matcher.plan import PERSONS
from matcher.scoring import model as models

MODEL = models.load("persons-2.json")
SCALE = scale_of(PERSONS, MODEL)


@pytest.mark.parametrize("place", range(len(PERSONS.fields)), ids=PERSONS.names)
def test_every_graded_level_is_weighed_and_m_is_a_distribution(place: int) -> None:
    weights = MODEL.weights[PERSONS.names[place]]
    assert set(weights) == set(PERSONS.comparisons[place].names[1:-1])
    assert sum(weight.m for weight in weights.values()) == pytest.approx(1)


@pytest.mark.parametrize("place", range(len(PERSONS.fields)), ids=PERSONS.names)
def test_what_is_missing_or_not_needed_weighs_nothing_and_bounds_hold(place: int) -> None:
    scale = SCALE.fields[place]
    assert scale.bits[0] == scale.bits[-1] == 0
    graded = range(1, len(scale.bits) - 1)
    assert all(scale.upper[code] >= scale.bits[worse] for code in graded for worse in graded if worse >= code)
    assert scale.lower == scale.bits[1:-1].min()


@pytest.mark.parametrize(("weight", "probability"), [(0.0, 0.5), (1.0, 2 / 3), (-1.0, 1 / 3), (60.0, 1.0)])
def test_probability(weight: float, probability: float) -> None:
    assert SCALE.probability(np.array([weight]))[0] == pytest.approx(probability)
    if probability < 1:
        assert MODEL.bits_for(probability) == pytest.approx(weight)


def test_rare_names_carry_more_bits_than_common_ones_and_than_their_sound() -> None:
    people = names.prepare("name", pl.Series(["王伟", "欧阳震华", None, "买买提吐尔逊", "王秀英"]))
    assert MODEL.names is not None
    bits = MODEL.names.rarities(people, "name")
    common, rare, none, long, popular = bits["exact"].tolist()
    assert rare > popular > 5
    assert rare > common > 5
    assert none == 0
    assert long == MODEL.names.most_bits
    assert (bits["sound"] <= bits["exact"]).all()
    assert (bits["part"] <= bits["exact"]).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "JSONDecodeError"), ("{}", "KeyError"), ("[]", "AttributeError"), ('{"name_frequency": {}}', "KeyError")],
)
def test_a_broken_model_file_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputRefused, match=reason):
        models.load(path)


def test_a_missing_model_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot be opened"):
        models.load(tmp_path / "none.json")


def test_a_model_written_and_read_back_is_the_same(tmp_path: Path) -> None:
    models.write(MODEL, tmp_path / "copy.json")
    assert models.load(tmp_path / "copy.json") == MODEL


def test_how_reliable_a_model_is_stands_in_its_file(tmp_path: Path) -> None:
    model = replace(MODEL, slope=0.75, intercept=-1.5, reliability=models.Reliability(4_000, 0.02, 0.005, 0.004))
    models.write(model, tmp_path / "model.json")
    assert models.load(tmp_path / "model.json") == model
    assert json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))["calibration"] == {
        "slope": 0.75, "intercept": -1.5, "pairs": 4_000, "error_before": 0.02, "error_after": 0.005, "mislabelled": 0.004
    }  # fmt: skip


@pytest.mark.parametrize("calibration", [{"slope": 0.9, "intercept": 0.1}, None])
def test_a_file_from_before_there_was_a_reliability_is_read(
    tmp_path: Path, calibration: dict[str, float] | None
) -> None:
    models.write(MODEL, tmp_path / "model.json")
    content = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    del content["calibration"]
    (tmp_path / "old.json").write_text(
        json.dumps(content | ({"calibration": calibration} if calibration else {})), encoding="utf-8"
    )
    old = models.load(tmp_path / "old.json")
    assert old.reliability is None
    assert (old.slope, old.intercept) == ((0.9, 0.1) if calibration else (1.0, 0.0))


@pytest.mark.parametrize("slope", [0, -0.5])
def test_a_slope_that_would_turn_weights_round_is_refused(tmp_path: Path, slope: float) -> None:
    models.write(replace(MODEL, slope=slope), tmp_path / "model.json")
    with pytest.raises(InputRefused, match="above 0"):
        models.load(tmp_path / "model.json")


def test_a_model_that_lacks_a_level_is_refused_by_its_name() -> None:
    weights = {name: dict(levels) for name, levels in MODEL.weights.items()}
    del weights["name"]["tone"]
    poor = models.Model("poor", 0.1, 0.9, 0.5, weights)
    with pytest.raises(InputRefused, match="field name: tone"):
        scale_of(PERSONS, poor)
