"""Words of the matcher that the schema shows: none is forgotten, each is told in both languages."""

from __future__ import annotations

import re
from dataclasses import fields
from enum import StrEnum

import polars as pl
import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, get_named_type
from sqlalchemy import select, update

from api.database import transaction
from api.models import Link
from api.schema import households
from api.schema.levels import LEVELS
from api.schema.root import schema
from matcher import plan
from matcher.comparing.kinds import COMPARISONS
from tests.api.conftest import Service

FIELDS = plan.load().fields
LEVELS_OF = """{ households(first: 50) { nodes { members { reference links(first: 20) {
  source recordId party numberLevel nameLevel birthDateLevel sexLevel phoneLevel divisionLevel addressLevel
} } } } }"""


def kind_of(field: str) -> str:
    return next(each.kind for each in FIELDS if each.name == field)


def test_every_field_that_is_compared_is_shown() -> None:
    assert set(LEVELS) == {each.name for each in FIELDS}
    assert {f"{field}_level" for field in LEVELS} <= {each.name for each in fields(households.Link)}


@pytest.mark.parametrize("field", LEVELS)
def test_every_level_that_the_matcher_tells_apart_is_known(field: str) -> None:
    assert {level.value for level in LEVELS[field]} == set(COMPARISONS[kind_of(field)].names)


@pytest.mark.parametrize("levels", dict.fromkeys(LEVELS.values()))
def test_every_level_is_told_in_chinese_and_english(levels: type[StrEnum]) -> None:
    shown = schema._schema.type_map[levels.__name__]
    assert isinstance(shown, GraphQLEnumType)
    for name, value in shown.values.items():
        assert re.fullmatch(r"[^a-zA-Z]*[一-鿿][^a-zA-Z]*。[A-Z][ -~]+\.", value.description or ""), name


def test_every_link_field_has_its_own_type() -> None:
    link = schema._schema.type_map["Link"]
    assert isinstance(link, GraphQLObjectType)
    for field, levels in LEVELS.items():
        first, *rest = f"{field}_level".split("_")
        shown = get_named_type(link.fields[first + "".join(part.title() for part in rest)].type)
        assert shown.name == levels.__name__


async def test_links_show_the_levels_of_the_scans_file(service: Service) -> None:
    written = pl.read_parquet(service.data_dir / "scans" / "1" / "out" / "links.parquet")
    assert set(written.schema["levels"].to_schema()) == set(LEVELS)  # type: ignore[attr-defined]
    keys = ("person_id", "source", "record_id", "party")
    told = {tuple(row[key] for key in keys): row["levels"] for row in written.iter_rows(named=True)}
    shown = 0
    for household in (await service.data(LEVELS_OF))["households"]["nodes"]:
        for person in household["members"]:
            for link in person["links"]:
                levels = told[(person["reference"], link["source"], link["recordId"], link["party"])]
                assert {field: level.upper() for field, level in levels.items()} == {
                    "number": link["numberLevel"],
                    "name": link["nameLevel"],
                    "birth_date": link["birthDateLevel"],
                    "sex": link["sexLevel"],
                    "phone": link["phoneLevel"],
                    "division": link["divisionLevel"],
                    "address": link["addressLevel"],
                }
                shown += 1
    assert shown > 100


async def test_a_level_of_an_earlier_program_hides_nothing_else(service: Service) -> None:
    async with transaction(service.engine) as connection:
        (some,) = (await connection.execute(select(Link.levels).limit(1))).scalars()
        await connection.execute(update(Link).values(levels={"number": "of old", "name": some["name"]}))
    found = (await service.data(LEVELS_OF))["households"]["nodes"]
    links = [link for household in found for person in household["members"] for link in person["links"]]
    assert links
    for link in links:
        assert (link["numberLevel"], link["nameLevel"], link["sexLevel"]) == (None, some["name"].upper(), None)
