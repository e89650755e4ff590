"""Attachments on the disk: what was written comes back, or it is said that it does not; and nothing is left half done."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from api import sealing
from api.attachments_store import Damaged, Missing, NotTaken, Store, TooLarge
from api.sealing.pieces import LENGTH, PIECE

PDF = b"%PDF-1.7\n"
SECRET = "王小明的申请书".encode()
MOST = 4 * PIECE


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, sealing.vault(sealing.new_key()))


def content(size: int) -> bytes:
    return (PDF + SECRET + os.urandom(max(size, 64)))[: max(size, 32)]


async def flow(data: bytes, step: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), step):
        yield data[start : start + step]


async def whole(store: Store, stored: str) -> bytes:
    return b"".join([piece async for piece in store.read(stored)])


def left(store: Store) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir()) if store.folder.exists() else []


@pytest.mark.parametrize("size", [32, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17, MOST])
@pytest.mark.parametrize("step", [7_001, PIECE, 10 * PIECE])
async def test_what_was_written_comes_back_in_pieces(store: Store, size: int, step: int) -> None:
    data = content(size)
    written = await store.write(flow(data, step), MOST)
    assert (written.size, written.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert written.media_type == "application/pdf"
    assert await whole(store, written.stored) == data
    await store.check(written.stored, written.size, written.sha256)
    pieces = [len(piece) async for piece in store.read(written.stored)]
    assert max(pieces) <= PIECE, "no more than a piece is in memory"
    assert left(store) == [written.stored]


async def test_on_the_disk_nothing_can_be_read_and_nobody_else_may_look(store: Store) -> None:
    written = await store.write(flow(content(1_000)), MOST)
    path = store.folder / written.stored
    kept = path.read_bytes()
    assert SECRET not in kept
    assert PDF not in kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def _pieces(kept: bytes) -> list[bytes]:
    found = []
    while kept:
        end = LENGTH + int.from_bytes(kept[:LENGTH], "big")
        found.append(kept[:end])
        kept = kept[end:]
    return found


def flipped(kept: bytes, at: int) -> bytes:
    return kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the first piece": lambda kept: flipped(kept, 100),
    "a bit of the last": lambda kept: flipped(kept, len(kept) - 1),
    "a bit of a length": lambda kept: flipped(kept, 0),
    "cut off within a piece": lambda kept: kept[:-10],
    "cut off within a length": lambda kept: kept + b"\x00\x00",
    "the last piece is gone": lambda kept: b"".join(_pieces(kept)[:-1]),
    "the first piece is gone": lambda kept: b"".join(_pieces(kept)[1:]),
    "two pieces are swapped": lambda kept: b"".join([_pieces(kept)[1], _pieces(kept)[0], *_pieces(kept)[2:]]),
    "a piece stands twice": lambda kept: b"".join([_pieces(kept)[0], *_pieces(kept)]),
    "something follows the last": lambda kept: kept + _pieces(kept)[-1],
    "nothing is left": lambda kept: b"",
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_damage_is_told_and_not_a_changed_byte_given(store: Store, damage: str) -> None:
    data = content(2 * PIECE + 5)
    written = await store.write(flow(data), MOST)
    path = store.folder / written.stored
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(Damaged):
        await store.check(written.stored, written.size, written.sha256)


async def test_one_file_is_not_taken_for_another(store: Store) -> None:
    one, other = [await store.write(flow(content(500)), MOST) for _ in range(2)]
    (store.folder / one.stored).replace(store.folder / other.stored)
    with pytest.raises(Damaged):
        await whole(store, other.stored)
    with pytest.raises(Missing):
        await store.check(one.stored, one.size, one.sha256)


async def test_with_another_key_it_is_damaged(store: Store) -> None:
    written = await store.write(flow(content(500)), MOST)
    with pytest.raises(Damaged):
        await whole(Store(store.data_dir, sealing.vault(sealing.new_key())), written.stored)


async def torn() -> AsyncIterator[bytes]:
    yield PDF + bytes(PIECE + 5)
    raise ConnectionResetError


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (flow(content(MOST + 1)), TooLarge),
        (flow(b"<html>" + bytes(100)), NotTaken),
        (flow(b"<html>" + bytes(3 * PIECE), 11), NotTaken),
        (flow(b"%PD"), NotTaken),
        (flow(b""), NotTaken),
        (torn(), ConnectionResetError),
    ],
)
async def test_what_is_refused_or_torn_leaves_nothing(
    store: Store, given: AsyncIterator[bytes], refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        await store.write(given, MOST)
    assert left(store) == []


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8, 13, 50])
async def test_whoever_is_cancelled_leaves_nothing(store: Store, turns: int) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield PDF
        while True:
            yield bytes(PIECE)

    task = asyncio.create_task(store.write(endless(), 1_000 * MOST))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left(store) == []


@pytest.mark.parametrize("size", [32, PIECE, 2 * PIECE + 17])
@pytest.mark.parametrize("crypto", ["AES", "SM"])
async def test_a_file_is_sealed_anew_under_another_key_and_is_the_same(store: Store, size: int, crypto: str) -> None:
    data = content(size)
    written = await store.write(flow(data), MOST)
    later = Store(store.data_dir, sealing.Vault(store.vault.keys.rotated(), sealing.suite(crypto)))
    assert later.headers() == {written.stored: store.vault.header}
    assert later.reseal(written.stored)
    assert not later.reseal(written.stored)
    assert later.headers() == {written.stored: later.vault.header}
    assert await whole(later, written.stored) == data
    await later.check(written.stored, written.size, written.sha256)
    assert left(store) == [written.stored]
    with pytest.raises(Damaged):
        await whole(store, written.stored)


async def test_a_file_that_cannot_be_opened_is_left_as_it_is(store: Store) -> None:
    written = await store.write(flow(content(100)), MOST)
    other = Store(store.data_dir, sealing.vault(sealing.new_key()))
    as_it_was = (store.folder / written.stored).read_bytes()
    changed = Store(store.data_dir, sealing.Vault(other.vault.keys.rotated()))
    with pytest.raises(Damaged):
        changed.reseal(written.stored)
    with pytest.raises(Missing):
        changed.reseal("0" * 32)
    assert (store.folder / written.stored).read_bytes() == as_it_was
    assert left(store) == [written.stored]
