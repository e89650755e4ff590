"""Which batches of a source are in force, and in what order they speak: the later one has the last word on a record.

Batches of a day are ordered by kind (FULL, PARTIAL, CHANGES: nobody corrects what was not cut yet), then by number. A full
extract supersedes all its department sent before it, and any batch those of its department that it names: none withdraws
what another department said. What is superseded is history.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from matcher.errors import InputRefused
from matcher.sources.contract import fold, load
from matcher.sources.manifest import Kind, Manifest, Promised


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of a source. `unknown` are the batches it supersedes that have never come from its department."""

    number: str
    kind: Kind
    department: str
    as_of: dt.date
    files: tuple[Promised, ...]
    signed: bool
    supersedes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """The department as it is compared: it speaks of its own records only."""
        return fold(self.department)

    def says_the_same(self, other: Batch) -> bool:
        """Whether both are one batch with the same content, whatever its files are called."""
        return self._content() == other._content()

    def _content(self) -> tuple[object, ...]:
        hashes = sorted(file.sha256 for file in self.files)
        return (self.number, self.kind, self.owner, self.as_of, sorted(self.supersedes), hashes)

    def described(self) -> dict[str, Any]:
        """The batch as summary.json lists it."""
        return {
            "batch": self.number,
            "kind": self.kind,
            "as_of": self.as_of.isoformat(),
            "department": self.department,
            "signed": self.signed,
            "files": [{"name": file.name, "sha256": file.sha256, "rows": file.rows} for file in self.files],
            "supersedes": list(self.supersedes),
            "unknown": list(self.unknown),
        }


