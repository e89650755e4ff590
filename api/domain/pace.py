"""How long a scan will still take: from how fast it goes, and from what the last one took; nothing where these do not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LEAST_SHARE = 0.05
"""Of a stage, before its pace tells anything."""

MATCH, LINK, RULES, INGEST = "match", "link", "rules", "ingest"
LATER = {MATCH: (LINK, RULES, INGEST), LINK: (RULES, INGEST), RULES: (INGEST,), INGEST: ()}


@dataclass
class Pace:
    """A scan at work: how many rows each source has, none where it goes since another; and what the stages took last time.

    Of a scan since another nobody can tell beforehand what it has to match again.
    """

    rows: Mapping[str, int]
    before: Mapping[str, float]
    _began: dict[str, tuple[float, float]] = field(default_factory=dict)
    _finished: set[str] = field(default_factory=set)

    def left(self, stage: str, done: int, total: int | None, at: float) -> int | None:
        """Whole seconds until the scan is done, as of a step told at `at` (seconds of any clock).

        >>> pace = Pace({"tax": 300, "aid": 100}, {"link": 2.0, "rules": 3.0, "ingest": 1.0})
        >>> pace.left("match tax", 0, 60, 0.0)
        >>> pace.left("match tax", 30, 60, 10.0)
        23
        """
        kind, _, source = stage.partition(" ")
        if kind not in LATER:
            return None
        share = min(done / total, 1.0) if total else 0.0
        if kind == MATCH:
            share = self._of_all(source, share)
        began, at_first = self._began.setdefault(kind, (at, share))
        rest = (
            _rest(share, share - at_first, at - began)
            if kind in (MATCH, LINK)
            else _of_before(self.before.get(kind), at - began)
        )
        later = [self.before.get(each) for each in LATER[kind]]
        if rest is None or None in later:
            return None
        return round(rest + sum(each for each in later if each is not None))

    def _of_all(self, source: str, share: float) -> float:
        """How much of all rows is matched, where this share of a source's is."""
        whole = sum(self.rows.values())
        if share >= 1.0:
            self._finished.add(source)
        past = sum(self.rows.get(each, 0) for each in self._finished - {source})
        return (past + share * self.rows.get(source, 0)) / whole if whole else 0.0


def _rest(share: float, gained: float, elapsed: float) -> float | None:
    if gained < LEAST_SHARE or elapsed <= 0:
        return None
    return elapsed * (1.0 - share) / gained


def _of_before(took: float | None, elapsed: float) -> float | None:
    """What is left of what it took last time; None where it takes longer than that."""
    return None if took is None or elapsed > took else took - elapsed
