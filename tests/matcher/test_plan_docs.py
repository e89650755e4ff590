"""docs/plans.md names every key, kind, level and facet there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher import plan as plans
from matcher.comparing.kinds import COMPARISONS
from matcher.normalising.fields import FACETS

PAGE = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", sorted(COMPARISONS))
def test_every_kind_stands_there_with_its_levels_and_facets(kind: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `") and f"`{kind}`" in line.split("|")[1]]
    assert " · ".join(COMPARISONS[kind].names[1:-1]) in row
    assert all(f"`{facet}`" in row for facet in FACETS.get(kind, ()))


@pytest.mark.parametrize("key", sorted(plans.FIELD_KEYS))
def test_every_key_of_a_field_stands_there(key: str) -> None:
    assert f"… {key}`" in PAGE


@pytest.mark.parametrize(
    "key", ["version", "model", "chunk_rows", "ids.left", "thresholds.link", "[[blocks]] keys", "… cap"]
)
def test_every_other_key_stands_there(key: str) -> None:
    assert f"`{key}`" in PAGE


@pytest.mark.parametrize("name", plans.shipped())
def test_every_shipped_plan_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE
