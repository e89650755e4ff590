"""What is sealed comes back only with the right key, for the right column, list and type; nothing else is taken."""

from __future__ import annotations

import hashlib
import itertools
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from api import sealing
from api.sealing import SUITES, KeyLost, Keyring, NotOurs, Vault, parsed, suite, vault
from api.sealing.suites import AES, SM, Sm4Gcm, hmac_sm3

OURS, OTHER = vault(sealing.new_key()), vault(sealing.new_key())
DOMESTIC = vault(sealing.new_key(), "SM")
COLUMN, NAME, NUMBER = "members.name", "王小明", "11010519491231002X"
KEYS = st.integers(min_value=0, max_value=2**63 - 1)


@given(st.text())
def test_a_value_comes_back_and_is_nowhere_in_what_is_kept(text: str) -> None:
    sealed = OURS.seal("members.name", text)
    assert sealed is not None
    assert OURS.open("members.name", sealed) == text
    assert len(text) < 3 or text.encode() not in sealed


def test_nothing_stays_nothing() -> None:
    assert OURS.seal("members.name", None) is None
    assert OURS.open("members.name", None) is None
    assert OURS.index("members.name", None) is None


@pytest.mark.parametrize("place", [0, 1, 14, -1])
def test_a_changed_value_is_refused(place: int) -> None:
    sealed = bytearray(OURS.seal("members.name", "王小明") or b"")
    sealed[place] ^= 1
    with pytest.raises(NotOurs):
        OURS.open("members.name", bytes(sealed))


def test_another_column_or_key_does_not_open_it() -> None:
    sealed = OURS.seal("members.name", "王小明")
    for vault_, column in ((OURS, "members.address"), (OTHER, "members.name")):
        with pytest.raises(NotOurs):
            vault_.open(column, sealed)


def test_the_same_value_is_sealed_differently_each_time_and_found_all_the_same() -> None:
    assert OURS.seal("members.name", "王小明") != OURS.seal("members.name", "王小明")
    assert OURS.index("name", "王小明") == OURS.index("name", "王小明")


def test_an_index_is_of_no_use_without_the_key_or_in_another_column() -> None:
    number = "11010519491231002X"
    index = OURS.index("id_number", number)
    assert index != OTHER.index("id_number", number)
    assert index != OURS.index("phone", number)
    assert index != hashlib.sha256(number.encode()).digest()[:16]


@given(st.lists(KEYS, max_size=30))
def test_ids_name_their_rows_and_are_made_in_one_go(keys: list[int]) -> None:
    ids = OURS.ids("Household", keys)
    assert [OURS.key("Household", each) for each in ids] == keys
    assert ids == [OURS.ids("Household", [key])[0] for key in keys]


@given(st.text() | st.binary().map(bytes.hex))
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(NotOurs):
        OURS.key("Household", text)
    with pytest.raises(NotOurs):
        OURS.type_of(text, ["Household", "Person"])


def test_an_id_tells_its_type_and_is_good_for_no_other() -> None:
    (person,) = OURS.ids("Person", [7])
    assert OURS.type_of(person, ["Household", "Person"]) == "Person"
    with pytest.raises(NotOurs):
        OURS.key("Household", person)
    with pytest.raises(NotOurs):
        OTHER.key("Person", person)


@given(st.binary(min_size=1), st.binary(min_size=1), st.binary(min_size=1))
def test_a_cursor_is_good_for_its_list_alone(values: bytes, bound_to: bytes, elsewhere: bytes) -> None:
    cursor = OURS.cursor(values, bound_to)
    assert OURS.order_values(cursor, bound_to) == values
    if elsewhere != bound_to:
        with pytest.raises(NotOurs):
            OURS.order_values(cursor, elsewhere)


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "=" * 40, "A" * 5000])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(NotOurs):
        OURS.order_values(cursor, b"list")


