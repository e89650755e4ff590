"""Variables: within their limits, and of their types; what is said of them repeats no value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableDefinitionNode,
    is_input_type,
    is_non_null_type,
    type_from_ast,
)
from graphql.utilities import validate_input_value

from api.domain.errors import TooLong
from api.gate.documents import MOST_ERRORS, Invalid, without_values

MOST_VALUES = 5_000
MOST_OBJECTS = 600
"""More than in a document, where each mistake prints all of it: a list of answers has five hundred, and is as cheap as it is long."""
MOST_LEVELS = 20


def within(variables: Mapping[str, Any]) -> None:
    """Raises TooLong for variables of more values, objects or levels than variables may have."""
    values = objects = levels = 0
    level: list[Any] = list(variables.values())
    while level:
        values, levels = values + len(level), levels + 1
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                objects += 1
                below += value.values()
            elif isinstance(value, list):
                below += value
        if values > MOST_VALUES or objects > MOST_OBJECTS or levels > MOST_LEVELS:
            raise TooLong(
                f"变量最多 {MOST_VALUES} 个值、{MOST_OBJECTS} 个对象、{MOST_LEVELS} 层。",
                f"Variables have up to {MOST_VALUES} values, {MOST_OBJECTS} objects and {MOST_LEVELS} levels.",
            )
        level = below


def fit(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
    """Raises Invalid where a variable is missing or does not fit its type; a few mistakes are told, not all."""
    mistakes: list[GraphQLError] = []
    for node in operation.variable_definitions or ():
        try:
            _fit(schema, node, variables, mistakes)
        except _Enough:
            break
    if mistakes:
        raise Invalid(mistakes)


class _Enough(Exception):
    """There are mistakes enough."""


def _fit(
    schema: GraphQLSchema, node: VariableDefinitionNode, variables: Mapping[str, Any], mistakes: list[GraphQLError]
) -> None:
    name, kind = node.variable.name.value, type_from_ast(schema, node.type)
    assert is_input_type(kind)  # the document is valid

    def told(message: str) -> None:
        mistakes.append(GraphQLError(message, nodes=[node]))
        if len(mistakes) == MOST_ERRORS:
            raise _Enough

    def unfit(error: GraphQLError, path: list[str | int]) -> None:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        told(f"Variable ${name}{place}: {without_values(error.message)}")

    if name in variables:
        validate_input_value(variables[name], kind, unfit, hide_suggestions=True)
    elif node.default_value is None and is_non_null_type(kind):
        told(f"Variable ${name}: a value of type {kind} is required.")
