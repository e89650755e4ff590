"""Who is in a household while it is on notice, while an objection waits, and when the file would be left with nobody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select

from api.database import transaction
from api.domain.lifecycle import Action
from api.domain.objections import Ground, Objector
from api.domain.stages import Stage
from api.models import Decision, FilePerson, Member
from api.services import objections, transition
from tests.api.conftest import Service
from tests.api.leaving import NOW, TODAY, Leaving, done, on_file, refusal
from tests.api.services.reviewed import viewer

FIELDS = {"changeSubject": "household { id }"}
WEEK_AGO = (TODAY - dt.timedelta(days=7)).isoformat()
VERIFY = "mutation ($input: ReverifyFileInput!) { reverifyFile(input: $input) { userErrors { code message } } }"


async def act(home: Leaving, mutation: str, **given: Any) -> Any:
    """What a mutation of this household answers, at the version that it is at now."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    shown = FIELDS.get(mutation, "person { id }")
    query = (
        f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {shown} userErrors {{ code message path }} }} }}"
    )
    return await home.act(query, **{"expectedVersion": await home.version(), **given})


async def ends(home: Leaving, person: int) -> Any:
    return await act(home, "endMembership", personId=home.people[person], on=WEEK_AGO, reason="迁出。")


async def moves(home: Leaving, person: int, to: Leaving) -> Any:
    given = {"toHouseholdId": to.id, "toExpectedVersion": await to.version(), "on": WEEK_AGO, "reason": "婚后迁出。"}
    return await act(home, "moveMember", personId=home.people[person], **given)


async def renamed(home: Leaving, person: int) -> Any:
    return await act(home, "changeSubject", householdId=home.id, personId=home.people[person])


async def standing(home: Leaving) -> int:
    """How many its file counts."""
    counted = select(func.count()).where(FilePerson.file_id == home.file_key, FilePerson.until.is_(None))
    async with transaction(home.service.engine) as connection:
        return int((await connection.execute(counted)).scalar_one())


@pytest.mark.parametrize("what", ["add", "end", "move away", "move in", "correct", "change subject"])
async def test_f_30_a_notice_is_not_hollowed_out_while_it_is_up(service: Service, what: str) -> None:
    home, other = await on_file(service, Stage.PUBLIC_NOTICE, people=3), await on_file(service, people=2)
    baby = {"name": "王小贝", "relation": "CHILD", "birthDate": WEEK_AGO, "sex": "FEMALE", "idKind": "NONE"}

    async def attempt() -> Any:
        match what:
            case "add":
                return await act(home, "addMember", householdId=home.id, person=baby, since=WEEK_AGO)
            case "end":
                return await ends(home, 2)
            case "move away":
                return await moves(home, 2, other)
            case "move in":
                return await moves(other, 1, home)
            case "correct":
                changes = {"name": "王大", "idKind": "NONE", "relation": "OTHER"}
                return await act(home, "correctMember", personId=home.people[2], corrections=changes, reason="笔误。")
        return await renamed(home, 1)

    code, message = refusal(await attempt())
    assert (code, "Send it back to review" in message) == ("INVALID", True)
    assert (await home.version(), await other.version(), await standing(home)) == (1, 1, 3)
    chief = await viewer(service, "county-reviewer")
    async with transaction(service.engine) as connection:
        await transition.move(connection, service.vault, chief, home.key, Action.RETURN, NOW, expected_version=1)
    done(await attempt())


async def test_f_02_a_file_is_not_emptied_by_ending_its_members_one_by_one(service: Service) -> None:
    home, other = await on_file(service, people=2), await on_file(service)
    for attempt in (ends(home, 0), moves(home, 0, other)):
        code, message = refusal(await attempt)
        assert (code, "changeSubject" in message) == ("INVALID", True)
    done(await ends(home, 1))
    for attempt in (ends(home, 0), moves(home, 0, other)):
        code, message = refusal(await attempt)
        assert (code, "deregisterFile" in message) == ("INVALID", True)
    assert await standing(home) == 1
    done(await home.decide(done(await home.close("MOVED"))["proposal"]))
    done(await ends(home, 0))


async def test_nobody_leaves_while_an_objection_waits(service: Service) -> None:
    home, clerk = await on_file(service, people=3), await viewer(service, "caseworker")
    async with transaction(service.engine) as connection:
        await objections.raise_objection(
            connection, service.vault, clerk, home.key, None, Objector.ANONYMOUS, None, None,
            [Ground.INCOME_OR_PROPERTY], "据说另有收入。", None, NOW,
        )  # fmt: skip
    code, message = refusal(await ends(home, 2))
    assert (code, "objection" in message) == ("INVALID", True)
    assert await standing(home) == 3


async def test_f_02_whoever_lives_on_is_not_closed_for_whoever_died(service: Service) -> None:
    home = await on_file(service, people=2)
    done(await renamed(home, 1))
    done(await ends(home, 0))
    code, message = refusal(await home.close("DECEASED"))
    assert (code, "reverifyFile" in message) == ("INVALID", True)
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(Decision.id).where(Decision.household_id == home.key))).all() == []
        widow = select(Member.left_on).where(Member.id == home.people_keys[1])
        assert (await connection.execute(widow)).scalar_one() is None
    done(
        await home.act(
            VERIFY, householdId=home.id, expectedVersion=await home.version(), reason="遗孀独居，情况属实。"
        )
    )
    done(await home.decide(done(await home.close("DECEASED"))["proposal"]))
    assert await home.stage() == "DEREGISTERED"


async def test_f_02_the_day_of_the_decision_asks_again_who_died(service: Service) -> None:
    home = await on_file(service, people=2)
    done(await renamed(home, 1))
    done(await ends(home, 0))
    done(await home.act(VERIFY, householdId=home.id, expectedVersion=await home.version(), reason="遗孀独居。"))
    proposal = done(await home.close("DECEASED"))["proposal"]
    baby = {"name": "王小贝", "relation": "CHILD", "birthDate": WEEK_AGO, "sex": "FEMALE", "idKind": "NONE"}
    joined = done(await act(home, "addMember", householdId=home.id, person=baby, since=WEEK_AGO))["person"]
    done(await act(home, "endMembership", personId=joined["id"], on=WEEK_AGO, reason="误录。"))
    assert "reverifyFile" in refusal(await home.decide(proposal))[1]
    assert await home.stage() == "RECORDED"
