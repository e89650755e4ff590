"""Who was asked about and who was answered for, by source: silence is not the answer that there is no record."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import polars as pl

from matcher.authorisations import ALL_SOURCES, SEPARATORS
from matcher.sources.contract import all_contracts, fold, load

ANSWERS, AUTHORISATIONS = "answers", "authorisations"
_KEPT = {ANSWERS: ["person_id", "source", "answer", "answered_on"], AUTHORISATIONS: ["person_id", "source"]}


@dataclass(frozen=True, slots=True)
class Answered:
    """Of one source: persons `asked` about, `answered` for with or without a record, and answered with NO_ANSWER."""

    asked: int
    answered: int
    no_answer: int

    @property
    def open(self) -> int:
        """Persons of whom the source has said neither that there is a record nor that there is none."""
        return self.asked - self.answered


def kept(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """What is kept of a chunk of answers or authorisations."""
    return frame.select(_KEPT[table])


def by_source(
    answers: Iterable[pl.DataFrame], authorisations: Iterable[pl.DataFrame], complete: Collection[str]
) -> dict[str, Answered]:
    """Every source that answers by lists: who was asked about, and what of them has been answered.

    Whoever authorised the source, or all, was asked about; not of a `complete` source, whose extract says it all. A
    person's last answer counts; of two on one day the one that says less.
    """
    told, asked = (
        pl.concat([load(table).schema().to_frame().select(_KEPT[table]), *frames])
        for table, frames in ((ANSWERS, answers), (AUTHORISATIONS, authorisations))
    )
    caution = pl.col("answer").replace_strict({"RECORD": 0, "NO_RECORD": 1, "NO_ANSWER": 2}, default=2)
    names = {name: contract.id for contract in all_contracts() for name in contract.names()}
    told = told.with_columns(source=_source_ids(told.get_column("source"), names)).drop_nulls("source")
    last = (
        told.sort("source", "person_id", "answered_on", caution, nulls_last=False)
        .group_by("source", "person_id", maintain_order=True)
        .last()
    )
    found = {}
    for source in last.get_column("source").unique().sort().to_list():
        own = last.filter(pl.col("source") == source)
        words = next(contract.names() for contract in all_contracts() if contract.id == source)
        covering = _cells(asked.get_column("source"), words | ALL_SOURCES)
        people = asked.filter(pl.col("source").is_in(covering) | pl.col("source").is_null())
        if source in complete:
            people = people.clear()
        spoken = own.filter((pl.col("answer") != "NO_ANSWER").fill_null(False))
        everyone = pl.concat([people.get_column("person_id"), own.get_column("person_id")]).n_unique()
        found[source] = Answered(everyone, len(spoken), len(own) - len(spoken))
    return found


def _source_ids(written: pl.Series, names: dict[str, str]) -> pl.Series:
    known = {cell: names.get(fold(cell)) for cell in written.unique().drop_nulls().to_list()}
    return written.replace_strict(known, default=None, return_dtype=pl.String) if known else written


def _cells(written: pl.Series, words: frozenset[str]) -> list[str]:
    """The cells that name one of these."""
    return [
        cell
        for cell in written.unique().drop_nulls().to_list()
        if {fold(name) for name in SEPARATORS.split(cell) if name} & words
    ]