def _of_described(told: Mapping[str, Any]) -> Batch:
    return Batch(
        number=told["batch"],
        kind=told["kind"],
        department=told["department"],
        as_of=dt.date.fromisoformat(told["as_of"]),
        files=tuple(Promised(file["name"], file["sha256"], file["rows"]) for file in told["files"]),
        signed=told["signed"],
        supersedes=tuple(told["supersedes"]),
        unknown=tuple(told["unknown"]),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """The batches of a source: those in force in the order in which they speak, and those that are history."""

    in_force: tuple[Batch, ...] = ()
    history: tuple[Batch, ...] = ()

    @property
    def as_of(self) -> dt.date | None:
        """The day up to which the source has spoken."""
        return max((batch.as_of for batch in self.in_force), default=None)

    @property
    def complete(self) -> bool:
        """Whether every department of the source has sent all it holds, so that absence means no record."""
        return bool(self.in_force) and all(
            any(batch.kind == "FULL" and batch.owner == owner for batch in self.in_force)
            for owner in {batch.owner for batch in self.in_force}
        )

    def described(self) -> dict[str, Any]:
        """The batches as summary.json lists them; nothing where there are none."""
        told = {"in_force": self.in_force, "history": self.history}
        return (
            {name: [batch.described() for batch in batches] for name, batches in told.items()}
            if self.in_force
            else {}
        )


def of_described(told: Mapping[str, Any]) -> Standing:
    """The standing that Standing.described describes."""
    return Standing(
        tuple(map(_of_described, told.get("in_force", ()))), tuple(map(_of_described, told.get("history", ())))
    )


def order(batch: Batch) -> tuple[object, ...]:
    """By what batches of a source are sorted; numbers inside a batch's number count as numbers."""
    number = [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", batch.number)]
    return (batch.as_of, get_args(Kind).index(batch.kind), number)


def standing(batches: Iterable[Batch]) -> Standing:
    """Which of a source's batches are in force; each number stands there once.

    Raises InputRefused where each of them is superseded by another.
    """
    every = sorted(batches, key=order)
    owners = {batch.number: batch.owner for batch in every}
    every = [
        replace(batch, unknown=tuple(other for other in batch.supersedes if owners.get(other) != batch.owner))
        for batch in every
    ]
    past: set[str] = set()
    for place, batch in enumerate(every):
        past.update(set(batch.supersedes) - set(batch.unknown))
        if batch.kind == "FULL":
            past.update(earlier.number for earlier in every[:place] if earlier.owner == batch.owner)
    if every and owners.keys() <= past:
        raise InputRefused(
            f"the batches {', '.join(sorted(owners))} supersede one another",
            file=every[0].files[0].name,
            remedy="Ask the department which of them counts",
        )
    return Standing(
        tuple(batch for batch in every if batch.number not in past),
        tuple(batch for batch in every if batch.number in past),
    )


def of_source(source: str, manifests: Sequence[Manifest], departments: Sequence[str]) -> Standing:
    """The standing of a source's batches; a batch that came twice counts once, as the manifest of the shorter name has it.

    `departments`, where the operator names several, each send batches of their own. Raises InputRefused, naming the manifest,
    for batches that contradict each other.
    """
    first: dict[str, Manifest] = {}
    for manifest in sorted(manifests, key=lambda each: (len(each.path.name), each.path.name)):
        other = first.setdefault(manifest.batch, manifest)
        if not other.says_the_same(manifest):
            raise _refused(
                manifest,
                f"it is batch {manifest.batch}, and so is {other.path.name}, which says otherwise",
                "A batch that is sent again changed needs a number of its own, and `supersedes` the old one",
            )
        _of_known_department(manifest, next(iter(first.values())), departments)
        if manifest.kind == "CHANGES" and "record_id" not in load(source).schema():
            raise _refused(
                manifest,
                f"records of {source} have no record_id by which they could be changed",
                "Send what is new as PARTIAL, or everything as FULL",
            )
    for manifest in first.values():
        for number in _of_its_own(manifest, first):
            _is_earlier(manifest, first[number])
    _end_somewhere(first)
    return standing(
        Batch(
            manifest.batch,
            manifest.kind,
            manifest.department,
            manifest.as_of,
            manifest.files,
            manifest.signed,
            manifest.supersedes,
        )
        for manifest in first.values()
    )


def _of_known_department(manifest: Manifest, first: Manifest, departments: Sequence[str]) -> None:
    owner = fold(manifest.department)
    if departments and owner not in map(fold, departments):
        raise _refused(
            manifest,
            f"feeds.toml does not name {manifest.department} among the departments of {manifest.source}",
            f"Add it there to `departments` of [{manifest.source}], or let its name be written as it is there",
        )
    if not departments and owner != fold(first.department):
        raise _refused(
            manifest,
            f"it comes from {manifest.department}, and {first.path.name} from {first.department}",
            "Where these are two that each send their own records, name both in feeds.toml: "
            f'[{manifest.source}] departments = ["…", "…"]. Else let the name be written the same in all manifests',
        )


def _of_its_own(manifest: Manifest, first: Mapping[str, Manifest]) -> list[str]:
    """The batches of its own department that it supersedes, of those that came."""
    owner = fold(manifest.department)
    return [number for number in manifest.supersedes if number in first and fold(first[number].department) == owner]


def _is_earlier(manifest: Manifest, named: Manifest) -> None:
    if named is manifest or named.as_of > manifest.as_of:
        raise _refused(
            manifest, f"it supersedes {named.batch}, which is not before it", "Name batches of an earlier as_of"
        )


def _end_somewhere(first: Mapping[str, Manifest]) -> None:
    for manifest in first.values():
        seen, ahead = set(), _of_its_own(manifest, first)
        while ahead:
            number = ahead.pop()
            if number == manifest.batch:
                raise _refused(manifest, "it supersedes what supersedes it", "Remove one of the two")
            if number not in seen:
                seen.add(number)
                ahead += _of_its_own(first[number], first)


def _refused(manifest: Manifest, what: str, remedy: str) -> InputRefused:
    return InputRefused(what, file=manifest.path.name, remedy=remedy)
