"""What offices do to names, numbers, dates, phones and addresses: errors at each source's rates, and which row has which.

A row's errors are bits of an integer (`Soiled.kinds`); `slices` turns them into names. One error of the number and one
of the name may meet in a row; two of the number may not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.synthetic import error_rates, numbering, wrong_contacts, wrong_names, wrong_numbers
from matcher.synthetic.families import text

Flags = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
Change = Callable[[str, Rows], pl.Series]

OF_A_PERSON = ("number_permit", "number_duplicated", "twin")
"""What makes a person hard to find, whatever the office writes: no citizen number, somebody else's, a twin."""

KINDS: tuple[str, ...] = (*error_rates.BASE, *OF_A_PERSON)
BIT = {kind: np.uint64(1 << place) for place, kind in enumerate(KINDS)}
OF_NUMBERS = np.uint64(sum(int(bit) for kind, bit in BIT.items() if kind.startswith("number_")))
"""The bits of everything that may be wrong with a number."""

SLICES = {
    "number_corrected": ("number_other_valid", "number_corrected"),
    "number_of_another": ("number_other_valid", "number_of_another"),
    "birth_swapped": ("birth_wrong",),
    "birth_shifted": ("birth_wrong",),
    "birth_default": ("birth_wrong",),
    "birth_lunar": ("birth_wrong",),
    "phone_hub": ("phone_changed",),
    "phone_landline": ("phone_changed",),
    "phone_two": ("phone_written",),
    "phone_prefixed": ("phone_written",),
    "address_short": ("address_written",),
    "address_spelt": ("address_written",),
    "address_numerals": ("address_written",),
}
"""The slices of the kinds that are not called like their slice."""
CLEAN = "clean"

_CITIZEN = r"^[1-8][0-9]{16}[0-9X]$"
_FIFTEEN_BORN_BEFORE = 2000
_TRUNCATED_FROM = 6
_CONDITIONAL_NUMBERS = ("number_lower_x", "number_fifteen")
_CONDITIONAL_NAMES = ("name_dot", "name_truncated")
_REDATED = 5
"""Of so many corrected numbers, one had its birth date corrected."""


@dataclass(frozen=True, slots=True)
class Soiled:
    """Rows with errors, the bits of each row's kinds, and where a number is another row's, that row; -1 elsewhere."""

    rows: pl.DataFrame
    kinds: Kinds
    givers: Rows


def soil(rng: np.random.Generator, rows: pl.DataFrame, source: str, prefix: str = "") -> Soiled:
    """The rows with errors in their identity columns, named with `prefix`, at the rates of the source.

    Columns that are not there are left out. `former_name` is what the office could have written instead of the name.
    """
    work = _Work(rng, rows, error_rates.of(source), prefix)
    givers = _numbers(work)
    _names(work, error_rates.RARE_AS.get(source, error_rates.RARE_ANYWHERE))
    _sexes(work)
    _births(work)
    _phones(work)
    _addresses(work)
    return Soiled(work.rows(), work.kinds, givers)


def rates() -> pl.DataFrame:
    """The rates of all sources and the applicants' own files: columns source, kind, rate, among.

    A rate is a share of the source's rows, or where `among` says so, of those that the error can fall on.
    """
    return error_rates.table()


def counts(kinds: Kinds) -> npt.NDArray[np.int64]:
    """How many of these rows each of KINDS is in."""
    some = kinds[kinds != 0]
    return np.array([int(((some >> np.uint64(place)) & np.uint64(1)).sum()) for place in range(len(KINDS))])


def slices(kinds: Kinds) -> pl.Series:
    """The slices that each row is in, as sorted lists of names; CLEAN where there is no error."""
    distinct, which = np.unique(kinds, return_inverse=True)
    called = [
        sorted({name for kind in KINDS if mask & BIT[kind] for name in SLICES.get(kind, (kind,))}) or [CLEAN]
        for mask in distinct
    ]
    return pl.Series("slices", called, dtype=pl.List(pl.String)).gather(which.astype(np.int64))


