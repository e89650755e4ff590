"""Cycles of payments up to their approval: drawn up by one officer, approved by another, or cancelled before anything is paid.

No file that is active, no payment (F-37): whoever has none, or no account, is in the cycle by an order that is held, so
that everybody sees why nothing is paid. The database looks at the same again.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import among, locked, one_writer, unmoved
from api.domain import accounts, casework, days, divisions, payments, stops
from api.domain.errors import NotDone, UserErrorCode
from api.domain.grants import GrantPeriod, GrantState
from api.domain.ledger import FundEntryKind
from api.domain.payments import CycleKind, CycleState, HeldBecause, OrderState
from api.domain.permissions import Viewer
from api.domain.stages import ACTIVE
from api.domain.stops import Change, StopKind
from api.models import (
    Claim,
    Enrolment,
    File,
    Grant,
    Household,
    OrderMonth,
    PaymentCycle,
    PaymentOrder,
    Programme,
    Stop,
    table,
)
from api.sealing import Vault
from api.services import audit, decisions, funds

C, E, F, G, H, L, S = (table(model).c for model in (PaymentCycle, Enrolment, File, Grant, Household, Claim, Stop))
M, O = table(OrderMonth).c, table(PaymentOrder).c  # noqa: E741
DRAWING_UP = 4_105_009
"""The advisory lock under which cycles are drawn up: two at a time would pay one month twice, and one would fail."""

PAYEE = ("payee_name", "payee_account", "payee_bank")
BANK = ("BANK", "BANK_BRANCH")

_CYCLE = scope.narrow(select(*C), C.division_code)
ON_FILE = and_(H.stage.in_(ACTIVE), F.household_id == H.id, F.closed_on.is_(None))
"""Whether the file of a grant is its household's, and active: another file that was opened since pays nothing of it."""


def last_month() -> ColumnElement[dt.date]:
    """The last month of a grant: as it was granted, or earlier where a decision ended it."""
    ended = and_(E.end_month.is_not(None), E.end_month < G.last_month)
    return case((ended, E.end_month), else_=G.last_month).label("last_month")


@dataclass(slots=True)
class Terms:
    """From which month on a grant is less, and how much a period is then; and the months that it still takes up."""

    reduced: list[Change] = field(default_factory=list)
    claimed: set[dt.date] = field(default_factory=set)


def worth(grant: Row[*tuple[Any, ...]], terms: Terms, month: dt.date) -> int:
    """What a month of the grant comes to as it stands now; nothing before its file was opened, and after it ended.

    Nor is there anything in months that it let go, because another grant took them up.
    """
    since = None if grant.opened_on is None else grant.opened_on.replace(day=1)
    if month > grant.last_month or month not in terms.claimed or (since is not None and month < since):
        return 0
    return payments.share(GrantPeriod(grant.period), stops.lowered(grant.amount_fen, terms.reduced, month), month)


def worth_paying(grant: Row[*tuple[Any, ...]], terms: Terms, months: Iterable[dt.date]) -> dict[dt.date, int]:
    """Those of these months that come to something, and to what."""
    return {month: amount for month in months if (amount := worth(grant, terms, month))}


