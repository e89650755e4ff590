"""Families: heads, spouses, children, parents and a few twins, under one roof, with the names of their time."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.identity import names
from matcher.synthetic import numbering, places
from matcher.synthetic.numbering import Ints, Issuer

Flags = npt.NDArray[np.bool_]

HEAD, SPOUSE, CHILD, PARENT = range(4)
RELATIONS = pl.Series(["HEAD", "SPOUSE", "CHILD", "PARENT"])

WITH_SPOUSE, WITH_PARENT = 0.72, 0.15
CHILDREN = (0.30, 0.48, 0.22)
TWINS = 0.03
"""Share of second children who are the first one's twin."""
ONE_PHONE, HUB_PHONE = 0.35, 0.002
WHOLE_NAME, RARE_CHARACTER, MINORITY = 0.08, 0.06, 0.01
MOTHERS_SURNAME = 0.06
RENAMED, NEW_SURNAME, NEW_CHARACTER = 0.04, 0.12, 0.3
"""Share of people who once bore another name; among them who changed the surname, and one character only."""
PERMIT = 0.002
"""Share of people without a citizen number: from Hong Kong, Macau, Taiwan or abroad."""
ZIPF = 0.75

MINORITY_NAMES = (
    "买买提", "吐尔逊", "艾合买提", "阿不都", "热合曼", "古丽", "帕提古丽", "阿依努尔", "玉素甫", "卡德尔", "阿卜杜热合曼",
    "努尔买买提", "艾尼瓦尔", "依明", "图尔荪", "阿迪力", "麦麦提", "亚森", "吾买尔", "哈斯木", "肉孜", "米热古丽", "阿曼古丽",
    "热娜", "祖丽皮亚", "巴哈尔古丽", "迪丽努尔", "木塔里甫", "库尔班", "赛买提", "阿布力孜", "托合提", "阿不力克木", "海日古丽",
    "扎西", "次仁", "卓玛", "索朗", "斯琴", "巴特尔",
)  # fmt: skip
ONE_CHARACTER = ((1960, 0.05), (1970, 0.09), (1980, 0.16), (1990, 0.33), (2000, 0.37), (2100, 0.25))
"""Share of one-character given names among those born before that year."""


def families(rng: np.random.Generator, issuer: Issuer, count: int, first_id: int, as_of: dt.date) -> pl.DataFrame:
    """`count` families, a row a person, heads first in each.

    Columns: family, relation, name, former_name, id_number, sex, birth_date, phone, address, division_code, and `twin`:
    whether the row is the twin of the one before.
    """
    spouse, parent = rng.random(count) < WITH_SPOUSE, rng.random(count) < WITH_PARENT
    children = rng.choice(3, count, p=CHILDREN)
    size = 1 + spouse + children + parent
    family = np.repeat(np.arange(count), size)
    place_in = np.arange(len(family)) - np.repeat(np.cumsum(size) - size, size)
    relation = np.full(len(family), CHILD)
    relation[place_in == 0] = HEAD
    relation[(place_in == 1) & spouse[family]] = SPOUSE
    relation[(place_in == size[family] - 1) & parent[family]] = PARENT
    second = (relation == CHILD) & np.r_[False, (relation[:-1] == CHILD) & (family[1:] == family[:-1])]
    twins = second & (rng.random(len(family)) < TWINS)

    head_male = rng.random(count) < 0.6
    male = rng.random(len(family)) < 0.5
    male[relation == HEAD] = head_male
    male[relation == SPOUSE] = ~head_male[family[relation == SPOUSE]]
    male[twins] = male[np.flatnonzero(twins) - 1]

    head_year = as_of.year - rng.integers(28, 63, count)
    year = head_year[family] + rng.integers(-4, 5, len(family)) * (relation == SPOUSE)
    year = year + rng.integers(22, 33, len(family)) * (relation == CHILD)
    year = year - rng.integers(22, 33, len(family)) * (relation == PARENT)
    year = np.clip(year, numbering.FIRST_YEAR, as_of.year - 1)
    year[twins] = year[np.flatnonzero(twins) - 1]

    origin = rng.choice(len(numbering.SHARES), count, p=numbering.SHARES)[family]
    elsewhere = rng.random(len(family)) < 0.12
    origin[elsewhere] = rng.choice(len(numbering.SHARES), int(elsewhere.sum()), p=numbering.SHARES)
    matrix, born = issuer.issue(origin, year, male)
    matrix[twins] = numbering.twin(matrix[np.flatnonzero(twins) - 1])
    born[twins] = born[np.flatnonzero(twins) - 1]

    home = homes(rng, count)
    called = _names(rng, family, relation, male, year, twins, count)
    without = np.flatnonzero((rng.random(len(family)) < PERMIT) & ~twins & ~np.r_[twins[1:], False])
    return pl.DataFrame(
        {
            "family": family + first_id,
            "relation": RELATIONS.gather(relation),
            "twin": twins,
            "name": called.get_column("name"),
            "former_name": called.get_column("former_name"),
            "id_number": text(matrix).scatter(without, issuer.permits(len(without))),
            "sex": pl.Series(["FEMALE", "MALE"]).gather(male.astype(np.int64)),
            "birth_date": pl.Series(born).cast(pl.Date),
            "phone": phones(rng, family, count),
            "address": home.get_column("address").gather(family),
            "division_code": home.get_column("division_code").gather(family),
        }
    )


