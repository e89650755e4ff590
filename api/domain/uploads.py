"""What a department may send as one batch, and where a batch that is being sent stands."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from api.domain.errors import NotDone, UserErrorCode
from api.domain.receipts import canonical

UNFINISHED = dt.timedelta(days=7)
"""So long a department may take to send what it asked to send."""

MOST_OPEN = 20
"""So many uploads of one department may be unfinished at a time."""

LONGEST_NAME, MOST_SUPERSEDED, MOST_MAPPED, LONGEST_MAPPED = 200, 100, 500, 200
SHA256 = re.compile(r"[0-9a-f]{64}")
BATCH = re.compile(r"[\w.()（）〔〕\[\]/-]{1,64}")
"""What a batch may be called, as a manifest may (docs/batches.md)."""


class UploadState(StrEnum):
    """A batch is sent, checked, and ends: taken over, refused, withdrawn by whoever sent it, or never finished."""

    OPEN = "OPEN"
    RECEIVED = "RECEIVED"
    CHECKING = "CHECKING"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self not in GOING_ON


GOING_ON = (UploadState.OPEN, UploadState.RECEIVED, UploadState.CHECKING)
COUNTS = (*GOING_ON, UploadState.ACCEPTED)
"""States of an upload whose batch number is taken."""


class BatchKind(StrEnum):
    """What a batch holds of all that its department has."""

    FULL = "FULL"
    PARTIAL = "PARTIAL"
    CHANGES = "CHANGES"


class CheckState(StrEnum):
    """How one of the ten quality checks came out."""

    OK = "OK"
    ALARM = "ALARM"
    NOT_ASSESSED = "NOT_ASSESSED"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a department says beforehand of a batch: one file, whole and to the byte, and how it is to be read.

    `mapping` is what a section of feeds.toml says of a source: `encoding`, `columns`, `values`, `units`.
    """

    source: str
    name: str
    size: int
    sha256: str
    as_of: dt.date
    kind: BatchKind
    batch: str
    supersedes: tuple[str, ...] = ()
    mapping: Mapping[str, Any] | None = None

    def content(self) -> tuple[object, ...]:
        """By what one batch is the same as another, whatever its file is called."""
        told = json.dumps(self.mapping or {}, sort_keys=True)
        return (
            self.source, self.batch, self.kind, self.as_of, self.size, self.sha256, tuple(sorted(self.supersedes)), told,
        )  # fmt: skip


def announced(given: Announced, today: dt.date, most_bytes: int) -> Announced:
    """The same. Raises NotDone, naming the field, for what no batch can be."""
    whole = given.name.isprintable() and 0 < len(given.name.encode()) <= LONGEST_NAME
    if not whole or set(given.name) & set('/\\"'):
        raise _invalid(
            "fileName",
            f"文件名为 1 至 {LONGEST_NAME} 个字节（约 {LONGEST_NAME // 3} 个汉字）的可见字符，不含路径和引号。",
            f"A file's name has 1 to {LONGEST_NAME} bytes of printable characters, no path and no quotes.",
        )
    if not 0 < given.size <= most_bytes:
        most = most_bytes / 1024**3
        raise _invalid("size", f"文件大小为 1 字节至 {most:g} GiB。", f"A file has from 1 byte to {most:g} GiB.")
    if not SHA256.fullmatch(given.sha256):
        raise _invalid(
            "contentHash",
            "SHA-256 为 64 个小写十六进制字符。",
            "A SHA-256 is 64 hexadecimal digits, in small letters.",
        )
    if given.as_of > today:
        raise _invalid("asOf", "数据截止日期不能晚于今天。", "The data cannot have been cut on a day to come.")
    for field, number in (("batch", given.batch), *(("supersedes", each) for each in given.supersedes)):
        if not BATCH.fullmatch(number):
            raise _invalid(
                field,
                "批次号为 1 至 64 个字母、汉字、数字或 . _ - / ( ) [ ]。",
                "A batch's number has 1 to 64 letters, digits and . _ - / ( ) [ ].",
            )
    if given.batch in given.supersedes or len(given.supersedes) > MOST_SUPERSEDED:
        raise _invalid(
            "supersedes",
            f"批次不能取代自身，且最多取代 {MOST_SUPERSEDED} 个批次。",
            f"A batch supersedes up to {MOST_SUPERSEDED} others, and not itself.",
        )
    words = list(_words(given.mapping or {}))
    if len(words) > MOST_MAPPED or not all(0 < len(word) <= LONGEST_MAPPED for word in words):
        raise _invalid(
            "mapping",
            f"映射最多 {MOST_MAPPED} 项，每项 1 至 {LONGEST_MAPPED} 个字符。",
            f"A mapping has up to {MOST_MAPPED} words, each of 1 to {LONGEST_MAPPED} characters.",
        )
    return given


def receipt_text(told: Mapping[str, Any]) -> str:
    """What a receipt says, as JSON with sorted keys and no blanks.

    >>> receipt_text({"number": 1, "batch": "甲-1"})
    '{"batch":"甲-1","number":1}'
    """
    return canonical(told).decode()


def receipt_digest(told: Mapping[str, Any]) -> str:
    """SHA-256 of what a receipt says: whoever holds it can reckon it again."""
    return hashlib.sha256(receipt_text(told).encode()).hexdigest()


def _words(told: Any) -> Sequence[str]:
    if isinstance(told, Mapping):
        return [word for key, value in told.items() for word in (str(key), *_words(value))]
    return [str(told)]


def _invalid(field: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", field), zh, en)
