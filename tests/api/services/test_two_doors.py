"""Two doors, one house (F-36): whoever is entered is judged alike, handed in with an application, added later, or by the service itself.

The register's import is no third door to this: it takes what the register says as it stands, since it loses nothing, and
leaves who cannot be read to the scan and to people.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from api.database import transaction
from api.domain import days
from api.domain.errors import NotDone
from api.domain.people import Entered, IdKind, Relation, Sex
from api.services import members
from tests.api.conftest import Service
from tests.api.numbers import numbered
from tests.api.schema.test_people import homes, version
from tests.api.services.atwork import on_file

TODAY = days.today(dt.datetime.now(dt.UTC))
MONTH_AGO = TODAY - dt.timedelta(days=30)
PERSON = "id name idNumber idKind sex birthDate"
ERRORS = "userErrors { code path message }"
SUBMIT = f"mutation ($input: SubmitApplicationInput!) {{ submitApplication(input: $input) {{ household {{ members {{ {PERSON} }} }} {ERRORS} }} }}"
ADD = f"mutation ($input: AddMemberInput!) {{ addMember(input: $input) {{ person {{ {PERSON} }} {ERRORS} }} }}"
READ = f"query ($id: ID!) {{ person(id: $id) {{ {PERSON} }} }}"
_keys = itertools.count(1)

Told = Mapping[str, Any]
Verdict = tuple[Any, ...]
"""Code, field and words of a refusal; or what is kept of somebody."""


def ending_in_x() -> str:
    """A number whose check character is the letter."""
    return next(found for place in range(901, 999, 2) if (found := numbered("410502", "19720202", place))[-1] == "X")


OLD = numbered("410502", "19650504", 21)
PLAIN = numbered("410502", "19900101", 301)
MAN, BORN = Sex.MALE, dt.date(1990, 1, 1)
PERMIT = numbered("810000", "19800808", 11)
FOREIGN = numbered("911156", "19750505", 21)
ABOLISHED = numbered("510202", "19600606", 31)

CASES: Mapping[str, tuple[Told, Verdict]] = {
    "as it should be": ({"id_number": PLAIN}, (PLAIN, MAN, BORN)),
    "the letter written small": ({"id_number": ending_in_x().lower()}, (ending_in_x(), MAN, dt.date(1972, 2, 2))),
    "blanks around it": ({"id_number": f" {PLAIN} "}, (PLAIN, MAN, BORN)),
    "fifteen digits": ({"id_number": OLD[:6] + OLD[8:17]}, (OLD, MAN, dt.date(1965, 5, 4))),
    "a division abolished since": ({"id_number": ABOLISHED}, (ABOLISHED, MAN, dt.date(1960, 6, 6))),
    "a residence permit": ({"id_number": PERMIT, "id_kind": IdKind.RESIDENCE_PERMIT}, (PERMIT, MAN, dt.date(1980, 8, 8))),
    "a permanent residence card": ({"id_number": FOREIGN, "id_kind": IdKind.FOREIGN_PERMANENT}, (FOREIGN, MAN, dt.date(1975, 5, 5))),
    "a passport": ({"id_number": "E12345678", "id_kind": IdKind.OTHER}, ("E12345678", None, None)),
    "no document at all": ({"id_kind": IdKind.NONE}, (None, None, None)),
    "one digit short": ({"id_number": PLAIN[:17]}, ("INVALID", "idNumber", "cannot be read")),
    "no digits": ({"id_number": "不详"}, ("INVALID", "idNumber", "cannot be read")),
    "a wrong check character": ({"id_number": PLAIN[:17] + ("1" if PLAIN[17] != "1" else "2")}, ("INVALID", "idNumber", "check character")),
    "born on no day": ({"id_number": numbered("410502", "19900230", 301)}, ("INVALID", "idNumber", "no day that exists")),
    "not born yet": ({"id_number": numbered("410502", "20990101", 301)}, ("INVALID", "idNumber", "lies in the future")),
    "no division's number": ({"id_number": numbered("419999", "19900101", 301)}, ("INVALID", "idNumber", "no division's code")),
    "the other sex": ({"id_number": PLAIN, "sex": Sex.FEMALE}, ("INVALID", "idNumber", "the sex entered")),
    "another birth date": ({"id_number": PLAIN, "birth_date": dt.date(1990, 1, 2)}, ("INVALID", "idNumber", "the birth date entered")),
    "a permit's number as a citizen's": ({"id_number": PERMIT}, ("INVALID", "idNumber", "kind of document")),
    "a citizen's number as a permit's": ({"id_number": PLAIN, "id_kind": IdKind.RESIDENCE_PERMIT}, ("INVALID", "idNumber", "kind of document")),
    "no number": ({}, ("REQUIRED", "idNumber", "by the kind NONE")),
    "blanks for a number": ({"id_number": "  "}, ("REQUIRED", "idNumber", "by the kind NONE")),
    "a number without a document": ({"id_number": PLAIN, "id_kind": IdKind.NONE}, ("INVALID", "idNumber", "Without a document")),
    "a passport of a hundred and one": ({"id_number": "E" * 101, "id_kind": IdKind.OTHER}, ("INVALID", "idNumber", "too long")),
    "a birth date to come": ({"id_kind": IdKind.NONE, "birth_date": dt.date(2999, 1, 1)}, ("INVALID", "birthDate", "in the future")),
    "no name": ({"id_number": PLAIN, "name": " "}, ("INVALID", "name", "1 to 100")),
    "a name of dots": ({"id_number": PLAIN, "name": "··"}, ("INVALID", "name", "1 to 100")),
    "a name of a hundred and one": ({"id_number": PLAIN, "name": "王" * 101}, ("INVALID", "name", "1 to 100")),
    "registered nowhere": ({"id_number": PLAIN, "division_code": "999999"}, ("INVALID", "divisionCode", "no such division")),
    "a telephone number without end": ({"id_number": PLAIN, "phone": "1" * 501}, ("INVALID", "phone", "500")),
}  # fmt: skip


def camel(told: Told) -> dict[str, Any]:
    """As GraphQL's input names it."""
    return {
        re.sub(r"_(\w)", lambda found: found[1].upper(), name): str(value)
        for name, value in told.items()
        if value is not None
    }


