"""What an operation may cost: the values that its answer would hold, by the sizes of its lists.

A connection holds as many rows as its window asks for, a plain list as many as the schema says it has (schema/sizes).
Every selection is visited once: what a connection costs is a sum, `fixed + rows × each`, so that one fragment under
many windows is weighed once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from api.schema.sizes import Rows, Sizes

MUTATION = 100
"""What a mutation costs beyond its answer."""

REMEMBERED = 64
"""Combinations of sizes that are remembered of one document."""

MOST_ROWS = 10_000
"""More than any list gives; the list itself refuses what is beyond its own limit."""

Cost = tuple[float, float]
"""What a selection costs by itself, and for each row of the connection that it is made on."""


class Weigher:
    """Weighs the operations of one valid document."""

    def __init__(self, schema: GraphQLSchema, sizes: Sizes, document: DocumentNode) -> None:
        self._schema, self._sizes = schema, sizes
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, tuple[Any, ...]], float] = {}
        self._sizing: set[str] = set()

    def weight(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """What the operation may cost with these variables: at most so many values in its answer."""
        name = operation.name.value if operation.name else ""
        key = (name, tuple(_size(variables.get(each)) for each in sorted(self._sizing)))
        if key not in self._known:
            weighed = self._weigh(operation, variables)
            key = (name, tuple(_size(variables.get(each)) for each in sorted(self._sizing)))
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = weighed
        return math.ceil(self._known[key])

    def _weigh(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> float:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # the document is valid
        defaults = {
            each.variable.name.value: each.default_value
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        once = _Once(self._schema, self._sizes, self._fragments, {**defaults, **variables})
        fixed, _ = once.selection(operation.selection_set, root.name)
        self._sizing |= once.sizing
        return fixed + self.beyond(operation)

    @staticmethod
    def beyond(operation: OperationDefinitionNode) -> int:
        """What the operation costs beyond its answer."""
        return MUTATION if operation.operation is OperationType.MUTATION else 0


class _Once:
    """One weighing: fragments are weighed once, whatever spreads them; `sizing` are the variables that tell sizes."""

    def __init__(
        self,
        schema: GraphQLSchema,
        sizes: Sizes,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema, self._sizes, self._fragments, self._variables = schema, sizes, fragments, variables
        self._weighed: dict[str, Cost] = {}
        self.sizing: set[str] = set()

    def selection(self, selections: SelectionSetNode, on: str) -> Cost:
        """What a selection on this type costs."""
        fixed = each = 0.0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                more = self._field(node, on)
            elif isinstance(node, FragmentSpreadNode):
                more = self._fragment(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else on
                more = self.selection(node.selection_set, condition)
            else:
                continue
            fixed, each = fixed + more[0], each + more[1]
        return fixed, each

    def _fragment(self, name: str) -> Cost:
        if name not in self._weighed:
            fragment = self._fragments[name]
            self._weighed[name] = self.selection(fragment.selection_set, fragment.type_condition.name.value)
        return self._weighed[name]

    def _field(self, node: FieldNode, on: str) -> Cost:
        parent = self._schema.type_map[on]
        assert is_composite_type(parent)  # the document is valid
        field = self._schema.get_field(parent, node.name.value)
        if field is None or node.selection_set is None:
            return 1.0, 0.0
        kind = get_named_type(field.type)
        if not is_composite_type(kind):
            return 1.0, 0.0
        rows = self._sizes.of(on, node.name.value)
        fixed, each = self.selection(node.selection_set, kind.name)
        if rows.of_window:
            return 0.0, 1.0 + fixed
        if rows.opens_window:
            return 1.0 + fixed + self._count(node, rows) * each, 0.0
        return 1.0 + self._count(node, rows) * fixed, 0.0

    def _count(self, node: FieldNode, rows: Rows) -> float:
        """How many rows the field has: what its argument asks for, or what the schema says."""
        for argument in node.arguments or ():
            if argument.name.value in rows.arguments:
                value = self._value(argument.value)
                if value is not None:
                    return value
        return rows.usual

    def _value(self, node: Any) -> float | None:
        if isinstance(node, VariableNode):
            self.sizing.add(node.name.value)
            value = self._variables.get(node.name.value)
            return self._value(value) if isinstance(value, IntValueNode | ListValueNode) else _size(value)
        if isinstance(node, IntValueNode):
            return _size(int(node.value))
        return len(node.values) if isinstance(node, ListValueNode) else None


def _size(value: Any) -> float | None:
    if isinstance(value, list):
        return len(value)
    return max(0, min(value, MOST_ROWS)) if isinstance(value, int) and not isinstance(value, bool) else None
