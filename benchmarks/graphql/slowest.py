"""A search for the document that takes longest to prepare and weigh: python -m benchmarks.graphql.slowest SECONDS.

A document is a handful of motives, each repeated so many times; a step repeats one more or less often, adds one or takes one
away, and stays where the CPU time has grown. It begins anew where nothing grows any more.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from dataclasses import dataclass, field

from api.domain.errors import Refused
from api.gate.documents import Documents
from api.schema.root import schema

MOST_CHARACTERS = 16_384
PATIENCE = 60
MOTIVES = {
    "value": "login ",
    "object": "division{code nameZh} ",
    "alias": "a#:login ",
    "aliased object": "b#:division{code} ",
    "inline": "...{login} ",
    "inline object": "...on Viewer{division{code}} ",
    "spread": "...F# ",
    "spread of one": "...F0 ",
    "directive": "login @skip(if:false) ",
    "unknown field": "unknown# ",
    "unknown fragment": "...U# ",
    "unknown argument": "login(a#:1) ",
}
OTHERS = {
    "fragment": "fragment F# on Viewer{login ...G# division{code}} ",
    "fragment of fragments": "fragment G# on Viewer{permissions role ...F0} ",
    "operation": "query Q#($v#:Int){households(first:$v#){nodes{id members{id}}}} ",
    "page": "query P#{households(first:50 filter:{and:[{name:\"a\"}]}){nodes{id members{name} enrolments{id}}}} ",
    "ids": "query I#{nodes(ids:[1 2 3 4 5 6 7 8 9 \"a\" \"b\"]){id}} ",
    "list": "query L#{nodes(ids:[[[[[[[[1]]]]]]]]){id}} ",
    "object value": "query O#{households(filter:{not:{not:{not:{n#:1}}}}){nodes{id}}} ",
    "comment": "#\n",
}  # fmt: skip


@dataclass
class Candidate:
    """How often each motive stands in the document."""

    within: dict[str, int] = field(default_factory=dict)
    beside: dict[str, int] = field(default_factory=dict)

    def text(self) -> str:
        """The document."""
        inside = "".join(repeated(MOTIVES[name], times) for name, times in self.within.items()) or "login"
        return f"query Main{{viewer{{{inside}}}}} " + "".join(
            repeated(OTHERS[name], times) for name, times in self.beside.items()
        )

    def changed(self, chance: random.Random) -> Candidate:
        """Another one, not far from it."""
        other = Candidate(dict(self.within), dict(self.beside))
        counts, motives = chance.choice([(other.within, MOTIVES), (other.beside, OTHERS)])
        name = chance.choice(sorted(motives))
        counts[name] = int(counts.get(name, 0) * chance.choice([0, 0.5, 0.9, 1.1, 1.5, 2])) + chance.choice(
            [0, 1, 10]
        )
        return other


def repeated(motive: str, times: int) -> str:
    """So many of a motive, each with its own number."""
    return "".join(motive.replace("#", str(number)) if motive != "#\n" else motive for number in range(times))


def seconds(text: str) -> float:
    """CPU seconds until the document is prepared and weighed, or refused."""
    documents = Documents(schema._schema)
    began = time.process_time()
    try:
        prepared = documents.of(text)
        for operation in prepared.operations.values():
            prepared.weigher.weight(operation, {})
    except Refused:
        pass
    return time.process_time() - began


def search(budget: float, chance: random.Random) -> list[tuple[float, Candidate]]:
    """The slowest of each beginning, the slowest first."""
    found: list[tuple[float, Candidate]] = []
    end = time.monotonic() + budget
    while time.monotonic() < end:
        best, slowest, waited = Candidate(), 0.0, 0
        while waited < PATIENCE and time.monotonic() < end:
            tried = best.changed(chance)
            text = tried.text()
            waited += 1
            if len(text) > MOST_CHARACTERS or seconds(text) <= slowest:
                continue
            taken = min(seconds(text) for _ in range(3))
            if taken > slowest:
                best, slowest, waited = tried, taken, 0
        found.append((slowest, best))
    return sorted(found, key=lambda each: each[0], reverse=True)


def main() -> None:
    """Prints the five slowest."""
    gc.collect()
    gc.freeze()
    for taken, candidate in search(float(sys.argv[1]), random.Random(7))[:5]:
        counts = ", ".join(
            f"{times} × {name}" for name, times in {**candidate.within, **candidate.beside}.items() if times
        )
        print(f"{taken * 1000:6.0f} ms CPU, {len(candidate.text()):6,} characters: {counts}")  # noqa: T201


if __name__ == "__main__":
    main()
