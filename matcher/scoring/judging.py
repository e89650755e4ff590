"""Links beside a known truth, read from files: which pairs are one person, which truths were found, who looks alike.

Two shapes are understood. A scan's: OUT/links.parquet names a pair by person, source, record and party, and the truth is
a folder: truth_links.parquet with the same four, and where wanted `slices` (the kinds of error on either side of the
pair), truth_lookalike_links.parquet (pairs that are two people, and their `relation`) and truth_findings.parquet. And
that of any two linked tables: pairs are named by left_id and right_id, and the truth may be a single file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from matcher.errors import InputRefused

SCAN_KEYS = ("person_id", "source", "record_id", "party")
TABLE_KEYS = ("left_id", "right_id")
FIGURES = {"probability": pl.Float64, "weight_bits": pl.Float64, "decision": pl.String}
CLEAN = "clean"
ENDINGS = (".parquet", ".csv", ".ndjson", ".jsonl")


@dataclass(frozen=True)
class Findings:
    """The leads of a scan and those that were planted; both have rule_id, household_id and basis (null: any)."""

    claimed: pl.DataFrame
    planted: pl.DataFrame


@dataclass(frozen=True)
class Judged:
    """What the truth says of every link, and the links of every truth.

    `pairs`: the links, each once, the strongest first: keys, probability, weight_bits, decision, `same` (they are one
    person), `relation` (of two people who look alike), and `grade` and `levels` where OUT has them. `known`: the true
    pairs with their `decision`, null where they were not found, and `slices` where the truth has them. `lookalikes`: the
    pairs that are two people, each with its relation and decision; None where the truth holds none.
    """

    keys: tuple[str, ...]
    pairs: pl.DataFrame
    known: pl.DataFrame
    lookalikes: pl.DataFrame | None = None
    findings: Findings | None = None


def read(out: Path, truth: Path) -> Judged:
    """The links in OUT (a file, or a folder with a links table) judged by the truth (a folder, or a file of true pairs).

    Raises InputRefused, naming the file and the remedy.
    """
    links_file = _in_folder(out, "links") if out.is_dir() else out
    links = _table(links_file)
    keys = next((shape for shape in (SCAN_KEYS, TABLE_KEYS) if set(shape) <= set(links.columns)), None)
    if keys is None:
        raise InputRefused(
            f"it names no pairs: neither {', '.join(SCAN_KEYS)} nor {', '.join(TABLE_KEYS)} are among its columns",
            file=links_file,
            remedy="Give the folder a scan wrote, or the file matcher link wrote",
        )
    truth_file = _in_folder(truth, "truth_links") if truth.is_dir() else truth
    lookalikes_file = truth / "truth_lookalike_links.parquet"
    return judge(
        _columns(
            _with_levels(links, keys), [*keys, *FIGURES], links_file, "Give the links as the matcher wrote them"
        ),
        _columns(
            _table(truth_file),
            keys,
            truth_file,
            f"The true pairs are named by {', '.join(keys)}, as in {links_file.name}",
        ),
        keys,
        _columns(_table(lookalikes_file), [*keys, "relation"], lookalikes_file, "Write it anew with matcher synth")
        if lookalikes_file.exists()
        else None,
        _findings(out, truth),
        (links_file, truth_file),
    )


def judge(
    links: pl.DataFrame,
    known: pl.DataFrame,
    keys: tuple[str, ...] = SCAN_KEYS,
    lookalikes: pl.DataFrame | None = None,
    findings: Findings | None = None,
    files: tuple[Path | None, Path | None] = (None, None),
) -> Judged:
    """Links judged by the true pairs, both as tables; `files` is where they came from, for messages."""
    as_text = [pl.col(key).cast(pl.String) for key in keys]
    links = (
        links.with_columns(*as_text, *(pl.col(name).cast(kind) for name, kind in FIGURES.items()))
        .sort(["weight_bits", *keys], descending=[True, *(False for _ in keys)])
        .unique(keys, keep="first", maintain_order=True)
    )
    if links.select(pl.any_horizontal(pl.col(*FIGURES).is_null().any())).item():
        raise InputRefused(
            f"a link is without {', '.join(name for name in FIGURES if links.get_column(name).null_count())}",
            file=files[0],
            remedy="Give the links as the matcher wrote them",
        )
    known = known.with_columns(as_text).unique(keys, keep="first", maintain_order=True)
    if known.is_empty():
        raise InputRefused(
            "it holds no true pair", file=files[1], remedy="Give the truth of the tables that were linked"
        )
    kept = [name for name in ("grade", "levels") if name in links.columns]
    pairs = links.select(*keys, *FIGURES, *kept).join(
        known.select(*keys, same=pl.lit(True)), on=keys, how="left", maintain_order="left"
    )
    decided = links.select(*keys, "decision")
    if lookalikes is not None:
        lookalikes = lookalikes.select(*as_text, pl.col("relation").cast(pl.String)).unique([*keys, "relation"])
        if both := len(lookalikes.join(known, on=keys, how="semi")):
            raise InputRefused(
                f"{both:,} of its pairs are true pairs too, so that they are both one person and two",
                file="truth_lookalike_links.parquet",
                remedy="Correct one of the two tables",
            )
        related = lookalikes.group_by(keys).agg(pl.col("relation").sort().first())
        pairs = pairs.join(related, on=keys, how="left", maintain_order="left")
        lookalikes = lookalikes.join(decided, on=keys, how="left").sort("relation", *keys)
    else:
        pairs = pairs.with_columns(relation=pl.lit(None, dtype=pl.String))
    slices = [pl.col("slices")] if isinstance(known.schema.get("slices"), pl.List) else []
    return Judged(
        keys=keys,
        pairs=pairs.with_columns(pl.col("same").fill_null(False)),
        known=known.select(*keys, *slices).join(decided, on=keys, how="left", maintain_order="left"),
        lookalikes=lookalikes,
        findings=findings,
    )


def _findings(out: Path, truth: Path) -> Findings | None:
    planted_file = truth / "truth_findings.parquet"
    if not (out.is_dir() and planted_file.exists()):
        return None
    planted, claimed_file = _table(planted_file), _in_folder(out, "findings")
    if "basis" not in planted.columns:
        planted = planted.with_columns(basis=pl.lit(None, dtype=pl.String))
    columns = ["rule_id", "household_id", "basis"]
    remedy = "Give the findings as matcher scan wrote them, and the truth as matcher synth did"
    return Findings(
        _columns(_table(claimed_file), columns, claimed_file, remedy).select(columns),
        _columns(planted, columns, planted_file, remedy).select(columns),
    )


def _in_folder(folder: Path, name: str) -> Path:
    for ending in ENDINGS:
        if (path := folder / f"{name}{ending}").exists():
            return path
    raise InputRefused(
        "this file is needed and not there", file=folder / f"{name}.parquet", remedy="Check the folder"
    )


def _table(path: Path) -> pl.DataFrame:
    """A table as it stands; the columns of a CSV are text."""
    if not path.is_file():
        raise InputRefused("there is no such file or folder", file=path, remedy="Check the path")
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputRefused("this kind of file is not read", file=path, remedy=f"Give one of {', '.join(ENDINGS)}")
    try:
        if ending == ".parquet":
            return pl.read_parquet(path)
        if ending == ".csv":
            return pl.read_csv(path, infer_schema=False)
        return pl.read_ndjson(path, infer_schema_length=None)
    except (PolarsError, OSError, UnicodeDecodeError) as error:
        raise InputRefused(
            f"it cannot be read as {ending[1:].upper()} ({type(error).__name__})",
            file=path,
            remedy="Write it anew, or check that its ending says what it is",
        ) from error


def _with_levels(links: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """The links with their levels in one column: a CSV has a column a field instead."""
    fields = [name for name in links.columns if name not in {*keys, *FIGURES, "grade", "blocks", "levels"}]
    return links if "levels" in links.columns or not fields else links.with_columns(levels=pl.struct(fields))


def _columns(frame: pl.DataFrame, needed: list[str] | tuple[str, ...], path: Path, remedy: str) -> pl.DataFrame:
    if lacking := [name for name in needed if name not in frame.columns]:
        raise InputRefused(f"it has no column {', '.join(lacking)}", file=path, remedy=remedy)
    return frame
