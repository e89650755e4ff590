"""Enumerations as data: every one of the schema, every value with a label and a meaning in both languages."""

from __future__ import annotations

import re

import pytest
from graphql import GraphQLEnumType

from api.domain.errors import refusals
from api.schema.enumerations import ERRORS
from api.schema.root import schema
from tests.api.conftest import Service

ALL = """query ($names: [String!]) { enumerations(names: $names) {
  name values { value labelZh labelEn descriptionZh descriptionEn deprecated } } }"""
SHOWN = {
    name: kind
    for name, kind in schema._schema.type_map.items()
    if isinstance(kind, GraphQLEnumType) and not name.startswith("__")
}


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
async def test_every_enumeration_is_told_as_the_schema_has_it(service: Service) -> None:
    told = {each["name"]: each["values"] for each in (await service.data(ALL))["enumerations"]}
    assert set(told) == {*SHOWN, ERRORS}
    for name, kind in SHOWN.items():
        assert [value["value"] for value in told[name]] == list(kind.values), name
        for value in told[name]:
            description = kind.values[value["value"]].description or ""
            assert description == (
                f"{value['labelZh']}。{value['descriptionZh']}{value['labelEn']}. {value['descriptionEn']}"
            )
            assert value["deprecated"] == (kind.values[value["value"]].deprecation_reason is not None)
    assert [value["value"] for value in told[ERRORS]] == [each.code for each in refusals()]


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
async def test_every_value_has_words_in_both_languages(service: Service) -> None:
    for each in (await service.data(ALL))["enumerations"]:
        for language, form in (("Zh", r".*[一-鿿].*"), ("En", r"[ -~]+")):
            labels = [value[f"label{language}"] for value in each["values"]]
            assert len(set(labels)) == len(labels), f"{each['name']}: two values look the same in a list"
            for value in each["values"]:
                where = f"{each['name']}.{value['value']}"
                assert re.fullmatch(form, value[f"label{language}"]), where
                assert re.fullmatch(form, value[f"description{language}"]), where
                assert value[f"label{language}"][-1] not in "。.", where
                assert value[f"description{language}"][-1] == ("。" if language == "Zh" else "."), where


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
async def test_some_are_asked_for_by_name(service: Service) -> None:
    found = (await service.data(ALL, {"names": ["Severity", "Stage", "Severity"]}))["enumerations"]
    assert [each["name"] for each in found] == ["Severity", "Stage"]
    assert found[0]["values"][-1]["labelZh"] == "高"
    answer = await service.ask(ALL, {"names": ["Verdict"]})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
