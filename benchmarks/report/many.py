"""As many leads as asked for, made of a scan's own: the same rules, words and links, all figures and numbers others."""

from __future__ import annotations

import random
import re
from typing import Any

import polars as pl

from matcher.frames import FINDINGS

_FIGURES = re.compile(r"(?<![A-Z0-9])[0-9]+")


def many(
    findings: pl.DataFrame, links: pl.DataFrame, wanted: int, seed: int = 1
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """So many findings that no two say the same, and the links behind them; hard to pack, as real ones are."""
    chance, rows, linked = random.Random(seed), [], []
    known = {(row["source"], row["record_id"], row["person_id"]): row for row in links.iter_rows(named=True)}
    patterns = links.rows(named=True)
    originals = findings.rows(named=True)
    for number in range(wanted):
        row = dict(originals[number % len(originals)])
        figures: dict[str, str] = {}
        person, evidence = f"P{chance.randrange(10**8):08}", []
        for piece in row["evidence"]:
            prefix = piece["record_id"].rstrip("0123456789")
            new = {
                "source": piece["source"],
                "record_id": f"{prefix}{chance.randrange(10**10):010}",
                "person_id": person,
            }
            link = known.get((piece["source"], piece["record_id"], piece["person_id"]))
            if link is not None:
                like = link if chance.random() < 0.8 else chance.choice(patterns)
                linked.append(like | new | {"weight_bits": like["weight_bits"] + chance.random()})
            evidence.append(new)
        rows.append(
            row
            | {
                "finding_id": f"{chance.getrandbits(96):024x}",
                "household_id": f"H{chance.randrange(10**7):07}",
                "person_ids": [person],
                "evidence": evidence,
                "amount_high_yuan": row["amount_high_yuan"] and row["amount_high_yuan"] + chance.randrange(10_000),
                "explanation_zh": _others(row["explanation_zh"], figures, chance),
                "explanation_en": _others(row["explanation_en"], figures, chance),
            }
        )
    return pl.DataFrame(rows, schema=FINDINGS, orient="row"), _unique(
        pl.DataFrame(linked, schema=links.schema, orient="row")
    )


def _others(text: str, figures: dict[str, str], chance: random.Random) -> str:
    """The text with other figures, equal ones alike and the same in both languages; headings and bases stay."""

    def other(found: re.Match[str]) -> str:
        old = found[0]
        if old not in figures:
            figures[old] = str(chance.randrange(10 ** (len(old) - 1), 10 ** len(old))) if len(old) > 1 else old
        return figures[old]

    first, *rest = text.split("\n")
    kept = ("依据：", "Basis: ")
    return "\n".join([first, *(line if line.startswith(kept) else _FIGURES.sub(other, line) for line in rest)])


def _unique(links: pl.DataFrame) -> pl.DataFrame:
    return links.unique(["person_id", "source", "record_id"], keep="first", maintain_order=True)


def summary_of(summary: dict[str, Any], findings: pl.DataFrame) -> dict[str, Any]:
    """The scan's summary with the figures of these findings."""
    by_rule = findings.group_by("rule_id").agg(
        findings=pl.len(), households=pl.col("household_id").n_unique(), low=pl.col("amount_low_yuan").sum(), high=pl.col("amount_high_yuan").sum()
    ).sort("rule_id")  # fmt: skip
    told = {
        row["rule_id"]: {"findings": row["findings"], "households": row["households"], "amount_low_yuan": str(row["low"]), "amount_high_yuan": str(row["high"])}
        for row in by_rule.iter_rows(named=True)
    }  # fmt: skip
    return summary | {"findings": summary["findings"] | {"by_rule": told}}
