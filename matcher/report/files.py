"""The output files of a scan, written whole or not at all, and read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from matcher.errors import InputRefused, UsageError
from matcher.rules.rule import SEVERITIES

TABLES = ("links", "findings", "coverage", "rejects", "flooded")
ROW_GROUP = 100_000


def write_outputs(out: Path, tables: dict[str, pl.DataFrame], summary: dict[str, Any]) -> None:
    """Writes the tables and summary.json; they take the place of an earlier scan's when all of them are complete.

    Equal frames give equal bytes. The earlier summary is removed first, so that it never stands beside other tables. Where
    there is no room for all, nothing is replaced.
    """
    written = {out / f"{name}.parquet.part": out / f"{name}.parquet" for name in TABLES}
    summary_part = out / "summary.json.part"
    try:
        for name, part in zip(TABLES, written, strict=True):
            tables[name].rechunk().write_parquet(part, compression="zstd", statistics=True, row_group_size=ROW_GROUP)
        summary_part.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except BaseException:
        for part in (*written, summary_part):
            part.unlink(missing_ok=True)
        raise
    (out / "summary.json").unlink(missing_ok=True)
    for part, place in written.items():
        part.replace(place)
    summary_part.replace(out / "summary.json")


def read_summary(out: Path) -> dict[str, Any]:
    """The content of summary.json. Raises InputRefused where the folder holds no finished scan."""
    try:
        content: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise InputRefused(
            "there is no finished scan here", file=out, remedy="Run `matcher scan DIR --out OUT`, or --resume one"
        ) from error
    return content


def read_table(out: Path, name: str) -> pl.DataFrame:
    """One of the tables of a finished scan."""
    read_summary(out)
    return pl.read_parquet(out / f"{name}.parquet")


def gravest_first(findings: pl.DataFrame) -> pl.DataFrame:
    """The order in which people look: how bad if true, then how much is at stake."""
    rank = pl.col("severity").replace_strict(
        {each: place for place, each in enumerate(SEVERITIES)}, return_dtype=pl.Int8
    )
    return findings.sort(rank, "amount_high_yuan", "finding_id", descending=[True, True, False])


def find(out: Path, beginning: str) -> dict[str, Any]:
    """The finding whose id begins so. Raises UsageError where none or several do."""
    findings = read_table(out, "findings")
    found = findings.filter(pl.col("finding_id").str.starts_with(beginning.strip().lower()))
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} findings begin with {beginning!r}; "
            + ("copy a finding_id from findings.parquet" if found.is_empty() else "give more of it")
        )
    return found.row(0, named=True)
