"""Files that are on the disk for good: their bytes, and the name that they go by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any


def named(opened: IO[Any], passing: Path, path: Path) -> None:
    """What was written under a passing name is on the disk under its own, in place of what bore that."""
    opened.flush()
    os.fsync(opened.fileno())
    passing.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The names in this folder are on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
