"""One applicant checked now: its pairs come from an index on disk and go through the same kernel as a scan's.

Under one plan, model and index an applicant gets exactly the pairs, weights and grades that a scan gives it. Who may be
looked up is the caller's to know: nothing here asks, and nothing of the applicant is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from matcher import applicants, kernel, linking
from matcher.applicants import Applicants
from matcher.engines.local import name_records, named
from matcher.errors import InputRefused
from matcher.frames import FLOODED
from matcher.index import Index, Source
from matcher.plan import Plan
from matcher.prepared import Prepared
from matcher.scoring.model import Model

PERSON = "person_id"
NO_MODEL = "persons-2.json"
"""The model of a plan that names none."""

SAID = {"name", "id_number", "sex", "birth_date", "phone", "address", "division_code", "former_name", "person_id", "authorised_until"}
"""What an applicant may say of itself; every key may be left out but one that a block is made of."""


@dataclass(frozen=True)
class Checked:
    """What an index holds about one applicant: links as frames.links, and the blocks that were flooded (frames.FLOODED)."""

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

    def check(self, person: Mapping[str, Any]) -> Checked:
        """Every pair of the applicant and a record at or above the review threshold, by source, record and party.

        `person` holds the identity columns of the contract by name (dates as text, year first). Raises InputRefused for
        a key that is none of them, a value that is no text, or an applicant whom no block of the plan can look up.
        """
        one = self._applicant(person)
        found, flooded = [], []
        for source in self.index.sources.values():
            pairs, flood = self._pairs(one, source)
            if len(pairs):
                found.append(linking.links(pairs, self.plan, self.model))
            flooded.append(flood)
        return Checked(linking.merge(found, self.plan), pl.concat([FLOODED.to_frame(), *flooded]))

    def _applicant(self, person: Mapping[str, Any]) -> Applicants:
        for key, value in person.items():
            if key not in SAID:
                raise InputRefused(
                    "this says nothing about a person", column=key, remedy=f"An applicant may have {', '.join(sorted(SAID))}"
                )
            if value is not None and not isinstance(value, str | dt.date):
                raise InputRefused("a value is a text", column=key, remedy="Put it in quotation marks")
        said = {key: str(value) for key, value in person.items() if value is not None and str(value).strip()}
        if "birth_date" in said and not _is_day(said["birth_date"]):
            raise InputRefused("this is no day", column="birth_date", remedy="Write YYYY-MM-DD")
        row = pl.DataFrame({key: [said.get(key)] for key in SAID}, schema=dict.fromkeys(SAID, pl.String))
        one = applicants.keyed(
            pl.Series(PERSON, [said.get(PERSON, "")]), self.plan.prepare(row), self.plan, self.model
        )
        if not any((keys.dense != 0).any() or len(keys.more.keys) for keys in one.keys):
            raise InputRefused(
                "too little is said to look anybody up",
                remedy=f"Give what one of these is made of: {' or '.join(block.name for block in self.plan.blocks)}",
            )
        return one

    def _pairs(self, one: Applicants, source: Source) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The scored pairs of one source with their records' names, and what was flooded there."""
        found, flooded = [], []
        for party in source.parties:
            rows, bits = [], []
            for place, block in enumerate(self.plan.blocks):
                held = one.keys[place]
                keys = np.unique(np.concatenate([held.dense[held.dense != 0], held.more.keys]))
                if not len(keys):
                    continue
                records, sizes = source.bearing(party, place, keys)
                if sizes.sum() > block.cap:
                    flooded.append((block.name, int(sizes.sum())))
                    continue
                rows.append(records)
                bits.append(np.full(len(records), 1 << place, dtype=np.uint32))
            if not rows:
                continue
            proposed, blocks = kernel.distinct(np.concatenate(rows).astype(np.uint64), np.concatenate(bits))
            if not len(proposed):
                continue
            table = source.facets(party).select(pl.all().gather(proposed))
            pairs = kernel.weigh(one, Prepared(table), np.arange(len(proposed), dtype=np.uint64), blocks)
            record = pl.Series("record", proposed[pairs.get_column("record").to_numpy()].astype(np.uint32))
            found.append(pairs.with_columns(record, party=pl.lit(party)))
        flood = pl.DataFrame(
            [(one.ids[0], source.name, block, size) for block, size in flooded], schema=FLOODED, orient="row"
        )
        if not found or not sum(map(len, found)):
            return pl.DataFrame(), flood
        pairs = pl.concat(found)
        matched = pairs.get_column("record").unique().sort()
        records = name_records(source.rows.select(pl.all().gather(matched)), source.feed.contract)
        pairs = named(pairs, matched, records, one, source.name)
        return pairs.with_columns(person_id=one.ids.gather(pairs.get_column("applicant"))), flood


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True