async def draw_up(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    fund_id: int | None,
    programme: str,
    division_code: str,
    month: dt.date,
    now: dt.datetime,
) -> int:
    """A cycle with an order for each grant of which months are due by then; its key. The fund's money is committed.

    Raises NotDone: there is no such fund, programme or division, or not enough in the fund; the month is one to come, or
    nothing is due by then.
    """
    funds.check_division(viewer, division_code)
    casework.past(month, days.today(now), "month")
    await one_writer(connection, DRAWING_UP)
    if await connection.scalar(select(Programme.code).where(Programme.code == programme)) is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "programmeCode"), "没有此项目。", "There is no such programme."
        )
    low, high = divisions.span(division_code)
    which = and_(
        G.state == GrantState.GRANTED, G.programme_code == programme, G.first_month <= month, H.division_code >= low,
        H.division_code < high,
    )  # fmt: skip
    found = await _due(connection, which, month)
    fund = await funds.hold(connection, viewer, fund_id)
    if not divisions.holds(fund.division_code, division_code):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "fundId"),
            "该资金不用于此区划。",
            "The fund is not for this division.",
        )
    if not found:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "month"), "截至该月没有应发放的。", "By this month nothing is due."
        )
    cycle_id = await new(connection, viewer, fund, CycleKind.REGULAR, programme, division_code, month, now)
    await put_orders(connection, vault, viewer, fund, cycle_id, found, now, "fundId")
    detail = {"fund": fund.id, "programme": programme, "month": month.isoformat(), "orders": len(found)}
    await told(connection, viewer, "cycle.drawn_up", cycle_id, now, detail)
    return cycle_id


async def approve(
    connection: AsyncConnection, viewer: Viewer, cycle_id: int | None, expected_version: int | None, now: dt.datetime
) -> int:
    """Another officer than the one who drew it up approves a cycle; its key. Raises NotDone."""
    cycle = await held(connection, viewer, cycle_id, expected_version, CycleState.DRAWN_UP)
    if cycle.drawn_up_by == viewer.user_id:
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            (),
            "须由编制人以外的另一名工作人员批准。",
            "Another officer than the one who drew it up has to approve it.",
        )
    kind = await decisions.by_a_person(connection, viewer)
    of_it = select(O.id).where(O.cycle_id == cycle.id, O.state == OrderState.DRAWN_UP)
    if await connection.scalar(of_it.limit(1)) is None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "cycleId"),
            "本批没有可发放的指令。",
            "Every order of the cycle is held: there is nothing to approve.",
        )
    values = {"approved_by": viewer.user_id, "approved_by_kind": kind, "approved_at": now}
    await changed(connection, cycle, {"state": CycleState.APPROVED, **values})
    await told(connection, viewer, "cycle.approved", cycle.id, now, {"fund": cycle.fund_id})
    return int(cycle.id)


async def cancel(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    cycle_id: int | None,
    expected_version: int | None,
    reason: str,
    now: dt.datetime,
) -> int:
    """Nothing of a cycle is paid, and its money is the fund's again; its key. Raises NotDone once it was settled."""
    written = decisions.checked_reason(reason)
    cycle = await held(connection, viewer, cycle_id, expected_version, CycleState.DRAWN_UP, CycleState.APPROVED)
    of_it = O.cycle_id == cycle.id
    await funds.move(connection, viewer, FundEntryKind.RELEASED, committed(of_it), now)
    stand = O.state.in_((OrderState.DRAWN_UP, OrderState.HELD))
    await connection.execute(
        update(PaymentOrder).where(of_it, stand).values(state=OrderState.CANCELLED, version=O.version + 1)
    )
    await let_go(connection, of_it, OrderState.CANCELLED)
    because = vault.seal("payment_cycles.cancelled_because", written)
    values = {"cancelled_by": viewer.user_id, "cancelled_at": now, "cancelled_because": because}
    await changed(connection, cycle, {"state": CycleState.CANCELLED, **values})
    await told(connection, viewer, "cycle.cancelled", cycle.id, now, {"fund": cycle.fund_id})
    return int(cycle.id)


async def new(
    connection: AsyncConnection,
    viewer: Viewer,
    fund: Row[*tuple[Any, ...]],
    kind: CycleKind,
    programme: str,
    division_code: str,
    month: dt.date,
    now: dt.datetime,
) -> int:
    """A cycle without orders; its key."""
    row = {"kind": kind, "fund_id": fund.id, "programme_code": programme, "division_code": division_code}
    of_it = {"month": month, "state": CycleState.DRAWN_UP, "seed": secrets.token_hex(8), "version": 1}
    added = insert(PaymentCycle).values(**row, **of_it, drawn_up_by=viewer.user_id, drawn_up_at=now)
    return int((await connection.execute(added.returning(C.id))).scalar_one())


