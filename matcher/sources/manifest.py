"""Manifests: what a department says of a batch it sends, and that nobody else has said it; checked before any file is parsed.

A manifest is `<anything>.manifest.toml` beside the files it names, and its signature `<anything>.manifest.toml.sig`: an
Ed25519 signature over the manifest's bytes, in base64. The public keys come from the operator, never from the folder.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from matcher.errors import InputRefused, UsageError
from matcher.sources.contract import source_ids

ENDING, SIGNATURE = ".manifest.toml", ".sig"
LARGEST_BYTES = 4 << 20
"""A manifest is a page of text; what is larger is none."""

Kind = Literal["FULL", "PARTIAL", "CHANGES"]
KINDS: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)}
Keys = Mapping[str, tuple[str, ...]]
"""Source → the public keys, in base64, of those who may sign its batches."""

_KNOWN = {"source", "batch", "department", "as_of", "kind", "supersedes", "files"}
_KNOWN_OF_A_FILE = {"name", "sha256", "rows"}
_NUMBER = re.compile(r"[\w.()（）〔〕\[\]/-]{1,64}")
_AGAIN = "Ask the department to send manifest and files again"


@dataclass(frozen=True, slots=True)
class Promised:
    """A file as its manifest describes it: its name, SHA-256 in hexadecimal, and rows where it says so."""

    name: str
    sha256: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says. `signed`: by a key that the operator knows for this source.

    FULL: everything the department holds, so that absence means no record. PARTIAL: some of it. CHANGES: corrections and
    deletions to what it sent before. `supersedes`: batches of the source that no longer count.
    """

    path: Path
    source: str
    batch: str
    department: str
    as_of: dt.date
    kind: Kind
    supersedes: tuple[str, ...]
    files: tuple[Promised, ...]
    signed: bool

    def says_the_same(self, other: Manifest) -> bool:
        """Whether both describe one batch with the same content, whatever its files are called."""
        return self._content() == other._content()

    def _content(self) -> tuple[object, ...]:
        return (
            self.source, self.batch, self.as_of, self.kind, sorted(self.supersedes), sorted(file.sha256 for file in self.files),
        )  # fmt: skip


def of_folder(folder: Path, keys: Keys | None = None) -> list[Manifest]:
    """The manifests of a folder by name, their signatures checked. Raises InputRefused, or UsageError for a wrong key."""
    there = (path for path in sorted(folder.iterdir()) if path.name.lower().endswith(ENDING))
    return [_read(path, keys or {}) for path in there if not path.name.startswith(".")]


def belongs(name: str) -> bool:
    """Whether a file of this name is a manifest or the signature of one."""
    return name.lower().removesuffix(SIGNATURE).endswith(ENDING)


def read_keys(path: Path, folder: Path) -> dict[str, tuple[str, ...]]:
    """The operator's keys: a TOML of `source = ["base64 of a public key", …]`, outside the folder. Raises UsageError."""
    if path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{path}: keys that lie in the folder prove nothing; keep them elsewhere")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: the keys cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: this is not TOML ({error})") from error
    found = {}
    for source, listed in content.items():
        keys = (listed,) if isinstance(listed, str) else tuple(listed) if isinstance(listed, list) else ()
        if source not in source_ids():
            raise UsageError(f"{path}: {source} is no source; known are {', '.join(source_ids())}")
        if not keys or not all(isinstance(key, str) and len(_decoded(key) or b"") == 32 for key in keys):
            raise UsageError(f'{path}: {source} has no Ed25519 public keys; write {source} = ["base64 of 32 bytes"]')
        found[source] = keys
    return found


def verify(folder: Path, batch: str, files: Sequence[Promised]) -> None:
    """Every file of the batch is there and is, to the bit, the one that was named. Raises InputRefused where one is not."""
    for promised in files:
        path = folder / promised.name
        if path.is_symlink():
            raise InputRefused("it is a symbolic link", file=path.name, remedy="Put the file itself into the folder")
        if not path.is_file():
            raise InputRefused(
                f"the manifest of batch {batch} names it, and it is not there",
                file=path.name,
                remedy="Put it beside the manifest, under the name that stands there",
            )
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != promised.sha256:
            raise InputRefused(
                f"its SHA-256 is not the one that the manifest of batch {batch} names: it was changed or cut on the way",
                file=path.name,
                remedy=_AGAIN,
            )


