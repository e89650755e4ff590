"""The small side: applicants prepared and keyed once, then asked by every chunk of the big side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from matcher import blocking
from matcher.blocking import BlockKeys, Lookup
from matcher.plan import Plan
from matcher.prepared import Flags, Prepared
from matcher.scoring import weighing
from matcher.scoring.model import Model
from matcher.scoring.weighing import Rarities, Scale

HOME = ("phone", "address", "division_code")
"""What members may leave to their household."""


@dataclass(frozen=True)
class Applicants:
    """People to be found, under one plan and one model; row i of everything is applicant i.

    `allowed` marks those that may be found at all.
    """

    ids: pl.Series
    people: Prepared
    keys: tuple[BlockKeys, ...]
    rarities: Mapping[str, Rarities]
    plan: Plan
    scale: Scale
    allowed: Flags

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def lookups(self) -> tuple[Lookup, ...]:
        """Their keys under each block of the plan."""
        return tuple(Lookup.of(held, self.allowed) for held in self.keys)

    @cached_property
    def findable(self) -> tuple[int, ...]:
        """Under each block, how many of them have a key and may be found."""
        return tuple(len(np.unique(lookup.rows)) for lookup in self.lookups)

    @property
    def bound(self) -> int:
        """How many pairs with the records of one source there can be at most, however many records it has."""
        return sum(block.cap * findable for block, findable in zip(self.plan.blocks, self.findable, strict=True))

    def only(self, allowed: pl.Series) -> Applicants:
        """The same applicants, of whom only these ids can be found."""
        return replace(self, allowed=self.ids.is_in(allowed.implode()).to_numpy())


def prepare(members: pl.DataFrame, households: pl.DataFrame, plan: Plan, model: Model) -> Applicants:
    """The members as applicants; phone, address and division fall back to their household's.

    Sorted by person_id, so that nothing depends on the order of the file.
    """
    rows = at_home(members, households).sort("person_id")
    return keyed(rows.get_column("person_id"), plan.prepare(rows), plan, model)


def at_home(members: pl.DataFrame, households: pl.DataFrame) -> pl.DataFrame:
    """The members with the phone, address and division of their household where they have none of their own."""
    home = households.select("household_id", *(pl.col(c).alias(f"{c}_home") for c in HOME))
    return members.join(home, on="household_id", how="left", maintain_order="left").with_columns(
        pl.col(c).fill_null(pl.col(f"{c}_home")) for c in HOME
    )


def keyed(ids: pl.Series, people: Prepared, plan: Plan, model: Model, scale: Scale | None = None) -> Applicants:
    """Applicants from rows that are prepared already, in the order given; `scale`: where the model is laid out already."""
    rarities: dict[str, Rarities] = {}
    for field in plan.fields:
        if field.kind == "cn_name" and model.names is not None:
            rarities[field.name] = model.names.rarities(people, field.name)
        elif field.name in model.values:
            rarities[field.name] = model.values[field.name].rarities(people, field.name)
    return Applicants(
        ids=ids,
        people=people,
        keys=tuple(blocking.keys(people, block) for block in plan.blocks),
        rarities=rarities,
        plan=plan,
        scale=scale or scale_of(plan, model),
        allowed=np.ones(len(ids), dtype=bool),
    )


def scale_of(plan: Plan, model: Model) -> Scale:
    """The model laid out for the plan."""
    return weighing.scale(
        model,
        plan.fields,
        [comparison.names for comparison in plan.comparisons],
        [comparison.agreeing for comparison in plan.comparisons],
        [comparison.containing for comparison in plan.comparisons],
        plan.link,
        plan.review,
    )
