"""A model trained on people with numbers is calibrated by them; which pairs label, and what happens where none do."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from matcher import applicants, joins, tables
from matcher.kernel import Batch
from matcher.plan import PERSONS, Plan
from matcher.scoring import model as models
from matcher.scoring.calibrating import SLOPES
from matcher.synthetic.city import write_city
from matcher.training import fitting, labels
from matcher.training.pairs import Sample
from tests.matcher.persons import number, table

FAMILIES, GIVEN = "王李张刘陈杨赵黄周吴徐孙马朱胡林", "伟芳娜敏静强磊军洋勇艳杰涛明超兰霞平刚桂"


def people(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Members; and records: of each a copy, of every second one with another telephone, and for every second a namesake
    born on the same day who has a number of their own.
    """
    rng = random.Random(11)
    members, records = [], []
    for place in range(count):
        born = dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(20_000))
        name = rng.choice(FAMILIES) + rng.choice(GIVEN) + rng.choice(GIVEN)
        own = {"name": name, "birth_date": born, "sex": "MALE", "phone": f"138{rng.randrange(10**8):08d}"}
        members.append(own | {"person_id": f"p{place}", "id_number": numbered("410502", born, place % 400 * 2 + 1)})
        moved = {"phone": f"139{rng.randrange(10**8):08d}"} if place % 2 else {}
        records.append(own | {"id_number": members[-1]["id_number"]} | moved)
        if place % 2:
            records.append(own | {"id_number": numbered("110105", born, place % 400 * 2 + 1)} | moved)
    return table(*members), table(*records).with_columns(record_id=pl.int_range(pl.len()).cast(pl.String))


def numbered(area: str, born: dt.date, sequence: int) -> str:
    return number(f"{area}{born:%Y%m%d}{sequence:03d}")


def sample_of(members: pl.DataFrame, records: pl.DataFrame, plan: Plan) -> Sample:
    ids = tables.ids(members, plan.left_id)
    return Sample(
        applicants.keyed(ids, plan.prepare(members), plan, fitting.flat(plan)), Batch.of(records, plan), False
    )


def bare(plan: Plan) -> Plan:
    return replace(plan, fields=tuple(replace(field, fallback=None, muted_beside=None) for field in plan.fields))


def test_namesakes_born_on_one_day_teach_that_weights_promise_too_much() -> None:
    members, records = people(1_200)
    model = fitting.fit(PERSONS, members, records)
    assert model.reliability is not None
    assert SLOPES[0] <= model.slope < 1
    assert model.reliability.error_after < model.reliability.error_before
    assert "calibrated on" in model.note
    assert f"slope {model.slope:.3f}" in model.note
    assert fitting.fit(PERSONS, members, records) == model


def test_a_label_says_nothing_to_the_weight_and_number_blocks_propose_nothing() -> None:
    members, records = people(200)
    plan, model = bare(PERSONS), models.load("persons-2.json")
    bits, same, held_out = labels.labelled(plan, sample_of(members, records, plan), model)
    assert same.sum() == 200
    assert (~same).sum() >= 100
    assert 0.3 < held_out.mean() < 0.7
    # a member's namesake with the new telephone is as alike as the member's own record with it
    assert set(np.round(bits[~same], 3)) <= set(np.round(bits[same], 3))
    strangers = records.with_columns(name=pl.lit("欧阳震华"), phone=pl.lit(None, pl.String))
    assert len(labels.labelled(plan, sample_of(members, strangers, plan), model)[0]) == 0


def test_too_few_labels_leave_the_weight_as_it_is_and_are_told() -> None:
    model = fitting.fit(PERSONS, *people(60))
    assert (model.slope, model.intercept, model.reliability) == (1.0, 0.0, None)
    assert "not calibrated: numbers label 60 pairs as one person" in model.note


def test_a_plan_without_numbers_is_not_calibrated_and_says_so() -> None:
    plan = replace(
        PERSONS,
        fields=tuple(
            replace(field, likeness_beside=None, veto_alone=(), veto_partly=(), fallback=None, muted_beside=None)
            for field in PERSONS.fields
            if field.name != "number"
        ),
        blocks=PERSONS.blocks[1:3],
    )
    model = fitting.fit(plan, *people(300))
    assert (model.slope, model.intercept, model.reliability) == (1.0, 0.0, None)
    assert "no number" in model.note


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> models.Model:
    folder: Path = tmp_path_factory.mktemp("city")
    write_city(folder / "city", households=200, records=4_000, seed=5)
    return joins.train([folder / "city"], None, folder / "model.json")


def test_members_are_learnt_from_with_what_they_leave_to_their_household(trained: models.Model) -> None:
    address, division = trained.weights["address"], trained.weights["division"]
    assert address["equal"].m > 0.5
    assert address["equal"].u < 0.01
    assert division["equal"].m > 0.7
    assert division["equal"].u < 0.5
