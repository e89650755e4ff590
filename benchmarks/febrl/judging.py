"""How right pairs and groups are, against the truth that the FEBRL ids carry."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from matcher.scoring import reliability

LINK = 0.9
"""The plans' own threshold for a link."""

DEPTH = 0.001
"""Pairs are judged down to this probability on either side, far below any threshold anybody would set."""

Quality = dict[str, float | str]


def entities(ids: pl.Series) -> pl.DataFrame:
    """The rows with their entity: rec-12-org and rec-12-dup-0 are one."""
    return pl.DataFrame({"id": ids}).with_columns(entity=pl.col("id").str.extract(r"^(rec-\d+)-"))


def pairs_within(rows: pl.DataFrame, group: str) -> pl.DataFrame:
    """Every pair of rows (`id`) that share a group, the smaller id left."""
    both = rows.join(rows, on=group, suffix="_right").filter(pl.col("id") < pl.col("id_right"))
    return both.select(left_id="id", right_id="id_right")


def of_pairs(folder: Path, pairs: pl.DataFrame) -> Quality:
    """Pairs (left_id, right_id, probability, weight_bits) at the best of all thresholds and at the plans' own."""
    truth = pl.read_parquet(folder / "truth.parquet").with_columns(same=pl.lit(True))
    judged = pairs.join(truth, on=["left_id", "right_id"], how="left").with_columns(pl.col("same").fill_null(False))
    best = reliability.curve(judged, len(truth)).best
    assert best is not None
    links = judged.filter(pl.col("probability") >= LINK)
    return {
        "f1": round(best.f1, 4),
        "precision": round(best.precision, 4),
        "recall": round(best.recall, 4),
        "threshold_bits": round(best.weight_bits, 1),
        **_named(f"at_{LINK}", int(links.get_column("same").sum()), len(links), len(truth)),
    }


def of_groups(folder: Path, groups: pl.DataFrame, name: str) -> Quality:
    """Pairs within the groups (columns id, group)."""
    return of_links(folder, pairs_within(groups, "group"), name)


def of_links(folder: Path, claimed: pl.DataFrame, name: str) -> Quality:
    """Pairs that are claimed to be one (left_id, right_id)."""
    truth = pl.read_parquet(folder / "truth.parquet")
    return _named(name, len(claimed.join(truth, on=["left_id", "right_id"])), len(claimed), len(truth))


def _named(name: str, right: int, claimed: int, known: int) -> Quality:
    precision, recall = right / max(claimed, 1), right / known
    f1 = 2 * right / (claimed + known)
    return {name: f"{f1:.4f} (precision {precision:.4f}, recall {recall:.4f})"}
