"""What a document may be before it is validated: a few root fields, a few fragments, and introspection as tools send it.

Each limit is a count of the document's own nodes, so that finding out costs what the document is long. The size of an
answer is counted where it is loaded (schema/tree, loaders/reading).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    visit,
)
from strawberry.extensions import SchemaExtension

MOST_DEFINITIONS = 60
MOST_ROOT_FIELDS = 30
MOST_MUTATIONS = 5
REMEMBERED = 500
NAMELESS = "The document has several operations: say which one with operationName."
INTROSPECTION = ("__schema", "__type")

_verdicts: OrderedDict[int, tuple[DocumentNode, str | None]] = OrderedDict()
"""Of documents that the parser's cache keeps, too: the document is kept beside its verdict, so its id is its own."""


class Limits(SchemaExtension):
    """Refuses a document beyond the limits before it is validated."""

    def on_validate(self) -> Iterator[None]:
        """Counts, once a document."""
        document = self.execution_context.graphql_document
        if document is not None and (verdict := _remembered(document)) is not None:
            self.execution_context.pre_execution_errors = [GraphQLError(verdict)]
        elif document is not None and self._nameless(document):
            self.execution_context.pre_execution_errors = [GraphQLError(NAMELESS)]
        yield

    def _nameless(self, document: DocumentNode) -> bool:
        """Whether one of several operations is meant and none is named; else the first would be carried out."""
        several = sum(isinstance(each, OperationDefinitionNode) for each in document.definitions) > 1
        return several and self.execution_context._provided_operation_name is None


def _remembered(document: DocumentNode) -> str | None:
    key = id(document)
    if key in _verdicts:
        _verdicts.move_to_end(key)
        return _verdicts[key][1]
    _verdicts[key] = document, _beyond(document)
    if len(_verdicts) > REMEMBERED:
        _verdicts.popitem(last=False)
    return _verdicts[key][1]


def _beyond(document: DocumentNode) -> str | None:
    """Which limit the document is beyond, in words; None where it is within all."""
    if len(document.definitions) > MOST_DEFINITIONS:
        return f"A document has up to {MOST_DEFINITIONS} operations and fragments."
    roots = {"Query": MOST_ROOT_FIELDS, "Mutation": MOST_MUTATIONS, "Subscription": 1}
    for root, most in roots.items():
        on_root: list[Any] = [each for each in document.definitions if _on(each, root)]
        if sum(_fields(each.selection_set) for each in on_root) > most:
            return f"A document asks for up to {most} fields of {root}."
    counted = _Introspection()
    visit(document, counted)
    if counted.aliased:
        return "Introspection takes no aliases."
    return None


def _on(definition: Any, root: str) -> bool:
    if isinstance(definition, OperationDefinitionNode):
        return {OperationType.QUERY: "Query", OperationType.MUTATION: "Mutation"}.get(
            definition.operation, "Subscription"
        ) == root
    return isinstance(definition, FragmentDefinitionNode) and definition.type_condition.name.value == root


def _fields(selections: Any) -> int:
    """Fields of this set and of the inline fragments in it."""
    return sum(
        1 if isinstance(node, FieldNode) else _fields(node.selection_set) if hasattr(node, "selection_set") else 0
        for node in selections.selections
    )


class _Introspection(Visitor):
    """Whether anything below an introspection field, or in a fragment on an introspection type, has another name."""

    def __init__(self) -> None:
        super().__init__()
        self.aliased = False
        self._inside = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in INTROSPECTION or self._inside:
            self._inside += 1
            self.aliased = self.aliased or node.alias is not None

    def leave_field(self, node: FieldNode, *_: Any) -> None:
        if self._inside:
            self._inside -= 1

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        if node.type_condition.name.value.startswith("__"):
            self._inside += 1

    def leave_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        if self._inside:
            self._inside -= 1
