"""What one batch holds, counted chunk by chunk while it is read; the counts do not depend on where chunks end."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import polars as pl

from matcher.quality import date_damage, name_damage, number_damage
from matcher.quality.places import FEW, Example, Marks, first_places
from matcher.quality.repeats import Repeats
from matcher.sources import checks
from matcher.sources.chunking import Chunk
from matcher.sources.contract import Contract

KEYS = {"members": "person_id", "households": "household_id"}
"""What names a row where it bears no `record_id`."""

UNREADABLE_DAYS = ("UNREADABLE_DATE", "UNREADABLE_MONTH")


class Profile:
    """Counts of a batch by name, the first places of each kind, and the headings of its files.

    The counts: `rows_in`, `accepted` · `filled.COLUMN`, `nulled.COLUMN` · `reason.REASON.COLUMN` lines of rejects ·
    `present.numbers|names|dates|birthdays|divisions` cells looked at · `numbers.KIND`, `names.KIND`, `dates.KIND`,
    `birthdays.KIND`, `divisions.KIND` cells noticed (an ending must not come before each of its beginnings).
    """

    def __init__(self, contract: Contract, as_of: dt.date) -> None:
        self.contract, self.as_of = contract, as_of
        self.counts: Counter[str] = Counter(rows_in=0, accepted=0)
        self.examples: dict[str, list[Example]] = {}
        self.headings: dict[str, None] = {}
        self.rows, self.keys = Repeats(), Repeats()

    def add(self, chunk: Chunk) -> None:
        """Counts a chunk."""
        self.counts.update(rows_in=chunk.rows_in, accepted=len(chunk.frame))
        self.counts.update({f"nulled.{column}": count for column, count in chunk.nulled.items()})
        self.headings.update(dict.fromkeys(_shown(chunk.headings)))
        self._rejected(chunk.rejects)
        frame = chunk.frame
        if frame.is_empty():
            return
        self._filled(frame)
        self._repeated(frame, chunk.file)
        for marks in self._noticed(frame):
            self._note(marks, frame, chunk.file)

    def finish(self) -> dict[str, int]:
        """All counts, those of `repeats.rows` and `repeats.keys` among them; sorted by name, none is 0 but the rows."""
        for kind, repeats in (("repeats.rows", self.rows), ("repeats.keys", self.keys)):
            count, places = repeats.extra()
            self.counts[kind] = count
            self.examples[kind] = [Example(file, row, None, f"×{times}") for file, row, times in places]
        self.counts["repeats.halvings"] = max(self.rows.halvings, self.keys.halvings)
        return {
            name: count for name, count in sorted(self.counts.items()) if count or name in ("rows_in", "accepted")
        }

    @property
    def key_column(self) -> str | None:
        """The column that names a row."""
        names = self.contract.schema()
        return "record_id" if "record_id" in names else KEYS.get(self.contract.id)

    def _filled(self, frame: pl.DataFrame) -> None:
        for column in self.contract.columns:
            filled = len(frame) - frame.get_column(column.name).null_count()
            self.counts[f"filled.{column.name}"] += filled
            if column.kind == "id_number":
                self.counts["present.numbers"] += filled
            elif column.kind == "name":
                self.counts["present.names"] += filled
            elif column.kind in ("date", "month"):
                self.counts["present.dates"] += filled
                if date_damage.is_birth(column.name):
                    self.counts["present.birthdays"] += filled
            elif column.name.endswith("division_code"):
                self.counts["present.divisions"] += filled

    def _repeated(self, frame: pl.DataFrame, file: str) -> None:
        rows = frame.get_column("row_number").to_numpy().astype(np.uint32)
        self.rows.add(file, frame.select(self.contract.schema().names()).hash_rows().to_numpy(), rows)
        if self.key_column is not None:
            keys = frame.get_column(self.key_column)
            if keys.null_count() < len(keys):
                there = keys.is_not_null().to_numpy()
                self.keys.add(file, keys.hash().to_numpy()[there], rows[there])

    def _noticed(self, frame: pl.DataFrame) -> list[Marks]:
        found = date_damage.marks(frame, self.contract, self.as_of)
        cut = int(self.as_of.strftime("%Y%m%d"))
        for column in self.contract.columns:
            if frame.get_column(column.name).null_count() == len(frame):
                continue
            if column.kind == "id_number":
                found += number_damage.marks(frame, column.name, cut)
            elif column.kind == "name":
                found += name_damage.marks(frame, column.name)
            elif column.name.endswith("division_code"):
                found += number_damage.division_marks(frame, column.name)
        return found

    def _note(self, marks: Marks, frame: pl.DataFrame, file: str) -> None:
        self.counts[marks.kind] += int(marks.where.sum())
        held = self.examples.setdefault(marks.kind, [])
        if len(held) < FEW:
            held.extend(first_places(frame, marks, file, self.contract, FEW - len(held)))

    def _rejected(self, rejects: pl.DataFrame) -> None:
        if rejects.is_empty():
            return
        groups = rejects.group_by("reason", "column", maintain_order=True)
        for (reason, column), lines in groups:
            kind = f"reason.{reason}.{column or ''}"
            self.counts[kind] += len(lines)
            places = [
                Example(line["file"], line["row_number"], line["column"], line["raw_value"])
                for line in lines.head(FEW).iter_rows(named=True)
            ]
            self._keep(kind, places)
            if str(reason).partition(":")[2] in UNREADABLE_DAYS:
                self.counts["dates.unreadable"] += len(lines)
                self._keep("dates.unreadable", places)

    def _keep(self, kind: str, places: list[Example]) -> None:
        held = self.examples.setdefault(kind, [])
        held.extend(places[: FEW - len(held)])


def _shown(headings: tuple[str, ...]) -> list[str]:
    """Headings as they may be kept: a file without a header has a person's row in their place."""
    return checks.shortened(pl.Series(headings, dtype=pl.String)).to_list() if headings else []
