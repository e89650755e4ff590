"""Files in a store that speaks S3: they come back to the byte, or it is said that they do not; its keeper reads nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from api import sealing
from api.depot import Bucket, Changed, Damaged, Missing, Taken, Unreachable, bucket
from api.sealing.pieces import PIECE
from api.sealing.vault import Vault
from tests.api.depot.conftest import Stored

NAME = "feeds/vehicles-1/车管所 2024.csv"
SECRET = "410502198001011234,王小明\n".encode()
MIB = 1024 * 1024


@pytest.fixture
def vault() -> Vault:
    return sealing.vault(sealing.new_key())


@pytest.fixture
def there(stored: Stored, vault: Vault) -> Bucket:
    return Bucket.at(stored.url, vault)


def file(folder: Path, content: bytes) -> tuple[Path, str]:
    path = folder / "given"
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


def whole(there: Bucket, name: str = NAME) -> bytes:
    return b"".join(there.read(name))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 17, 40 * MIB + 5])
def test_what_was_kept_comes_back_and_its_keeper_reads_nothing(
    there: Bucket, stored: Stored, tmp_path: Path, size: int
) -> None:
    content = (SECRET * (size // len(SECRET) + 1))[:size]
    there.keep(NAME, *file(tmp_path, content))
    assert whole(there) == content
    there.fetch(NAME, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
    assert (tmp_path / "fetched").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fetched", "given"]
    assert SECRET[:18] not in stored.raw(NAME)
    assert there.size(NAME) == len(stored.raw(NAME))
    assert max(map(len, there.read(NAME)), default=0) <= PIECE, "no more than a piece is in memory"


def test_a_file_is_there_whole_or_not_at_all(there: Bucket, stored: Stored, tmp_path: Path) -> None:
    path, _ = file(tmp_path, os.urandom(40 * MIB))
    with pytest.raises(Changed):
        there.keep(NAME, path, "0" * 64)
    assert (stored.names(), stored.parts()) == ([], [])
    with pytest.raises(Missing):
        whole(there)


def test_none_is_put_over_another_and_the_same_is_the_same(there: Bucket, tmp_path: Path) -> None:
    there.keep(NAME, *file(tmp_path, SECRET))
    there.keep(NAME, *file(tmp_path, SECRET))
    with pytest.raises(Taken):
        there.keep(NAME, *file(tmp_path, SECRET + b"more"))
    assert whole(there) == SECRET


def swapped(content: bytes) -> bytes:
    half = len(content) // 3
    return content[half : 2 * half] + content[:half] + content[2 * half :]


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"",
        lambda raw: raw[:-9] + bytes([raw[-9] ^ 1]) + raw[-8:],
        lambda raw: raw + raw,
        swapped,
    ],
)
def test_what_its_keeper_changes_is_told_as_damaged_and_fetched_by_nobody(
    there: Bucket, stored: Stored, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    there.keep(NAME, *file(tmp_path, os.urandom(3 * PIECE)))
    stored.put(NAME, change(stored.raw(NAME)))
    with pytest.raises(Damaged):
        there.fetch(NAME, tmp_path / "fetched")
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


def test_one_file_in_the_place_of_another_is_damage(there: Bucket, stored: Stored, tmp_path: Path) -> None:
    there.keep(NAME, *file(tmp_path, SECRET))
    there.keep("feeds/aid-1/b.csv", *file(tmp_path, SECRET))
    stored.put(NAME, stored.raw("feeds/aid-1/b.csv"))
    with pytest.raises(Damaged):
        whole(there)


def test_folders_are_listed_and_removed_alone(there: Bucket, stored: Stored, tmp_path: Path) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=2)
    names = ["feeds/a/1.csv", "feeds/a/2.csv", "feeds/ab/1.csv"]
    for name in names:
        there.keep(name, *file(tmp_path, SECRET))
    found = there.folders("feeds")
    assert list(found) == ["feeds/a", "feeds/ab"]
    assert all(before <= when <= dt.datetime.now(dt.UTC) for when in found.values())
    there.remove("feeds/a")
    there.remove("feeds/a")
    assert stored.names() == ["feeds/ab/1.csv"]


def test_f_31_files_are_sealed_anew_with_another_key(there: Bucket, stored: Stored, tmp_path: Path) -> None:
    content = os.urandom(2 * PIECE + 1)
    there.keep(NAME, *file(tmp_path, content))
    assert there.reseal(NAME) is False
    both = Vault(there.vault.keys.rotated())
    rotated = Bucket(there.store, both)
    (header,) = rotated.headers("feeds").values()
    assert both.version_of(header) == 1
    assert rotated.reseal(NAME) is True
    (header,) = rotated.headers("feeds").values()
    assert both.version_of(header) == 2
    assert whole(rotated) == content
    with pytest.raises(Damaged):
        whole(there)


def test_a_store_that_is_away_is_told_without_its_address(
    vault: Vault, stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "RETRY", bucket.RETRY | {"max_retries": 0})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    away = Bucket.at(stored.url, vault)
    for ask in (
        lambda: away.keep(NAME, *file(tmp_path, SECRET)),
        lambda: whole(away),
        lambda: away.remove("feeds/a"),
        lambda: away.folders("feeds"),
    ):
        with pytest.raises(Unreachable) as told:
            ask()
        assert "127.0.0.1" not in str(told.value)
        assert told.value.__cause__ is None
