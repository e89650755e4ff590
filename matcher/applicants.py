"""The small side: applicants prepared and keyed once, then asked by every chunk of the big side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from matcher import blocking
from matcher.normalising import people
from matcher.plan import Plan
from matcher.scoring.model import Model


@dataclass(frozen=True)
class Applicants:
    """Members of households, ready to be matched; row i of every frame is applicant i.

    `keys[b]` (blocking.KEY) belongs to block b of the plan; `valid_numbers` are the keys of numbers whose check holds,
    for the repairs of broken ones; `hot_keys[b]` counts the keys left out because too many applicants share them.
    """

    person_ids: pl.Series
    prepared: pl.DataFrame
    keys: tuple[pl.DataFrame, ...]
    valid_numbers: pl.DataFrame
    hot_keys: dict[str, int]

    def __len__(self) -> int:
        return len(self.person_ids)

    def people(self, members: pl.DataFrame) -> pl.DataFrame:
        """`person_id`, `birth_date` (the field, else from a valid number) and `authorised_until` of every applicant."""
        born = self.prepared.select("birth_date").with_columns(self.person_ids.alias("person_id"))
        return born.join(members.select("person_id", "authorised_until"), on="person_id", how="left")

    def only(self, allowed: pl.Series) -> Applicants:
        """The same applicants, of whom only these `person_id`s can be found by any block."""
        rows = self.person_ids.is_in(allowed.implode()).arg_true().cast(pl.UInt32).implode()
        return replace(
            self,
            keys=tuple(table.filter(pl.col("row").is_in(rows)) for table in self.keys),
            valid_numbers=self.valid_numbers.filter(pl.col("row").is_in(rows)),
        )


def prepare(members: pl.DataFrame, households: pl.DataFrame, plan: Plan, model: Model) -> Applicants:
    """The members as applicants; phone, address and division fall back to their household's.

    Sorted by person_id, so that nothing depends on the order of the file.
    """
    home = households.select(
        "household_id", *(pl.col(c).alias(f"{c}_home") for c in ("phone", "address", "division_code"))
    )
    rows = (
        members.join(home, on="household_id", how="left", maintain_order="left")
        .with_columns(pl.col(c).fill_null(pl.col(f"{c}_home")) for c in ("phone", "address", "division_code"))
        .sort("person_id")
    )
    return keyed(rows.get_column("person_id"), people.prepare(rows), plan, model)


def keyed(person_ids: pl.Series, prepared: pl.DataFrame, plan: Plan, model: Model) -> Applicants:
    """Applicants from rows that are prepared already (frames.PREPARED), in the order given."""
    prepared = prepared.with_columns(
        model.name_bits(prepared.get_column("name_simple"), prepared.get_column("surname"))
    ).rechunk()
    valid = prepared.with_columns(number=pl.when("number_valid").then("number"))
    number = blocking.on("number")
    repaired = blocking.repaired_numbers(prepared)
    keys, hot_keys = [], {}
    for block in plan.blocks.alternatives:
        table = blocking.keys(prepared, block)
        if block == number:
            table = pl.concat([table, repaired])
        cool = table.filter(pl.len().over("key") <= plan.hot_key)
        hot_keys[block.name] = table.get_column("key").n_unique() - cool.get_column("key").n_unique()
        keys.append(cool.rechunk())
    return Applicants(
        person_ids=person_ids,
        prepared=prepared,
        keys=tuple(keys),
        valid_numbers=blocking.keys(valid, number),
        hot_keys=hot_keys,
    )
