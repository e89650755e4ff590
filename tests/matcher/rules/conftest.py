"""Scenes and the findings of one rule, as fixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.rules import book, finding
from matcher.rules.rule import Facts
from tests.matcher.rules import scenes

Run = Callable[[str, Facts], list[dict[str, Any]]]


@pytest.fixture
def scene() -> scenes.Scene:
    """Facts from rows, see scenes.scene."""
    return scenes.scene


@pytest.fixture
def run() -> Run:
    """The findings of one rule of the book, as rows."""

    def find(rule_id: str, facts: Facts) -> list[dict[str, Any]]:
        (rule,) = (rule for rule in book.BOOK if rule.id == rule_id)
        return finding.run(facts, [rule]).to_dicts()

    return find
