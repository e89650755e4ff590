"""What is filled in on the national form, and the numbers that other systems have, as they are shown."""

from __future__ import annotations

import json
from collections.abc import Callable

import strawberry

from api.loaders.reading import Reading


@strawberry.type(description="A field of the national form as it is filled in.")
class FormValue:
    """A field of the national form as it is filled in."""

    field: str = strawberry.field(description="Its code, as in `formFields`.")
    value: str | None = strawberry.field(description="What it holds; null for viewers who see masks.")


@strawberry.type(description="The number under which another system knows a household, or one of its members.")
class ExternalReference:
    """The number under which another system knows a household, or one of its members."""

    system: str = strawberry.field(description="Which system, such as ACFTU.")
    kind: str = strawberry.field(description="What it numbers: HOUSEHOLD or PERSON.")
    reference: str = strawberry.field(description="The number.")
    person_reference: str | None = strawberry.field(
        description="Whose it is, by number in the register; null for the household's."
    )


def form_values(reading: Reading, column: str, wanted: bool) -> Callable[[bytes | None], list[FormValue]]:
    """How a form is shown: whole to whoever may see identities, to others which fields are filled in."""
    opened = reading.shown(column, wanted, _codes)

    def values(sealed: bytes | None) -> list[FormValue]:
        form = opened(sealed)
        held = json.loads(form) if form else {}
        return [FormValue(field=code, value=value) for code, value in held.items()]

    return values


def _codes(form: str | None) -> str | None:
    return json.dumps(dict.fromkeys(json.loads(form))) if form else None