def text(matrix: numbering.Matrix) -> pl.Series:
    """The numbers of a byte matrix as a column of text."""
    return pl.Series(matrix.view("S18").ravel()).cast(pl.String)


@cache
def _surnames() -> tuple[pl.Series, npt.NDArray[np.float64]]:
    shares = names.surname_shares()
    weights = np.array(list(shares.values()))
    return pl.Series(list(shares)), weights / weights.sum()


@cache
def _given(kind: str) -> tuple[pl.Series, npt.NDArray[np.float64]]:
    ranked = pl.Series(list(names.given_name_table()[kind]))
    weights = (np.arange(len(ranked)) + 1.0) ** -ZIPF
    return ranked, weights / weights.sum()


HARD = "䶮㛃㑇䜣䲟㙍㸆㳚㛹㭎䴖䅟䢺㺃"
"""Characters that people bear and that older systems cannot write."""


@cache
def rare_characters() -> pl.Series:
    """Characters outside the common ones that parents pick to be different; some are hard to write."""
    listed = {c for kind in ("men", "women") for c in names.given_name_table()[kind]}
    return pl.Series([chr(c) for c in range(0x4E00, 0x9FA6) if c % 23 == 0 and chr(c) not in listed] + list(HARD) * 8)


def given_characters(rng: np.random.Generator, male: Flags) -> pl.Series:
    """A character of a given name for each of these men and women, the common ones more often."""
    (men, men_share), (women, women_share), rare = _given("men"), _given("women"), rare_characters()
    n = len(male)
    found = np.where(male, rng.choice(len(men), n, p=men_share), len(men) + rng.choice(len(women), n, p=women_share))
    odd = rng.random(n) < RARE_CHARACTER / 2
    found = np.where(odd, len(men) + len(women) + rng.integers(0, len(rare), n), found)
    return pl.concat([men, women, rare]).gather(found)


