"""What an operation weighs, by a schema small enough to reckon by hand; and of ours, that every list says its size."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from api.gate.weight import MUTATION, Weigher
from api.loaders.pages import DEFAULT, MOST
from api.schema.root import schema
from api.schema.sizes import Sizes

SMALL = build_schema("""
  type Query { me: Thing things(first: Int, last: Int): ThingConnection named(ids: [ID!]!): [Thing!] words: [String!] }
  type Mutation { do: Thing }
  type ThingConnection { nodes: [Thing!]! edges: [ThingEdge!]! totalCount: Int }
  type ThingEdge { cursor: String node: Thing! }
  type Thing { id: ID! parts(first: Int): [Thing!]! below(first: Int): ThingConnection other: Thing }
""")
N = DEFAULT
CASES: list[tuple[str, dict[str, Any], int]] = [
    ("{ me { id } }", {}, 2),
    ("{ words }", {}, 1),
    ("{ a: me { id } b: me { id other { id } } }", {}, 6),
    ("{ things(first: 3) { nodes { id } } }", {}, 1 + 3 * 2),
    ("{ things { nodes { id } } }", {}, 1 + N * 2),
    ("{ things(last: 4) { totalCount edges { cursor node { id } } } }", {}, 1 + 1 + 4 * (1 + 1 + 1 + 1)),
    ("query ($n: Int) { things(first: $n) { nodes { id } } }", {"n": 7}, 1 + 7 * 2),
    ("query ($n: Int = 2) { things(first: $n) { nodes { id } } }", {}, 1 + 2 * 2),
    ("query ($n: Int) { things(first: $n) { nodes { id } } }", {}, 1 + N * 2),
    ("{ things(first: 2) { nodes { below(first: 3) { nodes { id } } } } }", {}, 1 + 2 * (1 + 1 + 3 * 2)),
    ("{ things(first: 0) { nodes { id } } }", {}, 1),
    ('{ named(ids: ["a", "b"]) { id } }', {}, 1 + 2),
    ("query ($i: [ID!]!) { named(ids: $i) { id } }", {"i": ["a", "b", "c"]}, 1 + 3),
    ("{ me { parts(first: 5) { id } } }", {}, 1 + 1 + 5),
    (
        "{ me { ...T } things(first: 2) { nodes { ...T } } } fragment T on Thing { id other { id } }",
        {},
        1 + 3 + 1 + 2 * 4,
    ),
    ("{ me { ... on Thing { id } ... { id } } }", {}, 3),
    ("mutation { do { id } }", {}, MUTATION + 2),
]


def weigh(text: str, variables: dict[str, Any]) -> int:
    document = parse(text)
    assert validate(SMALL, document) == []
    operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    return Weigher(SMALL, Sizes(SMALL), document).weight(operation, variables)


@pytest.mark.parametrize(("text", "variables", "weight"), CASES)
def test_an_operation_weighs_what_its_answer_may_hold(text: str, variables: dict[str, Any], weight: int) -> None:
    assert weigh(text, variables) == weight


@given(st.lists(st.integers(0, MOST), min_size=1, max_size=6))
def test_one_document_is_weighed_anew_for_other_sizes(numbers: list[int]) -> None:
    document = parse("query ($n: Int) { things(first: $n) { nodes { id other { id } } } }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    weigher = Weigher(SMALL, Sizes(SMALL), document)
    for number in numbers:
        assert weigher.weight(operation, {"n": number}) == 1 + number * 4


@given(st.integers(0, MOST), st.integers(0, MOST))
def test_more_rows_never_weigh_less(one: int, other: int) -> None:
    text = "query ($n: Int) { things(first: $n) { nodes { below(first: $n) { nodes { id } } } } }"
    low, high = sorted((one, other))
    assert weigh(text, {"n": low}) <= weigh(text, {"n": high})


def test_every_list_of_the_schema_says_how_long_it_is() -> None:
    """Else the gate could only guess: declare it with `metadata=about(rows)`."""
    assert Sizes(schema._schema).unsaid == []
