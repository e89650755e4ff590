"""The batches a department has sent, one line of JSON each: figures alone, nothing of a person; a batch stands there once."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from matcher.errors import InputRefused

FILE = "history.jsonl"
TRAILING = 12
"""So many earlier batches make the baseline."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is kept of one batch of a source: when it was cut, the SHA-256 of its files by name, its counts (profile), its headings."""

    source: str
    as_of: dt.date | None
    files: Mapping[str, str]
    counts: Mapping[str, int]
    headings: tuple[str, ...]

    @property
    def hash(self) -> str:
        """What tells it from any other batch of the source: the content of its files and the day, not their names."""
        said = [self.as_of.isoformat() if self.as_of else "", *sorted(self.files.values())]
        if not self.files:  # a query of a database leaves none
            said.append(json.dumps(self.counts, sort_keys=True))
        return hashlib.sha256("\n".join(said).encode("ascii")).hexdigest()

    def count(self, name: str) -> int:
        """One of the counts; 0 where nothing was counted."""
        return self.counts.get(name, 0)

    def total(self, beginning: str) -> int:
        """The sum of the counts whose names begin so."""
        return sum(count for name, count in self.counts.items() if name.startswith(beginning))

    def share(self, parts: str, whole: str) -> float | None:
        """`total(parts)` as a share of a count; None where that is 0."""
        base = self.count(whole)
        return self.total(parts) / base if base else None

    def line(self) -> str:
        """As it stands in the file."""
        entry = {
            "source": self.source,
            "as_of": self.as_of and self.as_of.isoformat(),
            "batch": self.hash,
            "files": dict(sorted(self.files.items())),
            "headings": list(self.headings),
            "counts": dict(sorted(self.counts.items())),
        }
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def read(path: Path) -> list[Figures]:
    """The batches in the order in which they came; none where there is no such file. Raises InputRefused for any other text."""
    if not path.exists():
        return []
    try:
        return [_figures(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused(
            "this is no history of batches", file=path, remedy="Name another with --history, or put it away"
        ) from error


def earlier(batches: Sequence[Figures], batch: Figures) -> list[Figures]:
    """The batches of the source that came before this one, the latest TRAILING of them; where it stands there itself, only
    those before it."""
    own = [other for other in batches if other.source == batch.source]
    for place, other in enumerate(own):
        if other.hash == batch.hash:
            own = own[:place]
            break
    return own[-TRAILING:]


def append(path: Path, known: Sequence[Figures], batches: Sequence[Figures]) -> int:
    """Adds the batches that are not known yet; returns how many. The file is replaced whole or not at all."""
    there = {(batch.source, batch.hash) for batch in known}
    new = [batch for batch in batches if (batch.source, batch.hash) not in there]
    if new:
        part = path.with_name(f"{path.name}.part")
        part.write_text("".join(f"{batch.line()}\n" for batch in (*known, *new)), encoding="utf-8")
        part.replace(path)
    return len(new)


def baseline(shares: Sequence[float | None]) -> float | None:
    """The median of what is known of earlier batches."""
    known = [share for share in shares if share is not None]
    return median(known) if known else None


def _figures(entry: dict[str, Any]) -> Figures:
    counts = {str(name): int(count) for name, count in entry["counts"].items()}
    return Figures(
        source=str(entry["source"]),
        as_of=dt.date.fromisoformat(entry["as_of"]) if entry["as_of"] else None,
        files={str(name): str(digest) for name, digest in entry["files"].items()},
        counts=counts,
        headings=tuple(map(str, entry["headings"])),
    )
