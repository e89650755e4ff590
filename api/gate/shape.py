"""How large a document is, before its meaning is known: each selection is counted once, however often it is spread.

A fragment's size is remembered by its name, so that a chain of fragments, each spreading the next one twice, costs
what it is long and not what it would unfold to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    SourceLocation,
    ValueNode,
    parse,
)

from api.domain.errors import BadRequest, TooLong

MOST_CHARACTERS = 65_536
MOST_TOKENS = 5_000
MOST_COMMENTS = 500
MOST_DEFINITIONS = 60
MOST_LEVELS = 15
MOST_INTROSPECTION_LEVELS = 20
MOST_FIELDS = 2_000
MOST_ALIASES = 200
MOST_DIRECTIVES = 200
MOST_OBJECTS = 100
"""As values, in a document: each costs what its type has fields, whether they are given or not."""
MOST_MEMBERS = 500
"""Fields of such objects in a document: each mistake in one prints, before we cut it out, the whole of it."""
MOST_ROOT_FIELDS = {OperationType.QUERY: 30, OperationType.MUTATION: 5, OperationType.SUBSCRIPTION: 1}
MOST_INTROSPECTIONS = 5
INTROSPECTION = ("__schema", "__type")


@dataclass(frozen=True, slots=True)
class Size:
    """What a selection unfolds to: levels below it, and on all of them fields, aliases, directives, objects as values.

    `members` are the fields of those objects.
    """

    levels: int = 0
    introspection_levels: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    objects: int = 0
    members: int = 0
    root_fields: int = 0
    introspections: int = 0

    def beside(self, other: Size) -> Size:
        """Both in one selection."""
        return Size(
            max(self.levels, other.levels),
            max(self.introspection_levels, other.introspection_levels),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.objects + other.objects,
            self.members + other.members,
            self.root_fields + other.root_fields,
            self.introspections + other.introspections,
        )


def parsed(text: str) -> DocumentNode:
    """The document, within its limits. Raises BadRequest or TooLong."""
    if len(text) > MOST_CHARACTERS:
        raise TooLong(
            f"查询文档最多 {MOST_CHARACTERS} 个字符。", f"A document has up to {MOST_CHARACTERS} characters."
        )
    try:
        document = parse(text, max_lexical_tokens=MOST_TOKENS, max_comments=MOST_COMMENTS)
    except GraphQLSyntaxError as error:
        if "Parsing aborted" in error.message:
            raise TooLong(
                f"查询文档最多 {MOST_TOKENS} 个记号、{MOST_COMMENTS} 条注释。",
                f"A document has up to {MOST_TOKENS} tokens and {MOST_COMMENTS} comments, not too deeply nested.",
            ) from None
        line, column = (error.locations or [SourceLocation(1, 1)])[0]
        raise BadRequest(
            f"查询语法错误（第 {line} 行第 {column} 列）。", f"Syntax error at line {line}, column {column}."
        ) from None
    within(document)
    return document


def within(document: DocumentNode) -> None:
    """Raises TooLong for a document that is larger than a document may be."""
    definitions = document.definitions
    if len(definitions) > MOST_DEFINITIONS:
        _too_long(f"{MOST_DEFINITIONS} 个操作与片段", f"{MOST_DEFINITIONS} operations and fragments")
    measure = _Measure({each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)})
    try:
        sizes = [
            (each, measure.of(each.selection_set).beside(_own(each)))
            for each in definitions
            if isinstance(each, OperationDefinitionNode)
        ]
    except RecursionError:
        _too_long(f"{MOST_LEVELS} 层", f"{MOST_LEVELS} levels")
    for operation, size in sizes:
        roots = MOST_ROOT_FIELDS[operation.operation]
        for count, most, zh, en in (
            (size.levels, MOST_LEVELS, "层", "levels"),
            (size.introspection_levels, MOST_INTROSPECTION_LEVELS, "层（内省）", "levels of introspection"),
            (
                size.root_fields,
                roots,
                f"个根字段（{operation.operation.value}）",
                f"root fields of a {operation.operation.value}",
            ),
            (size.fields, MOST_FIELDS, "个字段", "fields, those of fragments counted wherever they are spread"),
            (size.aliases, MOST_ALIASES, "个别名", "aliases"),
            (size.directives, MOST_DIRECTIVES, "个指令", "directives"),
            (size.introspections, MOST_INTROSPECTIONS, "次内省", "fields that ask for the schema"),
            (size.objects, MOST_OBJECTS, "个对象值", "objects as values"),
            (size.members, MOST_MEMBERS, "个对象字段", "fields of such objects"),
        ):
            if count > most:
                _too_long(f"{most} {zh}", f"{most} {en}")


def _own(operation: OperationDefinitionNode) -> Size:
    """What an operation has beside its selection."""
    defaults: list[ValueNode] = [
        each.default_value for each in operation.variable_definitions or () if each.default_value is not None
    ]
    return _objects(defaults).beside(Size(directives=len(operation.directives or ())))


def _objects(values: list[ValueNode]) -> Size:
    """The objects among these values and in them."""
    objects = members = 0
    while values:
        value = values.pop()
        if isinstance(value, ListValueNode):
            values += value.values
        elif isinstance(value, ObjectValueNode):
            objects, members = objects + 1, members + len(value.fields)
            values += [each.value for each in value.fields]
    return Size(objects=objects, members=members)


def _too_long(zh: str, en: str) -> NoReturn:
    raise TooLong(f"查询文档最多 {zh}。", f"A document has up to {en}.")


class _Measure:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.fragments = fragments
        self.known: dict[str, Size] = {}

    def of(self, selections: SelectionSetNode) -> Size:
        """The selection's size; a fragment that is not there, or spreads itself, adds nothing: validation refuses it."""
        total = Size()
        for node in selections.selections:
            directives = Size(directives=len(node.directives or ()))
            if isinstance(node, FieldNode):
                total = total.beside(self._field(node)).beside(directives)
            elif isinstance(node, FragmentSpreadNode):
                total = total.beside(self._fragment(node.name.value)).beside(directives)
            elif (below := getattr(node, "selection_set", None)) is not None:
                total = total.beside(self.of(below)).beside(directives)
        return total

    def _field(self, node: FieldNode) -> Size:
        below = self.of(node.selection_set) if node.selection_set else Size()
        levels, introspection, introspects = below.levels + 1, below.introspection_levels, 0
        if node.name.value in INTROSPECTION:
            levels, introspection, introspects = 1, levels, 1
        own = Size(
            levels=levels,
            introspection_levels=introspection,
            fields=1,
            aliases=node.alias is not None,
            root_fields=1,
            introspections=introspects,
        )
        inside = replace(below, levels=0, introspection_levels=0, root_fields=0, introspections=0)
        return own.beside(inside).beside(_objects([each.value for each in node.arguments or ()]))

    def _fragment(self, name: str) -> Size:
        if name not in self.known:
            self.known[name] = Size()
            fragment = self.fragments.get(name)
            if fragment is not None:
                self.known[name] = self.of(fragment.selection_set)
        return self.known[name]
