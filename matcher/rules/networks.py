"""Things that several unrelated files share, and what hangs together by several kinds of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from matcher.rules import kinship
from matcher.rules.explaining import count
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Facts, Lead, Result, Words


@dataclass(frozen=True, slots=True)
class Cluster:
    """One thing and the files that share it, in order; `families` counts those that are kin as one."""

    key: str
    households: tuple[str, ...]
    families: int


def clusters(facts: Facts, held: pl.DataFrame, least: float, most: float | None = None) -> list[Cluster]:
    """The things that at least `least` unrelated files hold, and at most `most` files: what more share is no sign of anything.

    `held` has the columns household_id and key.
    """
    many = (
        held.drop_nulls(["household_id", "key"])
        .group_by("key")
        .agg(pl.col("household_id").unique().sort())
        .filter(pl.col("household_id").list.len() >= least)
        .sort("key")
    )
    found = []
    for key, households in many.iter_rows():
        families = kinship.unrelated(facts, households)
        if families >= least and (most is None or len(households) <= most):
            found.append(Cluster(key, tuple(households), families))
    return found


def leads(
    facts: Facts,
    held: pl.DataFrame,
    least: str,
    what: Words,
    shown: Callable[[str], Words],
    exceptions: tuple[tuple[str, Result], ...],
) -> Iterator[Lead]:
    """A LOW lead for each file that shares a thing with enough unrelated ones.

    `least` names the value that says how many; `what` the thing is, and what of its key may be `shown`.
    """
    hub = facts.policy.value("network.hub_files", facts.as_of)
    for cluster in clusters(facts, held, facts.policy.value(least, facts.as_of), hub):
        others = len(cluster.households) - 1
        alike = (f"另有 {others} 份档案相同", f"the same in {count(others, 'other file')}")
        for household in cluster.households:
            yield Lead(
                household_id=household,
                person_ids=person(heads(facts), household),
                natural_key=(cluster.key,),
                severity="LOW",
                grade="G1",
                evidence=tuple(Evidence("households", each, "") for each in cluster.households),
                exceptions=(("kin", kinship.known(facts)), *exceptions),
                facts={"files": str(len(cluster.households)), "families": str(cluster.families)},
                compared=(Compared(what, shown(cluster.key), alike, "households"),),
            )


def candidates(held: pl.DataFrame, least: float) -> pl.Series:
    """The households that hold a thing which at least `least` files share, kin or not: few enough to look at one by one."""
    shared = held.drop_nulls(["household_id", "key"]).filter(pl.col("household_id").n_unique().over("key") >= least)
    return shared.get_column("household_id").unique().sort()


def on_file(facts: Facts) -> pl.DataFrame:
    """The households whose file or application has not been closed."""
    closed = pl.col("file_closed_on")
    return facts.households.filter(closed.is_null() | (closed > facts.as_of))


def heads(facts: Facts) -> dict[str, str]:
    """The head of each household, else its first member: whom a lead about the file names.

    Naming one person keeps the lead's id when a child is born or somebody leaves.
    """
    return facts.once("networks.heads", _heads)


def _heads(facts: Facts) -> dict[str, str]:
    rows = facts.members.select("household_id", "person_id", other=(pl.col("relation") != "HEAD").fill_null(True))
    first = rows.sort("household_id", "other", "person_id").unique("household_id", keep="first")
    return dict(first.select("household_id", "person_id").iter_rows())


def person(heads_of: dict[str, str], household: str) -> tuple[str, ...]:
    """The persons of a lead about a file: its head, nobody where it has no members."""
    return (heads_of[household],) if household in heads_of else ()


def division(home: Row) -> str | None:
    """The six digits of a household's division."""
    code: str | None = home["division_code"]
    return code[:6] if code else None
