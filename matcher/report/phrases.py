"""Explanations that are told once: what many leads say alike is kept a single time, what differs beside it.

A line is cut at its values (dates, amounts, numbers): the words between them are its template, and thousands of leads
share a few hundred. Which templates follow one another, and which value stands in which place, is a shape. So fifty
thousand explanations in two languages fit into a page that opens at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_VALUE = re.compile(r"((?<![0-9A-Za-z])[0-9A-Z]*[0-9](?:[0-9A-Z.,\-]*[0-9A-Z])?)")
Template = tuple[str, ...]
Shape = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


@dataclass
class Phrases:
    """`templates`: the words around the values. `shapes`: the templates of the Chinese text, those of the English one, and
    for every place in both, in turn, which of the lead's values stands there.
    """

    templates: dict[Template, int] = field(default_factory=dict)
    shapes: dict[Shape, int] = field(default_factory=dict)
    _lines: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict, repr=False)

    def fold(self, zh: str, en: str) -> tuple[int, tuple[str, ...]]:
        """The shape of a lead's explanations, and its values, each once."""
        values: dict[str, int] = {}
        places: list[int] = []
        told: list[tuple[int, ...]] = []
        for text in (zh, en):
            templates = []
            for line in text.split("\n"):
                template, found = self._lines.get(line) or self._cut(line)
                templates.append(template)
                if found:
                    places += [values.setdefault(value, len(values)) for value in found]
            told.append(tuple(templates))
        shape = self.shapes.setdefault((told[0], told[1], tuple(places)), len(self.shapes))
        return shape, tuple(values)

    def _cut(self, line: str) -> tuple[int, tuple[str, ...]]:
        parts = _VALUE.split(line)
        template = self.templates.setdefault(tuple(parts[::2]), len(self.templates))
        known = self._lines[line] = template, tuple(parts[1::2])
        return known


def unfold(templates: list[Template], shape: Shape, values: Iterable[str]) -> tuple[str, str]:
    """The explanations again, as the page puts them together."""
    known, texts, place = list(values), [], 0
    for told in shape[:2]:
        lines = []
        for number in told:
            first, *rest = templates[number]
            line = first
            for part in rest:
                line += known[shape[2][place]] + part
                place += 1
            lines.append(line)
        texts.append("\n".join(lines))
    return texts[0], texts[1]
