"""Recipients who were drawn by chance are asked whether they were paid: by somebody who did not pay them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import locked
from api.domain import accounts, casework
from api.domain.errors import NotDone, UserErrorCode
from api.domain.payments import CheckOutcome
from api.domain.permissions import Viewer
from api.models import Household, PaymentCheck, PaymentCycle, PaymentOrder, table
from api.sealing import Vault
from api.services import audit, tasks

C, H, K = (table(model).c for model in (PaymentCycle, Household, PaymentCheck))
O = table(PaymentOrder).c  # noqa: E741

_CHECK = scope.narrow(
    select(K.id, K.outcome, K.version, K.order_id, O.household_id, C.drawn_up_by, C.approved_by, C.settled_by)
    .join(PaymentOrder, O.id == K.order_id)
    .join(PaymentCycle, C.id == O.cycle_id)
    .join(Household, H.id == O.household_id),
    H.division_code,
)


async def record(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    check_id: int | None,
    expected_version: int,
    outcome: CheckOutcome,
    note: str,
    now: dt.datetime,
) -> int:
    """What the household says of the payment; the check's key. It ends the task.

    Raises NotDone: there is no such check, it was made, or the viewer drew up, approved or settled the payment.
    """
    statement = locked(_CHECK.where(K.id == check_id), connection, PaymentCheck)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "checkId"), "没有此项核实。", "There is no such check.")
    accounts.unchanged(found.version, expected_version, "核实", "check")
    if found.outcome is not None:
        raise NotDone(UserErrorCode.INVALID, ("input", "checkId"), "此项已核实。", "It has been made.")
    if viewer.user_id in (found.drawn_up_by, found.approved_by, found.settled_by):
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            (),
            "发放的编制、批准和结算人员不得核实本批发放。",
            "Who drew up, approved or settled a payment does not check it.",
        )
    written = casework.words(note, "note")
    told = {"outcome": outcome, "checked_by": viewer.user_id, "checked_at": now, "version": found.version + 1}
    sealed = vault.seal("payment_checks.note", written)
    await connection.execute(update(PaymentCheck).where(K.id == found.id).values(**told, note=sealed))
    await tasks.finish(connection, f"PAYMENT_CHECK:{found.order_id}", now, viewer.user_id)
    detail = {"household": found.household_id, "outcome": outcome.value}
    await audit.record(connection, viewer.user_id, "payment.checked", ("PaymentCheck", found.id), now, detail)
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)
