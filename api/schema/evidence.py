"""On what somebody rests a step of a household's life: its records, kept as references and given back as ids."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from api.domain.errors import NotDone, UserErrorCode
from api.loaders.reading import Reading
from api.schema import nodes
from api.schema.context import Info

MOST = 20


def references(info: Info, given: Sequence[strawberry.ID] | None) -> list[str]:
    """What these ids name, as it is kept: the type and the row. Raises NotDone for what is no id of ours."""
    found = [nodes.named(info, each) for each in given or ()]
    if len(found) > MOST or None in found:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "evidenceIds"),
            f"依据须为该户记录的 id，最多 {MOST} 个。",
            f"Evidence is told by the ids of the household's records, up to {MOST}.",
        )
    return [f"{each[0]}:{each[1]}" for each in found if each is not None]


def ids(reading: Reading, kept: Sequence[str]) -> list[strawberry.ID]:
    """The ids of what is kept so; what has no id of its own is left out."""
    named = (each.partition(":") for each in kept)
    return [
        strawberry.ID(reading.vault.ids(kind, [int(key)])[0])
        for kind, _, key in named
        if kind in nodes.known() and key.isascii() and key.isdigit()
    ]