async def put_orders(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    fund: Row[*tuple[Any, ...]],
    cycle_id: int,
    found: Sequence[tuple[Row[*tuple[Any, ...]], Mapping[dt.date, int]]],
    now: dt.datetime,
    field: str,
    repays: int | None = None,
) -> None:
    """Orders for grants and their months, each to the account that the household has now. Raises NotDone."""
    rows = []
    for place, (grant, months) in enumerate(found, start=1):
        because = _held_because(grant)
        payee = dict.fromkeys(PAYEE) if because else _payee(vault, grant)
        rows.append(
            {
                "cycle_id": cycle_id, "reference": payments.reference(cycle_id, place), "grant_id": grant.id,
                "household_id": grant.household_id, "enrolment_id": grant.enrolment_id, "version": 1,
                "amount_fen": sum(months.values()), "held_because": because, "repays_id": repays,
                "state": OrderState.HELD if because else OrderState.DRAWN_UP, **payee,
            }
        )  # fmt: skip
    total = sum(row["amount_fen"] for row in rows if row["state"] is OrderState.DRAWN_UP)
    funds.enough(fund, total, field)
    await connection.execute(insert(PaymentOrder), rows)
    written = select(O.grant_id, O.id).where(O.cycle_id == cycle_id, O.state == OrderState.DRAWN_UP)
    keys = {row.grant_id: row.id for row in await connection.execute(written)}
    taken = [
        {"order_id": keys[grant.id], "grant_id": grant.id, "month": month, "amount_fen": amount, "live": True}
        for grant, months in found
        if grant.id in keys
        for month, amount in months.items()
    ]
    if taken:
        await connection.execute(insert(OrderMonth), taken)
        await funds.move(connection, viewer, FundEntryKind.COMMITTED, committed(O.cycle_id == cycle_id), now)


def committed(which: ColumnElement[bool]) -> Any:
    """Orders whose money is committed, with their fund, as the ledger takes them."""
    of_it = select(O.id, O.amount_fen, C.fund_id).join(PaymentCycle, C.id == O.cycle_id)
    return of_it.where(which, O.state == OrderState.DRAWN_UP)


async def let_go(
    connection: AsyncConnection,
    which: ColumnElement[bool],
    state: OrderState,
    told: Mapping[str, Any] | None = None,
) -> None:
    """The months of orders that came to this state may be paid by others."""
    theirs = select(O.id).where(which, O.state == state)
    await connection.execute(update(OrderMonth).where(M.order_id.in_(theirs), M.live).values(live=False), told)


async def held(
    connection: AsyncConnection,
    viewer: Viewer,
    cycle_id: int | None,
    expected_version: int | None,
    *states: CycleState,
) -> Row[*tuple[Any, ...]]:
    """The cycle at one of these states, which nobody else changes until the transaction ends. Raises NotDone."""
    statement = locked(_CYCLE.where(C.id == cycle_id), connection, PaymentCycle)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "cycleId"), "没有此批次。", "There is no such cycle.")
    accounts.unchanged(found.version, expected_version, "批次", "cycle")
    if found.state not in states:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "cycleId"),
            f"该批次现为 {found.state}，不能办理此项。",
            f"The cycle is {found.state}: this cannot be done with it.",
        )
    return found


async def changed(connection: AsyncConnection, cycle: Row[*tuple[Any, ...]], values: Mapping[str, Any]) -> None:
    """The cycle is at its next version."""
    told_so = {**values, "version": cycle.version + 1}
    await connection.execute(update(PaymentCycle).where(C.id == cycle.id).values(**told_so))


async def told(
    connection: AsyncConnection,
    viewer: Viewer,
    action: str,
    cycle_id: int,
    now: dt.datetime,
    detail: Mapping[str, Any],
) -> None:
    """In the audit, and to whoever follows."""
    await audit.record(connection, viewer.user_id, action, ("PaymentCycle", cycle_id), now, detail)
    await outbox.append(connection, "payment_cycle", cycle_id, now)


