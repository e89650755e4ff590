"""The process that reads foreign files: what becomes of us when it dies, lies, is left alone or asked by many."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from matcher.errors import InputRefused
from matcher.sources import feeds, reader, wire
from matcher.sources.delivery import Feed, open_folder


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    pl.DataFrame({"name": ["张伟"] * 9_000, "plate": [f"豫E{n}" for n in range(9_000)]}).write_csv(
        tmp_path / "vehicles.csv"
    )
    return open_folder(tmp_path).feeds["vehicles"]


def readers() -> set[int]:
    found = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "sources.apart"], capture_output=True, text=True)
    return set(map(int, found.stdout.split()))


def test_a_reader_that_is_killed_is_told_apart_from_a_bad_file_and_replaced(feed: Feed) -> None:
    reader.end_all()
    chunks = feeds.chunks(feed, 100)
    first = next(chunks)
    for process in readers():
        os.kill(process, signal.SIGKILL)
    with pytest.raises(InputRefused, match="killed from outside") as refused:
        list(chunks)
    assert (refused.value.file, (refused.value.row or 0) > first.rows_in) == ("vehicles.csv", True)
    assert sum(chunk.rows_in for chunk in feeds.chunks(feed, 5_000)) == 9_000


def test_a_reader_that_died_while_it_waited_costs_nothing(feed: Feed) -> None:
    feeds.read_all(feed)
    for process in readers():
        os.kill(process, signal.SIGKILL)
    time.sleep(0.1)
    assert feeds.read_all(feed).rows_in == 9_000


def test_several_threads_read_at_once(feed: Feed) -> None:
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda _: feeds.read_all(feed).frame, range(4)))
    assert all(frame.equals(read[0]) for frame in read)


def test_what_is_left_unread_leaves_no_process(feed: Feed) -> None:
    reader.end_all()
    for _ in range(3):
        next(chunks := feeds.chunks(feed, 10))
        chunks.close()
    assert readers() == set()


def test_no_secret_reaches_the_reader(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEKUN_DATABASE_URL", "postgresql://user:canary@host/db")
    monkeypatch.setenv("SOME_PASSWORD", "canary")
    reader.end_all()
    feeds.read_all(feed)
    (process,) = readers()
    assert b"canary" not in Path(f"/proc/{process}/environ").read_bytes()


def test_a_reader_ends_with_the_one_who_asked(feed: Feed, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from matcher.sources import feeds; from matcher.sources.delivery import open_folder\n"
        f"feeds.read_all(open_folder(Path({str(tmp_path)!r})).feeds['vehicles']); print('read', flush=True); time.sleep(60)"
    )
    asking = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    assert asking.stdout.readline() == "read\n"
    found = subprocess.run(["pgrep", "-P", str(asking.pid)], capture_output=True, text=True, check=True)
    asking.kill()
    asking.wait()
    asking.stdout.close()
    process = Path(f"/proc/{found.stdout.strip()}")
    for _ in range(100):
        if not process.exists() or "(zombie)" in (process / "status").read_text():
            return
        time.sleep(0.1)
    pytest.fail("it goes on alone")


@pytest.mark.parametrize(
    "message",
    [
        wire.HEAD.pack(wire.WORDS, 1 << 40),
        wire.HEAD.pack(wire.WORDS, 3) + b"[1]",
        wire.HEAD.pack(wire.WORDS, 4) + b'{"a"',
        wire.HEAD.pack(wire.TABLE, 5) + b"ARROW",
        wire.HEAD.pack(wire.TABLE, 1 << 62),
        b"J",
    ],
)
def test_a_message_that_is_none_is_an_error_and_no_crash(message: bytes) -> None:
    import socket

    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(message)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(wire.Broken):
            wire.receive(ours)
