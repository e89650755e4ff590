"""Names that an encoding has damaged: characters lost, private ones, bytes read in the wrong encoding.

Nearly every name is one to four Han characters and needs no look; the bytes of a column tell which (views).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.identity import names
from matcher.quality.places import Marks
from matcher.views import Views, parts

REPLACED, UNKNOWN_MARK, PRIVATE_USE, MISREAD = "replaced", "unknown_mark", "private_use", "misread"
KINDS = (REPLACED, UNKNOWN_MARK, PRIVATE_USE, MISREAD)
"""U+FFFD · a question mark or a box · a private-use character · UTF-8 or GBK read as something else."""

_CHARACTERS = 4
_FIRST_LEAD, _LAST_LEAD = 0xE4, 0xE9
_MASKS = "*＊"
_MADE_OF_LOSS = ("锟斤拷", "锟斤", "斤拷", "锟", "烫烫", "屯屯")
"""What characters become that were lost and read as GBK afterwards, or were never written."""

_MARKS = re.compile(
    "[" + "".join(re.escape(chr(code)) for code in names.unknown_marks() if chr(code) not in "\ufffd" + _MASKS) + "]"
)
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")


@lru_cache(1 << 16)
def damage(name: str) -> str | None:
    """What an encoding did to a name, one of KINDS; None where it looks honest. A mask (`张*`) is no damage.

    >>> damage("李??"), damage("寮犱紵"), damage("张伟"), damage("买买提·吐尔逊"), damage("锟斤拷")
    ('unknown_mark', 'misread', None, None, 'replaced')
    """
    if "\ufffd" in name or any(made in name for made in _MADE_OF_LOSS):
        return REPLACED
    if names.misread(name) is not None:
        return MISREAD
    if _MARKS.search(name):
        return UNKNOWN_MARK
    return PRIVATE_USE if _PRIVATE.search(name) else None


def marks(frame: pl.DataFrame, column: str) -> list[Marks]:
    """The damaged names of a column by kind."""
    written = frame.get_column(column)
    odd = written.gather(_odd(written)).unique().drop_nulls().to_list() if len(written) else []
    found: dict[str, list[str]] = {}
    for name in odd:
        if kind := damage(name):
            found.setdefault(kind, []).append(name)
    return [
        Marks(f"names.{kind}", column, written.is_in(found[kind]).fill_null(False)) for kind in KINDS if kind in found
    ]


def _odd(written: pl.Series) -> npt.NDArray[np.int64]:
    """The rows whose name is not one to four plain Han characters, or begins like a misread one."""
    cells, heads = Views.of(written), _misread_heads()
    plain = np.zeros(len(cells), bool)
    for part in parts(len(cells)):
        length = cells.length[part]
        text = np.ascontiguousarray(cells.words[part]).view(np.uint8).reshape(-1, 16)[:, 4:]
        leads = text[:, ::3]
        used = np.arange(_CHARACTERS) * 3 < length[:, None]
        han = ((leads >= _FIRST_LEAD) & (leads <= _LAST_LEAD)) | ~used
        fits = (length > 0) & (length <= 3 * _CHARACTERS) & (length % 3 == 0) & han.all(axis=1)
        head = text[:, :3].astype(np.intp)
        first = (head[:, 0] & 15) << 12 | (head[:, 1] & 63) << 6 | head[:, 2] & 63
        plain[part] = fits & ~heads[first]
    return np.flatnonzero(~plain)


@cache
def _misread_heads() -> npt.NDArray[np.bool_]:
    """For every code point below 65,536: whether a name that was misread may begin with it."""
    pattern = names.misread_heads()
    heads = np.array(
        [not 0xD800 <= code < 0xE000 and pattern.match(chr(code)) is not None for code in range(1 << 16)], dtype=bool
    )
    heads[[ord(made[0]) for made in _MADE_OF_LOSS]] = True
    return heads
