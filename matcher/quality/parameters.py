"""The thresholds of the quality checks, from parameters.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def parameters() -> Mapping[str, Mapping[str, Any]]:
    """Check → its thresholds by name; `assumed` lists those that rest on no source."""
    return tomllib.loads(files("matcher.quality").joinpath("parameters.toml").read_text(encoding="utf-8"))


def threshold(check: str, name: str) -> float:
    """One threshold."""
    return float(parameters()[check][name])


def is_assumed(check: str, name: str) -> bool:
    """Whether it rests on no source."""
    return name in parameters().get(check, {}).get("assumed", ())
