"""Builds characters.tsv from maintained data: OpenCC's traditional forms and pypinyin's readings.

    python -m matcher.identity.tables.build

Run after a new release of either (both are in the dev extra, neither is needed to run the matcher); the same releases
give the same bytes. No package on PyPI ships Unihan's variant fields as data: unihan-etl and unihan-db, both permissive,
download them when they run. What Unihan adds to OpenCC for names therefore stands in variants.txt. The other tables of
this folder are written by hand, with their sources in their heads.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
RANGES = ((0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF))
AS_BANKS_SPELL = {"䶮": "wei2"}
"""Syllables that no dictionary gives and that systems write all the same for a character they lack."""


def main() -> None:
    """Writes character, simplified form and toned readings (comma-separated, usual first) by code point.

    A row stands for every Han character that either source knows.
    """
    import opencc  # build time only

    simplify = opencc.OpenCC("t2s").convert
    lines = []
    for first, last in RANGES:
        for code in range(first, last + 1):
            character = chr(code)
            simple = simplify(character)
            readings = spoken(character)
            if readings or simple != character:
                lines.append(f"{character}\t{simple}\t{','.join(readings)}\n")
    (HERE / "characters.tsv").write_text("".join(lines), encoding="utf-8")


def spoken(character: str) -> list[str]:
    """Every reading of a character in pypinyin's TONE3 style (`lv3`, `le5`), the one it uses by itself first."""
    from pypinyin import Style, pinyin  # build time only

    (usual,) = pinyin(character, style=Style.TONE3, errors="ignore", neutral_tone_with_five=True) or [[]]
    every = pinyin(character, style=Style.TONE3, errors="ignore", neutral_tone_with_five=True, heteronym=True) or [[]]
    extra = AS_BANKS_SPELL.get(character)
    return list(dict.fromkeys([*usual, *every[0], *([extra] if extra else [])]))


if __name__ == "__main__":
    main()
