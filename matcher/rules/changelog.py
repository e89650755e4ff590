"""The change log of the rule book: which version of a rule was published when, and what changed (safeguards F-15, F-16)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

FILE = "changes.toml"


@cache
def changes() -> dict[str, list[dict[str, Any]]]:
    """Rule → its versions, the first first, each with `version`, `on`, `zh` and `en`."""
    content = tomllib.loads(files("matcher.rules").joinpath(FILE).read_text(encoding="utf-8"))
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in content["change"]:
        for rule in entry["rules"]:
            found.setdefault(rule, []).append({name: value for name, value in entry.items() if name != "rules"})
    return found
