"""The national form: its fields as data, what is filled in, what is missing, and filling it in."""

from __future__ import annotations

from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import national_form
from api.domain.errors import NotDone, UserErrorCode
from api.domain.national_form import FieldKind, FormPart
from api.domain.permissions import Permission, Viewer
from api.loaders import histories
from api.loaders import households as loaders
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.form_values import ExternalReference
from api.schema.households import Household
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.services import forms
from api.services.guards import register

KEEP = Permission.KEEP_FILES

described(
    FormPart,
    "Whose a field of the form is.",
    {
        "HOUSEHOLD": Words("家庭", "Household", "家庭的情况。", "The household's."),
        "WORKER": Words("职工", "Worker", "建档职工本人的情况。", "The worker's, in whose name the file is."),
        "MEMBER": Words("成员", "Member", "每名家庭成员的情况。", "Every other member's."),
    },
)
described(
    FieldKind,
    "What a field of the form holds.",
    {
        "TEXT": Words("文本", "Text", "至多 200 个字。", "Up to 200 characters."),
        "CHOICE": Words("选择", "Choice", "所列各项之一。", "One of the words listed."),
        "YES_NO": Words("是否", "Yes or no", "YES 或 NO。", "YES or NO."),
        "DAY": Words("日期", "Day", "如 2026-11-24。", "Such as 2026-11-24."),
        "MONEY": Words("金额", "Money", "元，至多两位小数。", "Yuan, at most two decimals."),
        "COUNT": Words("数目", "Count", "非负整数。", "A whole number, not negative."),
    },
)


@strawberry.type(description="A word that a field of the form may hold.")
class FormWord:
    """A word that a field of the form may hold."""

    code: str = strawberry.field(description="As it is kept and given.")
    label_zh: str = strawberry.field(description="As the form shows it.")


@strawberry.type(description="A field of the national form.")
class FormField:
    """A field of the national form."""

    code: str = strawberry.field(description="By which it is filled in.")
    label_zh: str = strawberry.field(description="As the form names it.")
    label_en: str = strawberry.field(description="What it is.")
    part: FormPart = strawberry.field(description="Whose it is.")
    kind: FieldKind = strawberry.field(description="What it holds.")
    words: list[FormWord] = strawberry.field(description="What it may hold, where that is listed.", metadata=about(6))
    required: bool = strawberry.field(description="Whether an application needs it before it is accepted.")
    only_for: str | None = strawberry.field(description="The target group that alone needs it.")
    sensitive: bool = strawberry.field(description="Whether the law holds it for sensitive.")
    kept_elsewhere: bool = strawberry.field(
        description="Whether it is a value of the household or person themselves, and not filled in here."
    )


@strawberry.type(description="A field of the form that is missing.")
class MissingField:
    """A field of the form that is missing."""

    code: str = strawberry.field(description="The field.")
    label_zh: str = strawberry.field(description="As the form names it.")
    label_en: str = strawberry.field(description="What it is.")
    person_reference: str | None = strawberry.field(
        description="Whose it is, by number in the register; null for the household's."
    )


@strawberry.input(description="A field of the form, as it is filled in.")
class FormValueInput:
    """A field of the form, as it is filled in."""

    field: str = strawberry.field(description="Its code.")
    value: str | None = strawberry.field(
        description="What it holds: a code, or the form's own word; null empties it."
    )


@strawberry.input(description="What one member fills in.")
class PersonFormInput:
    """What one member fills in."""

    person_id: strawberry.ID = strawberry.field(description="The member.")
    values: list[FormValueInput] = strawberry.field(description="The fields.")


