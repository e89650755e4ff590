"""Doubtful rows: what a batch held that could not be read goes back to the department that sent it, to be mended by a day.

A doubt is where something stands and why it is doubted: file, row, column, reason; never what stands there. It is over when
a later batch no longer brings the fault, or when somebody of the department says that it is so.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MOST_OF_A_KIND = 1_000
"""So many rows of a batch are listed of one reason and column: who mends more mends them by a rule, not by a list."""

MOST_OF_A_BATCH = 5_000
"""And so many of a batch: a list that somebody can work through, written in less time than a writer waits for another."""

MOST_OF_A_SOURCE = 20_000
"""And so many of a department's kind of data, all its batches together: what stands is held against each batch that comes."""


class DoubtState(StrEnum):
    """Where a doubt stands."""

    OPEN = "OPEN"
    CORRECTED = "CORRECTED"
    CONFIRMED = "CONFIRMED"


Kind = tuple[str, str | None]
"""A reason, and the column that it is about; None where it is about the row."""

Named = tuple[bytes, str, str | None]
"""Which record it is, by its digest, and of which kind the doubt is: by this it is known again in a later batch."""


@dataclass(frozen=True, slots=True)
class Line:
    """A doubt as a batch brings it: where it stands, and which record it is, where that has a name."""

    file: str
    row: int
    kind: Kind
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A doubt that is there when a batch comes: which, and of which batch; OPEN or CONFIRMED."""

    id: int
    upload_id: int
    kind: Kind
    digest: bytes | None
    state: DoubtState


@dataclass(slots=True)
class Sifted:
    """What a batch's doubts come to beside those that stand, before anybody knows which batches are in force.

    `counts` are all lines by kind; `again` is where a doubt stands now, by its key; `fresh` are lines that are none of those,
    by kind, as many as may be listed; `spoken` are the keys of those of whose record the batch speaks at all.
    """

    standing: Sequence[Standing]
    counts: Counter[Kind] = field(default_factory=Counter)
    again: dict[int, Line] = field(default_factory=dict)
    fresh: dict[Kind, list[Line]] = field(default_factory=dict)
    spoken: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Placed:
    """What becomes of doubts: those that are brought again and where they stand now, those that are over, those that are new."""

    again: Mapping[int, Line]
    over: Sequence[int]
    fresh: Sequence[Line]


class Sieve:
    """Takes a batch's doubts one after the other, and keeps no more of them than can be listed."""

    def __init__(self, standing: Sequence[Standing]) -> None:
        self.found = Sifted(standing)
        self._named: dict[Named, deque[int]] = defaultdict(deque)
        self._of_digest: dict[bytes, list[int]] = defaultdict(list)
        self._nameless: Counter[Kind] = Counter()
        for each in standing:
            if each.digest is None:
                self._nameless[each.kind] += 1
            else:
                self._named[each.digest, *each.kind].append(each.id)
                self._of_digest[each.digest].append(each.id)
        self._kinds = {(reason, column) for _, reason, column in self._named}

    @property
    def asks_names(self) -> bool:
        """Whether any record would be known again by its name."""
        return bool(self._of_digest)

    def wants(self, kind: Kind) -> bool:
        """Whether a line of this kind may still be kept, or be one that stands: else its digest need not be reckoned."""
        return kind in self._kinds or len(self.found.fresh.get(kind, ())) < self._room(kind)

    def add(self, line: Line) -> None:
        """Takes a line."""
        known = self._named.get((line.digest, *line.kind)) if line.digest is not None else None
        if known:
            self.found.again[known.popleft()] = line
            return
        kept = self.found.fresh.setdefault(line.kind, [])
        if len(kept) < self._room(line.kind):
            kept.append(line)

    def count(self, kind: Kind, lines: int) -> None:
        """So many lines more are of this kind."""
        self.found.counts[kind] += lines

    def speaks_of(self, digests: Iterable[bytes]) -> None:
        """The batch speaks of these records."""
        for digest in digests:
            self.found.spoken.update(self._of_digest.get(digest, ()))

    def _room(self, kind: Kind) -> int:
        """Nameless ones may turn out to be some that stand; these take no place from new ones."""
        return MOST_OF_A_KIND + self._nameless[kind]


def placed(sifted: Sifted, in_force: Collection[int], outranked: Collection[int]) -> Placed:
    """What becomes of each doubt: `in_force` are the uploads whose batches still count, of these it has the last word over `outranked`.

    A record without a name is taken for one that stood in a batch which counts no more, as many of a kind as there were:
    so what is brought again keeps its day, and only what is fewer is over. What was confirmed is carried on by name alone.
    """
    again = dict(sifted.again)
    fresh = {kind: deque(lines) for kind, lines in sifted.fresh.items()}
    over = []
    for each in sifted.standing:
        if each.id in again or each.state is not DoubtState.OPEN:
            continue
        replaced = each.upload_id not in in_force
        if each.digest is None and replaced and (line := _nameless(fresh.get(each.kind, deque()))) is not None:
            again[each.id] = line
        elif replaced or (each.upload_id in outranked and each.id in sifted.spoken):
            over.append(each.id)
    listed = Counter(line.kind for line in again.values())
    most = min(MOST_OF_A_BATCH - len(again), MOST_OF_A_SOURCE - len(sifted.standing) + len(over))
    new: list[Line] = []
    for kind, lines in sorted(fresh.items(), key=lambda each: (len(each[1]), each[0][0], each[0][1] or "")):
        room = min(MOST_OF_A_KIND - listed[kind], most - len(new))
        new.extend(list(lines)[: max(0, room)])
    return Placed(again, over, sorted(new, key=lambda line: (line.file, line.row)))


def _nameless(lines: deque[Line]) -> Line | None:
    """The first line of a record without a name, which is taken out."""
    line = next((each for each in lines if each.digest is None), None)
    if line is not None:
        lines.remove(line)
    return line
