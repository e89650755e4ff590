"""Donors are registered and their pledges recorded; what comes of a pledge goes into the ledger, or is told as goods.

A pledge is given freely: it is withdrawn on the donor's word, and one whose day is over lapses without anybody asking
for it. No donor is told of a household: nothing here reads one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import among, locked, one_writer
from api.domain import accounts, casework, days
from api.domain.donations import WAITING, DonorKind, PledgeKind, PledgeState
from api.domain.errors import NotDone, UserErrorCode
from api.domain.measures import Measure
from api.domain.permissions import Viewer
from api.models import DonationPledge, DonationReceipt, Donor, Programme, table
from api.sealing import Vault
from api.services import audit, cases, funds

LONGEST_NAME = 200
RECEIVING = 4_105_013
"""Held by whoever looks whether a receipt was given, until it is: two who enter the same one are told so."""

D, G, R = (table(each).c for each in (Donor, DonationPledge, DonationReceipt))
_DONOR = scope.narrow(select(D.id), D.division_code)
_PLEDGE = scope.narrow(select(*G), G.division_code)
_LAPSED = update(DonationPledge).where(among(G.id, "keys")).values(state=PledgeState.LAPSED, version=G.version + 1)


@dataclass(frozen=True, slots=True)
class Registered:
    """Who gives; `organisation` is the code of the donor's own entry where it works with the service too."""

    kind: DonorKind
    division_code: str
    name: str | None = None
    contact: str | None = None
    anonymous: bool = False
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Pledged:
    """What is promised, money or goods, for which division and until when; for a programme or a measure, if for one."""

    division_code: str
    until: dt.date
    amount_fen: int | None = None
    goods: str | None = None
    programme: str | None = None
    measure: Measure | None = None

    @property
    def kind(self) -> PledgeKind:
        """Money, or goods and services. Raises NotDone where it is neither, or both."""
        if (self.amount_fen is None) == (self.goods is None):
            raise NotDone(
                UserErrorCode.REQUIRED,
                ("input", "amount"),
                "须写明认捐金额，或认捐的物资、服务，二者居其一。",
                "A pledge is of an amount, or of goods or services.",
            )
        return PledgeKind.MONEY if self.goods is None else PledgeKind.IN_KIND


@dataclass(frozen=True, slots=True)
class Received:
    """What came: an amount of money, or goods, of which `complete` says whether that was all; and the receipt's number."""

    received_on: dt.date
    receipt_no: str
    amount_fen: int | None = None
    complete: bool = True


async def register(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, given: Registered, now: dt.datetime
) -> int:
    """Somebody who gives, or wants to; their key. Raises NotDone."""
    funds.check_division(viewer, given.division_code)
    name = casework.words(given.name, "name", required=not given.anonymous, most=LONGEST_NAME)
    if given.organisation is not None and given.kind is not DonorKind.ORGANISATION:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "organisation"),
            "个人捐赠者不对应组织。",
            "A person who gives is no organisation.",
        )
    of = given.organisation
    row = {
        "kind": given.kind,
        "name": vault.seal("donors.name", name),
        "contact": vault.seal("donors.contact", casework.words(given.contact, "contact", required=False)),
        "anonymous": given.anonymous,
        "organisation_id": None if of is None else await cases.organisation(connection, of, "organisation"),
        "division_code": given.division_code,
        "registered_by": viewer.user_id,
        "registered_at": now,
        "version": 1,
    }
    added = await connection.execute(insert(Donor).values(**row).returning(D.id))
    key = int(added.scalar_one())
    detail = {"kind": given.kind.value, "anonymous": given.anonymous}
    await audit.record(connection, viewer.user_id, "donor.registered", ("Donor", key), now, detail)
    return key


async def pledge(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, donor_id: int | None, given: Pledged, now: dt.datetime
) -> int:
    """What a donor promises; its key. Raises NotDone."""
    donor = await connection.scalar(_DONOR.where(D.id == donor_id), scope.of(viewer))
    if donor is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "donorId"), "没有此捐赠者。", "There is no such donor.")
    funds.check_division(viewer, given.division_code)
    kind = given.kind
    if given.amount_fen is not None and not 0 < given.amount_fen <= funds.MOST_FEN:
        raise NotDone(UserErrorCode.INVALID, ("input", "amount"), "金额须大于零。", "The amount is above zero.")
    if given.until < days.today(now):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "until"),
            "认捐期限不能早于今天。",
            "The day until which it holds is over.",
        )
    programme = select(Programme.code).where(Programme.code == given.programme)
    if given.programme is not None and await connection.scalar(programme) is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "programmeCode"), "没有此项目。", "There is no such programme."
        )
    row = {
        "donor_id": donor,
        "kind": kind,
        "amount_fen": given.amount_fen,
        "goods": vault.seal("donation_pledges.goods", casework.words(given.goods, "goods", required=kind is PledgeKind.IN_KIND)),
        "division_code": given.division_code,
        "programme_code": given.programme,
        "measure": given.measure,
        "until": given.until,
        "received_fen": 0,
        "state": PledgeState.PLEDGED,
        "recorded_by": viewer.user_id,
        "recorded_at": now,
        "version": 1,
    }  # fmt: skip
    added = await connection.execute(insert(DonationPledge).values(**row).returning(G.id))
    key = int(added.scalar_one())
    detail = {"donor": donor, "kind": kind.value, "amount_fen": given.amount_fen, "programme": given.programme}
    await audit.record(connection, viewer.user_id, "pledge.recorded", ("DonationPledge", key), now, detail)
    return key