@pytest.mark.parametrize("key", ["", "short", "not base64!", "AAAA"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        vault(key)


def test_a_key_file_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = sealing.key_file(path)
    assert sealing.key_file(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sm4_in_gcm_is_that_of_rfc_8998() -> None:
    key, nonce = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes.fromhex("00001234567800000000ABCD")
    beside = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = bytes.fromhex("".join(digit * 16 for digit in "ABCDEFEA"))
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert Sm4Gcm(key).encrypt(nonce, plain, beside) == sealed
    assert Sm4Gcm(key).decrypt(nonce, sealed, beside) == plain


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_is_that_of_gb_t_32905(message: bytes, digest: str) -> None:
    made = hashes.Hash(hashes.SM3())
    made.update(message)
    assert made.finalize().hex() == digest


@pytest.mark.parametrize(
    ("key", "message", "digest"),
    [
        (
            bytes(range(1, 33)),
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
        ),
        (bytes(range(1, 38)), b"\xcd" * 50, "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae"),
    ],
)
def test_hmac_over_sm3_is_that_of_gm_t_0042(key: bytes, message: bytes, digest: str) -> None:
    assert hmac_sm3(key, message).hex() == digest


@given(st.text(), st.sampled_from(sorted(SUITES)), st.sampled_from(sorted(SUITES)))
def test_both_suites_open_what_either_sealed(text: str, sealed_by: str, opened_by: str) -> None:
    ring = OURS.keys
    sealed = Vault(ring, suite(sealed_by)).seal(COLUMN, text)
    assert sealed is not None
    assert Vault(ring, suite(opened_by)).open(COLUMN, sealed) == text
    assert sealed[1] == suite(sealed_by).code
    assert len(sealed) == 4 + 12 + len(text.encode()) + 16


@given(st.binary(max_size=80), st.integers(min_value=0, max_value=10_000), st.sampled_from([OURS, DOMESTIC]))
def test_whatever_is_changed_of_a_value_it_does_not_open(data: bytes, place: int, own: Vault) -> None:
    sealed = bytearray(own.seal_bytes("attachments.content", data, b"0"))
    sealed[place % len(sealed)] ^= 1 + place % 255
    with pytest.raises(NotOurs):
        own.open_bytes("attachments.content", bytes(sealed), b"0")


@given(st.binary(max_size=40), st.sampled_from([OURS, DOMESTIC]))
def test_what_was_never_sealed_does_not_open(data: bytes, own: Vault) -> None:
    for beginning in (b"", b"\x01", own.header):
        with pytest.raises(NotOurs):
            own.open(COLUMN, beginning + data)


def test_a_piece_is_good_in_its_place_alone() -> None:
    sealed = OURS.seal_bytes("attachments.content", b"page", b"7/0/0")
    assert OURS.open_bytes("attachments.content", sealed, b"7/0/0") == b"page"
    for place in (b"7/1/0", b"7/0/1", b"8/0/0", b""):
        with pytest.raises(NotOurs):
            OURS.open_bytes("attachments.content", sealed, place)


def test_what_was_sealed_before_keys_had_versions_opens() -> None:
    """As the first release wrote it: one byte, the nonce, AES-GCM over the column; an index without a beginning."""
    ring, nonce = OURS.keys, os.urandom(12)
    old = (
        b"\x01"
        + nonce
        + AESGCM(AES.part(ring.masters[1], b"values", 32)).encrypt(nonce, NAME.encode(), b"members.name")
    )
    index = AES.digest(AES.part(ring.masters[1], b"indexes", 32), f"name\0{NAME}".encode())[:16]
    later = Vault(ring.rotated(), SM)
    assert OURS.open(COLUMN, old) == later.open(COLUMN, old) == NAME
    assert OURS.index("name", NAME) == index
    assert index in later.indexes("name", NAME)
    assert not OURS.current(old)


def test_the_newest_key_seals_and_all_open() -> None:
    first = vault(sealing.new_key())
    second = Vault(first.keys.rotated())
    third = Vault(second.keys.rotated(), SM)
    for older, newer in itertools.combinations((first, second, third), 2):
        assert newer.open(COLUMN, older.seal(COLUMN, NAME)) == NAME
        assert older.index("name", NAME) in newer.indexes("name", NAME)
        assert older.index("name", NAME) != newer.index("name", NAME)
        with pytest.raises(KeyLost) as lost:
            older.open(COLUMN, newer.seal(COLUMN, NAME))
        assert lost.value.version == newer.keys.newest
    assert len({*third.indexes("name", NAME)}) == 3 * len(SUITES)
    assert third.indexes("name", None) == []


def test_ids_cursors_and_digests_outlive_the_first_key() -> None:
    first = vault(sealing.new_key())
    without = Vault(parsed(first.keys.rotated().without(1).written()))
    (public_id,) = first.ids("Person", [7])
    assert without.key("Person", public_id) == 7
    assert without.order_values(first.cursor(b"values", b"list"), b"list") == b"values"
    assert without.digest("households.digest", "row") == first.digest("households.digest", "row")
    with pytest.raises(KeyLost):
        without.open(COLUMN, first.seal(COLUMN, NAME))


def test_keys_are_written_and_read_again() -> None:
    ring = parsed(sealing.new_key())
    for _ in range(3):
        ring = ring.rotated()
        assert parsed(ring.written()) == ring
        assert parsed(ring.written().replace("\n", ",")) == ring
    assert parsed(ring.without(1).written()) == ring.without(1)
    assert "masters" not in repr(ring)
    with pytest.raises(ValueError, match="seals"):
        ring.without(ring.newest)
    with pytest.raises(ValueError, match="above 4"):
        ring.rotated(4)


KEY = sealing.new_key()


@pytest.mark.parametrize(
    "written",
    [
        "0:KEY",
        "x:KEY",
        "65536:KEY",
        "1:KEY 1:KEY",
        "2:KEY",
        "lasting:KEY 2:KEY",
        f"KEY lasting:{'A' * 172}",
        "KEY nonsense",
    ],
)
def test_keys_that_do_not_fit_are_refused_and_not_repeated(written: str) -> None:
    text = written.replace("KEY", KEY)
    with pytest.raises(ValueError, match="key") as refused:
        parsed(text)
    assert KEY not in str(refused.value)


def test_a_key_added_to_the_file_is_noticed_by_who_runs_already(tmp_path: Path) -> None:
    path = tmp_path / "key"
    running = sealing.opened(None, path)
    old = running.index("name", NAME)
    sealing.replace(path, running.keys.rotated())
    other = sealing.opened(None, path)
    assert running.open(COLUMN, other.seal(COLUMN, NAME)) == NAME
    assert running.index("name", NAME) == other.index("name", NAME)
    assert old in running.indexes("name", NAME)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


def test_a_suite_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="AES or SM"):
        vault(sealing.new_key(), "ROT13")


def test_where_no_key_is_left_one_begins_anew() -> None:
    ring = Keyring.anew(4)
    assert parsed(ring.written()) == ring
    assert Vault(ring).open(COLUMN, Vault(ring).seal(COLUMN, NAME)) == NAME


@pytest.mark.parametrize("own", [OURS, DOMESTIC], ids=["AES", "SM"])
def test_f_31_who_tries_a_million_numbers_without_the_key_finds_nothing(own: Vault) -> None:
    """What is kept of a number is none of the hashes that somebody without the key could make of it."""
    kept = {*own.indexes("id_number", NUMBER), own.digest("reads.document", NUMBER)}
    beginnings = {each[-16:] for each in kept}
    other = os.urandom(32)
    for sequence in range(1_000_000):
        tried = b"%018d" % sequence if sequence else NUMBER.encode()
        assert hashlib.sha256(tried).digest()[:16] not in beginnings
        if sequence % 50 == 0:
            for each in (AES, SM):
                assert each.digest(other, b"id_number\0" + tried)[:16] not in beginnings


def test_a_vault_shows_nothing_of_its_key() -> None:
    assert "master" not in repr(OURS)
