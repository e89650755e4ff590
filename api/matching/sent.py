"""A batch that a department sends alone, one file of it, as the matcher's folders and manifests know batches."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.durable import named
from api.matching.folders import (
    MAPPING,
    FeedFiles,
    contract_digest,
    described_section,
    in_use,
    link,
    write_manifests,
)
from matcher.errors import InputRefused
from matcher.quality.content import refused as refusal
from matcher.quality.history import FILE as HISTORY
from matcher.quality.run import QUALITY
from matcher.report.quality import FILE as PAGE
from matcher.sources.batches import Batch, Standing, of_described
from matcher.sources.delivery import NOT_FEEDS, SUPPORTED, TRUTH, is_supported, source_of
from matcher.sources.keeping import listed
from matcher.sources.manifest import KINDS, Promised, belongs
from matcher.sources.mapping import section
from matcher.sources.retracting import outranks

READ_AS = ("encoding", "columns", "values", "units")
"""What of a mapping tells how files are read; it is the source's, and so of all its batches that are in force."""

ROWS = "rows"
"""Where the rows that are kept of a batch lie, in its folder."""

KEPT = ("check", "state", "title", "noticed", "figure", "baseline", "threshold", "assumed", "do")
"""What is kept of a check: figures and sentences, and no place or value of a file."""

