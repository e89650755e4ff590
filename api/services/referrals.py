"""Households sent to another organisation for help that it gives, and what that organisation answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import locked
from api.domain import accounts, casework, days, divisions
from api.domain.accounts import OrganisationKind
from api.domain.casework import ReferralOutcome, ReferralState, TaskKind
from api.domain.donations import DRAWN_ON
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import DonationPledge, Donor, Household, Organisation, Programme, Referral, table
from api.sealing import Vault
from api.services import audit, cases, tasks
from api.services.cases import Held

_REFERRAL = scope.narrow(
    select(Referral.id, Referral.household_id, Referral.organisation_id, Referral.state, Referral.version).join(
        Household, Household.id == Referral.household_id
    ),
    Household.division_code,
)

D, G = table(Donor).c, table(DonationPledge).c
_PLEDGE = scope.narrow_to_line(
    select(G.id, G.division_code, G.state, G.programme_code, D.organisation_id).join(Donor, D.id == G.donor_id),
    G.division_code,
)
"""Of the viewer's division, of one below it, or of one that holds it: what a city was promised serves its counties."""


@dataclass(frozen=True, slots=True)
class Sent:
    """To which organisation a household, or somebody in it, is sent, for which programme, until when, and why.

    `pledge_id` is the key of what a donor promised, if the organisation draws on that.
    """

    organisation: str
    programme: str | None
    due_on: dt.date
    note: str
    member_id: int | None = None
    pledge_id: int | None = None


async def refer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    sent: Sent,
    now: dt.datetime,
) -> int:
    """The household is referred, and a task asks for the answer by the day; the referral's key. Raises NotDone."""
    household = await cases.held(connection, viewer, household_id)
    if sent.member_id is not None:
        await cases.member(connection, household, sent.member_id, "personId")
    if sent.due_on < days.today(now):
        raise NotDone(
            UserErrorCode.INVALID, ("input", "dueOn"), "办理期限不能早于今天。", "The day to answer by is over."
        )
    programme = select(Programme.code).where(Programme.code == sent.programme)
    if sent.programme is not None and await connection.scalar(programme) is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "programme"), "没有此项目。", "There is no such programme.")
    organisation = await cases.organisation(connection, sent.organisation, "organisation")
    pledge = None if sent.pledge_id is None else await _drawn_on(connection, viewer, household, organisation, sent)
    row = {
        "household_id": household.id,
        "member_id": sent.member_id,
        "organisation_id": organisation,
        "programme_code": sent.programme,
        "pledge_id": pledge,
        "note": vault.seal("referrals.note", casework.words(sent.note, "note")),
        "state": ReferralState.OPEN,
        "due_on": sent.due_on,
        "referred_by": viewer.user_id,
        "referred_at": now,
        "version": 1,
    }
    added = await connection.execute(insert(Referral).values(**row).returning(Referral.id))
    key = int(added.scalar_one())
    await tasks.open_task(
        connection,
        TaskKind.REFERRAL,
        household.id,
        sent.due_on,
        now,
        reference=_reference(key),
        file_id=household.file_id,
        member_id=sent.member_id,
        detail={"referral": key, "organisation": organisation},
    )
    detail = {"organisation": organisation, "programme": sent.programme, "pledge": pledge}
    return await _told(connection, viewer, "referral.made", key, household.id, detail, now)


async def answer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    referral_id: int | None,
    expected_version: int,
    outcome: ReferralOutcome | None,
    words: str | None,
    now: dt.datetime,
) -> int:
    """By the organisation that it was sent to: accepted, or closed with an outcome, which ends the task; its key.

    Raises Forbidden for anybody else, and NotDone.
    """
    statement = locked(_REFERRAL.where(Referral.id == referral_id), connection, Referral)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "referralId"), "没有此转介。", "There is no such referral.")
    accounts.unchanged(found.version, expected_version, "转介", "referral")
    if viewer.organisation_id != found.organisation_id:
        raise Forbidden("只有接收转介的组织可以答复。", "Only the organisation that it was sent to answers.")
    _check(found, outcome)
    said = casework.words(words, "note", required=outcome is not None)
    state = ReferralState.ACCEPTED if outcome is None else ReferralState.CLOSED
    changed = update(Referral).where(Referral.id == found.id)
    await connection.execute(
        changed.values(
            state=state,
            outcome=outcome,
            answer=vault.seal("referrals.answer", said),
            answered_by=viewer.user_id,
            answered_at=now,
            version=found.version + 1,
        )
    )
    if outcome is not None:
        await tasks.finish(connection, _reference(found.id), now, viewer.user_id)
    detail = {"state": state, "outcome": outcome}
    return await _told(connection, viewer, "referral.answered", found.id, found.household_id, detail, now)


async def _drawn_on(
    connection: AsyncConnection, viewer: Viewer, household: Held, organisation_id: int, sent: Sent
) -> int:
    """The key of the pledge on which a charity draws for a household; the donor is told of none. Raises NotDone."""
    found = (await connection.execute(_PLEDGE.where(G.id == sent.pledge_id), scope.of(viewer))).one_or_none()
    if found is None or not divisions.holds(found.division_code, household.division_code):
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "pledgeId"), "没有此认捐。", "There is no such pledge.")
    receiver = select(Organisation.kind, Organisation.division_code).where(Organisation.id == organisation_id)
    kind, there = (await connection.execute(receiver)).one()
    if kind != OrganisationKind.SOCIAL_ORGANISATION or not divisions.holds(there, household.division_code):
        raise _not_so(
            "organisation",
            "动用认捐的转介只能转给该户所在区划或其上级区划的社会组织、慈善组织。",
            "A referral that draws on a pledge goes to a social or charitable organisation of the household's division, or "
            "of one above it.",
        )
    if found.organisation_id == organisation_id:
        raise _not_so(
            "organisation",
            "不得转给捐赠者本身：不向捐赠者透露受助家庭。",
            "It does not go to the donor: no donor is told of a household.",
        )
    if found.state not in DRAWN_ON:
        raise _not_so("pledgeId", "该认捐已撤回或过期。", "The pledge was withdrawn, or has lapsed.")
    if found.programme_code is not None and found.programme_code != sent.programme:
        raise _not_so(
            "programme",
            f"该认捐只用于项目 {found.programme_code}。",
            f"The pledge is for the programme {found.programme_code} alone.",
        )
    return int(found.id)


def _not_so(field: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", field), zh, en)


def _reference(key: int) -> str:
    return f"{TaskKind.REFERRAL}:{key}"


def _check(found: Row[int, int, int, str, int], outcome: ReferralOutcome | None) -> None:
    """Raises NotDone where there is nothing to be answered so any more."""
    if found.state == ReferralState.CLOSED or (outcome is None and found.state == ReferralState.ACCEPTED):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "referralId"),
            "该转介已答复。",
            "The referral has been answered so, or is closed.",
        )


async def _told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    key: int,
    household_id: int,
    detail: Mapping[str, Any],
    now: dt.datetime,
) -> int:
    told = {"household": household_id, **detail}
    await audit.record(connection, viewer.user_id, action, ("Referral", key), now, told)
    await outbox.append(connection, "household", household_id, now)
    return key