@strawberry.input(description="The form, or a part of it, filled in; fields that are not named stay.")
class FillFormInput(MutationInput):
    """The form, or a part of it, filled in."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    expected_version: int = strawberry.field(description="The household's `version` as it was read.")
    household: list[FormValueInput] = strawberry.field(default_factory=list, description="The household's fields.")
    people: list[PersonFormInput] = strawberry.field(
        default_factory=list, description="The worker's and the members' fields."
    )


@strawberry.type(description="What `fillForm` answers.")
class FillFormPayload(Payload):
    """What `fillForm` answers."""

    household: Household | None = strawberry.field(description="The household as it stands now.")


FIELDS = [
    FormField(
        code=each.code,
        label_zh=each.zh,
        label_en=each.en,
        part=each.part,
        kind=each.kind,
        words=[FormWord(code=code, label_zh=word) for code, word in each.words.items()],
        required=each.required,
        only_for=each.only_for,
        sensitive=each.sensitive,
        kept_elsewhere=each.column is not None,
    )
    for each in national_form.FIELDS
]


def values_of(given: list[FormValueInput], path: str) -> dict[str, str | None]:
    """Fields by their code, as filled in. Raises NotDone for one that is filled in twice."""
    values = {each.field: each.value for each in given}
    if len(values) != len(given):
        raise NotDone(UserErrorCode.INVALID, ("input", path), "同一字段填写了两次。", "A field is filled in twice.")
    return values


@strawberry.type(description="What may be asked about the national form.")
class FormQueries:
    """The national form."""

    @guards.query(guards.SIGNED_IN, "The fields of the national form, in its order. Costs no statement.", rows=60)
    async def form_fields(
        self,
        info: Info,
        part: Annotated[FormPart | None, strawberry.argument(description="Only these.")] = None,
    ) -> list[FormField] | None:
        """The fields of the form."""
        found = [each for each in FIELDS if part is None or each.part is part]
        below = wanted(info)
        words = below.below("words")
        each_field = below.values(("words",))
        info.context.budget.spend(
            below.times * sum(each_field + len(field.words) * words.times * words.values(()) for field in found)
        )
        return found

    @guards.query(
        Permission.READ_CASES,
        "The required fields that a household's form lacks; empty, too, where there is no household that this viewer may see.",
        rows=12,
    )
    async def missing_fields(
        self, info: Info, household_id: Annotated[strawberry.ID, strawberry.argument(description="The household.")]
    ) -> list[MissingField] | None:
        """What is missing."""
        key = nodes.key_of(info, "Household", household_id)
        if key is None:
            return []
        async with info.context.reading() as reading:
            rows = await loaders.by_key(reading, [key])
            if not rows:
                return []
            reading.log.saw_households([key])
            lacking = await register.missing(reading.connection, key, info.context.now())
            below = wanted(info)
            reading.budget.spend(below.times * len(lacking) * below.values(()))
            return [
                MissingField(
                    code=each.field.code,
                    label_zh=each.field.zh,
                    label_en=each.field.en,
                    person_reference=each.member,
                )
                for each in lacking
            ]


@strawberry.type(description="What may be done with the national form.")
class FormMutations:
    """The form is filled in."""

    @guards.mutation(KEEP, "Fills in fields of the national form.")
    async def fill_form(
        self, info: Info, input: Annotated[FillFormInput, strawberry.argument(description="What is filled in.")]
    ) -> FillFormPayload:
        """Fills in fields."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            people = {
                nodes.key_of(info, "Person", each.person_id) or 0: values_of(each.values, "people")
                for each in input.people
            }
            return await forms.fill(
                connection,
                context.vault,
                viewer,
                nodes.key_of(info, "Household", input.household_id),
                input.expected_version,
                values_of(input.household, "household"),
                people,
                context.now(),
            )

        done = await carry_out(info, KEEP, input, act)
        household = await nodes.below_payload(info, "Household", "household", done.subject)
        return FillFormPayload(household=household, **done.answered)


def _references(reading: Reading, rows: Rows, wanted: Wanted) -> list[ExternalReference]:
    return [
        ExternalReference(system=row.system, kind=row.kind, reference=row.reference, person_reference=row.person)
        for row in rows
    ]


branch(
    Household,
    "externalReferences",
    Branch(
        "key", lambda reading, keys, _: histories.references_of(reading, keys), _references, "external_references"
    ),
)
