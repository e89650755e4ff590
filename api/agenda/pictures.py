"""Drawings that need no script and no colour to be read: a share as a bar, parts of a whole, a ratio beside the band of the ordinary."""

from __future__ import annotations

import math
from collections.abc import Sequence

BAR, HIGH, MARK = 100.0, 8.0, 2.4
"""How long and how high a bar is, and how wide the mark of a ratio."""

MOST = 4.0
"""A ratio of so much, or as little as one of so much, stands at the edge."""


def share(value: float, title: str) -> str:
    """A bar of a share from 0 to 1, with what it says for whoever does not see it."""
    filled = BAR * min(1.0, max(0.0, value))
    return _svg(
        BAR,
        f'<rect class="ground" width="{BAR:g}" height="{HIGH:g}"/><rect class="filled" width="{filled:.2f}" height="{HIGH:g}"/>',
        title,
    )


def parts(of: Sequence[tuple[str, float]], title: str, width: float = 3 * BAR) -> str:
    """A bar of the parts of a whole, each by the class of its filling; of nothing, the bare ground."""
    whole, drawn, left = sum(size for _, size in of), "", 0.0
    for name, size in of:
        if whole and size:
            part = width * size / whole
            drawn += f'<rect class="{name}" x="{left:.2f}" width="{part:.2f}" height="{HIGH:g}"/>'
            left += part
    return _svg(width, f'<rect class="ground" width="{width:g}" height="{HIGH:g}"/>{drawn}', title)


def ratio(value: float | None, low: float, high: float, title: str, *, apart: bool) -> str:
    """A mark on a scale on which twice as much stands as far right as half as much stands left, over the ordinary band."""
    edge, middle = math.log(MOST), HIGH / 2

    def at(number: float) -> float:
        place = math.log(min(MOST, max(1 / MOST, number))) if number > 0 else -edge
        return BAR / 2 * (1 + place / edge)

    drawn = (
        f'<rect class="band" x="{at(low):.2f}" width="{at(high) - at(low):.2f}" height="{HIGH:g}"/>'
        f'<path class="line" d="M0 {middle:g}H{BAR:g}M{BAR / 2:g} 0V{HIGH:g}"/>'
    )
    if value is not None:
        place = min(BAR - MARK, max(0.0, at(value) - MARK / 2))
        drawn += f'<rect class="{"apart" if apart else "mark"}" x="{place:.2f}" width="{MARK:g}" height="{HIGH:g}"/>'
    return _svg(BAR, drawn, title)


def _svg(width: float, drawn: str, title: str) -> str:
    return f'<svg role="img" aria-label="{title}" viewBox="0 0 {width:g} {HIGH:g}" preserveAspectRatio="none">{drawn}</svg>'
