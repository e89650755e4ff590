"""One applicant checked now: its pairs come from an index on disk and go through the same kernel as a scan's.

Under one plan, model and index an applicant gets exactly the pairs, weights and grades that a scan gives it. Who may be
looked up is the caller's to know: nothing here asks, and nothing of the applicant is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher import applicants, evidence, kernel, linking
from matcher.applicants import Applicants
from matcher.errors import InputRefused
from matcher.frames import FLOODED
from matcher.index import Index, Source
from matcher.plan import Plan
from matcher.prepared import Prepared
from matcher.scoring.model import Model
from matcher.scoring.weighing import Scale

PERSON = "person_id"
NO_MODEL = "persons-2.json"
"""The model of a plan that names none."""

_NO_ROWS, _NO_BITS = np.zeros(0, np.uint64), np.zeros(0, np.uint32)

SAID = {
    "name",
    "id_number",
    "sex",
    "birth_date",
    "phone",
    "address",
    "division_code",
    "former_name",
    "person_id",
    "authorised_until",
}
"""What an applicant may say of itself; every key may be left out but one that a block is made of."""


@dataclass(frozen=True)
class Checked:
    """What an index holds about one applicant: `links` as frames.links, and `flooded` (frames.FLOODED), per block and party."""

    links: pl.DataFrame
    flooded: pl.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON; nothing of the applicant but its person_id."""
        return {"links": self.links.to_dicts(), "flooded": self.flooded.to_dicts()}


@dataclass(frozen=True)
class Checker:
    """An index and a model, opened once and asked often."""

    index: Index
    model: Model

    @property
    def plan(self) -> Plan:
        """The plan of the index."""
        return self.index.plan

    @cached_property
    def _scale(self) -> Scale:
        return applicants.scale_of(self.plan, self.model)

    def check(self, person: Mapping[str, Any]) -> Checked:
        """Every pair of the applicant and a record at or above the review threshold, by source, record and party.

        `person` holds the identity columns of the contract by name (dates as text, year first). Raises InputRefused for
        a key that is none of them, a value that is no text, or an applicant whom no block of the plan can look up.
        """
        one = self._applicant(person)
        tables, places, bits = [], [], []
        flooded: list[tuple[str, str, str, int]] = []
        for source in self.index.sources.values():
            for party, (rows, blocks) in self._proposed(one, source, flooded).items():
                if len(rows):
                    tables.append(source.facets(party).select(pl.all().gather(rows)))
                    places.append((source, party, rows))
                    bits.append(blocks)
        flood = pl.DataFrame(flooded, schema=FLOODED, orient="row")
        if not tables:
            return Checked(linking.merge([], self.plan), flood)
        records = Prepared(pl.concat(tables, rechunk=True))
        pairs = kernel.weigh(one, records, np.arange(len(records), dtype=np.uint64), np.concatenate(bits)).pairs
        found = self._named(one, pairs, places)
        return Checked(
            linking.links(found, self.plan, self.model) if len(found) else linking.merge([], self.plan), flood
        )

    def _applicant(self, person: Mapping[str, Any]) -> Applicants:
        for key, value in person.items():
            if key not in SAID:
                raise InputRefused(  # which key is not said: it may be a person's number in the wrong place
                    "one of the keys says nothing about a person",
                    remedy=f"An applicant may have {', '.join(sorted(SAID))}",
                )
            if value is not None and not isinstance(value, str | dt.date):
                raise InputRefused("a value is a text", column=key, remedy="Put it in quotation marks")
        said = {key: str(value) for key, value in person.items() if value is not None and str(value).strip()}
        born = _day(said["birth_date"]) if "birth_date" in said else None
        row = pl.DataFrame(
            {key: [born if key == "birth_date" else said.get(key)] for key in SAID},
            schema={key: pl.Date if key == "birth_date" else pl.String for key in SAID},
        )
        one = applicants.keyed(
            pl.Series(PERSON, [said.get(PERSON, "")]), self.plan.prepare(row), self.plan, self.model, self._scale
        )
        if not any((keys.dense != 0).any() or len(keys.more.keys) for keys in one.keys):
            raise InputRefused(
                "too little is said to look anybody up",
                remedy=f"Give what one of these is made of: {' or '.join(block.name for block in self.plan.blocks)}",
            )
        return one

    def _proposed(
        self, one: Applicants, source: Source, flooded: list[tuple[str, str, str, int]]
    ) -> dict[str, tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]]:
        """By party the rows of a source that some block proposes, and the blocks as bits; floods are noted in `flooded`.

        As in a scan, a block's records of all parties count together.
        """
        found: dict[str, tuple[list[npt.NDArray[np.uint64]], list[npt.NDArray[np.uint32]]]]
        found = {party: ([_NO_ROWS], [_NO_BITS]) for party in source.parties}
        for place, (block, held) in enumerate(zip(self.plan.blocks, one.keys, strict=True)):
            keys = np.unique(np.concatenate([held.dense[held.dense != 0], held.more.keys]))
            borne = {party: source.bearing(party, place, keys) for party in source.parties} if len(keys) else {}
            size = sum(records for _, records in borne.values())
            if size > block.cap:
                flooded.append((one.ids[0], source.name, block.name, size))
                continue
            for party, (rows, records) in borne.items():
                found[party][0].append(rows.astype(np.uint64))
                found[party][1].append(np.full(records, 1 << place, dtype=np.uint32))
        return {
            party: kernel.distinct(np.concatenate(rows), np.concatenate(bits))
            for party, (rows, bits) in found.items()
        }

    def _named(
        self, one: Applicants, pairs: pl.DataFrame, places: list[tuple[Source, str, npt.NDArray[np.uint64]]]
    ) -> pl.DataFrame:
        """The pairs with source, party and the name of the record, as a scan names it."""
        found, start = [], 0
        at = pairs.get_column("record").to_numpy()
        for source, party, rows in places:
            inside = (at >= start) & (at < start + len(rows))
            if inside.any():
                some = pairs.filter(pl.Series(inside))
                matched = pl.Series("record", rows[at[inside] - start].astype(np.uint32))
                records = evidence.name_records(source.rows.select(pl.all().gather(matched)), source.feed.contract)
                some = some.with_columns(matched, party=pl.lit(party))
                found.append(linking.named(some, matched, records, one, source.name))
            start += len(rows)
        if not found:
            return pl.DataFrame()
        every = pl.concat(found)
        return every.with_columns(person_id=one.ids.gather(every.get_column("applicant")))


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputRefused("this is no day", column="birth_date", remedy="Write YYYY-MM-DD") from None
