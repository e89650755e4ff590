"""Any two tables linked, or one table's rows grouped, under any plan: the kernel and engine of a scan without its rules."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from matcher import __version__, applicants, flooding, grouping, kernel, linking, tables
from matcher import plan as plans
from matcher.applicants import Applicants
from matcher.engines import local
from matcher.engines.workspace import ChunkResult, Counts, Kept, Workspace
from matcher.errors import InputRefused, UsageError
from matcher.index import department_feeds
from matcher.kernel import Batch
from matcher.measure import Clock, peak_memory_bytes
from matcher.plan import Plan
from matcher.progress import Progress, silent
from matcher.scoring import model as models
from matcher.scoring.model import Model
from matcher.sources.chunking import Chunk
from matcher.sources.delivery import Feed, open_folder
from matcher.training import fitting, reviewed

NO_RECORDS = pl.DataFrame({"record_id": []}, schema={"record_id": pl.String})


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """Which tables to link and how. `train`: fit a model to these tables first, instead of reading one."""

    left: Path
    right: Path
    out: Path
    plan: Path | None = None
    model: Path | None = None
    train: bool = False
    one_to_one: bool = False
    best_match: bool = False
    resume: bool = False


@dataclass(frozen=True, slots=True)
class DedupeRequest:
    """Which table's rows to group and how."""

    table: Path
    out: Path
    plan: Path | None = None
    model: Path | None = None
    train: bool = False
    resume: bool = False


def link(request: LinkRequest, progress: Progress = silent, warn: tables.Warn = lambda _: None) -> dict[str, Any]:
    """Links LEFT (small, held in memory) to RIGHT (streamed) and writes the pairs at or above the review threshold.

    Columns: left_id, right_id, probability, weight_bits, grade, decision, levels, blocks; sorted by both ids. The same
    inputs, plan and model give the same bytes. Rows that a block flooded are named in `flooded_beside(out)`. Returns counts,
    timings and peak memory. Raises InputRefused or UsageError; finished chunks then stay beside `out` for `resume`.
    """
    if request.one_to_one and request.best_match:
        raise UsageError("--one-to-one and --best-match exclude each other")
    clock, plan = Clock(), plans.load(request.plan)
    left = tables.open_table(request.left, plan, plan.left_id, warn)
    right = tables.open_table(request.right, plan, plan.right_id, warn)
    model = _model(plan, request.model, request.train, left, right, progress)
    clock.lap("open" if not request.train else "train")
    small = small_side(left, plan, model)
    clock.lap("left")
    marks = [_mark(request.left), _mark(request.right)]
    with _Work(request.out, plan, [model, *marks], resume=request.resume) as workspace:
        counts = local.run(
            right, plan.chunk_rows, lambda chunk: match_chunk(chunk, small, plan.right_id), workspace, progress
        )
        clock.lap("match")
        kept = workspace.kept(right.source)
        pairs = _with_rarity(kept.pairs, small)
        found = _decided(pairs, small, model)
        if request.one_to_one:
            found = grouping.one_to_one(found.filter(pl.col("decision") == "LINK"), "left_id", "right_id")
        if request.best_match:
            found = grouping.best_match(found, "left_id", "right_id")
        write_table(found, request.out)
        _write_flooded(kept, small, "left_id", request.out)
    clock.lap("link")
    return _report(clock, small, model, counts, found, kept)


