"""How often each office errs, and how: a table of data.

A rate is the share of a source's rows that the error falls on; of `CONCERNED` kinds, the share of the rows that it can
fall on. Kinds of one group exclude one another, save those of `CONCERNED`, which come first.

Sources: identity.md 1.1 and 1.3 for the kinds; the rates are assumptions, chosen to be worse than what offices report.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from matcher.synthetic.departments import SOURCES

BASE: Mapping[str, float] = {
    "number_lower_x": 0.3,
    "number_fifteen": 0.02,
    "number_missing": 0.02,
    "number_filler": 0.002,
    "number_full_width": 0.008,
    "number_blanks": 0.01,
    "number_digit": 0.01,
    "number_swap": 0.005,
    "number_masked": 0.004,
    "number_excel": 0.004,
    "number_truncated": 0.003,
    "number_corrected": 0.002,
    "number_of_another": 0.001,
    "name_former": 0.3,
    "name_rare": 0.3,
    "name_dot": 0.5,
    "name_truncated": 0.05,
    "name_traditional": 0.012,
    "name_variant": 0.04,
    "name_compatibility": 0.002,
    "name_homophone": 0.008,
    "name_shape": 0.006,
    "name_blank": 0.012,
    "name_note": 0.001,
    "name_one_character": 0.003,
    "name_mojibake": 0.0006,
    "birth_missing": 0.05,
    "birth_swapped": 0.002,
    "birth_shifted": 0.004,
    "birth_default": 0.003,
    "birth_lunar": 0.002,
    "sex_missing": 0.03,
    "sex_wrong": 0.002,
    "phone_missing": 0.2,
    "phone_changed": 0.12,
    "phone_hub": 0.004,
    "phone_landline": 0.02,
    "phone_two": 0.01,
    "phone_prefixed": 0.02,
    "address_missing": 0.1,
    "address_moved": 0.08,
    "address_short": 0.15,
    "address_spelt": 0.12,
    "address_numerals": 0.03,
}

CONCERNED: Mapping[str, str] = {
    "number_lower_x": "numbers that end in X",
    "number_fifteen": "people born before 2000",
    "name_former": "people who changed their name",
    "name_rare": "names with a character that GBK has not, or a rare one",
    "name_dot": "names with a dot",
    "name_truncated": "names of more than ten bytes in GBK",
    "name_traditional": "names with a character that has a traditional form",
    "name_variant": "names with a character that has a variant",
    "name_compatibility": "names with a character that has a compatibility form",
    "name_shape": "names with a character that has a look-alike",
}
"""The kinds that need something to fall on, and what."""

BY_SOURCE: Mapping[str, Mapping[str, float]] = {
    "population": {
        "number_missing": 0.006, "number_fifteen": 0.01, "number_masked": 0.0005, "number_excel": 0.001,
        "number_filler": 0.001, "name_former": 0.05, "name_note": 0.0002, "birth_missing": 0.01, "birth_lunar": 0.004,
        "sex_missing": 0.01,
    },
    "social_insurance": {
        "number_fifteen": 0.06, "number_corrected": 0.008, "name_former": 0.45, "name_traditional": 0.02,
        "birth_lunar": 0.006, "birth_shifted": 0.008,
    },
    "tax": {"number_excel": 0.01, "name_former": 0.15, "number_fifteen": 0.005, "address_missing": 0.5},
    "business": {"number_excel": 0.04, "number_masked": 0.01, "name_former": 0.35, "number_missing": 0.04,
                 "phone_hub": 0.05, "birth_missing": 0.3},
    "marriage": {"number_fifteen": 0.09, "number_missing": 0.05, "number_corrected": 0.006, "name_traditional": 0.05,
                 "name_variant": 0.12, "name_former": 0.6, "name_rare": 0.4, "birth_shifted": 0.008},
    "real_estate": {"number_fifteen": 0.14, "number_missing": 0.05, "number_corrected": 0.01, "number_digit": 0.015,
                    "name_traditional": 0.04, "name_variant": 0.1, "name_former": 0.5, "name_rare": 0.4,
                    "name_note": 0.003, "birth_missing": 0.15},
    "vehicles": {"number_masked": 0.03, "name_rare": 0.6, "name_former": 0.25},
    "housing_fund": {"number_fifteen": 0.01, "name_former": 0.2, "number_excel": 0.006},
    "finance": {"number_masked": 0.05, "name_rare": 0.7, "name_dot": 0.6, "name_former": 0.35, "number_fifteen": 0.03},
    "aid": {"number_excel": 0.02, "name_note": 0.006, "name_homophone": 0.015, "name_blank": 0.03, "number_digit": 0.015},
    "school": {"name_homophone": 0.035, "name_shape": 0.02, "number_missing": 0.04, "birth_swapped": 0.005,
               "birth_shifted": 0.008, "name_former": 0.5},
    "medical": {"number_truncated": 0.02, "name_truncated": 0.5, "number_digit": 0.015, "name_homophone": 0.02,
                "name_mojibake": 0.003, "number_of_another": 0.004},
    "deaths": {"number_missing": 0.06, "birth_default": 0.02, "number_fifteen": 0.05, "name_traditional": 0.03,
               "name_former": 0.4, "name_note": 0.004, "phone_missing": 0.9},
    "union_roll": {"number_excel": 0.03, "number_missing": 0.06, "name_homophone": 0.02, "name_note": 0.004,
                   "number_filler": 0.01, "birth_missing": 0.2},
    "payroll_public": {"number_fifteen": 0.005, "name_former": 0.1},
    "unemployment_benefit": {"number_truncated": 0.01, "number_blanks": 0.02},
    "custody": {"name_homophone": 0.03, "number_missing": 0.08, "name_former": 0.4, "address_missing": 0.4},
    "injury_cases": {"number_digit": 0.02, "name_one_character": 0.006, "birth_missing": 0.2},
    "handlers": {"number_missing": 0.3, "phone_missing": 0.6},
}  # fmt: skip
"""Where a source's rate is not the common one."""

