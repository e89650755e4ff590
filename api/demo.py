"""The demo: a synthetic city and its scan, made once and used again until something they depend on has changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from api import matching

MARKER = "jiekun-demo.json"


@dataclass(frozen=True, slots=True)
class Size:
    """What the city is made from; the same size is the same city."""

    households: int
    records: int
    seed: int


def show(folder: Path, size: Size, language: str) -> bool:
    """Shows what was found in FOLDER/city, its results in FOLDER/out; True where both were there already.

    They are used again if the size, the matcher's program and every file are what they were when the scan was
    complete; anything else, an interrupted demo included, begins anew. Raises MatcherFailed.
    """
    city, out, marker = folder / "city", folder / "out", folder / MARKER
    made_from = {**asdict(size), "program": matching.program_hash()}
    there = marker.is_file() and marker.read_bytes() == _mark(folder, made_from)
    if there:
        matching.run(["report", str(out), "--lang", language])
    else:
        marker.unlink(missing_ok=True)
        options = [part for name, value in asdict(size).items() for part in (f"--{name}", str(value))]
        matching.run(["synth", "--out", str(city), *options])
        matching.run(["scan", str(city), "--out", str(out), "--lang", language])
        marker.write_bytes(_mark(folder, made_from))
    matching.run(["evaluate", str(out), "--truth", str(city), "--brief"])
    return there


def _mark(folder: Path, made_from: dict[str, object]) -> bytes:
    """The marker as it is to be: what the demo was made from, and each file's hash."""
    files = {}
    for path in sorted(path for part in ("city", "out") for path in (folder / part).rglob("*") if path.is_file()):
        with path.open("rb") as opened:
            files[path.relative_to(folder).as_posix()] = hashlib.file_digest(opened, "sha256").hexdigest()
    return json.dumps({**made_from, "files": files}, indent=1).encode()
