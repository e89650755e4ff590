"""Files in a store that speaks S3, sealed on their way: whole or not there at all, and none ever over another.

A file goes up in parts as it is read (S3's multipart upload) and appears under its name with the last of them; a file
that is not what it was announced as never does. What lies there are sealed pieces (sealing/pieces), so that who keeps the
store reads nothing, and can change, swap or cut off nothing unseen. Neither way is more of a file in memory than a few parts.

The store's address, region and credentials are those of the environment under the names that all its clients know
(AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ALLOW_HTTP …), or of the machine's own role.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotSupportedError
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import RetryConfig

from api.durable import named
from api.sealing import NotOurs, Vault
from api.sealing.pieces import LENGTH, PIECE, opened, pieces, sealed

COLUMN = "feeds.content"
PART, MOST_PARTS = 16 * 1024 * 1024, 9_000
"""A store takes 10,000 parts of a file; of one that is larger than so many parts each part is larger."""

AT_ONCE = 2
RETRY: RetryConfig = {"max_retries": 8, "retry_timeout": dt.timedelta(minutes=3)}
"""A store that is away for some minutes costs time, and no attempt."""

PASSING = ".passing"
OWNER = "jiekun-owner"
"""The object that names the installation whose the place is: no secret, and nothing of anybody."""

HASTE: RetryConfig = {"max_retries": 1, "retry_timeout": dt.timedelta(seconds=10)}
"""Where somebody waits for the answer."""


class Unreachable(OSError):
    """The store cannot be reached, or refuses us."""


class Missing(FileNotFoundError):
    """No file lies there under this name."""


class Damaged(Exception):
    """The file is not what was put there: it was changed, cut off, or sealed with a key that is not here."""


class Changed(Exception):
    """The file is not what it was announced as; it was not put there."""


class Taken(Exception):
    """Another file lies there under this name."""


@dataclass(frozen=True)
class Bucket:
    """A place in a store, and the vault that seals what lies there."""

    store: S3Store = field(repr=False)
    vault: Vault = field(repr=False)

    @classmethod
    def at(cls, url: str, vault: Vault, *, haste: bool = False) -> Bucket:
        """The place that an address like s3://bucket/prefix names (settings.store)."""
        return cls(S3Store.from_url(url.rstrip("/"), retry_config=HASTE if haste else RETRY), vault)

    def owner(self) -> str | None:
        """By its name the installation whose the place is; None where nobody has used it yet."""
        try:
            with _reached():
                return bytes(obstore.get(self.store, OWNER).bytes()).decode("ascii", "replace")
        except Missing:
            return None

    def claim(self, name: str) -> str | None:
        """The place is this installation's if it is nobody's yet; whose it is then, as whoever looks next finds it."""
        with _reached(), suppress(AlreadyExistsError):
            try:
                obstore.put(self.store, OWNER, name.encode(), mode="create")
            except NotSupportedError:  # an older store: the last of two at one moment is its owner
                obstore.put(self.store, OWNER, name.encode())
        return self.owner()

    def take_over(self, name: str) -> None:
        """The place is this installation's, whosever it was."""
        with _reached():
            obstore.put(self.store, OWNER, name.encode())

    def keep(self, name: str, path: Path, sha256: str) -> None:
        """The file at this path lies there under this name. One that lies there already is this one.

        Raises Changed where it has not this SHA-256, and Taken or Damaged where another lies there; nothing has changed then.
        """
        with _reached():
            if self._there(name):
                if _digest(self.read(name)) != sha256:
                    raise Taken
                return
            with path.open("rb") as file:
                self._put(name, _checked(iter(lambda: file.read(PIECE), b""), sha256), path.stat().st_size)

    def read(self, name: str) -> Iterator[bytes]:
        """The plain content, piece by piece. Raises Missing or Damaged."""
        try:
            with _reached():
                yield from opened(self.vault, COLUMN, name, self._reader(name))
        except NotOurs:
            raise Damaged from None

    def fetch(self, name: str, path: Path) -> None:
        """The plain content lies at this path, on the disk for good. Raises Missing or Damaged, and leaves nothing then."""
        passing = path.with_name(path.name + PASSING)
        try:
            with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
                for piece in self.read(name):
                    writing.write(piece)
                named(writing, passing, path)
        finally:
            passing.unlink(missing_ok=True)

    def size(self, name: str) -> int:
        """How many bytes it takes there, a few more than its content. Raises Missing."""
        with _reached():
            return int(obstore.head(self.store, name)["size"])

    def remove(self, folder: str) -> None:
        """Nothing of the folder lies there any more."""
        with _reached():
            for some in list(obstore.list(self.store, prefix=folder)):
                obstore.delete(self.store, [each["path"] for each in some])

    def folders(self, root: str) -> dict[str, dt.datetime]:
        """The folders below this one, and when something was last put into each."""
        found: dict[str, dt.datetime] = {}
        for name, when in self._names(root):
            folder = "/".join(name.split("/")[: root.count("/") + 2])
            found[folder] = max(when, found.get(folder, when))
        return found

    def headers(self, root: str) -> dict[str, bytes]:
        """With what the first piece of each file begins: the suite and the key that it was sealed with."""
        found = {}
        for name, _ in list(self._names(root)):
            with suppress(Missing), _reached():
                found[name] = bytes(obstore.get_range(self.store, name, start=LENGTH, length=Vault.HEADER))
        return found

    def reseal(self, name: str) -> bool:
        """The file is sealed with what seals now, under its name; whether it was not before. Raises Missing or Damaged."""
        with suppress(NotOurs), _reached():
            if all(self.vault.current(piece) for piece in pieces(self._reader(name))):
                return False
        size = self.size(name)
        with _reached():
            self._put(name, _beside(self.read(name)), size)
        return True

    def _put(self, name: str, content: Iterator[bytes], size: int) -> None:
        """Whatever goes wrong while it is read, nothing has changed under the name; then the parts are given up."""
        obstore.put(
            self.store,
            name,
            sealed(self.vault, COLUMN, name, content),
            chunk_size=max(PART, -(-size // MOST_PARTS)),
            max_concurrency=AT_ONCE,
        )

    def _there(self, name: str) -> bool:
        try:
            obstore.head(self.store, name)
        except FileNotFoundError:
            return False
        return True

    def _reader(self, name: str) -> Callable[[int], bytes]:
        """Reads on from the beginning; a part is asked for anew where a connection breaks."""
        reading = obstore.open_reader(self.store, name, buffer_size=PART)

        def read(size: int) -> bytes:
            """So many bytes, or what is left; what it is asked for itself ends with each part, too."""
            found = bytes(reading.read(size))
            while len(found) < size and (more := bytes(reading.read(size - len(found)))):
                found += more
            return found

        return read

    def _names(self, root: str) -> Iterator[tuple[str, dt.datetime]]:
        with _reached():
            for some in obstore.list(self.store, prefix=root):
                yield from ((each["path"], each["last_modified"]) for each in some)


def _checked(content: Iterator[bytes], sha256: str) -> Iterator[bytes]:
    """The same; raises Changed at its end where it has another SHA-256."""
    digest = hashlib.sha256()
    for some in content:
        digest.update(some)
        yield some
    if digest.hexdigest() != sha256:
        raise Changed


def _beside(content: Iterator[bytes]) -> Iterator[bytes]:
    """The same, made in a thread of its own: what puts into the store cannot ask it for something meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        while some := pool.submit(next, content, b"").result():
            yield some


def _digest(content: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for some in content:
        digest.update(some)
    return digest.hexdigest()


@contextmanager
def _reached() -> Iterator[None]:
    """Raises Missing or Unreachable for what the store says; its own words may hold an address, and are not passed on."""
    try:
        yield
    except (Missing, Unreachable):
        raise
    except FileNotFoundError:
        raise Missing from None
    except BaseError as error:
        raise Unreachable(type(error).__name__) from None
