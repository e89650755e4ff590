"""People who are easily taken for an applicant and are somebody else: twins, siblings, parents, namesakes and others.

Each has records of their own in the feeds; that none of these is the applicant's is part of the truth.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.identity import names
from matcher.synthetic import departments, numbering
from matcher.synthetic.families import given_characters, homes, phones, text
from matcher.synthetic.numbering import FIRST_YEAR, Issuer

Rows = npt.NDArray[np.int64]

SHARES = {
    "TWIN": 0.004,
    "SIBLING": 0.02,
    "PARENT": 0.02,
    "NAMESAKE": 0.012,
    "SPOUSE": 0.01,
    "NUMBER_OWNER": 0.004,
}
"""Of the applicants, so many have such a look-alike outside their household."""
FEEDS = {
    "population": 1.0, "vehicles": 0.25, "social_insurance": 0.4, "real_estate": 0.1, "finance": 0.3, "medical": 0.3,
    "tax": 0.2, "union_roll": 0.1, "housing_fund": 0.1,
}  # fmt: skip
"""Records of such a person in each feed."""
SAME_COUNTY = 0.3
SAME_GIVEN_CHARACTER, SAME_NAME = 0.6, 0.05
SAME_NUMBER = 0.5
"""Of the number owners, so many share the number that was issued twice; the others' stands in an applicant's file."""


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """`people`: columns of families.families, with `of`, the row of the applicant, and `relation_to` that applicant.

    `mistaken`: the applicant's row → the number of somebody else that the applicant's own file holds. `twins` and
    `duplicated`: rows of applicants with a twin here, and with a number that was issued twice.
    """

    people: pl.DataFrame
    mistaken: dict[int, str]
    twins: Rows
    duplicated: Rows


def invent(
    rng: np.random.Generator, issuer: Issuer, people: pl.DataFrame, as_of: dt.date, settled: Sequence[int]
) -> Lookalikes:
    """Look-alikes for some of the applicants, one at most for each; none for the rows in `settled`."""
    plain = (
        people.get_column("id_number").str.contains(r"^[1-8][0-9]{16}[0-9X]$").to_numpy()
        & ~people.get_column("name").str.contains("·", literal=True).to_numpy()
    )
    twins = people.get_column("twin").to_numpy()
    plain &= ~twins & ~np.r_[twins[1:], False]
    plain[np.asarray(settled, dtype=np.int64)] = False
    edges = np.cumsum(list(SHARES.values()))
    which = np.searchsorted(edges, rng.random(len(people)), side="right")
    made: dict[str, pl.DataFrame] = {}
    for place, relation in enumerate(SHARES):
        of = np.flatnonzero((which == place) & plain)
        made[relation] = _like(rng, issuer, relation, people[of], as_of).with_columns(
            pl.Series("of", of, dtype=pl.Int64), relation_to=pl.lit(relation)
        )
    owners = made["NUMBER_OWNER"]
    same = rng.random(len(owners)) < SAME_NUMBER
    applicants = people[owners.get_column("of").to_numpy()]
    columns = ("id_number", "sex", "birth_date")
    made["NUMBER_OWNER"] = owners.with_columns(
        pl.when(pl.Series(same)).then(applicants.get_column(column)).otherwise(column).alias(column)
        for column in columns
    )
    rows = owners.get_column("of").to_numpy()
    mistaken = dict(
        zip(rows[~same].tolist(), owners.filter(pl.Series(~same)).get_column("id_number").to_list(), strict=True)
    )
    # two namesakes of one day and place would have one number
    everybody = pl.concat([*made.values()]).unique(["id_number", "relation_to"], keep="first", maintain_order=True)
    return Lookalikes(everybody, mistaken, made["TWIN"].get_column("of").to_numpy(), rows[same])


def records(
    rng: np.random.Generator, found: Lookalikes, sources: Sequence[str], as_of: dt.date
) -> dict[str, pl.DataFrame]:
    """The look-alikes' records by source, with the columns `of` and `relation_to`."""
    frames = {}
    for source in sources:
        if share := FEEDS.get(source):
            chosen = found.people.filter(pl.Series(rng.random(len(found.people)) < share))
            frames[source] = departments.records(rng, source, chosen, as_of)
    return frames


