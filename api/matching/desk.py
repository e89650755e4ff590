"""Households checked now against an index of the feeds in use, and an index built; each in a process of its own.

What a check finds is what a scan of that household would find by the same plan, model and policy, as far as rules judge
one household alone. Whoever asks while a pass is under way goes into the next one together with all others who wait: a pass
over many households takes little longer than one over one.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from api.matching import folders, scans
from api.matching.policy import Written
from matcher import index
from matcher.errors import MatcherError
from matcher.plan import PERSONS

AT_ONCE = 200
"""Households in one pass."""

PASS_SECONDS = 120.0
"""A process that answers nothing for so long is ended."""

Allowed = Mapping[str, Collection[str]]
Found = dict[str, Any]


class NotChecked(MatcherError):
    """The index is not there any more or cannot be read by this program, or the household's rows cannot be."""


@dataclass(frozen=True, slots=True)
class Home:
    """A household's rows as a scan lays them out, and who of it may be looked up in which kind of data, by reference."""

    household: folders.Row
    members: Sequence[folders.Row]
    allowed: Allowed
    answers: Sequence[folders.Row] = ()


@dataclass(frozen=True, slots=True)
class Where:
    """The index that is asked, by its folder; under which values; and on which day."""

    index: Path
    policy: Written
    as_of: dt.date


@dataclass
class Desk:
    """Where households are checked; whoever waits is taken together."""

    _waiting: dict[Where, list[tuple[Home, asyncio.Future[Found]]]] = field(default_factory=dict)
    _work: asyncio.Task[None] | None = None

    async def check(self, where: Where, home: Home) -> Found:
        """What is found, as plain values: `links`, `leads`, `coverage`, and the rules that only a scan can ask.

        Raises NotChecked where it cannot be known, and MatcherFailed where the process ended twice or met a fault.
        """
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(where, []).append((home, answer))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._pass_after_pass())
        return _found(await answer)

    async def check_all(self, where: Where, homes: Sequence[Home]) -> list[Found | None]:
        """The same of many households, each of which is there once; None where one could not be checked."""
        found: list[Found] = []
        for start in range(0, len(homes), AT_ONCE):
            found += await asyncio.to_thread(_process.ask, where, homes[start : start + AT_ONCE])
        return [each if "links" in each else None for each in found]

    async def _pass_after_pass(self) -> None:
        while self._waiting:
            where = next(iter(self._waiting))
            some = self._next(where)
            try:
                found = await asyncio.to_thread(_process.ask, where, [home for home, _ in some])
            except Exception as error:
                for _, answer in some:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), each in zip(some, found, strict=True):
                if not answer.done():  # who asked may have gone
                    answer.set_result(each)

    def _next(self, where: Where) -> list[tuple[Home, asyncio.Future[Found]]]:
        """Who is taken into the next pass: of one household only who asked first, since it may have changed in between."""
        some: dict[Any, tuple[Home, asyncio.Future[Found]]] = {}
        left = []
        for home, answer in self._waiting.pop(where):
            reference = home.household["household_id"]
            if reference in some or len(some) == AT_ONCE:
                left.append((home, answer))
            else:
                some[reference] = (home, answer)
        if left:
            self._waiting[where] = left
        return list(some.values())


class _Process:
    """The process that checks, shared by all of this one; started when it is first asked, and again should it have died.

    It ends when this one ends, however that comes about: its standard input ends then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[str] | None = None

    def ask(self, where: Where, homes: Sequence[Home]) -> list[Found]:
        """Of each household what was found, or `refused` or `failed` with why. Raises MatcherFailed where it dies twice."""
        if not homes:
            return []
        path, changed, size = where.policy
        asked = json.dumps(
            {
                "index": str(where.index),
                "policy": [path and str(path), changed, size],
                "as_of": where.as_of.isoformat(),
                "homes": [
                    {
                        "household": home.household,
                        "members": home.members,
                        "allowed": {source: sorted(people) for source, people in home.allowed.items()},
                        "answers": home.answers,
                    }
                    for home in homes
                ],
            },
            ensure_ascii=False,
            default=str,
        )
        with self._lock:
            line = self._told(asked) or self._told(asked)
        if not line:
            raise scans.MatcherFailed(-1)
        found: list[Found] = json.loads(line)
        return found

    def _told(self, asked: str) -> str:
        """Its answer; nothing where it died over it."""
        process = self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        hung = threading.Timer(PASS_SECONDS, process.kill)
        hung.start()
        try:
            process.stdin.write(asked + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            hung.cancel()
        if not line:
            self.end()
        return line

    def _start(self) -> subprocess.Popen[str]:
        if self._running is not None and self._running.poll() is not None:
            self.end()
        if self._running is None:
            self._running = subprocess.Popen(
                [sys.executable, "-P", "-m", "api.matching.checking"],
                env=scans.seen(os.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a fault's words may hold a value
                text=True,
                encoding="utf-8",
            )
        return self._running

    def end(self) -> None:
        """It has ended; what it was told lies nowhere, and nothing is half done."""
        if self._running is not None:
            self._running.kill()
            with contextlib.suppress(BrokenPipeError), self._running:  # its pipes are closed, and it is waited for
                self._running = None


_process = _Process()
atexit.register(_process.end)


def _found(answer: Found) -> Found:
    if "refused" in answer:
        raise NotChecked(answer["refused"])
    if "failed" in answer:
        raise scans.MatcherFailed(1, answer["failed"])
    return answer


@cache
def bound_to() -> str:
    """What an index depends on besides its feeds: a program of which this differs cannot read it."""
    return index.bound_to(PERSONS)


async def build(folder: Path, out: Path) -> None:
    """The feeds of a laid-out folder are an index in `out`. Raises MatcherFailed."""
    await scans.follow(["index", str(folder), "--out", str(out), "--quiet"])


def told(folder: Path) -> tuple[list[str], dt.date | None]:
    """What an index holds, and the latest day that one of its feeds was cut. Raises MatcherError."""
    found = index.open_index(folder, PERSONS)
    days = [source.as_of for source in found.sources.values() if source.as_of is not None]
    return sorted(found.sources), max(days, default=None)