def _names(
    rng: np.random.Generator, family: Ints, relation: Ints, male: Flags, year: Ints, twins: Flags, count: int
) -> pl.DataFrame:
    """Columns name and former_name."""
    surnames, shares = _surnames()
    father, mother = (rng.choice(len(surnames), count, p=shares) for _ in range(2))
    own = father[family]
    foreign = (relation == SPOUSE) | ((relation == CHILD) & (rng.random(len(family)) < MOTHERS_SURNAME))
    own[foreign] = mother[family[foreign]]

    first, second = given_characters(rng, male), given_characters(rng, male)
    shared = np.arange(len(family))
    shared[twins] -= 1  # twins share the first character of their given names
    first = first.gather(shared)
    one = np.zeros(len(family), dtype=bool)
    since = 0
    for before, share in ONE_CHARACTER:
        one |= (year >= since) & (year < before) & (rng.random(len(family)) < share)
        since = before
    one &= ~twins & ~np.r_[twins[1:], False]
    whole, whole_share = _given("whole")
    popular = (rng.random(len(family)) < WHOLE_NAME) & ~twins & ~np.r_[twins[1:], False]
    minority = rng.random(len(family)) < MINORITY
    frame = pl.DataFrame(
        {
            "surname": surnames.gather(own),
            "first": first,
            "second": second,
            "whole": whole.gather(rng.choice(len(whole), len(family), p=whole_share)),
            "minority": pl.Series(MINORITY_NAMES).gather(rng.integers(0, len(MINORITY_NAMES), len(family))),
            "father": pl.Series(MINORITY_NAMES).gather(rng.integers(0, len(MINORITY_NAMES), len(family))),
            "one": one,
            "popular": popular,
            "is_minority": minority,
        }
    )
    given = pl.when("popular").then("whole").when("one").then("first").otherwise(pl.col("first") + pl.col("second"))
    called = frame.select(
        pl.when("is_minority")
        .then(pl.col("minority") + "·" + pl.col("father"))
        .otherwise(pl.col("surname") + given)
        .alias("name")
    ).to_series()
    renamed = np.flatnonzero((rng.random(len(family)) < RENAMED) & ~minority)
    former = pl.repeat(None, len(family), dtype=pl.String, eager=True)
    return pl.DataFrame(
        {"name": called, "former_name": former.scatter(renamed, _once(rng, frame[renamed], male[renamed]))}
    )


def _once(rng: np.random.Generator, parts: pl.DataFrame, male: Flags) -> pl.Series:
    """The names that these people bore before: another given name, one other character, or another surname."""
    surnames, shares = _surnames()
    how = rng.random(len(parts))
    return parts.select(
        pl.when(pl.Series(how < NEW_SURNAME))
        .then(surnames.gather(rng.choice(len(surnames), len(parts), p=shares)) + pl.col("first") + pl.col("second"))
        .when(pl.Series(how < NEW_SURNAME + NEW_CHARACTER))
        .then(pl.col("surname") + pl.col("first") + given_characters(rng, male))
        .otherwise(pl.col("surname") + given_characters(rng, male) + given_characters(rng, male))
    ).to_series()


def phones(rng: np.random.Generator, family: Ints, count: int) -> pl.Series:
    """A phone for each person of `count` families; some families share one, and a few people give an office's."""
    together = rng.integers(13_000_000_000, 19_999_999_999, count)
    alone = rng.integers(13_000_000_000, 19_999_999_999, len(family))
    number = np.where((rng.random(count) < ONE_PHONE)[family], together[family], alone)
    hub = rng.random(len(family)) < HUB_PHONE
    number[hub] = 13_903_720_000 + rng.integers(0, 20, int(hub.sum()))
    return pl.Series("phone", number).cast(pl.String)


def homes(rng: np.random.Generator, count: int) -> pl.DataFrame:
    """Columns address and division_code of `count` homes."""
    shares = np.array([share for _, _, share in places.COUNTIES])
    county = rng.choice(len(places.COUNTIES), count, p=shares / shares.sum())
    parts = pl.DataFrame(
        {
            "division_code": pl.Series([code for code, _, _ in places.COUNTIES]).gather(county),
            "county": pl.Series([name for _, name, _ in places.COUNTIES]).gather(county),
            "road": pl.Series(places.ROADS).gather(rng.integers(0, len(places.ROADS), count)),
            "number": rng.integers(1, 400, count),
            "building": rng.integers(1, 40, count),
            "unit": rng.integers(1, 5, count),
            "room": rng.integers(1, 25, count) * 100 + rng.integers(1, 5, count),
        }
    )
    return parts.select(
        "division_code",
        address=pl.format(
            "河南省安阳市{}{}{}号{}号楼{}单元{}室", "county", "road", "number", "building", "unit", "room"
        ),
    )
