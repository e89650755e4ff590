"""Builds plain answers in one go: below a root everything is read from attributes, so nothing has to be awaited.

graphql-core resolves a field at a time, each with a path, an info and a check for awaitables: 5 µs a field, most of what
a page costs. Here a selection of plain fields is turned once an operation into a function from object to dict. A
field is plain if its type is known beforehand, and it is an attribute or a synchronous method of its arguments
alone. Whatever is not plain, an interface, @defer, or a value that does not fit its type, is left to the executor, which
tells errors with their path; a test compares both ways on generated documents.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

from api.schema.context import Context

Complete = Callable[[Any], Any]
Details = list[Any]
"""All occurrences of one field under one response name, as the executor groups them."""

DEFINITION = "strawberry-definition"
INT_LIMIT = 2**31


class Unusual(Exception):
    """Something for the executor."""


class StraightExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor, with a short way for what is plain."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._ways: dict[int, tuple[Details, Complete | None]] = {}

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: Details,
        info: GraphQLResolveInfo[Context],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """The value as the client gets it."""
        if result is not None and not is_leaf_type(get_named_type(return_type)):
            key = id(field_details_list)  # the executor keeps the list, and so do we: its id is its own
            if key not in self._ways:
                self._ways[key] = field_details_list, self._way(return_type, field_details_list)
            complete = self._ways[key][1]
            if complete is not None:
                try:
                    return complete(result)
                except Exception:  # whatever it is, the executor says it better
                    self._ways[key] = field_details_list, None
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def _way(self, kind: GraphQLOutputType, details: Details) -> Complete | None:
        """From a value of this type to its answer, or None where that is not plain."""
        if isinstance(kind, GraphQLNonNull):
            return _never_null(self._way(kind.of_type, details))
        if isinstance(kind, GraphQLList):
            return _each(self._way(kind.of_type, details))
        if isinstance(kind, GraphQLObjectType):
            return self._object(kind, details)
        return _leaf(kind) if is_leaf_type(kind) else None

    def _object(self, kind: GraphQLObjectType, details: Details) -> Complete | None:
        definition = kind.extensions.get(DEFINITION)
        selected, deferred, _ = self.collect_subfields(kind, details)
        if definition is None or deferred or (self.middleware_manager and self.middleware_manager.middlewares):
            return None
        parts: list[tuple[str, Complete, Complete | None]] = []
        for name, occurrences in selected.items():
            node = occurrences[0].node
            if node.name.value == "__typename":
                parts.append((name, _constant(kind.name), None))
                continue
            field = kind.fields[node.name.value]
            read, complete = self._read(field, occurrences[0]), self._way(field.type, occurrences)
            if read is None or complete is None or any(each.defer_usage for each in occurrences):
                return None
            parts.append((name, read, complete))
        generic = definition.concrete_of  # of HouseholdConnection, Connection: that is what the objects are
        return _fields((generic or definition).origin, parts)

    def _read(self, field: GraphQLField, details: Any) -> Complete | None:
        """How the field's value is read from its object."""
        definition = field.extensions.get(DEFINITION)
        if not isinstance(definition, StrawberryField) or definition.permission_classes or definition.extensions:
            return None
        resolver = definition.base_resolver
        if resolver is None:
            return attrgetter(definition.python_name)
        if definition.is_async or resolver.info_parameter is not None:
            return None
        given = get_argument_values(
            field, details.node, self.variable_values, details.fragment_variable_values, self.hide_suggestions
        )
        named = {
            argument.python_name: argument.graphql_name or argument.python_name for argument in definition.arguments
        }
        if not all(isinstance(value, int) for value in given.values()):
            return None
        arguments = {name: given[graphql_name] for name, graphql_name in named.items() if graphql_name in given}
        call: Callable[..., Any] = resolver.wrapped_func  # type: ignore[assignment]
        return lambda source: call(source, **arguments)


def _never_null(complete: Complete | None) -> Complete | None:
    if complete is None:
        return None

    def known(value: Any) -> Any:
        if value is None:
            raise Unusual
        return complete(value)

    return known


def _each(complete: Complete | None) -> Complete | None:
    if complete is None:
        return None

    def every(values: Any) -> Any:
        if type(values) is list:
            return [complete(value) for value in values]
        if values is None:
            return None
        raise Unusual

    return every


def _fields(origin: type, parts: list[tuple[str, Complete, Complete | None]]) -> Complete:
    def build(source: Any) -> Any:
        if type(source) is origin:
            return {name: complete(read(source)) if complete else read(source) for name, read, complete in parts}
        if source is None:
            return None
        raise Unusual

    return build


def _constant(value: str) -> Complete:
    return lambda source: value


def _leaf(kind: GraphQLLeafType) -> Complete:
    if kind in (GraphQLString, GraphQLID):
        return _of(str)
    if kind is GraphQLBoolean:
        return _of(bool)
    if kind is GraphQLInt:
        return _int
    if kind is GraphQLFloat:
        return _float
    coerce = kind.coerce_output_value
    if isinstance(kind, GraphQLEnumType):
        return _remembered(coerce)
    return lambda value: None if value is None else coerce(value)


def _of(expected: type) -> Complete:
    def exactly(value: Any) -> Any:
        if value is None or type(value) is expected:
            return value
        raise Unusual

    return exactly


def _int(value: Any) -> Any:
    if value is None or (type(value) is int and -INT_LIMIT <= value < INT_LIMIT):
        return value
    raise Unusual


def _float(value: Any) -> Any:
    if value is None or (type(value) is float and isfinite(value)):
        return value
    raise Unusual


def _remembered(coerce: Complete) -> Complete:
    """An enumeration's few values, each coerced once."""
    known: dict[Any, Any] = {None: None}

    def look_up(value: Any) -> Any:
        if value not in known:
            known[value] = coerce(value)
        return known[value]

    return look_up
