"""Nothing that is for the worse was ever done but by a person's decision, and of every household that can be shown (F-35)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import aliased

from api.database import transaction
from api.domain.accounts import UserKind
from api.domain.lifecycle import MOVES, Action
from api.domain.stages import Stage
from api.models import Decision, Transition, User
from tests.api.conftest import Service
from tests.api.leaving import Leaving, done, on_file

REVIEW = """mutation ($input: ReviewApplicationInput!) { reviewApplication(input: $input) {
  household { stage } userErrors { code message path } } }"""
HISTORY = """query ($id: ID!) { household(id: $id) {
  history { number action toStage adverse by reason happenedAt } } }"""
OFFICER, WHY = "county-reviewer", "材料齐全，同意。"
ADVERSE = [(move.stage, move.action) for move in MOVES if move.adverse]


async def worse(home: Leaving, action: Action) -> None:
    """What the officer does to a household, by whatever way leads there."""
    if action is Action.GRADUATE:
        await home.graduated()
    elif action is Action.DEREGISTER:
        proposed = done(await home.close("MOVED"))["proposal"]
        done(await home.decide(proposed, by=OFFICER, reason=WHY))
    else:
        version = await home.version()
        told = {"householdId": home.id, "expectedVersion": version, "outcome": "REFUSE", "reason": WHY}
        done(await home.act(REVIEW, by=OFFICER, **told))


async def test_f_35_every_change_for_the_worse_is_a_persons_decision_and_its_history_tells_whose(
    service: Service,
) -> None:
    homes: dict[int, Leaving] = {}
    made: dict[int, tuple[Stage | None, Action]] = {}
    for stage, action in ADVERSE:
        assert stage is not None, "of what was not known, nothing is taken"
        home = await on_file(service, stage)
        await worse(home, action)
        homes[home.key], made[home.key] = home, (stage, action)

    officer, proposer = aliased(User), aliased(User)
    told = (
        select(
            Transition.household_id, Transition.from_stage, Transition.action, Decision.id.label("decision"),
            Decision.kind.label("decided"), Decision.household_id.label("of"), Decision.proposed_by,
            officer.id.label("officer"), officer.kind, officer.login, proposer.kind.label("proposer"),
        )
        .outerjoin(Decision, Decision.id == Transition.decision_id)
        .outerjoin(officer, officer.id == Decision.user_id)
        .outerjoin(proposer, proposer.id == Decision.proposed_by)
        .where(Transition.adverse.is_(True))
    )  # fmt: skip
    async with transaction(service.engine) as connection:
        moves = (await connection.execute(told)).all()
    assert {row.household_id: (row.from_stage, row.action) for row in moves} == made, "all that there are"
    for row in moves:
        assert row.decision is not None
        assert (row.kind, row.login) == (UserKind.PERSON, OFFICER)
        assert (row.decided, row.of) == (row.action, row.household_id), "of this, and not of something else"
        if row.action in (Action.GRADUATE, Action.DEREGISTER):
            assert row.proposer == UserKind.PERSON
            assert row.proposed_by != row.officer

    for key, home in homes.items():
        history = (await service.data(HISTORY, {"id": home.id}))["household"]["history"]
        (last,) = [move for move in history if move["adverse"]]
        assert last == history[-1]
        assert (last["action"], last["by"], last["reason"]) == (made[key][1], "County-Reviewer", WHY)
        assert last["toStage"] == await home.stage()
