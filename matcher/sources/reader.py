"""Asks a process apart to read foreign files, and says in a clear error when a file has killed or stopped it.

A damaged file can raise what no `except` catches, ask for all memory there is, or never end. So whatever parses one
runs in `apart`, under limits; from there come only words and tables (`wire`).
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import subprocess
import threading
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from matcher.errors import InputRefused, SystemRefused, UsageError
from matcher.measure import count_apart
from matcher.sources import glancing, spawning, wire
from matcher.sources.chunking import Chunk
from matcher.sources.delivery import Feed
from matcher.sources.glancing import Glance
from matcher.sources.sampling import Sample
from matcher.sources.spawning import MEMORY

SILENCE = "JIEKUN_READER_SILENCE_SECONDS"
SILENCE_SECONDS = 600
"""After so long without a chunk a file is given up."""

_idle: list[_Apart] = []
_lock = threading.Lock()


def chunks(feed: Feed, rows: int, done: Collection[tuple[int, int]]) -> Generator[Chunk | tuple[int, int]]:
    """The chunks of a feed (chunking.chunks), read apart. Raises InputRefused and UsageError as that does."""
    with _asked("chunks", feed, rows=rows, done=frozenset(done)) as answers:
        for words in answers:
            if "skipped" in words:
                answers.taken()
                file, index = words["skipped"]
                yield file, index
            else:
                chunk = answers.chunk(words, feed)
                answers.taken()
                answers.reading(chunk.file, chunk.rows_in)
                yield chunk


def sample(feed: Feed, wanted: int) -> Sample:
    """A sample of a feed (sampling.sample), drawn apart."""
    with _asked("sample", feed, wanted=wanted) as answers:
        (found,) = [wire.received_sample(words, feed, answers.receive) for words in answers]
    return found


def glance(path: Path, encoding: str | None = None) -> list[Glance]:
    """The tables of a file that no contract describes (glancing.glance), looked at apart."""
    with _asked("glance", glancing.unknown(path, encoding)) as answers:
        return [
            Glance(words["table"], tuple(words["headings"]), words["encoding"], wire.table(answers.receive))
            for words in answers
        ]


def ask(name: str, feed: Feed, **request: Any) -> Any:
    """The answer to a request that is answered in a word or two."""
    with _asked(name, feed, **request) as answers:
        (words,) = list(answers)
    return words["answer"]


class _Answers:
    """What comes back for one request: words until it is done; tables by `receive` where words announce them."""

    def __init__(self, apart: _Apart, file: str) -> None:
        self._apart, self._file, self._row, self.finished = apart, file, 0, False

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        while True:
            words = self.receive()
            if isinstance(words, pl.DataFrame):
                raise wire.Broken("words were expected and a table came")
            if "done" in words:
                self.finished = True
                count_apart(words["done"])
                return
            yield words

    def chunk(self, words: Mapping[str, Any], feed: Feed) -> Chunk:
        """The chunk that these words announce. Raises InputRefused where it is not as it should be."""
        try:
            return wire.received_chunk(words, feed, self.receive)
        except (wire.Broken, LookupError, TypeError, ValueError) as error:
            self._apart.end()
            raise self._killed(f"its reader sent what is no chunk ({type(error).__name__})") from error

    def receive(self) -> Mapping[str, Any] | pl.DataFrame:
        """The next message. Raises what the other side refused, and InputRefused where it died or fell silent."""
        try:
            message = self._apart.receive()
        except TimeoutError as error:
            self._apart.end()
            raise self._killed("reading it came to no end") from error
        except (wire.Broken, OSError) as error:
            status = self._apart.end()
            if -status == signal.SIGKILL:
                raise self._killed_from_outside() from error
            raise self._killed(f"it ended its reader ({_how(status)})") from error
        if isinstance(message, dict):
            self._raise_what_was_refused(message)
        return message

    def taken(self) -> None:
        """Says that a chunk was taken over. That the other side has died is told by what is received next."""
        with suppress(OSError):
            self._apart.taken()

    def reading(self, file: str, rows: int) -> None:
        """Notes where we are, for an error that comes from nowhere."""
        self._row = self._row + rows if file == self._file else rows
        self._file = file

    def _killed_from_outside(self) -> InputRefused:
        return InputRefused(
            "the process that read it was killed from outside, or because the machine has no memory left",
            file=self._file,
            row=self._row + 1,
            remedy=f"Try again with fewer programs running; {MEMORY} sets how much it may take",
        )

    def _killed(self, what: str) -> InputRefused:
        return InputRefused(
            what,
            file=self._file,
            row=self._row + 1,
            remedy="Here or shortly behind it holds something that no honest file does, or cells or row groups larger than "
            f"{spawning.memory_mib():,} MiB can hold ({MEMORY} allows more). Ask the department to send it again",
        )

    def _raise_what_was_refused(self, words: Mapping[str, Any]) -> None:
        if "refused" in words:
            self.finished = True
            said = words["refused"]
            raise InputRefused(
                said["what"], file=said["file"], row=said["row"], column=said["column"], remedy=said["remedy"]
            )
        if "usage" in words:
            self.finished = True
            raise UsageError(words["usage"])
        if "full" in words:
            raise SystemRefused(words["full"])
        if "failed" in words:
            what = "needs more memory than it may take" if "Memory" in words["failed"] else "cannot be read"
            raise self._killed(f"it {what} ({words['failed']})")


class _Apart:
    """One process apart."""

    def __init__(self) -> None:
        started = spawning.take()
        self._process, self._socket, self._ready = started.process, started.socket, False
        self._socket.settimeout(float(os.environ.get(SILENCE, SILENCE_SECONDS)))

    def send(self, name: str, request: Mapping[str, Any]) -> None:
        """Sends a request. Only we pickle, and only towards the other side."""
        wire.send(self._socket, wire.REQUEST, pickle.dumps((name, dict(request))))

    def receive(self) -> Mapping[str, Any] | pl.DataFrame:
        """The next message. Raises TimeoutError after a long silence, and SystemRefused where it never got ready."""
        if not self._ready:
            try:
                wire.receive(self._socket)
            except (wire.Broken, OSError) as error:
                raise SystemRefused(
                    f"the process that reads files could not be started ({_how(self.end())}). "
                    f"See what it said above, and whether {MEMORY} leaves it enough memory"
                ) from error
            self._ready = True
        return wire.receive(self._socket)

    def taken(self) -> None:
        """Says that a chunk was taken over, so that the next one may be made."""
        self._socket.sendall(b".")

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def end(self) -> int:
        """Ends it at once; returns how it ended, 0 where it had to be made to."""
        self._socket.close()
        try:
            return self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return 0


@contextmanager
def _asked(name: str, feed: Feed, **request: Any) -> Iterator[_Answers]:
    """The answers to a request; the process is kept for the next one when it has answered in full.

    A query gets a process of its own, since it is told the database's password: none that has read a foreign file, or will.
    """
    query = feed.query
    sent = feed if query is None else replace(feed, query=query.with_url())
    apart = _sent(name, {"feed": sent, **request}, anew=query is not None)
    answers = _Answers(apart, feed.name)
    try:
        yield answers
    finally:
        if answers.finished and apart.alive and query is None:
            with _lock:
                _idle.append(apart)
        else:
            apart.end()


def _sent(name: str, request: Mapping[str, Any], *, anew: bool) -> _Apart:
    """A process that has got this request: one that waits, else a new one."""
    while not anew:
        with _lock:
            if not _idle:
                break
            waiting = _idle.pop()
        try:
            waiting.send(name, request)
            return waiting
        except OSError:  # it has died meanwhile
            waiting.end()
    apart = _Apart()
    with suppress(OSError):  # why it died is told by what is received
        apart.send(name, request)
    return apart


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"


if hasattr(os, "register_at_fork"):  # two processes must not talk to one reader
    os.register_at_fork(after_in_child=_idle.clear)


@atexit.register
def end_all() -> None:
    """Ends the processes that wait for a file; the next one gets a new one."""
    while _idle:
        _idle.pop().end()
