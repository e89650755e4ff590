"""Manifests: what is refused before a file is parsed, by whom a batch may be signed, and where the keys may lie."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from matcher.errors import InputRefused, UsageError
from matcher.sources import feeds, manifest
from matcher.sources.delivery import file_hashes, open_folder

TEXT = "记录编号,姓名\nA1,张伟\n".encode()
DIGEST = hashlib.sha256(TEXT).hexdigest()
HEAD = 'source = "vehicles"\nbatch = "1"\ndepartment = "车管所"\nas_of = 2024-12-31\nkind = "FULL"\n'
FILES = f'[[files]]\nname = "jdc.csv"\nsha256 = "{DIGEST}"\nrows = 1\n'
OURS, THEIRS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


KEYS = {"vehicles": (public(OURS),)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "in"
    where.mkdir()
    (where / "jdc.csv").write_bytes(TEXT)
    (where / "jdc.manifest.toml").write_text(HEAD + FILES, encoding="utf-8")
    return where


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    signature = key.sign((folder / "jdc.manifest.toml").read_bytes())
    (folder / "jdc.manifest.toml.sig").write_bytes(base64.b64encode(signature) + b"\n")


def test_a_manifest_says_whose_the_file_is_and_of_when(folder: Path) -> None:
    delivery = open_folder(folder)
    feed = delivery.feeds["vehicles"]
    assert (feed.as_of, feed.complete, [path.name for path in feed.files]) == (
        dt.date(2024, 12, 31),
        True,
        ["jdc.csv"],
    )
    assert delivery.ignored == ()
    assert feeds.read_all(feed).frame.get_column("record_id").to_list() == ["A1"]
    assert file_hashes(delivery)["jdc.csv"] == DIGEST
    assert sorted(file_hashes(delivery)) == ["jdc.csv", "jdc.manifest.toml"]


def test_a_manifest_is_one_in_any_case_and_what_other_systems_leave_beside_it_is_none(folder: Path) -> None:
    (folder / "jdc.manifest.toml").rename(folder / "JDC.Manifest.TOML")
    (folder / "._jdc.manifest.toml").write_bytes(b"\x00\x05\x16\x07")
    delivery = open_folder(folder)
    assert [batch.number for batch in delivery.feeds["vehicles"].standing.in_force] == ["1"]
    assert delivery.ignored == ()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("kind = [", "not TOML"),
        (b"\xff\xfe", "not TOML"),
        (HEAD + 'colour = "red"\n' + FILES, "holds colour"),
        (HEAD.replace("vehicles", "cars") + FILES, "cars is no source"),
        (HEAD.replace("FULL", "HALF") + FILES, "HALF is no kind"),
        (HEAD.replace("2024-12-31", '"soon"') + FILES, "as_of is no date"),
        (HEAD.replace('"1"', "1") + FILES, "batch is not there, or no text"),
        (HEAD.replace('"1"', '"张伟 A\\n"') + FILES, "no number of a batch"),
        (HEAD.replace('department = "车管所"\n', "") + FILES, "department is not there"),
        (HEAD + "supersedes = 5\n" + FILES, "supersedes names no batch"),
        (HEAD + 'supersedes = "1"\n' + FILES, "not before it"),
        (HEAD, "names no files"),
        (HEAD + "files = []\n", "names no files"),
        (HEAD + FILES + FILES, "names jdc.csv twice"),
        (HEAD + FILES + "size = 5\n", "holds size"),
        (HEAD + FILES.replace(DIGEST, DIGEST[:40]), "no SHA-256"),
        (HEAD + FILES.replace("rows = 1", "rows = -1"), "rows of jdc.csv"),
        (HEAD + FILES.replace("rows = 1", "rows = true"), "rows of jdc.csv"),
        (HEAD + FILES.replace("jdc.csv", "../jdc.csv"), "no file of this folder"),
        (HEAD + FILES.replace("jdc.csv", "/etc/passwd"), "no file of this folder"),
        (HEAD + FILES.replace("jdc.csv", "in\\\\jdc.csv"), "no file of this folder"),
        (HEAD + FILES.replace("jdc.csv", ".hidden"), "no file of this folder"),
        (HEAD + FILES.replace("jdc.csv", "x.manifest.toml"), "no file of this folder"),
        (HEAD + FILES.replace("jdc.csv", "feeds.toml"), "by its name it is another's"),
        (HEAD + FILES.replace("jdc.csv", "tax.csv"), "by its name it is another's"),
        (HEAD + FILES.replace("jdc.csv", "none.csv"), "file none.csv: .*is not there"),
        (HEAD + FILES.replace(DIGEST, "0" * 64), "file jdc.csv: its SHA-256"),
        (HEAD.replace("vehicles", "answers").replace("FULL", "CHANGES") + FILES, "no record_id"),
        ("#" * (manifest.LARGEST_BYTES + 1), "larger than"),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_refused(folder: Path, content: str | bytes, match: str) -> None:
    (folder / "jdc.manifest.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputRefused, match=match) as refused:
        open_folder(folder)
    assert refused.value.remedy
    assert "张伟 A" not in str(refused.value)


def test_what_is_damaged_is_refused_before_it_is_parsed(folder: Path) -> None:
    """The file is no Parquet at all; of that nobody says a word, because its hash is not the one promised."""
    (folder / "jdc.parquet").write_bytes(b"PAR1 and then nothing")
    (folder / "jdc.manifest.toml").write_text(HEAD + FILES.replace("jdc.csv", "jdc.parquet"), encoding="utf-8")
    with pytest.raises(InputRefused, match="SHA-256"):
        open_folder(folder)


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_bytes(TEXT)
    (folder / "jdc.csv").unlink()
    (folder / "jdc.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(InputRefused, match="symbolic link"):
        open_folder(folder)
    (folder / "jdc.manifest.toml").rename(tmp_path / "m.toml")
    (folder / "jdc.manifest.toml").symlink_to(tmp_path / "m.toml")
    with pytest.raises(InputRefused, match="no plain file"):
        open_folder(folder)


@pytest.mark.parametrize(
    ("second", "match"),
    [
        (HEAD.replace("FULL", "PARTIAL") + FILES, "says otherwise"),
        (HEAD.replace("12-31", "12-30") + FILES, "says otherwise"),
        (HEAD.replace('"1"', '"2"') + FILES, "both name it"),
        (HEAD.replace("vehicles", "tax") + FILES, "both name it"),
        (HEAD.replace("车管所", "交警") + FILES, "name both in feeds.toml"),
    ],
)
def test_manifests_that_contradict_each_other_are_refused(folder: Path, second: str, match: str) -> None:
    (folder / "second.manifest.toml").write_text(second, encoding="utf-8")
    with pytest.raises(InputRefused, match=match):
        open_folder(folder)


def test_batches_do_not_supersede_each_other_in_a_circle(folder: Path) -> None:
    for number, other in (("1", "2"), ("2", "1")):
        file = f"{number}.csv"
        (folder / file).write_bytes(TEXT)
        text = HEAD.replace('"1"', f'"{number}"') + f'supersedes = "{other}"\n' + FILES.replace("jdc.csv", file)
        (folder / f"{number}.manifest.toml").write_text(text, encoding="utf-8")
    (folder / "jdc.manifest.toml").unlink()
    with pytest.raises(InputRefused, match="supersedes what supersedes it"):
        open_folder(folder)


def test_files_of_a_source_that_comes_in_batches_are_all_named(folder: Path) -> None:
    (folder / "vehicles_more.csv").write_bytes(TEXT)
    with pytest.raises(InputRefused, match="no manifest names it, and its source comes in batches"):
        open_folder(folder)


def test_what_is_history_need_not_be_there_any_more(folder: Path) -> None:
    old = HEAD.replace('"1"', '"0"').replace("2024-12-31", "2024-11-30") + FILES.replace("jdc.csv", "gone.csv")
    (folder / "old.manifest.toml").write_text(old, encoding="utf-8")
    assert [batch.number for batch in open_folder(folder).feeds["vehicles"].standing.history] == ["0"]


def test_a_signature_by_a_known_key_is_seen(folder: Path) -> None:
    sign(folder, OURS)
    (batch,) = open_folder(folder, keys=KEYS).feeds["vehicles"].standing.in_force
    assert batch.signed
    (batch,) = open_folder(folder).feeds["vehicles"].standing.in_force
    assert not batch.signed, "without a key nobody knows"
    sign(folder, THEIRS)
    several = {"vehicles": (public(OURS), public(THEIRS))}
    assert open_folder(folder, keys=several).feeds["vehicles"].standing.in_force[0].signed


def test_an_unsigned_manifest_is_refused_where_a_key_is_known(folder: Path) -> None:
    with pytest.raises(InputRefused, match="not signed"):
        open_folder(folder, keys=KEYS)
    assert open_folder(folder, keys={"tax": KEYS["vehicles"]}).feeds


@pytest.mark.parametrize("change", ["other key", "one byte", "no base64", "too long", "of another source"])
def test_a_wrong_signature_is_refused(folder: Path, change: str) -> None:
    sign(folder, THEIRS if change == "other key" else OURS)
    path, keys = folder / "jdc.manifest.toml", dict(KEYS)
    if change == "one byte":
        path.write_bytes(path.read_bytes().replace(b"rows = 1", b"rows = 2"))
    if change == "no base64":
        path.with_name(path.name + ".sig").write_text("没有", encoding="utf-8")
    if change == "too long":
        path.with_name(path.name + ".sig").write_text("A" * 2000, encoding="utf-8")
    if change == "of another source":
        keys = {"tax": KEYS["vehicles"], "vehicles": (public(THEIRS),)}
    with pytest.raises(InputRefused, match="signature"):
        open_folder(folder, keys=keys)


def test_a_feed_without_a_manifest_is_refused_where_a_key_is_known(folder: Path) -> None:
    (folder / "jdc.manifest.toml").unlink()
    (folder / "jdc.csv").rename(folder / "vehicles.csv")
    assert open_folder(folder).feeds["vehicles"].files
    with pytest.raises(InputRefused, match="no manifest names it, and a key is known"):
        open_folder(folder, keys=KEYS)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("vehicles = [", "not TOML"),
        ('cars = ["x"]', "no source"),
        ("vehicles = []", "no Ed25519"),
        ('vehicles = ["x"]', "no Ed25519"),
        ("vehicles = 5", "no Ed25519"),
    ],
)
def test_keys_that_are_none_are_refused(tmp_path: Path, content: str, match: str) -> None:
    (tmp_path / "keys.toml").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=match):
        manifest.read_keys(tmp_path / "keys.toml", tmp_path / "in")


def test_keys_come_from_the_operator_and_never_from_the_folder(folder: Path, tmp_path: Path) -> None:
    text = f'vehicles = "{public(OURS)}"\n'
    (tmp_path / "keys.toml").write_text(text, encoding="utf-8")
    assert manifest.read_keys(tmp_path / "keys.toml", folder) == KEYS
    (folder / "keys.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="prove nothing"):
        manifest.read_keys(folder / "keys.toml", folder)
    with pytest.raises(UsageError, match="cannot be read"):
        manifest.read_keys(tmp_path / "none.toml", folder)
