"""Every error the library raises, on one page.

    MatcherError
    ├── UsageError            exit 2   the command line or the call is wrong
    ├── InputRefused          exit 3   a file, row or column cannot be accepted
    ├── BreakerOpened         exit 4   a circuit breaker stopped the scan; what is done is kept
    ├── SystemRefused         exit 1   the disk is full, or a path cannot be written
    └── Interrupted           exit 130 stopped by hand; the work so far is kept

A message says what is wrong, where (file, row, column) and what to do. It never holds a value from a person's
record: names, numbers, phones, accounts and addresses stay in the files they came from.
"""

from __future__ import annotations

import errno
from pathlib import Path


class MatcherError(Exception):
    """The root of the tree; `exit_status` is what the command line ends with."""

    exit_status = 1


class UsageError(MatcherError):
    """The call itself cannot be carried out, whatever the data hold."""

    exit_status = 2


class InputRefused(MatcherError):
    """A file, row or column cannot be accepted; nothing else was touched."""

    exit_status = 3

    def __init__(
        self,
        what: str,
        *,
        file: Path | str | None = None,
        row: int | None = None,
        column: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.what, self.file, self.row, self.column, self.remedy = what, file, row, column, remedy
        where = ", ".join(
            part
            for part in (
                f"file {file}" if file is not None else "",
                f"row {row}" if row is not None else "",
                f"column {column}" if column is not None else "",
            )
            if part
        )
        text = f"{where}: {what}" if where else what
        super().__init__(f"{text}. {remedy}" if remedy else text)


class BreakerOpened(MatcherError):
    """The scan's figures tell of damaged feeds rather than of people; nothing was written, and the finished chunks are kept."""

    exit_status = 4


class Interrupted(MatcherError):
    """Stopped by hand; run again with --resume to go on from the last finished chunk."""

    exit_status = 130


class SystemRefused(MatcherError):
    """The disk is full, or a path cannot be written."""

    exit_status = 1


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SAID_OF_FULL = ("No space left", "File too large", "os error 28", "os error 27")


def refused_by_system(error: Exception) -> SystemRefused | None:
    """What to say of an error of the file system, whichever library met it; None for all else."""
    if (isinstance(error, OSError) and error.errno in _FULL) or any(said in str(error) for said in _SAID_OF_FULL):
        return SystemRefused(
            "no space is left where the results are written. Make room and run the same command again; a scan, link or dedupe "
            "goes on where it stood with --resume"
        )
    if isinstance(error, OSError) and error.filename is not None:
        return SystemRefused(f"{error.filename}: {error.strerror}. Check this path")
    return None
