"""One folder validated: every feed read once, counted and judged; quality.json, rejects.parquet and history.jsonl written.

Feeds are streamed, and memory does not grow with them, but for 64-bit hashes of rows (repeats) and the applicants' own
answer lists. A feed that is refused is listed with its message; what of it was set aside before stays in the rejects.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from matcher import __version__
from matcher.errors import InputRefused, UsageError
from matcher.frames import REJECTS
from matcher.progress import Progress, silent
from matcher.quality import answers, checks, history
from matcher.quality.content import REFUSED, Judged
from matcher.quality.doubts import Doubts
from matcher.quality.history import Figures
from matcher.quality.profile import Profile
from matcher.quality.results import Subject
from matcher.sources import feeds
from matcher.sources.contract import load
from matcher.sources.delivery import Delivery, Feed, open_folder
from matcher.sources.keeping import Keeping
from matcher.sources.manifest import Keys

CHUNK_ROWS = 1 << 18
QUALITY, REJECTED = "quality.json", "rejects.parquet"


@dataclass(frozen=True)
class Request:
    """What to validate: `folder`'s feeds (or only `sources`) on the day `today`, results into `out`.

    `history`: earlier batches from there instead of from OUT/history.jsonl. `databases`: the operator's own queries; `keys`:
    who may sign for a source (manifest.read_keys). `rows`: where accepted rows are kept as Parquet, a folder a source (keeping).
    `doubts`: where is written, a folder a source, of which record each line of the rejects is (doubts).
    """

    folder: Path
    out: Path
    today: dt.date
    sources: tuple[str, ...] = ()
    history: Path | None = None
    databases: Path | None = None
    keys: Keys | None = None
    rows: Path | None = None
    doubts: Path | None = None


@dataclass
class _Read:
    """What reading a folder has found so far."""

    profiles: dict[str, Profile] = field(default_factory=dict)
    refused: dict[str, InputRefused] = field(default_factory=dict)
    answers: list[pl.DataFrame] = field(default_factory=list)
    authorisations: list[pl.DataFrame] = field(default_factory=list)


def validate(request: Request, progress: Progress = silent) -> dict[str, Any]:
    """The content of quality.json, written together with rejects.parquet; new batches are added to OUT/history.jsonl.

    The same batch on the same day gives the same bytes. Raises UsageError for an unknown source or an OUT inside the
    folder, InputRefused for a folder, feeds.toml or history that cannot be understood; never for a single feed.
    """
    if request.out.resolve().is_relative_to(request.folder.resolve()):
        raise UsageError(f"{request.out} lies in the folder that is validated; name another place with --out")
    delivery = open_folder(request.folder, request.databases, request.keys)
    chosen = _chosen(delivery, request.sources)
    own = history.read(request.out / history.FILE)
    known = own if request.history is None else _named(request.history)
    request.out.mkdir(parents=True, exist_ok=True)
    with _Rejects(request.out / f"{REJECTED}.part") as rejects:
        read = _Read()
        for feed in chosen:
            keeping = Keeping(request.rows / feed.source, feed.contract) if request.rows else None
            with Doubts(request.doubts / feed.source, feed) if request.doubts else nullcontext() as doubts:
                _read(feed, request.today, read, rejects, progress, keeping, doubts)
    try:
        judged = _judged(chosen, delivery, read, known, request.today)
        content = {
            "checked_on": request.today.isoformat(),
            "versions": {"program": __version__},
            "ignored_files": list(delivery.ignored),
            "sources": [source.as_dict() for source in judged],
        }
        _put(request.out / QUALITY, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    except BaseException:
        rejects.path.unlink(missing_ok=True)
        raise
    rejects.path.replace(request.out / REJECTED)
    history.append(request.out / history.FILE, own, [source.figures for source in judged if source.figures])
    return content


def any_refused(content: dict[str, Any]) -> bool:
    """Whether a feed could not be read at all."""
    return any(source["state"] == REFUSED for source in content["sources"])


def _chosen(delivery: Delivery, sources: Sequence[str]) -> list[Feed]:
    for source in sources:
        if source not in delivery.feeds:
            raise UsageError(f"the folder holds no {source!r}; it holds {', '.join(delivery.feeds) or 'no feed'}")
    return [feed for source, feed in delivery.feeds.items() if not sources or source in sources]


def _named(path: Path) -> list[Figures]:
    if not path.is_file():
        raise InputRefused(
            "there is no such file", file=path, remedy="Name a history.jsonl that validate has written"
        )
    return history.read(path)


def _read(
    feed: Feed,
    today: dt.date,
    read: _Read,
    rejects: _Rejects,
    progress: Progress,
    keeping: Keeping | None,
    doubts: Doubts | None,
) -> None:
    """Reads a feed once and keeps what was counted, or why it was refused; its rows and doubts, too, where they are wanted."""
    profile = Profile(feed.contract, feed.as_of or today)
    try:
        for chunk in feeds.chunks(feed, CHUNK_ROWS):
            profile.add(chunk)
            rejects.write(chunk.rejects)
            if keeping is not None:
                keeping.add(chunk)
            if doubts is not None:
                doubts.add(chunk)
            if feed.source == answers.ANSWERS:
                read.answers.append(answers.kept(chunk.frame, answers.ANSWERS))
            elif feed.source == answers.AUTHORISATIONS:
                read.authorisations.append(answers.kept(chunk.frame, answers.AUTHORISATIONS))
            progress(feeds.step("read", feed, chunk.bytes_read, profile.counts["rows_in"]))
    except InputRefused as error:
        read.refused[feed.source] = error
    else:
        read.profiles[feed.source] = profile
        if keeping is not None:
            keeping.finish()


def _judged(
    chosen: Sequence[Feed], delivery: Delivery, read: _Read, known: Sequence[Figures], today: dt.date
) -> list[Judged]:
    """Every source that was read, refused, or only answers by lists."""
    complete = {feed.source for feed in delivery.feeds.values() if feed.complete}
    answered = answers.by_source(read.answers, read.authorisations, complete)
    lists = delivery.feeds.get(answers.ANSWERS)
    due = lists.answers_due if lists is not None else None
    found = []
    for feed in chosen:
        if feed.source in read.refused:
            found.append(Judged(feed.contract, None, refused=read.refused[feed.source]))
            continue
        profile = read.profiles[feed.source]
        figures = Figures(feed.source, feed.as_of, _hashes(feed), profile.finish(), tuple(profile.headings))
        earlier = history.earlier(known, figures)
        subject = Subject(
            feed.contract,
            figures,
            profile.examples,
            earlier,
            today,
            answered.get(feed.source),
            feed.answers_due or due,
        )
        found.append(Judged(feed.contract, figures, checks.judge(subject), profile.examples, earlier))
    for source in sorted(set(answered) - {feed.source for feed in delivery.feeds.values()}):
        nothing = Figures(source, None, {}, {}, ())
        subject = Subject(load(source), nothing, {}, (), today, answered[source], due)
        found.append(Judged(load(source), None, (checks.q10_answers(subject),)))
    return found


def _hashes(feed: Feed) -> dict[str, str]:
    hashes = {}
    for path in feed.files:
        with path.open("rb") as stream:
            hashes[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return hashes


def _put(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


class _Rejects:
    """A Parquet file of frames.REJECTS that grows while feeds are read; removed again where that fails."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> _Rejects:
        self._schema: pa.Schema = REJECTS.to_frame().to_arrow(compat_level=pl.CompatLevel.oldest()).schema
        self._writer = pq.ParquetWriter(self.path, self._schema, compression="zstd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    def write(self, frame: pl.DataFrame) -> None:
        """Appends the lines."""
        if len(frame):
            self._writer.write_table(frame.select(REJECTS.names()).to_arrow(compat_level=pl.CompatLevel.oldest()))