async def receive(
    connection: AsyncConnection,
    viewer: Viewer,
    pledge_id: int | None,
    expected_version: int,
    given: Received,
    now: dt.datetime,
) -> int:
    """Some of a pledge came: money into the fund of its division and the year in which it came; the pledge's key.

    What that makes of the pledge, the database reckons. Raises NotDone.
    """
    found = await _waiting(connection, viewer, pledge_id, expected_version)
    casework.past(given.received_on, days.today(now), "receivedOn")
    number = casework.words(given.receipt_no, "receiptNo", most=funds.LONGEST_DOCUMENT) or ""
    await one_writer(connection, RECEIVING)
    if await connection.scalar(select(R.id).where(R.receipt_no == number)) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "receiptNo"),
            "此票据号已登记过。",
            "This receipt has been given already.",
        )
    _check(found, given)
    entry = None
    if given.amount_fen is not None:
        told = (found.division_code, given.received_on.year, given.amount_fen, number, now)
        entry = await funds.donated(connection, viewer, *told)
    row = {"pledge_id": found.id, "amount_fen": given.amount_fen, "received_on": given.received_on}
    row |= {"complete": given.amount_fen is None and given.complete, "receipt_no": number, "fund_entry_id": entry}
    await connection.execute(insert(DonationReceipt).values(**row, user_id=viewer.user_id, received_at=now))
    await connection.execute(update(DonationPledge).where(G.id == found.id).values(version=found.version + 1))
    detail = {"amount_fen": given.amount_fen, "entry": entry}
    await audit.record(connection, viewer.user_id, "pledge.received", ("DonationPledge", found.id), now, detail)
    return int(found.id)


async def withdraw(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    pledge_id: int | None,
    expected_version: int,
    reason: str | None,
    now: dt.datetime,
) -> int:
    """The donor takes back what has not come yet, and owes nobody a reason; the pledge's key. Raises NotDone."""
    found = await _waiting(connection, viewer, pledge_id, expected_version)
    written = casework.words(reason, "reason", required=False)
    ended = {"state": PledgeState.WITHDRAWN, "closing": vault.seal("donation_pledges.closing", written)}
    changed = update(DonationPledge).where(G.id == found.id)
    await connection.execute(changed.values(**ended, version=found.version + 1))
    await audit.record(connection, viewer.user_id, "pledge.withdrawn", ("DonationPledge", found.id), now)
    return int(found.id)


async def lapse(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Pledges whose day is over have lapsed, with whatever has not come of them; how many. Nobody is asked for anything."""
    over = select(G.id).where(G.state.in_(sorted(WAITING)), G.until < days.today(now)).order_by(G.id)
    keys = (await connection.scalars(locked(over, connection, DonationPledge))).all()
    if keys:
        await connection.execute(_LAPSED, {"keys": keys})
    for key in keys:
        await audit.record(connection, None, "pledge.lapsed", ("DonationPledge", key), now)
    return len(keys)


async def _waiting(
    connection: AsyncConnection, viewer: Viewer, pledge_id: int | None, expected_version: int
) -> Row[*tuple[Any, ...]]:
    """The pledge of which something is still to come, held until the transaction ends. Raises NotDone."""
    statement = locked(_PLEDGE.where(G.id == pledge_id), connection, DonationPledge)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "pledgeId"), "没有此认捐。", "There is no such pledge.")
    accounts.unchanged(found.version, expected_version, "认捐", "pledge")
    if found.state not in WAITING:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "pledgeId"),
            "该认捐已全部到账、撤回或过期。",
            "The pledge was received, withdrawn, or has lapsed.",
        )
    return found


def _check(found: Row[*tuple[Any, ...]], given: Received) -> None:
    """Raises NotDone for money of a pledge of goods, goods of one of money, or more than was promised."""
    if (found.kind == PledgeKind.MONEY) != (given.amount_fen is not None):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "amount"),
            "金钱认捐须写明到账金额，物资、服务认捐不写金额。",
            "Money that was pledged comes as an amount, goods without one.",
        )
    if given.amount_fen is not None and not 0 < given.amount_fen <= found.amount_fen - found.received_fen:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "amount"),
            "金额须大于零，且不超过尚未到账的认捐额；多捐部分请另登记一笔认捐。",
            "The amount is above zero and no more than is still to come; what is given beyond that is another pledge.",
        )
