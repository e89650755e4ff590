"""Builds characters.tsv from maintained data: OpenCC's traditional forms and pypinyin's readings.

    python -m matcher.identity.tables.build

Run after a new release of either (both are in the dev extra, neither is needed to run the matcher). The other tables
of this folder are written by hand, with their sources in their heads.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
RANGES = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF))


def main() -> None:
    """Writes character, simplified form and toneless reading for every Han character that either source knows."""
    import opencc  # build time only
    import pypinyin

    simplify = opencc.OpenCC("t2s").convert
    lines = []
    for first, last in RANGES:
        for code in range(first, last + 1):
            character = chr(code)
            simple = simplify(character)
            reading = pypinyin.lazy_pinyin(character, errors="ignore", v_to_u=False)
            if reading or simple != character:
                lines.append(f"{character}\t{simple}\t{reading[0] if reading else ''}\n")
    (HERE / "characters.tsv").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