__all__ = [
    "PAGE",
    "Judged",
    "batch",
    "check_mapping",
    "check_name",
    "fit",
    "judged",
    "keep_rows",
    "lay_out",
    "refusal",
    "standing",
    "write_history",
]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the matcher found of a batch: its rows, the ten checks, and what later batches are held against.

    `refused` is why it cannot be read at all; then there are no rows and no figures. `kept` are its rows as Parquet
    (models.Feed), where scans may read them in its place.
    """

    rows_in: int | None
    accepted: int | None
    checks: list[dict[str, Any]]
    figures: dict[str, Any] | None
    refused: dict[str, Any] | None
    kept: dict[str, Any] | None = None


def check_name(source: str, name: str) -> None:
    """Raises InputRefused for what no file of this source may be called."""
    if not is_supported(Path(name)):
        raise InputRefused(
            f"files of the kind {Path(name).suffix or 'without suffix'} cannot be read",
            file=name,
            remedy=f"Send it as one of {' '.join(SUPPORTED)}",
        )
    if name.startswith((".", TRUTH)) or name in NOT_FEEDS or belongs(name):
        raise InputRefused("no feed is called so", file=name, remedy="Send it under another name")
    if source_of(name) not in (None, source):
        raise InputRefused(f"by its name it is no file of {source}", file=name, remedy="Send it under another name")


def check_mapping(source: str, mapping: Mapping[str, Any]) -> None:
    """Raises InputRefused for what no section of feeds.toml may say of this source."""
    section(source, dict(mapping))


def batch(
    source: str,
    path: Path,
    sha256: str,
    number: str,
    kind: str,
    department: str,
    as_of: dt.date,
    supersedes: Sequence[str],
    mapping: Mapping[str, Any],
    rows: int = 0,
) -> FeedFiles:
    """A file that was sent as one batch, as the feed that it would be alone."""
    promised = (Promised(path.name, sha256),)
    told = Batch(number, KINDS[kind], department, as_of, promised, False, tuple(supersedes), tuple(supersedes))
    standing = Standing((told,))
    return FeedFiles(source, (path,), as_of, standing.complete, {**mapping, "batches": standing.described()}, rows)


def lay_out(folder: Path, fresh: FeedFiles, bring: Callable[[Path, Path], None] = link) -> None:
    """Fills a folder with the batch alone, as its department would have sent it: the file, its manifest, feeds.toml.

    `bring` makes a file be there under another name, too.
    """
    (path,) = fresh.files
    bring(path, folder / path.name)
    write_manifests(folder, fresh, [[(path.name, None)]])
    (folder / MAPPING).write_text(described_section(fresh, []), encoding="utf-8")


def fit(came: Sequence[FeedFiles], fresh: FeedFiles) -> FeedFiles:
    """What the source comes to with a batch more. Raises InputRefused where that fits not with what came before."""
    _withdraws_its_own(came, fresh)
    (joined,) = in_use([*came, fresh])
    in_force = {each["batch"] for each in joined.mapping["batches"]["in_force"]}
    for feed in came:
        numbers = {each["batch"] for each in feed.mapping.get("batches", {}).get("in_force", ())}
        if numbers & in_force and _read_as(feed) != _read_as(fresh):
            raise InputRefused(
                f"batch {', '.join(sorted(numbers & in_force))} is in force and is read by another mapping",
                file=fresh.files[0].name,
                remedy="Send it with the same mapping, or send everything anew as FULL",
            )
    return joined


def standing(joined: FeedFiles, fresh: FeedFiles) -> tuple[frozenset[str], frozenset[str]]:
    """Which batches of the source are in force with a batch more, and over which of these it has the last word; by number."""
    (batch,) = of_described(fresh.mapping["batches"]).in_force
    counts = of_described(joined.mapping["batches"]).in_force
    in_force = frozenset(each.number for each in counts)
    if batch.number not in in_force:
        return in_force, frozenset()
    return in_force, frozenset(each.number for each in counts if outranks(batch, each))


def _withdraws_its_own(came: Sequence[FeedFiles], fresh: FeedFiles) -> None:
    (batch,) = of_described(fresh.mapping["batches"]).in_force
    told = [of_described(feed.mapping.get("batches", {})) for feed in came]
    others = {each.number for standing in told for each in (*standing.in_force, *standing.history)
              if each.owner != batch.owner}  # fmt: skip
    if foreign := sorted(others & set(batch.supersedes)):
        raise InputRefused(
            f"batch {', '.join(foreign)} came from another department, and is not this one's to supersede",
            file=fresh.files[0].name,
            remedy="Leave it out of `supersedes`; where the department was renamed meanwhile, tell the operator",
        )


def write_history(path: Path, earlier: Sequence[Mapping[str, Any]]) -> None:
    """What earlier batches came to, the oldest first, as `matcher validate` reads it."""
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in earlier), encoding="utf-8")


def judged(out: Path) -> Judged | None:
    """What `matcher validate` left in its folder; None where it did not come to the feed."""
    if not (out / QUALITY).exists():
        return None
    (source,) = json.loads((out / QUALITY).read_text(encoding="utf-8"))["sources"]
    checks = [{name: check[name] for name in KEPT} for check in source["checks"]]
    if source["refused"] is not None:
        return Judged(None, None, checks, None, source["refused"])
    lines = (out / HISTORY).read_text(encoding="utf-8").splitlines()
    return Judged(source["rows_in"], source["accepted"], checks, json.loads(lines[-1]), None)


def keep_rows(found: Judged, written: Path, fresh: FeedFiles, folder: Path) -> Judged:
    """The same with the rows that `matcher validate` kept, which lie in the batch's folder from now on, on the disk for good.

    They take the file's place where they tell all that it tells: in a full extract, and in a part of which no row was set aside. What
    is set aside in a part supersedes what came before; and corrections are orders, not rows.
    """
    (batch,) = of_described(fresh.mapping["batches"]).in_force
    rows = listed(written / fresh.source)
    whole = found.rows_in == found.accepted
    if found.refused or not (batch.kind == "FULL" or (batch.kind == "PARTIAL" and whole)):
        return found
    if not rows or sum(each.rows for each in rows) != found.accepted:
        return found
    (folder / ROWS).mkdir(mode=0o700, exist_ok=True)
    told = []
    for each in rows:
        passing = folder / ROWS / ".part"
        link(written / fresh.source / each.name, passing)  # copied, where the feeds lie on another disk
        with passing.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            size = passing.stat().st_size
            passing.chmod(0o600)
            name = f"{ROWS}/{sha256[:32]}.parquet"
            named(opened, passing, folder / name)
        told.append({"name": name, "table": each.table, "rows": each.rows, "bytes": size, "sha256": sha256})
    return replace(found, kept={"contract": contract_digest(fresh.source), "files": told})


def not_opened(said: str, name: str) -> Judged:
    """A batch that was refused before its rows were read, in the matcher's words."""
    what = said.removeprefix("matcher: ")
    return Judged(None, None, [], None, {"what": what, "file": name, "row": None, "column": None, "remedy": None})


def _read_as(feed: FeedFiles) -> dict[str, Any]:
    return {key: feed.mapping[key] for key in READ_AS if feed.mapping.get(key)}
