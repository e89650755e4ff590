"""What a check says, in Chinese and English, from wording.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_FIELDS = re.compile(r"\d+_FIELDS_OF_\d+")

Pair = tuple[str, str]
"""A sentence in Chinese and in English."""


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads(files("matcher.quality").joinpath("wording.toml").read_text(encoding="utf-8"))


def said(check: str, what: str, **filling: str) -> Pair:
    """One of a check's texts: title, noticed, fine, means, do."""
    texts = _texts()[check]
    return texts[f"{what}_zh"].format(**filling), texts[f"{what}_en"].format(**filling)


def why(reason: str) -> Pair:
    """Why a check could not be made."""
    texts = _texts()["why"][reason]
    return texts["zh"], texts["en"]


def per_cent(share: float) -> str:
    """A share for people.

    >>> per_cent(0.1234), per_cent(0.00004), per_cent(0.0)
    ('12.3 %', '< 0.01 %', '0 %')
    """
    if share == 0:
        return "0 %"
    if abs(share) < 0.0001:
        return "< 0.01 %"
    return f"{100 * share:.3g} %"


def reason(word: str) -> tuple[Pair, Pair]:
    """What a reason of rejects (`VALUE_NULLED:UNREADABLE_DATE`) means, and what to do.

    >>> reason("ROW_SET_ASIDE:3_FIELDS_OF_7")[0][1]
    'more or fewer fields than headings; the row is set aside'
    """
    fate, _, what = word.partition(":")
    table = _texts()["reason"]
    entry = table.get(
        "FIELDS" if _FIELDS.fullmatch(what) else what.removeprefix("UNREADABLE_") if what not in table else what
    )
    entry = entry or table["OTHER"]
    fates = _texts()["fate"].get(fate, {"zh": fate, "en": fate})
    return (
        (entry["zh"].format(fate=fates["zh"], word=what), entry["en"].format(fate=fates["en"], word=what)),
        (entry["do_zh"], entry["do_en"]),
    )
