"""Enumerations with their words: each value is named and explained once, in Chinese and English, for the schema and as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, TypeVar

import strawberry

from api.domain.errors import BadInput, refusals
from api.schema import guards
from api.schema.context import Info
from api.schema.selection import wanted
from api.schema.sizes import about

E = TypeVar("E", bound=Enum)
ERRORS = "ErrorCode"
"""Codes of `errors`: no type of the schema, since they stand in extensions, but an enumeration all the same."""


@dataclass(frozen=True, slots=True)
class Words:
    """A value's label, as a list or a button shows it, and what it means."""

    label_zh: str
    label_en: str
    zh: str
    en: str

    def together(self) -> str:
        """As the schema describes the value."""
        return f"{self.label_zh}。{self.zh}{self.label_en}. {self.en}"


@strawberry.type(description="A value of an enumeration, with its words.")
class EnumerationValue:
    """A value of an enumeration, with its words."""

    value: str = strawberry.field(description="As the schema names it.")
    label_zh: str = strawberry.field(description="Its Chinese label.")
    label_en: str = strawberry.field(description="Its English label.")
    description_zh: str = strawberry.field(description="What it means, in Chinese.")
    description_en: str = strawberry.field(description="What it means, in English.")
    deprecated: bool = strawberry.field(description="Whether it will go.")


@strawberry.type(description="An enumeration of the schema, with the words of its values.")
class Enumeration:
    """An enumeration of the schema."""

    name: str = strawberry.field(description="As the schema names it; ErrorCode for the codes in `errors`.")
    values: list[EnumerationValue] = strawberry.field(
        description="Its values, in the order in which people should be shown them.", metadata=about(8)
    )


_known: dict[str, Enumeration] = {}


def described(enumeration: type[E], description: str, values: Mapping[str, Words]) -> Any:
    """The enumeration as a GraphQL type and as data; `values` has the words of each of its values."""
    shown: Any = strawberry.enum(enumeration, description=description)
    definition = shown.__strawberry_definition__
    told = []
    for value in definition.values:
        words = values[value.name]
        value.description = words.together()
        told.append(_told(value.name, words, value.deprecation_reason is not None))
    _known[definition.name] = Enumeration(name=definition.name, values=told)
    return shown


def _told(value: str, words: Words, deprecated: bool = False) -> EnumerationValue:
    return EnumerationValue(
        value=value,
        label_zh=words.label_zh,
        label_en=words.label_en,
        description_zh=words.zh,
        description_en=words.en,
        deprecated=deprecated,
    )


def labels(name: str, value: str) -> tuple[str, str]:
    """The Chinese and the English label of a value of an enumeration; the value itself where it is none of them."""
    found = next((each for each in _known[name].values if each.value == value), None)
    return (value, value) if found is None else (found.label_zh, found.label_en)


def label_zh(name: str, value: str) -> str:
    """The Chinese label of a value of an enumeration."""
    return next(each.label_zh for each in _known[name].values if each.value == value)


_known[ERRORS] = Enumeration(
    name=ERRORS,
    values=[
        _told(each.code, Words(each.zh.rstrip("。"), each.en.rstrip("."), each.advice_zh, each.advice_en))
        for each in refusals()
    ],
)


@strawberry.type(description="What may be asked about the schema's words.")
class EnumerationQueries:
    """The schema's words."""

    @guards.query(
        guards.SIGNED_IN,
        "Enumerations with the words of their values, to be shown and chosen from. Costs no statement; keep it as long as the page.",
        rows=30,
    )
    async def enumerations(
        self,
        info: Info,
        names: Annotated[
            list[str] | None,
            strawberry.argument(description="Only these; where nothing is said, all by their names."),
        ] = None,
    ) -> list[Enumeration] | None:
        """Enumerations with their words."""
        asked = sorted(_known) if names is None else list(dict.fromkeys(names))
        if not set(asked) <= _known.keys():
            raise BadInput("没有此名称的枚举。", "There is no enumeration of such a name.")
        found, below = [_known[name] for name in asked], wanted(info)
        values = below.below("values")
        budget = info.context.budget
        budget.spend(below.times * sum(2 + len(each.values) * values.times * values.values(()) for each in found))
        return found