class _Work:
    """One table while it is being soiled: its columns so far, and the kinds of each row."""

    def __init__(self, rng: np.random.Generator, rows: pl.DataFrame, rated: dict[str, float], prefix: str) -> None:
        self.rng, self.rate, self.prefix, self.n = rng, rated, prefix, len(rows)
        self.kinds: Kinds = np.zeros(len(rows), dtype=np.uint64)
        self._rows = rows
        self._changed: dict[str, pl.Series] = {}

    def has(self, column: str) -> bool:
        return self.prefix + column in self._rows.columns

    def column(self, name: str) -> pl.Series:
        return self._changed.get(name, self._rows.get_column(self.prefix + name))

    def put(self, name: str, values: pl.Series) -> None:
        self._changed[name] = values.alias(self.prefix + name)

    def rows(self) -> pl.DataFrame:
        return self._rows.with_columns(self._changed.values())

    def draws(self, count: int) -> list[int]:
        drawn: list[int] = self.rng.integers(0, 1 << 31, count).tolist()
        return drawn

    def hit(self, kind: str, concerned: Flags) -> Rows:
        """Rows of those concerned that the error falls on."""
        chosen: Rows = np.flatnonzero(concerned)
        return chosen[self.rng.random(len(chosen)) < self.rate[kind]]

    def group(self, kinds: Sequence[str]) -> dict[str, Rows]:
        """For kinds that exclude one another the rows that each falls on."""
        edges = np.cumsum([self.rate[kind] for kind in kinds])
        drawn = self.rng.random(self.n)
        some = np.flatnonzero(drawn < edges[-1])
        which = np.searchsorted(edges, drawn[some], side="right")
        return {kind: some[which == place] for place, kind in enumerate(kinds)}

    def change(self, name: str, kind: str, where: Rows, to: pl.Series | None) -> None:
        """Writes values of a column (None: nothing) and notes the kind in the rows where that made a difference."""
        if not len(where):
            return
        column = self.column(name)
        if to is None:
            to = pl.repeat(None, len(where), dtype=column.dtype, eager=True)
        differs = column.gather(where).ne_missing(to).to_numpy()
        self.kinds[where[differs]] |= BIT[kind]
        self.put(name, column.scatter(where, to))


def _numbers(work: _Work) -> Rows:
    """Soils the numbers; returns whose number stands in each row, -1 for its own."""
    clean = work.column("id_number")
    there = clean.is_not_null().to_numpy()
    citizen = clean.str.contains(_CITIZEN).fill_null(False).to_numpy()
    work.kinds[there & ~citizen] |= BIT["number_permit"]
    givers = np.full(work.n, -1, dtype=np.int64)
    free = there.copy()
    for kind, concerned in (
        ("number_lower_x", clean.str.ends_with("X").fill_null(False).to_numpy()),
        ("number_fifteen", (work.column("birth_date").dt.year() < _FIFTEEN_BORN_BEFORE).fill_null(False).to_numpy()),
    ):
        where = work.hit(kind, concerned & free & citizen)
        free[where] = False
        work.change("id_number", kind, where, _damaged(work, wrong_numbers.DAMAGES[kind], clean.gather(where)))
    plain = [kind for kind in wrong_numbers.DAMAGES if kind not in _CONDITIONAL_NUMBERS]
    for kind, rows in work.group([*plain, "number_corrected", "number_of_another"]).items():
        where = rows[free[rows] & (citizen[rows] | (kind in wrong_numbers.ANY_FORM))]
        if kind == "number_corrected":
            _correct(work, where, clean)
        elif kind == "number_of_another":
            others = work.rng.integers(0, max(work.n, 1), len(where))
            where, others = where[citizen[others]], others[citizen[others]]
            givers[where] = others
            work.change("id_number", kind, where, clean.gather(others))
        else:
            work.change("id_number", kind, where, _damaged(work, wrong_numbers.DAMAGES[kind], clean.gather(where)))
    givers[(work.kinds & BIT["number_of_another"]) == 0] = -1
    return givers


def _correct(work: _Work, where: Rows, clean: pl.Series) -> None:
    """The number before it was corrected; where the birth date was what changed, the old date with it."""
    if not len(where):
        return
    matrix = np.array(clean.gather(where).to_list(), dtype="S18").view(np.uint8).reshape(-1, 18)
    redated = matrix[:, 16] % _REDATED == 0  # the same for the same person, whoever writes
    before = numbering.earlier(matrix, redated)
    work.change("id_number", "number_corrected", where, text(before))
    rows = where[redated]
    work.change("birth_date", "birth_shifted", rows, work.column("birth_date").gather(rows).dt.offset_by("-1y"))


