"""People as departments write them, for tests: numbers with their check, rows with every identity column, one field alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import polars as pl
from hypothesis import strategies as st

from matcher.comparing.kinds import COMPARISONS
from matcher.comparing.levels import OPEN
from matcher.frames import IDENTITY
from matcher.identity import numbers
from matcher.normalising import fields
from matcher.prepared import Codes, Field, Prepared

AREAS = ("410502", "410504", "410521", "110105", "810000", "911156")


def number(seventeen: str) -> str:
    """Seventeen digits and their check character."""
    return seventeen + numbers.check_character(seventeen)


def table(*rows: dict[str, object]) -> pl.DataFrame:
    """Rows of a members' table or of a feed; what a row does not name is null."""
    own = dict.fromkeys(("person_id", "household_id", "former_name"), pl.String())
    schema = pl.Schema([*IDENTITY.items(), *own.items()])
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def field_of(kind: str, form: str | None = None) -> Field:
    """One field of a kind; a name's former one stands in a column of its own."""
    return Field("field", kind, "written", former="former" if kind == "cn_name" else None, form=form)


def prepared(
    kind: str,
    written: Sequence[object],
    former: Sequence[str | None] | None = None,
    facets: frozenset[str] = frozenset(),
) -> Prepared:
    """A column of written values made ready as the field `field`."""
    columns = {"written": pl.Series(written, dtype=pl.String if not any(written) else None, strict=False)}
    if former is not None:
        columns["former"] = pl.Series(former, dtype=pl.String)
    return fields.prepare(pl.DataFrame(columns), [field_of(kind)], "", facets)


def compared(kind: str, left: Prepared, right: Prepared, alone: bool = False) -> Codes:
    """The codes of row i beside row i, settled to the end."""
    comparison = COMPARISONS[kind]
    every = np.arange(len(left))
    codes = comparison.quick(left.take(every), right.take(every), "field").codes.copy()
    rest = np.flatnonzero(codes == OPEN)
    settle = (comparison.settle_alone if alone else None) or comparison.settle
    if len(rest) and settle is not None:
        codes[rest] = settle(left.take(rest), right.take(rest), "field")
    return codes


def level(kind: str, left: object, right: object, formers: tuple[str | None, str | None] | None = None) -> str:
    """The level of two written values."""
    one, two = formers or (None, None)
    sides = prepared(kind, [left], [one]), prepared(kind, [right], [two])
    return COMPARISONS[kind].names[int(compared(kind, *sides)[0])]


@st.composite
def valid_numbers(draw: st.DrawFn) -> str:
    """A number that somebody could bear."""
    born = draw(st.dates(dt.date(1900, 1, 1), dt.date(2024, 12, 31)))
    return number(f"{draw(st.sampled_from(AREAS))}{born:%Y%m%d}{draw(st.integers(1, 999)):03d}")


@st.composite
def written_numbers(draw: st.DrawFn) -> str:
    """A number as some office writes it: well, with a slip, masked, cut, through a spreadsheet, or another document's."""
    sound = draw(st.sampled_from(_FEW) | valid_numbers())
    place = draw(st.integers(0, 16))
    swapped = sound[:place] + sound[place + 1] + sound[place] + sound[place + 2 :]
    return draw(
        st.sampled_from(
            [
                sound,
                sound.lower(),
                sound.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)}),
                f"{sound[:6]} {sound[6:14]} {sound[14:]}",
                sound[:6] + sound[8:17],
                sound[:place] + str(draw(st.integers(0, 9))) + sound[place + 1 :],
                swapped,
                sound[:15] + "000",
                f"{sound[0]}.{sound[1:6]}E+17",
                sound[:6] + "*" * 8 + sound[14:],
                sound[:14],
                sound[:17],
                "H" + sound[:8],
                "8" * 18,
                "",
                "不详",
            ]
        )
    )


_FEW = (number("41050219550303342"), number("41050219550303344"), number("41050219550303000"), "11010519491231002X")
"""Drawn often, so that equal, neighbouring and spoilt numbers meet."""

HAN = "王李单曾仇解区查翟欧阳司马张伟芳國国强秀英瑛兰喆哲靖婧静堃坤旅吕未末士土龑䶮"
"""Characters of names that sound, look or are written alike, surnames of two readings and of two characters."""

written_names = st.one_of(
    st.text(alphabet=HAN, min_size=1, max_size=5),
    st.text(alphabet=HAN + "·•　 ?□Ｗweilü\ue863\ue000𠂇", max_size=7),
    st.sampled_from(
        ["单国强", "欧阳娜娜", "买买提·吐尔逊", "寮犱紵", "ÕÅÎ°", "Wei Li", "LYU Na", "李??", "浜", "濮广建"]
    ),
)
"""Names as they come: honest ones, and with blanks, dots, letters, wildcards and characters of no encoding."""
