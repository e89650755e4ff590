"""Documents are prepared once, and neither what is kept of them nor what is refused of them grows with their use."""

from __future__ import annotations

import gc
from types import TracebackType

import pytest
from graphql import Node, Token

from api.domain.errors import BadRequest
from api.gate import documents
from api.gate.documents import Documents, Invalid
from api.schema.root import schema
from api.services.documents import digest

GOOD = "query A { viewer { login } } query B { viewer { role } }"
WRONG = [
    "{",
    "{ nonsense }",
    "{ viewer { login } nonsense }",
    "{" * 60_000,
    "{ households(first: x) { nodes { id } } }",
]


def frames(trace: TracebackType | None) -> int:
    return 0 if trace is None else 1 + frames(trace.tb_next)


def test_a_document_is_prepared_once() -> None:
    kept = Documents(schema._schema)
    assert kept.of(GOOD) is kept.of(GOOD)
    assert list(kept.of(GOOD).operations) == ["A", "B"]
    assert kept.of(GOOD).id == digest(GOOD)


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:20])
def test_a_refusal_is_remembered_as_it_was_and_gathers_nothing(text: str) -> None:
    kept, depths = Documents(schema._schema), set()
    for _ in range(5):
        with pytest.raises(BadRequest) as refused:
            kept.of(text)
        depths.add(frames(refused.value.__traceback__))
        assert refused.value.__context__ is None or refused.value.__suppress_context__
    assert max(depths) <= 4, "the traceback of one call, and not of all so far"


def test_a_refusal_keeps_no_document_alive() -> None:
    kept = Documents(schema._schema)
    gc.collect()
    before = sum(isinstance(each, Node | Token) for each in gc.get_objects())
    for number in range(20):
        with pytest.raises(Invalid) as refused:
            kept.of(f"{{ viewer {{ login }} nonsense{number} }}")
        assert [(place.line, place.column) for place in refused.value.errors[0].locations or ()] == [(1, 20)]
    del refused
    gc.collect()
    assert sum(isinstance(each, Node | Token) for each in gc.get_objects()) <= before


def test_the_least_used_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "KEPT_CHARACTERS", 200)
    monkeypatch.setattr(documents, "KEPT_REFUSALS", 3)
    kept = Documents(schema._schema)
    first = kept.of("{ viewer { login } }")
    for number in range(20):
        kept.of(f"{{ viewer {{ a{number}: login }} }}")
        with pytest.raises(BadRequest):
            kept.of(f"{{ nonsense{number} }}")
    assert kept._characters <= 200
    assert len(kept._refused) == 3
    assert kept.of("{ viewer { login } }") is not first