async def due_of(connection: AsyncConnection, which: ColumnElement[bool]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Grants with whatever an order needs of their household, as they stand while nobody moves that household."""
    grants = select(G.household_id).join(Household, H.id == G.household_id).where(which)
    await connection.execute(unmoved(select(H.id).where(H.id.in_(grants)).order_by(H.id), connection))
    columns = (
        G.id, G.household_id, G.enrolment_id, G.programme_code, G.first_month, last_month(), G.period, G.amount_fen,
        H.division_code, H.payee_name, H.payee_account, H.form, F.opened_on, ON_FILE.label("on_file"),
    )  # fmt: skip
    statement = (
        select(*columns)
        .select_from(Grant)
        .join(Household, H.id == G.household_id)
        .join(File, F.id == G.file_id)
        .join(Enrolment, E.id == G.enrolment_id)
    )
    return (await connection.execute(statement.where(which).order_by(G.id))).all()


async def _due(
    connection: AsyncConnection, which: ColumnElement[bool], month: dt.date
) -> list[tuple[Row[*tuple[Any, ...]], dict[dt.date, int]]]:
    """Grants of which months are due, with these months and their amounts; what was returned is paid again by itself."""
    grants = await due_of(connection, which)
    taken: dict[int, set[dt.date]] = defaultdict(set)
    standing = (
        select(M.grant_id, M.month)
        .join(PaymentOrder, O.id == M.order_id)
        .where(or_(M.live, O.state == OrderState.RETURNED))
        .where(among(M.grant_id, "grants"))
    )
    keys = {"grants": [grant.id for grant in grants]}
    for grant_id, paid in await connection.execute(standing, keys):
        taken[grant_id].add(paid)
    terms = await terms_of(connection, grants)
    found = []
    for grant in grants:
        period = GrantPeriod(grant.period)
        due = payments.due(period, grant.first_month, grant.last_month, month, taken[grant.id])
        if months := worth_paying(grant, terms[grant.id], due):
            found.append((grant, months))
    return found


async def terms_of(connection: AsyncConnection, grants: Sequence[Row[*tuple[Any, ...]]]) -> Mapping[int, Terms]:
    """What decisions have made of grants, in the order in which they were made, and which months are still theirs."""
    found: dict[int, Terms] = defaultdict(Terms)
    keys = {"grants": [grant.id for grant in grants]}
    less = select(S.grant_id, S.from_month, S.amount_fen).where(S.kind == StopKind.REDUCE_AID)
    for row in await connection.execute(less.where(among(S.grant_id, "grants")).order_by(S.id), keys):
        found[row.grant_id].reduced.append(Change(row.from_month, row.amount_fen))
    claimed = select(L.grant_id, L.month).where(among(L.grant_id, "grants")).distinct()
    for grant_id, month in await connection.execute(claimed, keys):
        found[grant_id].claimed.add(month)
    return found


def _held_because(grant: Row[*tuple[Any, ...]]) -> HeldBecause | None:
    if not grant.on_file:
        return HeldBecause.NO_ACTIVE_FILE
    return None if grant.payee_account and grant.payee_name else HeldBecause.NO_ACCOUNT


def _payee(vault: Vault, grant: Row[*tuple[Any, ...]]) -> dict[str, bytes | None]:
    """The household's account as it is now, sealed for the order."""
    form = vault.open("households.form", grant.form)
    kept: dict[str, str] = json.loads(form) if form else {}
    opened = {name: vault.open(f"households.{name}", getattr(grant, name)) for name in PAYEE[:2]}
    opened["payee_bank"] = " ".join(kept[code] for code in BANK if code in kept) or None
    return {name: vault.seal(f"payment_orders.{name}", text) for name, text in opened.items()}