def refused(code: str, path: Any, message: str) -> Verdict:
    return code, path[-1], message


def kept(person: Told) -> Verdict:
    return tuple(person[name] for name in ("idKind", "idNumber", "sex", "birthDate"))


async def with_an_application(service: Service, told: Told) -> Verdict:
    given = {
        "idempotencyKey": f"doors-{next(_keys):05}", "divisionCode": "410502", "targetGroup": "BELOW_LINE",
        "people": [{"person": camel({**told, "relation": Relation.HEAD})}],
    }  # fmt: skip
    answer = (await service.data(SUBMIT, {"input": given}, by="caseworker"))["submitApplication"]
    if answer["userErrors"]:
        return refused(**answer["userErrors"][0])
    return kept(answer["household"]["members"][0])


async def later(service: Service, told: Told) -> Verdict:
    home = (await homes(service))[0]
    given = {
        "idempotencyKey": f"doors-{next(_keys):05}", "householdId": home["id"], "since": str(MONTH_AGO),
        "expectedVersion": await version(service, home), "person": camel({**told, "relation": Relation.OTHER}),
    }  # fmt: skip
    answer = (await service.data(ADD, {"input": given}, by="caseworker"))["addMember"]
    return refused(**answer["userErrors"][0]) if answer["userErrors"] else kept(answer["person"])


async def by_the_service(service: Service, told: Told) -> Verdict:
    home = await on_file(service)
    try:
        async with transaction(service.engine) as connection:
            entered = Entered(**{**told, "relation": Relation.OTHER})
            now = dt.datetime.now(dt.UTC)
            key = await members.enter(connection, service.vault, home.key, entered, MONTH_AGO, None, now)
    except NotDone as wrong:
        return refused(wrong.code.value, wrong.path, wrong.en)
    return kept((await service.data(READ, {"id": home.public("Person", key)}, by="caseworker"))["person"])


DOORS: Mapping[str, Callable[[Service, Told], Awaitable[Verdict]]] = {
    "甲": with_an_application,
    "乙": later,
    "丙": by_the_service,
}
"""The doors, each by the name that people bear who come through it: nobody is in two households."""


async def test_f_36_whoever_is_entered_is_judged_alike_at_every_door(service: Service) -> None:
    for case, (told, expected) in CASES.items():
        verdicts = []
        for place, (name, door) in enumerate(DOORS.items()):
            named = {"name": f"王{name}{chr(0x4E00 + list(CASES).index(case))}", **told}
            verdicts.append(await door(service, named))
            assert verdicts[place] == verdicts[0], f"{case}: {door.__name__}"
        found = verdicts[0]
        if isinstance(expected[0], str) and expected[0] in ("INVALID", "REQUIRED"):
            code, field, words = expected
            assert found[:2] == (code, field), case
            assert words in found[2], case
            if told.get("id_number", "").strip():
                assert told["id_number"] not in found[2], "what was written is not told back"
        else:
            number, sex, born = expected
            assert found == (told.get("id_kind", IdKind.CITIZEN), number, sex, born and born.isoformat()), case
