"""Documents, each parsed, measured, validated and weighed once, whoever sends it; kept by the hash of its text."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    SelectionSetNode,
    StringValueNode,
    ValidationContext,
    Visitor,
    specified_rules,
    validate,
    visit,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.domain.errors import BadRequest, TooLong
from api.gate.shape import INTROSPECTION, parsed
from api.gate.weight import Weigher
from api.schema.sizes import Sizes
from api.services.documents import digest

MOST_COMPARISONS = 30_000
"""Of fields under one name, two by two: the only rule whose work grows faster than the document."""
MOST_ERRORS = 5
"""Some repeat, before it is cut out, the value that they complain of."""
KEPT_CHARACTERS = 500_000
"""Of the documents kept, all together: what is built of a text takes some hundred times its size at most, 50 MB so."""
KEPT_REFUSALS = 500

NAMELESS = (
    "文档含多个操作，请用 operationName 指定。",
    "The document has several operations: say which one with operationName.",
)


class _Overlapping(OverlappingFieldsCanBeMergedRule):
    """The library's rule, with less patience."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = MOST_COMPARISONS


RULES: tuple[type[ASTValidationRule], ...] = (
    *(_Overlapping if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules),
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class Invalid(BadRequest):
    """The document does not fit the schema; `errors` says where and how, and repeats no value."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid document: the hash of its text, its operations by name, what they weigh, and what they ask of the schema itself."""

    id: str
    length: int
    document: DocumentNode
    operations: dict[str, OperationDefinitionNode]
    weigher: Weigher
    introspects: bool
    """Whether anything in it asks how the schema is made."""
    only_introspects: bool
    """Whether nothing in it asks for anything else."""
    holds_text: bool
    """Whether it holds a text as a value, which might name somebody."""

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of this name, or the only one. Raises BadRequest."""
        if name is None and len(self.operations) != 1:
            raise BadRequest(*NAMELESS)
        if name is not None and name not in self.operations:
            raise BadRequest("文档中没有此名称的操作。", "The document has no operation of this name.")
        return next(iter(self.operations.values())) if name is None else self.operations[name]


class Documents:
    """Prepares documents; the least used are forgotten. What was refused is remembered apart, and shortly."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema, self._sizes = schema, Sizes(schema)
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()
        self._refused: OrderedDict[str, BadRequest] = OrderedDict()
        self._characters = 0

    def of(self, text: str) -> Prepared:
        """The document of this text. Raises BadRequest, TooLong or Invalid."""
        key = digest(text)
        if (known := self._prepared.get(key)) is not None:
            self._prepared.move_to_end(key)
            return known
        if (refused := self._refused.get(key)) is not None:
            raise refused.with_traceback(None)  # else each time would add to what the one before has left behind
        try:
            made = self._prepare(key, text)
        except BadRequest as refusal:
            self._refused[key] = refusal.with_traceback(None)
            if len(self._refused) > KEPT_REFUSALS:
                self._refused.popitem(last=False)
            raise
        self._prepared[key] = made
        self._characters += made.length
        while self._characters > KEPT_CHARACTERS and len(self._prepared) > 1:
            self._characters -= self._prepared.popitem(last=False)[1].length
        return made

    def _prepare(self, key: str, text: str) -> Prepared:
        document = parsed(text)
        errors = validate(self._schema, document, RULES, max_errors=MOST_ERRORS)
        if errors:
            mistakes = [error for error in errors if not isinstance(error, ValidationAbortedError)]
            if not mistakes:
                raise TooLong(
                    "查询文档中同名字段或片段引用过多。", "The document names the same fields or fragments too often."
                )
            raise Invalid([_without_values(error) for error in mistakes])
        operations = {
            each.name.value if each.name else "": each
            for each in document.definitions
            if isinstance(each, OperationDefinitionNode)
        }
        if not operations:
            raise BadRequest("文档中没有操作。", "The document has no operation.")
        names = _Names(document)
        return Prepared(
            id=key,
            length=len(text),
            document=document,
            operations=operations,
            weigher=Weigher(self._schema, self._sizes, document),
            introspects=bool(names.roots & set(INTROSPECTION)),
            only_introspects=names.roots <= {*INTROSPECTION, "__typename"},
            holds_text=names.holds_text,
        )


class _Names(Visitor):
    """The root fields of all operations, and whether any value is a text."""

    def __init__(self, document: DocumentNode) -> None:
        super().__init__()
        self.holds_text = False
        self.roots: set[str] = set()
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._seen: set[str] = set()
        for each in document.definitions:
            if isinstance(each, OperationDefinitionNode):
                self._roots(each.selection_set)
        visit(document, self)

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        """A text."""
        self.holds_text = True

    def _roots(self, selections: SelectionSetNode) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self.roots.add(node.name.value)
            elif isinstance(node, FragmentSpreadNode):
                if node.name.value not in self._seen:
                    self._seen.add(node.name.value)
                    self._roots(self._fragments[node.name.value].selection_set)
            elif (below := getattr(node, "selection_set", None)) is not None:
                self._roots(below)


_VALUE = re.compile(r"[,;]?\s*\(?(?:[Ff]ound\b|but encountered\b).*|(?<= value): .*", re.S)
_ENUMERATED = re.compile(r"^Value .* does not exist", re.S)
_NO_NAME = re.compile(r"unknown field '(?![A-Za-z_][A-Za-z0-9_]{0,60}')[^']*'", re.S)
"""A variable's key that cannot be a slip in a field's name, and so may be anything."""


def without_values(message: str) -> str:
    """What the validator says, without the value that it says it of, which may be somebody's name."""
    nameless = _NO_NAME.sub("an unknown field", _VALUE.sub("", message))
    shortened = _ENUMERATED.sub("The value does not exist", nameless).rstrip(" .")
    return shortened if shortened.endswith("?") else f"{shortened}."


def _without_values(error: GraphQLError) -> GraphQLError:
    """With its place in the text, and without the nodes: they would keep the whole document alive with the refusal."""
    return GraphQLError(without_values(error.message), source=error.source, positions=error.positions)
