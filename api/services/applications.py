"""An application is handed in, and what becomes of it: taken up, sent back, refused by a decision, or withdrawn."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.domain import days, divisions
from api.domain.casework import TaskKind
from api.domain.declarations import DeclarationSource, Declared
from api.domain.errors import NotDone, UserErrorCode
from api.domain.lifecycle import Action
from api.domain.people import Entered, Relation
from api.domain.permissions import Viewer
from api.models import File, Household, Member, table
from api.models.standing import goes_on
from api.sealing import Vault
from api.services import cases, decisions, declarations, forms, households, members, tasks, transition
from api.services.decisions import checked_reason
from api.services.guards import notices
from api.services.recognition import Kept
from api.services.transition import Why, begin


class ReviewOutcome(StrEnum):
    """What a review of an application comes to."""

    ACCEPT = "ACCEPT"
    RETURN = "RETURN"
    REFUSE = "REFUSE"


H, F, M = table(Household).c, table(File).c, table(Member).c
_HEAD = select(func.max(M.id)).where(
    M.household_id == bindparam("household"), M.relation == Relation.HEAD, goes_on(scope.TODAY)
)
ACTIONS: Mapping[ReviewOutcome, Action] = {
    ReviewOutcome.ACCEPT: Action.ACCEPT,
    ReviewOutcome.RETURN: Action.RETURN,
    ReviewOutcome.REFUSE: Action.REFUSE,
}
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Of which a household's number is made: no digits that could be read as somebody's, no vowels that make a word."""
LETTERS_A_NUMBER = 7

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who comes into the household, and what they fill in of the form."""

    person: Entered
    form: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Application:
    """What is handed in; None leaves a household that is known already as it is.

    `people` are those who come into it now, one of them its HEAD, in whose name the file is.
    """

    division_code: str | None = None
    target_group: str | None = None
    residence: str | None = None
    address: str | None = None
    phone: str | None = None
    payee_account: str | None = None
    payee_name: str | None = None
    organisation_code: str | None = None
    people: Sequence[Applicant] = ()
    declared: Sequence[Declared] = ()
    form: Values = field(default_factory=dict)


async def submit(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int | None,
    given: Application,
    now: dt.datetime,
) -> int:
    """A household applies, for the first time where `household_id` is None; its key. Raises NotDone or Forbidden."""
    told = households.checked({name: getattr(given, name) for name in households.TOLD})
    columns = households.columns(vault, {name: value for name, value in told.items() if value is not None})
    today, file = days.today(now), {}
    if given.organisation_code is not None:
        union = await cases.organisation(connection, given.organisation_code, "organisationCode")
        columns["organisation_id"] = file["organisation_id"] = union
    if household_id is None:
        _check_new(given)
        reference = f"{given.division_code}-{today.year}-{_letters()}"
        new = {"reference": reference, "division_code": given.division_code, **columns}
        digest = vault.digest("households.digest", reference)
        moved = await begin(connection, vault, viewer, {**new, "digest": digest}, now, file=file)
    else:
        moved = await transition.move(
            connection, vault, viewer, household_id, Action.APPLY, now, expected_version=expected_version, file=file
        )
        if columns:
            await connection.execute(update(Household).where(H.id == moved.household_id).values(**columns))
    head = await connection.scalar(_HEAD, {"household": moved.household_id, "today": today})
    filled: dict[int, Values] = {}
    for place, each in enumerate(given.people):
        path = ("input", "people", str(place), "person")
        key = await members.enter(
            connection, vault, moved.household_id, each.person, today, viewer.user_id, now, path
        )
        filled |= {key: each.form} if each.form else {}
        head = key if each.person.relation is Relation.HEAD else head
    if head is not None:  # the worker in whose name it is
        await connection.execute(update(File).where(F.id == moved.file_id).values(subject_member_id=head))
    await forms.put(connection, vault, moved.household_id, given.form, filled)
    await declarations.declare(
        connection,
        moved.household_id,
        given.declared,
        today,
        viewer.user_id,
        now,
        source=DeclarationSource.APPLICATION,
    )
    return moved.household_id


def _check_new(given: Application) -> None:
    """Raises NotDone for a household that says not where it is, or whose it is."""
    if given.division_code is None or not divisions.is_known(given.division_code):
        raise _invalid("divisionCode", "请填写所属区划。", "Say in which division it lives.")
    if sum(each.person.relation is Relation.HEAD for each in given.people) != 1:
        raise _invalid("people", "须有且只有一名户主（职工本人）。", "One of the people is its head, the worker.")


def _invalid(name: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", name), zh, en)


def _letters() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LETTERS_A_NUMBER))


async def review(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    outcome: ReviewOutcome,
    kept: Kept,
    reason: str | None,
    evidence: Sequence[str],
    now: dt.datetime,
) -> int:
    """The application stands where the outcome leads, its tier and category proposed. Whatever does not lead on needs a reason; a refusal is a decision.

    Raises NotDone or Forbidden.
    """
    written = reason if outcome is ReviewOutcome.ACCEPT else checked_reason(reason or "")
    decision = None
    if outcome is ReviewOutcome.REFUSE:
        household = await cases.held(connection, viewer, household_id)
        decision = await decisions.decide(
            connection,
            vault,
            viewer,
            household.id,
            household.file_id,
            Action.REFUSE,
            written or "",
            now,
            evidence=evidence,
        )
    moved = await transition.move(
        connection,
        vault,
        viewer,
        household_id,
        ACTIONS[outcome],
        now,
        expected_version=expected_version,
        why=Why(written, decision, evidence),
        file=kept.columns(),
    )
    await tasks.finish_all(connection, TaskKind.REVIEW_DUE, moved.household_id, now, viewer.user_id)
    return moved.household_id


async def withdraw(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """The applicant takes the application back, and says why. Raises NotDone or Forbidden.

    Nobody keeps them by objecting, and no objection is gone with it: those that wait for an answer are what the move
    rests on, stay open with their terms, and are answered by a person.
    """
    household = await cases.held(connection, viewer, household_id)
    moved = await transition.move(
        connection,
        vault,
        viewer,
        household_id,
        Action.WITHDRAW,
        now,
        expected_version=expected_version,
        why=Why(checked_reason(reason), evidence=await notices.waiting(connection, household.id)),
    )
    for kind in (TaskKind.REVIEW_DUE, TaskKind.RECORD_DUE):
        await tasks.finish_all(connection, kind, moved.household_id, now, viewer.user_id)
    return moved.household_id
