"""What a document asks for is read as GraphQL means it, at a cost that grows with the document and not with what it unfolds to."""

from __future__ import annotations

import pytest
from graphql import build_client_schema, get_introspection_query

from api.loaders import reading
from tests.api.conftest import Service


async def test_aliases_fragments_and_directives_are_followed(service: Service) -> None:
    query = """
    query ($yes: Boolean!, $no: Boolean!) {
      some: households(first: 2) {
        nodes { ...Whole skipped: members @include(if: $no) { name } kin: members @skip(if: $no) { relation } }
      }
      others: households(first: 1) { edges { node { ... on Household @include(if: $yes) { members { id } } } } }
    }
    fragment Whole on Household { id few: findings(first: 1) { id } many: findings(first: 5) { id ...Deep } }
    fragment Deep on Finding { household { members { id relation } } }
    """
    data = await service.data(query, {"yes": True, "no": False})
    for household in data["some"]["nodes"]:
        assert "skipped" not in household
        assert household["kin"]
        assert len(household["few"]) <= 1
        assert household["few"] == [{"id": each["id"]} for each in household["many"][:1]]
        for finding in household["many"]:
            assert len(finding["household"]["members"]) == len(household["kin"])
    assert data["others"]["edges"][0]["node"]["members"]


async def test_the_same_list_twice_in_one_operation(service: Service) -> None:
    data = await service.data(
        "{ a: findings(first: 1) { nodes { id } } b: findings(first: 2) { nodes { id } } viewer { login } }"
    )
    assert data["a"]["nodes"] == data["b"]["nodes"][:1]


async def test_a_node_is_read_whatever_its_type(service: Service) -> None:
    finding = (await service.data("{ findings(first: 1) { nodes { id household { id members { id } } } } }"))[
        "findings"
    ]
    (lead,) = finding["nodes"]
    query = """
    query ($id: ID!) { node(id: $id) { __typename id
      ... on Household { reference members { relation } enrolments { programme { code } } }
      ... on Person { relation household { reference } links(first: 3) { source grade } }
      ... on Finding { rule { id } household { reference } }
    } }"""
    for public_id, type_name in (
        (lead["id"], "Finding"),
        (lead["household"]["id"], "Household"),
        (lead["household"]["members"][0]["id"], "Person"),
    ):
        node = (await service.data(query, {"id": public_id}))["node"]
        assert (node["__typename"], node["id"]) == (type_name, public_id)
    assert (await service.data(query, {"id": "0" * 32}))["node"] is None


def deep(levels: int) -> str:
    below = "id"
    for level in range(levels):
        below = f"household {{ {below} }}" if level % 2 else f"findings {{ {below} }}"
    return f"{{ households(first: 1) {{ nodes {{ {below} }} }} }}"


def chain(levels: int) -> str:
    """A chain of fragments, each spread twice in the one before: it unfolds to 2^levels."""
    fragments = [
        f"fragment F{level} on Household {{ a: members {{ household {{ ...F{level + 1} }} }} "
        f"b: members {{ household {{ ...F{level + 1} }} }} }}"
        for level in range(levels)
    ]
    return (
        "{ households(first: 1) { nodes { ...F0 } } }"
        + "".join(fragments)
        + (f"fragment F{levels} on Household {{ id }}")
    )


@pytest.mark.parametrize("query", [deep(31), chain(12), chain(30)])
async def test_what_is_too_deep_or_too_large_is_refused_before_it_is_read(service: Service, query: str) -> None:
    before = len(service.statements)
    answer = await service.ask(query)
    assert answer["errors"][0]["extensions"]["code"] in ("DOCUMENT_TOO_LARGE", "TOO_COSTLY")
    assert len(service.statements) - before <= 2, "nothing but who asks"


async def test_a_large_answer_is_refused_before_it_is_read(service: Service) -> None:
    whole = "id reference relation name idNumber phone sex birthYear masked"
    query = f"""{{ households(first: 100) {{ nodes {{ members {{ {whole} household {{ members {{ {whole} household {{
      members {{ {whole} household {{ members {{ {whole} }} }} }} }} }} }} }} }} }} }}"""
    answer = await service.ask(query)
    assert answer["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
    assert "data" not in answer


async def test_an_answer_larger_than_could_be_known_is_given_up_while_it_is_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists longer than usual are weighed too lightly; what they bring is counted as it comes."""
    monkeypatch.setattr(reading, "MOST_VALUES", 500)
    answer = await service.ask("{ viewer { login } households(first: 100) { nodes { members { name } } } }")
    assert answer["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
    assert answer["data"] == {"viewer": {"login": "reviewer"}, "households": None}


async def test_many_small_answers_in_one_are_a_large_one(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_VALUES", 2_000)
    page = "households(first: 20) { nodes { id reference stage members { id name } } }"
    answer = await service.ask("{" + " ".join(f"a{number}: {page}" for number in range(10)) + "}")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"TOO_COSTLY"}
    assert 0 < len([each for each in answer["data"].values() if each is not None]) < 10


@pytest.mark.parametrize(
    "below",
    [
        " ".join(f"a{number}: nodes {{ id }}" for number in range(190)),
        " ".join(f"a{number}: edges {{ node {{ id }} }}" for number in range(190)),
        "edges { " + " ".join(f"a{number}: node {{ id }}" for number in range(190)) + " }",
        "nodes { " + " ".join(f"a{number}: members {{ id }}" for number in range(190)) + " }",
        "nodes { " + " ".join(f"a{number}: division {{ code nameZh }}" for number in range(190)) + " }",
    ],
)
async def test_what_is_asked_for_under_many_names_counts_as_often(
    service: Service, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_VALUES", 10_000)
    answer = await service.ask(f"{{ households(first: 100) {{ {below} }} }}")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"TOO_COSTLY"}


async def test_tools_may_look_at_the_schema(service: Service) -> None:
    answer = await service.ask(
        get_introspection_query(input_value_deprecation=True, schema_description=True), by="auditor"
    )
    assert "errors" not in answer
    assert build_client_schema(answer["data"]).query_type


async def test_a_variable_that_is_not_given_is_an_argument_that_is_not_given(service: Service) -> None:
    query = """query ($n: Int) { households(first: 3) { nodes { findings(first: $n) { id } members {
      links(first: $n) { source } } enrolments { payments(first: $n) { month } } } } }"""
    assert (await service.data(query))["households"]["nodes"]
    answer = await service.ask(query, {"n": 101})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