def _read(path: Path, keys: Keys) -> Manifest:
    if path.is_symlink() or not path.is_file():
        raise _refused(path, "it is no plain file", "Put the manifest itself into the folder")
    if path.stat().st_size > LARGEST_BYTES:
        raise _refused(path, f"it is larger than {LARGEST_BYTES >> 20} MiB", _AGAIN)
    content = path.read_bytes()
    # before anything in it is believed, its source included
    signed_for = _signed_for(path, content, keys)
    try:
        told = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refused(path, f"this is not TOML ({error})", "Mend it, and save it as UTF-8") from error
    manifest = _manifest(path, told, signed_for)
    if manifest.source in keys and not manifest.signed:
        there = path.with_name(path.name + SIGNATURE).exists()
        raise _refused(
            path,
            f"its signature is by none of the keys known for {manifest.source}"
            if there
            else "it is not signed, and a key is known for its source",
            f"Ask the department to sign it as {path.name}{SIGNATURE}, and compare its public key with yours",
        )
    return manifest


def _manifest(path: Path, told: Mapping[str, Any], signed_for: Collection[str]) -> Manifest:
    if unknown := sorted(set(told) - _KNOWN):
        raise _refused(path, f"it holds {', '.join(unknown)}", f"Known are {', '.join(sorted(_KNOWN))}")
    source, named = _text(path, told, "source"), _text(path, told, "kind")
    if source not in source_ids():
        raise _refused(path, f"{source} is no source", f"Known are {', '.join(source_ids())}")
    if (kind := KINDS.get(named)) is None:
        raise _refused(path, f"{named} is no kind of batch", f"Kinds are {', '.join(KINDS)}")
    as_of = told.get("as_of")
    as_of = as_of.date() if isinstance(as_of, dt.datetime) else as_of
    if not isinstance(as_of, dt.date):
        raise _refused(path, "as_of is no date", "Write as_of = 2024-12-31, without quotes")
    named = told.get("supersedes", [])
    supersedes = [named] if isinstance(named, str) else named
    if not isinstance(supersedes, list) or not all(isinstance(each, str) for each in supersedes):
        raise _refused(path, "supersedes names no batch", 'Write supersedes = "number", or a list of numbers')
    batch = _text(path, told, "batch")
    if not _NUMBER.fullmatch(batch):
        raise _refused(path, "batch is no number of a batch", "Use up to 64 letters, digits, dots and dashes")
    return Manifest(
        path=path,
        source=source,
        batch=batch,
        department=_text(path, told, "department"),
        as_of=as_of,
        kind=kind,
        supersedes=tuple(supersedes),
        files=_files(path, told.get("files")),
        signed=source in signed_for,
    )


def _files(path: Path, listed: Any) -> tuple[Promised, ...]:
    if not isinstance(listed, list) or not listed or not all(isinstance(entry, dict) for entry in listed):
        raise _refused(path, "it names no files", "Write [[files]] and below it name, sha256 and rows")
    files = tuple(_file(path, entry) for entry in listed)
    names = [file.name for file in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _refused(path, f"it names {', '.join(twice)} twice", "Name every file once")
    return files


def _file(path: Path, entry: Mapping[str, Any]) -> Promised:
    if unknown := sorted(set(entry) - _KNOWN_OF_A_FILE):
        raise _refused(
            path, f"a file of it holds {', '.join(unknown)}", f"Known are {', '.join(sorted(_KNOWN_OF_A_FILE))}"
        )
    name, digest = _text(path, entry, "name"), _text(path, entry, "sha256").lower()
    if "/" in name or "\\" in name or "\0" in name or name.startswith(".") or belongs(name):
        raise _refused(path, f"{name} is no file of this folder", "Name files that lie beside the manifest")
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise _refused(path, f"sha256 of {name} is no SHA-256", "Write its 64 hexadecimal digits")
    rows = entry.get("rows")
    if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 0):
        raise _refused(path, f"rows of {name} is no number", "Write how many rows it holds below its header")
    return Promised(name, digest, rows)


def _text(path: Path, told: Mapping[str, Any], key: str) -> str:
    value = told.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _refused(path, f"{key} is not there, or no text", f'Write {key} = "…", in quotes')
    return value.strip()


def _signed_for(path: Path, content: bytes, keys: Keys) -> frozenset[str]:
    """The sources of whose keys one has signed this content."""
    beside = path.with_name(path.name + SIGNATURE)
    if not keys or not beside.exists():
        return frozenset()
    if beside.is_symlink() or beside.stat().st_size > 1024:
        raise _refused(beside, "this is no signature", "It is one line: the base64 of 64 bytes")
    signature = _decoded(beside.read_text(encoding="ascii", errors="replace"))
    if signature is None:
        raise _refused(beside, "this is no signature", "It is one line: the base64 of 64 bytes")
    return frozenset(
        source for source, known in keys.items() if any(_signs(key, signature, content) for key in known)
    )


def _signs(key: str, signature: bytes, content: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise UsageError(
            "signatures cannot be checked without the extra `signed`: install jiekun[signed], or leave out --keys"
        ) from error
    try:
        Ed25519PublicKey.from_public_bytes(_decoded(key) or b"").verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None


def _refused(path: Path, what: str, remedy: str) -> InputRefused:
    return InputRefused(what, file=path.name, remedy=remedy)