def _damaged(work: _Work, damage: wrong_numbers.Damage, values: pl.Series) -> pl.Series:
    drawn = work.draws(len(values))
    return pl.Series([damage(*each) for each in zip(values.to_list(), drawn, strict=True)], dtype=pl.String)


def _names(work: _Work, ways: tuple[str, ...]) -> None:
    name = work.column("name")
    free = name.is_not_null().to_numpy()
    if work.has("former_name"):
        former = work.column("former_name")
        where = work.hit("name_former", former.is_not_null().to_numpy() & free)
        work.change("name", "name_former", where, former.gather(where))
        name = work.column("name")
    concerned = {
        "name_dot": name.str.contains("·", literal=True),
        "name_truncated": name.str.len_chars() >= _TRUNCATED_FROM,
    }
    for kind, able in concerned.items():
        where = work.hit(kind, able.fill_null(False).to_numpy() & free)
        free[where] = False
        work.change("name", kind, where, _damaged(work, wrong_names.DAMAGES[kind], name.gather(where)))
    where = work.hit("name_rare", name.str.contains(wrong_names.rare_pattern()).fill_null(False).to_numpy() & free)
    free[where] = False
    written = [
        wrong_names.rare(each, drawn, ways[drawn % len(ways)])
        for each, drawn in zip(name.gather(where).to_list(), work.draws(len(where)), strict=True)
    ]
    work.change("name", "name_rare", where, pl.Series(written, dtype=pl.String))
    for kind, rows in work.group([kind for kind in wrong_names.DAMAGES if kind not in _CONDITIONAL_NAMES]).items():
        where = rows[free[rows]]
        work.change("name", kind, where, _damaged(work, wrong_names.DAMAGES[kind], name.gather(where)))


def _sexes(work: _Work) -> None:
    if not work.has("sex"):
        return
    hit = work.group(["sex_missing", "sex_wrong"])
    sex = work.column("sex").gather(hit["sex_wrong"])
    work.change("sex", "sex_wrong", hit["sex_wrong"], sex.replace({"MALE": "FEMALE", "FEMALE": "MALE"}))
    work.change("sex", "sex_missing", hit["sex_missing"], None)


def _births(work: _Work) -> None:
    hit = work.group(["birth_missing", "birth_swapped", "birth_shifted", "birth_default", "birth_lunar"])
    work.change("birth_date", "birth_missing", hit.pop("birth_missing"), None)
    for kind, where in hit.items():
        born = work.column("birth_date").gather(where)
        work.change("birth_date", kind, where, wrong_contacts.birth_date(work.rng, kind, born))


def _phones(work: _Work) -> None:
    if not work.has("phone"):
        return
    kinds = ["phone_missing", "phone_changed", "phone_hub", "phone_landline", "phone_two", "phone_prefixed"]
    there = work.column("phone").is_not_null().to_numpy()
    hit = {kind: rows[there[rows]] for kind, rows in work.group(kinds).items()}
    work.change("phone", "phone_missing", hit.pop("phone_missing"), None)
    for kind, where in hit.items():
        work.change("phone", kind, where, wrong_contacts.phone(work.rng, kind, work.column("phone").gather(where)))


def _addresses(work: _Work) -> None:
    if not work.has("address"):
        return
    address = work.column("address")
    there = address.is_not_null().to_numpy()
    kinds = ["address_missing", "address_moved", "address_short", "address_spelt", "address_numerals"]
    hit = {kind: rows[there[rows]] for kind, rows in work.group(kinds).items()}
    work.change("address", "address_missing", hit.pop("address_missing"), None)
    moved = hit.pop("address_moved")
    elsewhere = address.gather(work.rng.integers(0, max(work.n, 1), len(moved)))
    work.change("address", "address_moved", moved, elsewhere)
    for kind, where in hit.items():
        work.change("address", kind, where, wrong_contacts.address(work.rng, kind, address.gather(where)))
