"""Draws how a link was weighed, from the prior to the weight, as a picture that needs no script and tells of nobody.

Each step begins where the one before ended; lines stand where a pair is linked, and where it is shown to a person. What
is drawn is told in words, too, for whoever does not see it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from api.matching.beside import Bar, Waterfall

WIDTH, LABELS, NUMBERS, ROW = 640.0, 230.0, 70.0, 22.0
AGAINST, FOR, FIRST, MUTED = "#b3543c", "#3f7cac", "#8a8f98", "#d5d8dc"
WORDS = {
    "zh": {"prior": "初始", "link": "关联线", "review": "人工线", "sum": "合计", "bits": "比特", "muted": "已含于他项", "rarity": "罕见程度"},
    "en": {"prior": "prior", "link": "link", "review": "review", "sum": "together", "bits": "bits", "muted": "in another", "rarity": "rarity"},
}  # fmt: skip


def picture(of: Waterfall, language: str) -> str:
    """The picture as SVG, in Chinese or English."""
    words = WORDS["zh" if language == "zh" else "en"]
    steps = [(bar, bar.total - bar.bits, bar.total) for bar in of.bars]
    reach = [0.0, of.link_bits, of.review_bits, *(end for _, *ends in steps for end in ends)]
    low, high = min(reach), max(reach)
    room = WIDTH - LABELS - NUMBERS

    def at(bits: float) -> float:
        return LABELS + room * (bits - low) / ((high - low) or 1.0)

    height = ROW * (len(steps) + 2)
    rows = "".join(_row(number, *step, at, words) for number, step in enumerate(steps, start=1))
    lines = "".join(
        f'<path d="M{at(bits):.1f} {ROW:g}V{height:g}" stroke="{FIRST}" stroke-dasharray="4 3"/>'
        f'<text x="{at(bits):.1f}" y="{14 if name == "link" else 28:g}" text-anchor="middle" fill="{FIRST}">{words[name]}</text>'
        for name, bits in (("link", of.link_bits), ("review", of.review_bits))
    )
    total = of.bars[-1].total if of.bars else 0.0
    said = f"{words['sum']} {total:+.2f} {words['bits']}; {words['link']} {of.link_bits:+.2f}, {words['review']} {of.review_bits:+.2f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(said)}" viewBox="0 0 {WIDTH:g} {height:g}" '
        f'font-family="sans-serif" font-size="12"><title>{escape(said)}</title>{lines}{rows}'
        f'<text x="0" y="{height - 6:g}" font-weight="bold">{escape(said)}</text></svg>'
    )


def _row(
    number: int, bar: Bar, begins: float, ends: float, at: Callable[[float], float], words: dict[str, str]
) -> str:
    top = ROW * number + ROW / 2
    colour = MUTED if bar.muted else FIRST if bar.kind == "prior" else FOR if bar.bits >= 0 else AGAINST
    left, right = sorted((at(begins), at(ends)))
    label = " ".join(_named(bar, words))
    return (
        f'<text x="0" y="{top + 10:g}">{escape(label)}</text>'
        f'<rect x="{left:.1f}" y="{top:g}" width="{max(right - left, 1.0):.1f}" height="{ROW - 8:g}" fill="{colour}"/>'
        f'<text x="{WIDTH:g}" y="{top + 10:g}" text-anchor="end">{bar.bits:+.2f}</text>'
    )


def _named(bar: Bar, words: dict[str, str]) -> Sequence[str]:
    if bar.kind == "prior":
        return [words["prior"]]
    if bar.kind == "rarity":
        return [bar.field, words["rarity"]]
    return [bar.field, bar.level, *([f"({words['muted']})"] if bar.muted else [])]
