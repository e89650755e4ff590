"""Three hundred files as they should not come, against the table of what is expected of each; and ten thousand at random.

JIEKUN_FUZZ_CASES sets how many files the last test makes; CI makes fewer than the ten thousand of `make fuzz`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from matcher.errors import InputRefused
from matcher.sources import checks, feeds
from matcher.sources.delivery import open_folder
from tests.matcher.sources import nasty

EXPECTED = {
    (name, state): outcome
    for name, state, outcome in (
        line.split("\t") for line in Path(__file__).with_name("nasty.tsv").read_text(encoding="utf-8").splitlines()
    )
}
FUZZ_CASES = int(os.environ.get("JIEKUN_FUZZ_CASES", "450"))
PRIVATE = [*nasty.NAMES, *(row[column] for row in nasty.table()[1:] for column in (1, 2))]


def outcome(folder: Path, name: str, content: bytes) -> str:
    """What becomes of a file, in words: rows in and accepted and reasons, or why it is refused and where."""
    (folder / name).write_bytes(content)
    chunks, refused = [], None
    try:
        chunks = list(feeds.chunks(open_folder(folder).feeds["vehicles"], 16))
    except InputRefused as error:
        refused = error
    (folder / name).unlink()
    if refused is not None:
        assert not any(value in str(refused) for value in PRIVATE)
        assert name in str(refused)
        return f"refused: {refused.what}" + (f" [row {refused.row}]" if refused.row else "")
    rejects = pl.concat(chunk.rejects for chunk in chunks)
    rows_in, accepted = sum(chunk.rows_in for chunk in chunks), sum(len(chunk.frame) for chunk in chunks)
    aside = rejects.filter(pl.col("reason").str.starts_with(checks.SET_ASIDE)).unique(["file", "row_number"])
    assert rows_in == accepted + len(aside)
    reasons = "".join(f", {count} {reason}" for reason, count in sorted(Counter(rejects["reason"]).items()))
    return f"{rows_in} in, {accepted} accepted{reasons}"


def test_the_table_speaks_of_every_file() -> None:
    assert [(name, state) for name, state, _ in nasty.corpus()] == list(EXPECTED)
    assert len(EXPECTED) >= 120


@pytest.mark.parametrize("name", nasty.FORMS)
def test_every_file_ends_as_the_table_says(tmp_path: Path, name: str) -> None:
    found = {
        (form, state): outcome(tmp_path, form, content) for form, state, content in nasty.corpus() if form == name
    }
    assert found == {key: said for key, said in EXPECTED.items() if key[0] == name}


@pytest.mark.parametrize("name", nasty.FORMS)
def test_no_mutation_brings_a_traceback_or_loses_a_row(tmp_path: Path, name: str) -> None:
    whole = nasty.FORMS[name](nasty.table())
    for seed in range(FUZZ_CASES // len(nasty.FORMS)):
        outcome(tmp_path, name, mutated(whole, random.Random(f"{name} {seed}")))


@pytest.mark.parametrize("name", [name for name in nasty.FORMS if name.endswith((".csv", ".tsv", ".ndjson"))])
def test_a_character_changed_within_a_row_moves_no_row(tmp_path: Path, name: str) -> None:
    whole = nasty.FORMS[name](nasty.table())
    for seed in range(20):
        chance = random.Random(seed)
        digits = [place for place, byte in enumerate(whole) if 0x30 <= byte <= 0x39]
        changed = bytearray(whole)
        changed[chance.choice(digits)] = ord(chance.choice("0123456789"))
        assert outcome(tmp_path, name, bytes(changed)).startswith("40 in,")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with one to four changes: bits turned, bytes lost, doubled, moved or made up, or an end cut off."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place, length = chance.randrange(max(len(changed), 1)), chance.choice([1, 1, 2, 4, 16, 64])
        match chance.randrange(7):
            case 0 | 1:
                for each in range(place, min(place + length, len(changed))):
                    changed[each] ^= 1 << chance.randrange(8)
            case 2:
                del changed[place : place + length]
            case 3:
                changed[place:place] = chance.randbytes(length)
            case 4:
                changed[place:place] = changed[place : place + 8 * length]
            case 5:
                changed[place : place + length] = bytes(chance.choice([0, 0xFF, 0x22, 0x0A]) for _ in range(length))
            case _:
                del changed[-chance.randint(1, max(len(changed) // 3, 1)) :]
    return bytes(changed)
