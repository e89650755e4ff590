"""Which files are kin: a shared member, a marriage between them, one household booklet. Kin that share a thing are no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from matcher.rules.rule import Facts, Result

EDGES = pl.Schema(
    {"one": pl.String, "other": pl.String, "kind": pl.String, "grade": pl.String, "record_id": pl.String}
)
"""Two households that are kin, each edge in both directions; `grade` the weakest link it rests on, `record_id` of a marriage."""

SOURCES = {"marriage": "event", "population": "household_no"}
"""What a rule must declare to be told who is kin."""


def components(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For everything in a pair the smallest thing that it hangs together with."""
    parent: dict[str, str] = {}

    def root(each: str) -> str:
        top = each
        while parent.setdefault(top, top) != top:
            top = parent[top]
        while parent[each] != top:
            parent[each], each = top, parent[each]
        return top

    for one, other in pairs:
        left, right = root(one), root(other)
        parent[max(left, right)] = min(left, right)
    return {each: root(each) for each in parent}


def families(facts: Facts) -> Mapping[str, str]:
    """Of each household that has kin on file the smallest of its kin; who is not in it stands alone.

    Links of some grade that a person has still to look at count as well: they can only make a network smaller.
    """
    return facts.once("kinship.families", lambda whole: components(edges(whole).select("one", "other").iter_rows()))


def unrelated(facts: Facts, households: Iterable[str]) -> int:
    """How many of these households there are when kin count as one."""
    kin = families(facts)
    return len({kin.get(each, each) for each in households})


def known(facts: Facts) -> Result:
    """What may be said of kinship between files that no register binds together."""
    return "NO" if all(source in facts.linked for source in SOURCES) else "UNKNOWN"


def edges(facts: Facts) -> pl.DataFrame:
    """All pairs of households that are kin (EDGES)."""
    return facts.once("kinship.edges", _edges)


def _edges(facts: Facts) -> pl.DataFrame:
    homes = facts.members.select("person_id", "household_id")
    people = (
        facts.same_person.join(homes, on="person_id")
        .join(homes, left_on="other_person_id", right_on="person_id", suffix="_other")
        .select(
            one="household_id", other="household_id_other", kind=pl.lit("MEMBER"), grade="grade",
            record_id=pl.lit(None, pl.String),
        )
    )  # fmt: skip
    parts = [people, _joined(facts, "marriage", "record_id", None)]
    booklets = facts.policy.value("network.booklet_files", facts.as_of)
    parts.append(_joined(facts, "population", "household_no", booklets))
    found = pl.concat([EDGES.to_frame(), *(part.cast(EDGES) for part in parts)])
    return found.filter(pl.col("one") != pl.col("other")).unique().sort(EDGES.names())


def _joined(facts: Facts, source: str, column: str, most: float | None) -> pl.DataFrame:
    """Households of which records of a source agree in a column, unless more than `most` of them do."""
    kept = ["household_id", "grade", "record_id", *([column] if column != "record_id" else [])]
    frames = [each[source].select(kept) for each in (facts.linked, facts.reviewed) if source in each]
    if not frames:
        return EDGES.to_frame()
    rows = pl.concat(frames).filter(
        pl.col(column).is_not_null(), pl.col("grade").is_not_null(), pl.col("grade") != "G3"
    )
    shared = rows.group_by(column).agg(files=pl.col("household_id").n_unique()).filter(pl.col("files") > 1)
    if most is not None:
        shared = shared.filter(pl.col("files") <= most)
    rows = rows.join(shared.select(column), on=column, how="semi")
    return rows.join(rows, on=column, suffix="_other").select(
        one="household_id", other="household_id_other", kind=pl.lit(source.upper()),
        grade=pl.max_horizontal("grade", "grade_other"),
        record_id=pl.col("record_id") if source == "marriage" else pl.lit(None, pl.String),
    )  # fmt: skip
