"""What may be asked to be done to a grant for the worse, and what it would come to: shown before anybody proposes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import strawberry

from api.domain import days
from api.domain.errors import BadInput, NotDone
from api.domain.permissions import Permission
from api.loaders.effects import Effect
from api.loaders.reading import Reading
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.people import fen_of
from api.schema.scalars import Month
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.stop_terms import Floor, RecoveryCause, StopKind
from api.schema.tree import grow
from api.schema.values import Money, known_money, money_of
from api.services import stop_requests
from api.services.stop_requests import Asking


@strawberry.input(description="What is to be done to a grant.")
class StopRequest:
    """What is to be done to a grant."""

    grant_id: strawberry.ID = strawberry.field(description="The grant.")
    kind: StopKind = strawberry.field(description="Whether it is stopped, reduced or recovered.")
    from_month: Month = strawberry.field(
        description="From which month on, one to come; of a recovery the first month that was paid wrongly."
    )
    to_month: Month | None = strawberry.field(
        default=None, description="Of a recovery, the last month that was paid wrongly; `fromMonth` where left out."
    )
    amount: Decimal | None = strawberry.field(
        default=None, description="Of a reduction, what a period is then; of a recovery, the sum."
    )
    cause: RecoveryCause | None = strawberry.field(
        default=None, description="Of a recovery; where nothing is said the error was ours, and it is waived."
    )


@strawberry.type(description="A month of a grant, and what it gives before and after.")
class ChangedMonth:
    """A month of a grant."""

    month: Month = strawberry.field(description="The month.")
    before: Money = strawberry.field(description="What it gives as things stand.")
    after: Money = strawberry.field(description="What it would give.")


@strawberry.type(description="What a change of a grant would come to; nothing is stored.")
class StopPreview:
    """What a change of a grant would come to."""

    months: list[ChangedMonth] = strawberry.field(description="Its months from the first on.", metadata=about(12))
    lost: Money = strawberry.field(description="What the household would not be given, in all.")
    income_month: Month = strawberry.field(description="The month whose income was reckoned with.")
    left_low: Money = strawberry.field(
        description="What would be left a head, at least: income, and aid that goes on."
    )
    left_high: Money | None = strawberry.field(description="At most; null while something is unknown.")
    line: Money | None = strawberry.field(description="The line of the first month; null is unknown.")
    floor: Floor = strawberry.field(description="How what is left stands to the line.")
    needs_referral: bool = strawberry.field(
        description="Whether a referral with a day is needed: what is left does not reach the line, or is unknown."
    )
    possible_programmes: list[str] = strawberry.field(
        description="Programmes that this one stood against, by their codes.", metadata=about(2)
    )


def asking_of(given: StopRequest) -> Asking:
    """What is asked, in fen. Raises NotDone."""
    amount = fen_of(given.amount, ("input", "request", "amount"))
    return Asking(given.kind, given.from_month, given.to_month, amount, given.cause)


def _preview(reading: Reading, household_id: int, effect: Effect) -> StopPreview:
    reading.log.saw_households([household_id])
    return StopPreview(
        months=[
            ChangedMonth(month=Month(each.month), before=known_money(each.before), after=known_money(each.after))
            for each in effect.months
        ],
        lost=known_money(effect.lost),
        income_month=Month(effect.left.month),
        left_low=known_money(effect.left.head.low),
        left_high=money_of(effect.left.head.high),
        line=money_of(effect.line),
        floor=Floor(effect.floor),
        needs_referral=effect.floor is not Floor.REACHED,
        possible_programmes=list(effect.possible),
    )


@strawberry.type(description="What may be asked before aid is stopped, reduced or recovered.")
class StopPreviewQueries:
    """What a change would come to."""

    @guards.query(
        Permission.KEEP_FILES,
        "What a change of a grant would come to, reckoned as the decision reckons it; null where there is no such grant.",
    )
    async def preview_stop(
        self, info: Info, request: Annotated[StopRequest, strawberry.argument(description="What would be done.")]
    ) -> StopPreview | None:
        """What a change would come to."""
        key, asked = nodes.key_of(info, "Grant", request.grant_id), wanted(info)
        async with info.context.reading() as reading:
            try:
                told = await stop_requests.previewed(
                    reading.rows, key, asking_of(request), days.today(info.context.now())
                )
            except NotDone as reason:
                raise BadInput(reason.zh, reason.en) from None
            if told is None:
                return None
            grant, effect = told
            found = _preview(reading, grant.household_id, effect)
            await grow(reading, [found], asked, asked.times)
        return found
