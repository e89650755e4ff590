"""The table of the household's life as front ends get it and as the page prints it; and what stands in the way of a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.domain.clocks import LIMITS
from api.domain.exits import ExitAction
from api.domain.lifecycle import MOVES, NOTHING, Action, Guard
from api.domain.permissions import MATRIX
from api.domain.stages import ACTIVE, ENDED, PENDING, Stage
from api.schema.enumerations import _known
from api.services.applications import ReviewOutcome
from api.services.guards import GUARDS
from tests.api.conftest import Service
from tests.api.schema.authorisation import MUTATIONS

PAGE = Path(__file__).parent.parent.parent.parent / "docs" / "lifecycle.md"


REVIEWED = dict.fromkeys(map(Action, ReviewOutcome), ("reviewApplication",))
EXITS = dict.fromkeys(map(Action, ExitAction), ("proposeExit", "decideExit"))
MADE_BY: dict[Action, tuple[str, ...]] = {
    **REVIEWED,
    **EXITS,
    Action.DEREGISTER: ("deregisterFile", "decideExit"),
    Action.APPLY: ("submitApplication",),
    Action.PUBLISH: ("openPublicNotice",),
    Action.RECORD: ("recordFile",),
    Action.WITHDRAW: ("withdrawApplication",),
    Action.REVERIFY: ("reverifyFile",),
    Action.REPORT_CHANGE: ("reportChange",),
    Action.FALL_BACK: ("returnToHardship",),
    Action.REINSTATE: ("reinstateFile",),
}
"""By which mutations a move is made: one, or one officer's and then another's."""


def words(enumeration: str) -> dict[str, str]:
    return {each.value: f"{each.label_zh} {each.label_en}" for each in _known[enumeration].values}


def table() -> str:
    """The table as the page has it."""
    stages, actions, guards = words("Stage"), words("Action"), words("Guard")
    lines = ["| from | action | who | mutation | what must hold | to |", "|---|---|---|---|---|---|"]
    for move in MOVES:
        origin = "nothing known" if move.stage is None else stages[move.stage]
        who = ", ".join(sorted(role for role, may in MATRIX.items() if move.permission in may))
        held = [*(guards[guard] for guard in move.guards), *(["**a decision**"] if move.adverse else [])]
        action = f"`{move.action}` {actions[move.action]}"
        mutation = ", then ".join(f"`{name}`" for name in MADE_BY[move.action])
        lines.append(f"| {origin} | {action} | {who} | {mutation} | {'; '.join(held) or '-'} | {stages[move.next]} |")
    return "\n".join(lines)


def picture() -> str:
    """The table as a drawing of states: what leads on, and what is for the worse."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for move in MOVES:
        if move.stage is not move.next:
            origin = "[*]" if move.stage is None else move.stage.value
            lines.append(f"    {origin} --> {move.next} : {move.action}{' (decision)' if move.adverse else ''}")
    return "\n".join([*lines, "```"])


def test_the_page_prints_the_table_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for part in (table(), picture()):
        assert part in page, f"{PAGE.name} should have:\n\n{part}"


def test_every_move_is_made_by_mutations_that_whoever_may_make_it_may_send() -> None:
    assert MADE_BY.keys() == {move.action for move in MOVES}
    for move in MOVES:
        *before, last = (MUTATIONS[name].takes for name in MADE_BY[move.action])
        assert all(MATRIX[role] >= {last, *before} for role, may in MATRIX.items() if move.permission in may), move
        if before:
            assert last is move.permission, "what another officer decides is the move itself"


def test_every_guard_of_the_table_is_written() -> None:
    assert GUARDS.keys() == set(Guard)


LIFECYCLE = """
query ($division: String, $on: Date) { lifecycle(divisionCode: $division, on: $on) {
  moves { fromStage action toStage permission adverse guards }
  terms { stage clock workingDays months basis } } }"""


async def test_a_front_end_gets_the_whole_table(service: Service) -> None:
    told = (await service.data(LIFECYCLE, {"on": "2026-05-20"}, by="department"))["lifecycle"]
    moves = {
        (each["fromStage"] or NOTHING, each["action"], each["toStage"], each["adverse"]) for each in told["moves"]
    }
    assert moves == {(move.origin, move.action, move.next, move.adverse) for move in MOVES}
    assert {guard for each in told["moves"] for guard in each["guards"]} <= set(Guard)
    terms = {each["stage"]: each for each in told["terms"]}
    assert terms.keys() == set(LIMITS) == PENDING | ACTIVE
    assert (terms["APPLIED"]["clock"], terms["APPLIED"]["workingDays"]) == ("ACCEPTANCE", 5)
    assert (terms["PUBLIC_NOTICE"]["workingDays"], terms["RECORDED"]["months"]) == (5 + 5, 12)
    assert all(each["basis"] for each in told["terms"]), "each time has its legal basis"


STEPS = """
query ($filter: HardshipFileFilter) { files(filter: $filter, first: 1) { nodes { household { id version actions stage } } } }"""
NEXT = "query ($id: ID!) { nextSteps(householdId: $id) { action toStage adverse obstacles { guard code message } } }"


async def at(service: Service, stage: str, by: str = "caseworker") -> dict[str, Any]:
    found = await service.data(STEPS, {"filter": {"stages": [stage], "divisionCode": "410502"}}, by=by)
    home: dict[str, Any] = found["files"]["nodes"][0]["household"]
    return home


async def test_buttons_are_what_stage_and_role_allow(service: Service) -> None:
    assert (await at(service, "APPLIED"))["actions"] == ["ACCEPT", "WITHDRAW"]
    assert (await at(service, "RECORDED"))["actions"] == ["REVERIFY", "REPORT_CHANGE"]
    decided = (await at(service, "RECORDED", by="reviewer"))["actions"]
    assert decided == ["REVERIFY", "REPORT_CHANGE", "GRADUATE", "DEREGISTER", "RELIEVE"]
    assert (await at(service, "RECORDED", by="auditor"))["actions"] == []


async def test_what_stands_in_the_way_is_told_before_anybody_tries(service: Service) -> None:
    home = await at(service, "APPLIED")
    steps = (await service.data(NEXT, {"id": home["id"]}, by="caseworker"))["nextSteps"]
    accept, withdraw = steps
    assert (accept["action"], withdraw["action"], withdraw["obstacles"]) == ("ACCEPT", "WITHDRAW", [])
    hindered = {each["guard"]: each for each in accept["obstacles"]}
    assert hindered.keys() >= {"COMPLETE", "SIGNED"}
    assert all(each["message"] for each in hindered.values())
    given = {
        "householdId": home["id"],
        "expectedVersion": home["version"],
        "outcome": "ACCEPT",
        "idempotencyKey": "x" * 9,
    }
    refused = await service.data(
        "mutation ($i: ReviewApplicationInput!) { reviewApplication(input: $i) { userErrors { code message } } }",
        {"i": given},
        by="caseworker",
    )
    (error,) = refused["reviewApplication"]["userErrors"]
    assert error in [{"code": each["code"], "message": each["message"]} for each in hindered.values()]


@pytest.mark.parametrize("by", ["elsewhere"])
async def test_elsewhere_there_is_nothing_to_be_done(service: Service, by: str) -> None:
    home = await at(service, "APPLIED")
    assert (await service.data(NEXT, {"id": home["id"]}, by=by))["nextSteps"] == []


def test_clocks_run_exactly_where_something_is_to_be_done() -> None:
    assert set(LIMITS) == set(Stage) - ENDED