def dedupe(request: DedupeRequest, progress: Progress = silent, warn: tables.Warn = lambda _: None) -> dict[str, Any]:
    """Groups the rows of TABLE that are one entity; writes row_id and group_id (the group's first row's id), every row once.

    The table is held in memory as facets. Raises InputRefused or UsageError.
    """
    clock, plan = Clock(), plans.load(request.plan)
    feed = tables.open_table(request.table, plan, plan.left_id, warn)
    model = _model(plan, request.model, request.train, feed, feed, progress)
    clock.lap("open" if not request.train else "train")
    small = small_side(feed, plan, model)
    clock.lap("table")
    with _Work(request.out, plan, [model, _mark(request.table)], resume=request.resume) as workspace:
        counts = local.run(
            feed, plan.chunk_rows, lambda chunk: match_chunk(chunk, small, plan.left_id), workspace, progress
        )
        clock.lap("match")
        kept = workspace.kept(feed.source)
        pairs = _with_rarity(kept.pairs, small)
        places = pl.DataFrame({"right_id": small.ids, "record": np.arange(len(small), dtype=np.uint32)})
        pairs = pairs.rename({"record_id": "right_id"}).join(places, on="right_id", maintain_order="left")
        pairs = pairs.filter(pl.col("applicant") < pl.col("record"))
        sure = pairs.with_columns(grade=linking.grade(plan, model)).filter(linking.decision(plan, model) == "LINK")
        first = grouping.groups(
            len(small),
            sure.get_column("applicant").to_numpy().astype(np.int64),
            sure.get_column("record").to_numpy().astype(np.int64),
            sure.get_column("weight_bits").to_numpy(),
            lambda one, two: kernel.forbidden(small, small.people, one.astype(np.uint32), two.astype(np.uint32)),
        )
        found = pl.DataFrame({"row_id": small.ids, "group_id": small.ids.gather(first)})
        write_table(found, request.out)
        _write_flooded(kept, small, "row_id", request.out)
    clock.lap("group")
    report = _report(clock, small, model, counts, sure, kept)
    once = {what: count // 2 for what, count in counts.apart.items()}  # each pair was looked at from both sides
    return report | {"apart": once, "rows": len(found), "groups": found.get_column("group_id").n_unique()}


def train(
    given: Sequence[Path],
    plan_file: Path | None,
    out: Path,
    progress: Progress = silent,
    warn: tables.Warn = lambda _: None,
    judged: Path | None = None,
) -> Model:
    """Fits a model to a scan's folder (members against all its feeds), two tables, or one table to be deduped; writes it.

    Pairs that people `judged` are calibrated by, too. Raises UsageError or InputRefused.
    """
    plan, homes = plans.load(plan_file), None
    if len(given) == 1 and given[0].is_dir():
        delivery = open_folder(given[0])
        if "members" not in delivery.feeds:
            raise InputRefused(
                "the folder has no members table", file="members.*", remedy="Add it, or give two tables"
            )
        left = delivery.feeds["members"]
        homes = delivery.feeds.get("households")
        rights = [feed for feed in department_feeds(delivery).values() if not feed.contract.parties]
        if not rights:
            raise InputRefused(
                "the folder has no department feed", file=given[0], remedy="Add one, such as population.*"
            )
    elif len(given) in (1, 2):
        left = tables.open_table(given[0], plan, plan.left_id, warn)
        rights = [tables.open_table(given[1], plan, plan.right_id, warn)] if len(given) == 2 else [left]
    else:
        raise UsageError("give a folder, two tables, or one table")
    households = tables.read_table(homes).unique("household_id", keep="first", maintain_order=True) if homes else None
    trained = fitting.train(
        plan,
        left,
        rights,
        progress,
        lambda rows: rows if households is None else applicants.at_home(rows, households),
        () if judged is None else reviewed.read(judged),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    models.write(trained, out)
    return trained


def write_table(frame: pl.DataFrame, out: Path) -> None:
    """Writes a table as Parquet, CSV or NDJSON by its ending, whole or not at all; CSV has a column a field's level."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    if out.suffix.lower() == ".csv":
        flat = frame.unnest("levels") if "levels" in frame.columns else frame
        if "blocks" in flat.columns:
            flat = flat.with_columns(pl.col("blocks").list.join("|"))
        flat.write_csv(part)
    elif out.suffix.lower() in (".ndjson", ".jsonl"):
        frame.write_ndjson(part)
    else:
        frame.write_parquet(part, compression="zstd")
    part.replace(out)


def flooded_beside(out: Path) -> Path:
    """Where the rows stand whom a block flooded, and by which block: beside the output, where there are any."""
    return out.with_name(f"{out.stem}.flooded.parquet")


def _write_flooded(kept: Kept, small: Applicants, id_column: str, out: Path) -> None:
    """Columns: the row's id, `block`, whose key too many records bear, and how many `records` do; none is there without."""
    flooded_beside(out).unlink(missing_ok=True)
    if not kept.flooded.is_empty():
        named = flooding.name_flooded(kept.flooded, small.ids, "", small.plan)
        write_table(named.drop("source").rename({"person_id": id_column}), flooded_beside(out))


class _Work:
    """The folder of finished chunks beside the output, there while the work is not done."""

    def __init__(self, out: Path, plan: Plan, parts: list[object], *, resume: bool) -> None:
        if out.is_dir():
            raise UsageError(f"--out names a folder; give a file, such as {out / 'links.parquet'}")
        out.parent.mkdir(parents=True, exist_ok=True)
        fingerprint = hashlib.sha256(
            json.dumps([__version__, *map(repr, [plan, *parts])]).encode("utf-8")
        ).hexdigest()
        self.workspace = Workspace.open(out.with_name(f".{out.name}.work"), fingerprint, plan, resume=resume)

    def __enter__(self) -> Workspace:
        return self.workspace

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is None:
            shutil.rmtree(self.workspace.folder, ignore_errors=True)


def _model(plan: Plan, path: Path | None, train: bool, left: Feed, right: Feed, progress: Progress) -> Model:
    _one_model(plan, path, train=train)
    return fitting.train(plan, left, [right], progress) if train else models.load(path or plan.model or "")


def model_to_forecast(plan: Plan, path: Path | None, *, train: bool) -> Model:
    """The model of a run that is only forecast; where it is yet to be trained, one that keeps every candidate."""
    _one_model(plan, path, train=train)
    return fitting.flat(plan) if train else models.load(path or plan.model or "")


def _one_model(plan: Plan, path: Path | None, *, train: bool) -> None:
    if train and path is not None:
        raise UsageError("--train fits a model to these tables, --model reads one: give one of them")
    if not train and path is None and plan.model is None:
        raise UsageError("this plan comes without a model; add --train, or --model FILE made by matcher train")


def small_side(feed: Feed, plan: Plan, model: Model) -> Applicants:
    """The table in memory, sorted by its ids, prepared and keyed. Raises InputRefused where two rows have one id."""
    frame = tables.read_table(feed)
    if plan.left_id in frame.columns:
        frame = frame.sort(plan.left_id)  # so that nothing depends on the order of the rows
    ids = tables.ids(frame, plan.left_id)
    if ids.is_duplicated().any():
        row = frame.get_column("row_number").filter(ids.is_duplicated()).max()
        raise InputRefused(
            "two rows have the same id",
            file=feed.files[0].name,
            row=int(row),  # type: ignore[arg-type]
            column=plan.left_id,
            remedy="Name each row once",
        )
    return applicants.keyed(ids, plan.prepare(frame), plan, model)


def match_chunk(chunk: Chunk, small: Applicants, id_column: str | None) -> ChunkResult:
    """The pairs of one chunk, under the records' ids; a pure function of its arguments."""
    rows = chunk.frame.rechunk()
    scored = kernel.score(small, Batch.of(rows, small.plan))
    names = tables.chunk_ids(chunk, id_column)
    pairs = scored.pairs.with_columns(record_id=names.gather(scored.pairs.get_column("record"))).drop("record")
    return ChunkResult(
        pairs,
        NO_RECORDS,
        chunk.rejects,
        scored.proposed,
        Counts(chunk.rows_in, len(rows), dict(chunk.nulled), dict(scored.apart)),
    )


def _with_rarity(pairs: pl.DataFrame, small: Applicants) -> pl.DataFrame:
    """The pairs with the rarity of the left names."""
    rarity = small.rarities.get("name", {}).get("exact", np.zeros(len(small)))
    bits = pl.Series("name_bits", rarity[pairs.get_column("applicant").to_numpy()], dtype=pl.Float64)
    return pairs.with_columns(bits)


def _decided(pairs: pl.DataFrame, small: Applicants, model: Model) -> pl.DataFrame:
    plan = small.plan
    return (
        pairs.with_columns(
            left_id=small.ids.gather(pairs.get_column("applicant")),
            right_id="record_id",
            grade=linking.grade(plan, model),
        )
        .with_columns(
            decision=linking.decision(plan, model), levels=pl.struct(plan.names), blocks=linking.block_names(plan)
        )
        .select("left_id", "right_id", "probability", "weight_bits", "grade", "decision", "levels", "blocks")
        .sort("left_id", "right_id", "weight_bits")
    )


def _mark(path: Path) -> str:
    """What tells one state of a file from another, without reading it whole: size, time, and both ends."""
    status = path.stat()
    with path.open("rb") as stream:
        ends = stream.read(1 << 20)
        stream.seek(max(0, status.st_size - (1 << 20)))
        ends += stream.read()
    return f"{path.name}:{status.st_size}:{status.st_mtime_ns}:{hashlib.sha256(ends).hexdigest()}"


def _report(
    clock: Clock, small: Applicants, model: Model, counts: Counts, found: pl.DataFrame, kept: Kept
) -> dict[str, Any]:
    if not len(kept.pairs) <= kept.candidates <= small.bound:
        raise AssertionError(f"{kept.candidates} candidates, of at most {small.bound}")
    return {
        "left": len(small),
        "right_rows": counts.rows_in,
        "right_set_aside": counts.rows_in - counts.accepted,
        "candidates": kept.candidates,
        "bound": small.bound,
        "pairs": len(found),
        "links": int((found.get_column("decision") == "LINK").sum()) if "decision" in found.columns else len(found),
        "apart": dict(counts.apart),
        "flooded": kept.flooded.get_column("applicant").n_unique(),
        "timings_seconds": clock.laps,
        "peak_memory_bytes": peak_memory_bytes(),
        "versions": {"program": __version__, "plan": small.plan.version, "model": model.version},
    }
