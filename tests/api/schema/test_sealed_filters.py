"""A list is filtered by something sealed only where a blind index answers it: by a whole value, and by nothing else of it."""

from __future__ import annotations

import re

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, get_named_type, get_nullable_type
from sqlalchemy import BindParameter, Column, ColumnElement
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression

from api.database import among
from api.loaders import pages
from api.loaders.households import LISTING
from api.models import Base
from api.models.base import SealedBytes
from api.schema.root import schema
from api.services import rotation
from tests.api.conftest import Service

INPUTS = [
    each
    for each in schema._schema.type_map.values()
    if isinstance(each, GraphQLInputObjectType) and each.name.endswith(("Filter", "Order"))
]
SEALED = {
    column.name
    for each in Base.metadata.sorted_tables
    for column in each.columns
    if isinstance(column.type, SealedBytes) and not column.name.endswith("_index") and column.name != "digest"
}
TABLES = {*Base.metadata.sorted_tables}
ANSWERED = {("HouseholdFilter", "idNumber"), ("HouseholdFilter", "phone"), ("HouseholdFilter", "name")}
"""Fields of filters by which somebody is looked for: each by its index."""

PLAIN = {
    ("ReferralFilter", "answered"): "whether there is an answer, not what it says",
}
"""Fields that are called as something sealed is, and ask for something else."""


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found.group(1).lower(), name)


def test_no_input_asks_for_something_sealed_but_by_an_index() -> None:
    """Walks through every filter and order of the schema: one that is called as a sealed column is, is known here."""
    asked = {
        (each.name, name)
        for each in INPUTS
        for name, field in each.fields.items()
        if snake(name) in SEALED and not isinstance(get_named_type(field.type), GraphQLInputObjectType)
    }
    assert asked - {*PLAIN} == ANSWERED, "a filter on a sealed column is one that its blind index can answer, or none"


def test_a_search_by_identity_is_one_whole_value() -> None:
    """No list of values, no part of one, no range, no order by it."""
    (households,) = [each for each in INPUTS if each.name == "HouseholdFilter"]
    for _, name in ANSWERED:
        kind = get_nullable_type(households.fields[name].type)
        assert not isinstance(kind, GraphQLList)
        assert str(kind) == "String"
    for order in (each for each in INPUTS if each.name.endswith("Order")):
        fields = get_named_type(order.fields["field"].type)
        assert not {value.lower() for value in getattr(fields, "values", {})} & SEALED


def listings() -> dict[str, pages.Listing]:
    """Every list of the loaders, found where they are kept."""
    import importlib
    import pkgutil

    import api.loaders

    found = {}
    for module in pkgutil.iter_modules(api.loaders.__path__, "api.loaders."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, pages.Listing):
                found[f"{module.name}.{name}"] = value
    return found


def test_no_statement_compares_something_sealed_but_by_its_index() -> None:
    """Walks through the conditions and orders of every list: a sealed column stands in none, an index only in `among`."""
    assert len(listings()) > 10
    for name, listing in listings().items():
        for by in listing.orders.values():
            assert not columns_of(by.column), name
        for condition in listing.filters.values():
            for column in columns_of(condition):
                assert column.endswith("_index"), f"{name}: {column}"
            for element in visitors.iterate(condition):
                if isinstance(element, BinaryExpression):
                    assert not direct(element), f"{name}: an index is compared with those of all keys, by `among`"
    searched = {column for name in ("number", "phone", "name") for column in columns_of(LISTING.filters[name])}
    assert searched == {*rotation.INDEXES}


def columns_of(condition: ColumnElement[bool]) -> set[str]:
    return {
        str(element)
        for element in visitors.iterate(condition)
        if isinstance(element, Column) and isinstance(element.type, SealedBytes) and element.table in TABLES
    }


def direct(element: BinaryExpression[bool]) -> bool:
    sides = (element.left, element.right)
    sealed = any(isinstance(side.type, SealedBytes) for side in sides if not isinstance(side, among))
    return sealed and any(isinstance(side, BindParameter) for side in sides)


@pytest.mark.parametrize("part", ["王", "1101", "139", "王%", "*"])
async def test_a_part_of_a_value_finds_nobody(service: Service, part: str) -> None:
    for name in ("idNumber", "phone", "name"):
        answer = await service.ask(
            "query ($f: HouseholdFilter) { households(filter: $f) { totalCount } }", {"f": {name: part}}
        )
        found = (answer["data"]["households"] or {"totalCount": 0})["totalCount"]
        assert found == 0
