"""What is sealed comes back only with the right key, for the right column, list and type; nothing else is taken."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import sealing
from api.sealing import NotOurs, vault

OURS, OTHER = vault(sealing.new_key()), vault(sealing.new_key())
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


def test_a_vault_shows_nothing_of_its_key() -> None:
    assert "master" not in repr(OURS)
