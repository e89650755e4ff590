"""The shipped model is a proper one, and a broken file is refused with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from matcher.comparing import people
from matcher.comparing.levels import Comparison
from matcher.errors import InputRefused
from matcher.scoring import model as models
from matcher.scoring import weighing

MODEL = models.load()


@pytest.mark.parametrize("comparison", people.ALL, ids=lambda comparison: comparison.field)
def test_every_level_but_missing_is_weighed(comparison: Comparison) -> None:
    assert set(MODEL.weights[comparison.field]) == {level.name for level in comparison.levels} - {"missing"}


@pytest.mark.parametrize("field", people.FIELDS)
def test_m_is_a_distribution_over_the_levels(field: str) -> None:
    assert sum(weight.m for weight in MODEL.weights[field].values()) == pytest.approx(1)


def test_missing_says_nothing() -> None:
    pair = pl.DataFrame({field: ["missing"] for field in people.FIELDS} | {"name_bits": [20.0]})
    bits = pair.select(weighing.weight_bits(MODEL, people.FIELDS)).item()
    assert bits == pytest.approx(MODEL.prior_bits)


def test_birth_date_and_sex_add_nothing_to_an_equal_number() -> None:
    levels = {
        "number": "equal",
        "name": "exact",
        "birth_date": "equal",
        "sex": "equal",
        "phone": "missing",
        "address": "missing",
    }
    known = pl.DataFrame({field: [level] for field, level in levels.items()} | {"name_bits": [12.0]})
    unknown = known.with_columns(birth_date=pl.lit("missing"), sex=pl.lit("missing"))
    total = weighing.weight_bits(MODEL, people.FIELDS)
    assert known.select(total).item() == unknown.select(total).item()


@pytest.mark.parametrize(("weight", "probability"), [(0.0, 0.5), (1.0, 2 / 3), (-1.0, 1 / 3), (60.0, 1.0)])
def test_probability(weight: float, probability: float) -> None:
    assert pl.select(weighing.probability(pl.lit(weight))).item() == pytest.approx(probability)


def test_rare_names_carry_more_bits() -> None:
    names = pl.Series(["王伟", "欧阳震华", None])
    common, rare, none = MODEL.name_bits(names, pl.Series(["王", "欧阳", None])).to_list()
    assert rare > common > 5
    assert none == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "JSONDecodeError"), ("{}", "KeyError"), ("[]", "TypeError"), ('{"name_frequency": {}}', "KeyError")],
)
def test_a_broken_model_file_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputRefused, match=reason):
        models.load(path)


def test_a_missing_model_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot be opened"):
        models.load(tmp_path / "none.json")


def test_a_model_read_back_is_the_same(tmp_path: Path) -> None:
    shipped = Path(models.__file__).parent / "models" / models.SHIPPED
    path = tmp_path / "copy.json"
    path.write_text(json.dumps(json.loads(shipped.read_text(encoding="utf-8"))), encoding="utf-8")
    assert models.load(path) == MODEL