def _like(
    rng: np.random.Generator, issuer: Issuer, relation: str, people: pl.DataFrame, as_of: dt.date
) -> pl.DataFrame:
    """For each of these people one look-alike, in the columns of families.families."""
    n = len(people)
    matrix = np.array(people.get_column("id_number").to_list() or ["0" * 18], dtype="S18").view(np.uint8)
    matrix = matrix.reshape(-1, 18)[:n]
    male = (people.get_column("sex") == "MALE").to_numpy()
    born = people.get_column("birth_date").to_numpy().astype("datetime64[D]")
    year = born.astype("datetime64[Y]").astype(np.int64) + 1970
    place = _places(rng, people, SAME_COUNTY if relation == "NAMESAKE" else 1.0)
    near = rng.random(n) < (SAME_COUNTY if relation in ("NAMESAKE", "NUMBER_OWNER") else 0.5)
    if relation == "TWIN":
        number, birth, sex = numbering.twin(matrix), born, male
    elif relation == "NAMESAKE":
        # sequences that are issued to nobody else
        sequence = np.where(male, numbering.RESERVED, numbering.RESERVED + 1)
        number, birth, sex = numbering.compose(place, born, sequence), born, male
    else:
        years, same_sex = {
            "SIBLING": (rng.integers(1, 7, n) * rng.choice([-1, 1], n), 0.6),
            "PARENT": (rng.integers(22, 33, n) * np.where(as_of.year - year < 45, -1, 1), 1.0),
            "SPOUSE": (rng.integers(-4, 5, n), 0.0),
            "NUMBER_OWNER": (rng.integers(-15, 16, n), 0.5),
        }[relation]
        sex = np.where(rng.random(n) < same_sex, male, ~male)
        number, birth = issuer.issue(place, np.clip(year + years, FIRST_YEAR, as_of.year - 1), sex)
    home = homes(rng, n)
    together = pl.Series(np.ones(n, dtype=bool) if relation in ("TWIN", "SPOUSE") else near)
    if relation == "NAMESAKE":
        together = pl.Series(np.zeros(n, dtype=bool))
    one_phone = pl.Series(np.full(n, relation in ("TWIN", "SPOUSE")))
    return people.with_columns(
        pl.Series("name", _named(rng, relation, people, sex), dtype=pl.String),
        pl.lit(None, dtype=pl.String).alias("former_name"),
        text(number).alias("id_number"),
        pl.Series("sex", ["FEMALE", "MALE"]).gather(sex.astype(np.int64)),
        pl.Series("birth_date", birth).cast(pl.Date),
        pl.when(one_phone).then("phone").otherwise(phones(rng, np.arange(n), n)).alias("phone"),
        pl.when(together).then("address").otherwise(home.get_column("address")).alias("address"),
        pl.when(together | pl.Series(near))
        .then("division_code")
        .otherwise(home.get_column("division_code"))
        .alias("division_code"),
        pl.lit("HEAD").alias("relation"),
        (pl.col("family") + 10_000_000_000).alias("family"),
    )


def _places(rng: np.random.Generator, people: pl.DataFrame, same: float) -> Rows:
    """Where the look-alikes' numbers were issued: where the applicant's was, in this share of cases."""
    known = {bytes(code).decode(): place for place, code in enumerate(numbering.CODES)}
    own = [known[code] % len(numbering.SHARES) for code in people.get_column("id_number").str.head(6).to_list()]
    other = rng.choice(len(numbering.SHARES), len(people), p=numbering.SHARES)
    return np.where(rng.random(len(people)) < same, np.array(own, dtype=np.int64), other)


def _named(rng: np.random.Generator, relation: str, people: pl.DataFrame, male: npt.NDArray[np.bool_]) -> list[str]:
    """What they are called: the family's name, perhaps with a character in common, or a name of their own."""
    others = people.get_column("name").to_list()
    if relation == "NAMESAKE":
        return others
    first, second = (given_characters(rng, male).to_list() for _ in range(2))
    drawn = rng.random(len(others))
    strange = rng.permutation(len(others))
    called = []
    for row, (name, a, b, draw) in enumerate(zip(others, first, second, drawn, strict=True)):
        family = names.surname(name)
        given = name[len(family) :]
        if relation in ("SPOUSE", "NUMBER_OWNER"):
            called.append(names.surname(others[strange[row]]) + a + b)
        elif relation == "TWIN" or (relation == "SIBLING" and draw < SAME_GIVEN_CHARACTER):
            called.append(
                family + given[:1] + _but(b, given[-1:], a) if len(given) > 1 else family + _but(a, given, b)
            )
        elif relation == "PARENT" and draw < SAME_NAME:
            called.append(name)
        elif relation == "PARENT" and draw < SAME_GIVEN_CHARACTER:
            called.append(family + (a + given[-1:] if draw < SAME_GIVEN_CHARACTER / 2 else given[:1] + b))
        else:
            called.append(family + a + b)
    return called


def _but(character: str, unlike: str, instead: str) -> str:
    """A character that is not this one."""
    if character != unlike:
        return character
    return instead if instead != unlike else "文" if unlike != "文" else "武"
