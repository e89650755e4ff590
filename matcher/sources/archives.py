"""What lies in a zip or a gzip, unpacked a block at a time; whatever no honest archive holds is refused by name."""

from __future__ import annotations

import gzip
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from matcher.errors import InputRefused
from matcher.sources.kinds import TABLES

MOST_BYTES = 64 << 30
"""More than so much a part may not hold when it is unpacked."""

MOST_RATIO, RATIO_FROM = 200, 64 << 20
"""Unpacked bytes for one packed; counts from so many unpacked on. Tables pack to a tenth or a thirtieth."""

MOST_MEMBERS = 1_000

DAMAGE = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, struct.error)
"""What the unpackers raise where an archive is not as it should be."""

_ARCHIVES = (".zip", ".gz", ".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz", ".zst")
_JUNK = {".ds_store", "thumbs.db", "desktop.ini"}
_ENCRYPTED, _NAME_IN_UTF8 = 0x1, 0x800
_LOCAL_HEADER_BYTES = 30


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a zip: its name as people wrote it, and where it is."""

    name: str
    info: zipfile.ZipInfo


def members(path: Path) -> list[Member]:
    """The tables in a zip, by name. Folders, and what file managers leave behind, are none.

    Raises InputRefused for an archive that is damaged, encrypted or empty, that would unpack to more than it may or
    outside its folder, and for a member that is no table.
    """
    with opened(path) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_MEMBERS:
            raise _refused(path, None, f"it holds {len(infos):,} files", f"Send at most {MOST_MEMBERS:,} at once")
        _no_overlap(path, archive, infos)
        found: dict[str, Member] = {}
        for info in infos:
            name = _name(info)
            if info.is_dir() or _is_junk(name):
                continue
            _check(path, name, info)
            if name in found:
                raise _refused(path, name, "it holds this name twice", "Rename or remove one of the two")
            found[name] = Member(name, info)
    if not found:
        raise _refused(path, None, "there is no table in it", "Ask the department to send it again")
    return [found[name] for name in sorted(found)]


def is_workbook(path: Path) -> bool:
    """Whether a zip is a workbook of Excel. False where it cannot even be opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (*DAMAGE, ValueError, OSError):
        return False
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive. Raises InputRefused where it is damaged."""
    try:
        archive = zipfile.ZipFile(path)
    except (*DAMAGE, ValueError, OSError) as error:
        raise _refused(
            path, None, "the archive is damaged or was cut off", "Ask the department to send it again"
        ) from error
    with archive:
        yield archive


def bomb(unpacked: int, packed: int) -> bool:
    """Whether so many bytes out of so few are more than any table would be."""
    return unpacked > MOST_BYTES or (unpacked > RATIO_FROM and unpacked > MOST_RATIO * max(packed, 1))


def of_gzip(file: IO[bytes]) -> gzip.GzipFile:
    """The bytes of a gzip as they come."""
    return gzip.GzipFile(fileobj=file, mode="rb")


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name: zips made on Windows in China write it in GBK without saying so, some in UTF-8 without."""
    if not info.flag_bits & _NAME_IN_UTF8:
        try:
            written = info.orig_filename.encode("cp437")
        except UnicodeEncodeError:
            return info.orig_filename
        for encoding in ("utf-8", "gb18030"):
            try:
                return written.decode(encoding)
            except UnicodeDecodeError:
                continue
    return info.orig_filename


def _is_junk(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        "__MACOSX" in path.parts[:1] or path.name.lower() in _JUNK or path.name.startswith(("._", "~$"))
    ) and ".." not in path.parts


def _check(path: Path, name: str, info: zipfile.ZipInfo) -> None:
    if re.search(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(^|/)\.\.(/|$)", name):
        shown = re.sub(r"[\x00-\x1f\x7f]", "?", name)
        raise _refused(
            path, shown, "its name leads out of the archive", "Pack the files themselves, without their folders"
        )
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise _refused(path, name, "it is a link and no file", "Pack the file itself")
    if info.flag_bits & _ENCRYPTED:
        raise _refused(path, name, "it is encrypted", "Pack it again without a password")
    if bomb(info.file_size, info.compress_size):
        raise _refused(
            path,
            name,
            f"{info.compress_size:,} bytes would unpack to {info.file_size:,}, which no table does",
            "Ask the department what this is; where it is honest, send it unpacked",
        )
    ending = PurePosixPath(name).suffix.lower()
    if ending in _ARCHIVES:
        raise _refused(path, name, "it is an archive within an archive", "Pack the tables themselves into one .zip")
    if ending not in TABLES:
        raise _refused(
            path,
            name,
            f"files of the kind {ending or 'without ending'} cannot be read",
            f"Take it out of the archive, or export it as one of {' '.join(TABLES)}",
        )


def _no_overlap(path: Path, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> None:
    """Members that share their bytes unpack to many times what the archive is."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in ordered), archive.start_dir][1:]
    for info, end in zip(ordered, ends, strict=False):
        if info.header_offset < 0 or info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size > end:
            raise _refused(
                path,
                _name(info),
                "it lies over another member of the archive",
                "Pack the files anew with any program",
            )


def _refused(path: Path, member: str | None, what: str, remedy: str) -> InputRefused:
    return InputRefused(what, file=path.name if member is None else f"{path.name}/{member}", remedy=remedy)
