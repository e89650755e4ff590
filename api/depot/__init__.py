"""Where departments' files are kept: in the data folder, and where a store is named (JIEKUN_STORE), sealed in that.

Whatever comes lies in the data folder first, and what was taken over moves on to the store; so a file is looked for there
and then here, and a service that is given a store later still reads what lay here before. What lies in the store is whole;
what lies here beside it may be a part, as a backup caught it while it came.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from api import settings
from api.depot.bucket import Bucket, Changed, Damaged, Missing, Taken, Unreachable
from api.sealing import Vault

__all__ = ["Bucket", "Changed", "Damaged", "Depot", "Missing", "NoRoom", "Taken", "Unreachable", "room"]


class NoRoom(Exception):
    """The disk would have less room than it is to keep."""

    def __init__(self, needed: int, left: int) -> None:
        gib = 1024**3
        super().__init__(
            f"{needed / gib:.1f} GiB are needed in the data folder, and {left / gib:.1f} GiB are left above what it is to keep free"
        )


@dataclass(frozen=True)
class Depot:
    """The data folder, and the store beside it if there is one. Names are `feeds/FOLDER/FILE`."""

    data_dir: Path
    bucket: Bucket | None = None

    @classmethod
    def of(cls, data_dir: Path, vault: Vault, *, haste: bool = False) -> Depot:
        """The data folder with the store of this environment; in `haste` one that is away is told at once."""
        url = settings.store()
        return cls(data_dir, Bucket.at(url, vault, haste=haste) if url else None)

    def put_away(self, folder: str, files: Mapping[str, str]) -> None:
        """These files of a folder, by name their SHA-256, lie where they are kept; here they still lie, too.

        Raises Changed for a file of another SHA-256.
        """
        if self.bucket is not None:
            for name, sha256 in files.items():
                self.bucket.keep(f"{folder}/{name}", self.data_dir / folder / name, sha256)

    def clear(self, folder: str, names: Iterable[str]) -> None:
        """Of these files those that lie in the store lie here no more."""
        if self.bucket is None:
            return
        for name in names:
            with suppress(Missing):
                self.bucket.size(f"{folder}/{name}")
                (self.data_dir / folder / name).unlink(missing_ok=True)

    def remove(self, folder: str) -> None:
        """Nothing of the folder is left anywhere."""
        shutil.rmtree(self.data_dir / folder, ignore_errors=True)
        if self.bucket is not None:
            self.bucket.remove(folder)

    def bring(self, path: Path, target: Path) -> None:
        """The file that is kept by this path in the data folder is there too: fetched, linked or copied.

        Raises Missing, Damaged or Unreachable.
        """
        target.unlink(missing_ok=True)
        if self.bucket is not None:
            with suppress(Missing):
                self.bucket.fetch(path.relative_to(self.data_dir).as_posix(), target)
                return
        try:
            os.link(path, target)
        except FileNotFoundError:
            raise Missing from None
        except OSError:
            shutil.copyfile(path, target)

    def require_room(self, paths: Sequence[Path]) -> None:
        """All files that would be fetched for these paths have room in the data folder. Raises NoRoom or Missing."""
        if self.bucket is None:
            return
        needed = 0
        for path in paths:
            try:
                needed += self.bucket.size(path.relative_to(self.data_dir).as_posix())
            except Missing:
                if not path.exists():
                    raise
        if needed > (left := room(self.data_dir)):
            raise NoRoom(needed, left)


def room(data_dir: Path) -> int:
    """How many bytes the disk of the data folder has left above what it is to keep free (JIEKUN_RESERVE_GIB); not below 0."""
    there = next(folder for folder in (data_dir, *data_dir.resolve().parents) if folder.is_dir())
    return max(shutil.disk_usage(there).free - settings.reserve(), 0)
