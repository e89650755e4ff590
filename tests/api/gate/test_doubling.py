"""A document twice as long takes twice the work, and never more: counted in calls, not by a clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from graphql import parse

from api.domain.errors import BadRequest, Refused
from api.gate import shape, variables
from api.gate.documents import Documents
from api.gate.weight import Weigher
from api.schema.root import schema
from api.schema.sizes import Sizes
from tests.api.gate.attacks import chain, many

SCHEMA = schema._schema
SIZES = Sizes(SCHEMA)
MOST_GROWTH = 2.3
"""What is linear doubles; a little is added by tables that grow."""

MOST_CALLS = 1_500_000
"""Of one preparation, whatever is sent: some 100 ms."""


def calls(work: Callable[..., Any], *given: Any) -> int:
    """How many functions are called; whether it is refused does not matter."""
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work(*given)
    except Refused:
        pass
    finally:
        sys.setprofile(None)
    return count


def spread_twice(levels: int) -> str:
    return "{viewer{...F0}}" + chain(levels)


def spread_on_an_interface(levels: int) -> str:
    links = "id ...on Household{...F#} ...on Finding{...F#}"
    return '{node(id:"x"){...F0}}' + chain(levels, "{id}", "Node", links)


def spread_under_lists(levels: int) -> str:
    return "{households{nodes{...F0}}}" + chain(levels, "{id}", "Household", "members{household{...F#}}")


DOCUMENTS: dict[str, Callable[[int], str]] = {
    "a chain of fragments": spread_twice,
    "a chain through an interface": spread_on_an_interface,
    "a chain under lists": spread_under_lists,
    "aliases": lambda size: "{viewer{" + many("a#:login", size) + "}}",
    "aliases of lists": lambda size: "{" + many("a#:households{nodes{members{id name}}}", size) + "}",
    "a field again and again": lambda size: "{viewer{" + "login " * size + "}}",
    "lists in a document": lambda size: "{nodes(ids:[" + '"a" ' * size + "]){id}}",
    "lists in lists": lambda size: "{nodes(ids:" + "[" * size + "]" * size + "){id}}",
    "objects in a document": lambda size: "{households(filter:{and:[" + "{} " * size + "]}){nodes{id}}}",
    "directives": lambda size: "{viewer{login " + "@skip(if:false) " * size + "}}",
    "operations": lambda size: many("query Q#{viewer{login}}", size),
    "spreads": lambda size: "{viewer{" + "...F " * size + "}} fragment F on Viewer{login division{code}}",
}


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_measuring_is_linear(make: Callable[[int], str]) -> None:
    small, double, fourfold = (calls(shape.within, parse(make(size))) for size in (16, 32, 64))
    assert double <= small * MOST_GROWTH
    assert fourfold <= double * MOST_GROWTH


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_weighing_is_linear(make: Callable[[int], str]) -> None:
    def weigh(text: str) -> int:
        document = parse(text)
        return calls(Weigher(SCHEMA, SIZES, document).weight, document.definitions[0], {})

    small, double, fourfold = (weigh(make(size)) for size in (16, 32, 64))
    assert double <= small * MOST_GROWTH
    assert fourfold <= double * MOST_GROWTH


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_preparing_takes_no_more_than_is_allowed_however_long_the_document(make: Callable[[int], str]) -> None:
    assert max(calls(Documents(SCHEMA).of, make(size)) for size in (30, 60, 500, 5_000)) < MOST_CALLS


@pytest.mark.parametrize(
    "make",
    [
        lambda size: {"a": ["x"] * size},
        lambda size: {f"v{number}": number for number in range(size)},
        lambda size: {"a": [[1]] * size},
    ],
)
def test_variables_are_measured_in_linear_time(make: Callable[[int], dict[str, Any]]) -> None:
    small, double, fourfold = (calls(variables.within, make(size)) for size in (500, 1_000, 2_000))
    assert double <= small * MOST_GROWTH
    assert fourfold <= double * MOST_GROWTH


def test_variables_may_be_as_deep_as_json_can_be() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadRequest):
        variables.within({"a": deep})
    while isinstance(deep, list):  # taken apart here: Python's own destructor goes into it level by level
        deep = deep.pop()