OWN_FILES, OF_THE_COMMON = "members", 0.4
"""The applicants' own files err at this share of the common rates."""

OWN_RATES: Mapping[str, float] = {
    "name_former": 0.03,
    "name_rare": 0.1,
    "number_of_another": 0.0,
    "number_masked": 0.0,
}
"""Where the own files' rate is another. Numbers of others are planted there instead (lookalikes.NUMBER_OWNER)."""

RARE_AS: Mapping[str, tuple[str, ...]] = {
    "finance": ("pinyin", "pinyin", "pinyin", "?", "private"),
    "vehicles": ("pinyin", "pinyin", "?", "?", "□"),
    "population": ("private", "private", "?", "□"),
    "marriage": ("private", "□", "?", "dropped"),
    "real_estate": ("?", "private", "□", "dropped"),
}
RARE_ANYWHERE = ("?", "?", "pinyin", "□", "private", "dropped")
"""What a system writes that cannot write a character: its sound in capitals, a mark, a private-use code, nothing."""


def of(source: str) -> dict[str, float]:
    """Every kind with its rate in this source."""
    if source == OWN_FILES:
        return {kind: rate * OF_THE_COMMON for kind, rate in BASE.items()} | dict(OWN_RATES)
    return {**BASE, **BY_SOURCE.get(source, {})}


def table() -> pl.DataFrame:
    """Columns source, kind, rate, and `among` for the kinds whose rate is a share of the rows they can fall on."""
    rows = [
        (source, kind, rate, CONCERNED.get(kind))
        for source in (*SOURCES, OWN_FILES)
        for kind, rate in of(source).items()
    ]
    schema = {"source": pl.String, "kind": pl.String, "rate": pl.Float64, "among": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("source", "kind")
