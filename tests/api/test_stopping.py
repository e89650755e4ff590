"""Aid that ends early, as clients ask for it: shown, proposed, told, answered, decided; and what is missing is named by its type."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from api.database import transaction
from api.models import AuditEvent
from api.schema.root import printed
from tests.api.conftest import Service
from tests.api.leaving import done
from tests.api.services.test_stops import FACTS, FROM, REASON, TODAY, Given, given

PREVIEW = """query ($request: StopRequest!) { previewStop(request: $request) { lost { amount } leftLow { amount }
  line { amount } floor needsReferral possibleProgrammes months { month before { amount } after { amount } } } }"""
PROPOSAL = """proposal { id version state statement grantId amount { amount }
  notice { facts waitUntil answeredOn answer } decision { floor decidedBy left { amount } } household { stage } }"""


async def act(home: Given, field: str, by: str = "caseworker", **told: Any) -> Any:
    title = field[0].upper() + field[1:]
    query = f"""mutation ($input: {title}Input!) {{ {field}(input: $input) {{ {PROPOSAL} auditId
      userErrors {{ code path message ... on StopHeldError {{ item }} }} }} }}"""
    told["idempotencyKey"] = f"{field}-{by}-{told.get('expectedVersion', 0)}-{home.grant}"
    return (await home.service.data(query, {"input": told}, by=by))[field]


async def test_a_stop_is_shown_proposed_told_answered_and_decided(service: Service) -> None:
    home = await given(service, wage=1000_00, code="DIBAO")
    request = {
        "grantId": service.vault.ids("Grant", [home.grant])[0],
        "kind": "STOP_AID",
        "fromMonth": f"{FROM:%Y-%m}",
    }
    shown = (await service.data(PREVIEW, {"request": request}, by="caseworker"))["previewStop"]
    assert (shown["lost"]["amount"], shown["leftLow"]["amount"], shown["line"]["amount"]) == (
        "2500.00",
        "500.00",
        "690.00",
    )
    assert (shown["floor"], shown["needsReferral"], shown["possibleProgrammes"]) == ("BELOW", True, ["TEKUN"])
    assert shown["months"][0] == {
        "month": f"{FROM:%Y-%m}",
        "before": {"amount": "500.00"},
        "after": {"amount": "0.00"},
    }
    assert (await service.data(PREVIEW, {"request": request}, by="elsewhere"))["previewStop"] is None

    proposal = done(await act(home, "proposeStop", request=request, statement="拟停发。"))["proposal"]
    assert (proposal["state"], proposal["notice"], proposal["decision"]) == ("PROPOSED", None, None)

    async def decide(version: int, **more: Any) -> Any:
        told = {"proposalId": proposal["id"], "expectedVersion": version, "reason": REASON, **more}
        return await act(home, "decideStop", by="county-reviewer", **told)

    (missing,) = (await decide(1))["userErrors"]
    assert (missing["code"], missing["item"]) == ("STOP_HELD", "NOTICE")
    told = {"documentNo": "告〔2026〕9号", "facts": FACTS, "delivery": "HANDED_OVER", "deliveredOn": str(TODAY)}
    of = {"proposalId": proposal["id"]}
    noticed = done(await act(home, "recordAidNotice", **of, expectedVersion=1, **told))["proposal"]
    assert noticed["notice"]["facts"] == FACTS
    (missing,) = (await decide(2))["userErrors"]
    assert missing["item"] == "ANSWER"
    heard = {"answeredOn": str(TODAY), "answer": "家中仍有病人。"}
    done(await act(home, "recordAidAnswer", **of, expectedVersion=2, **heard))
    (missing,) = (await decide(3))["userErrors"]
    assert (missing["item"], missing["path"]) == ("FLOOR", ["input"])

    referral = service.vault.ids("Referral", [home.referral])[0]
    with_referral = {"referralId": referral}
    query_key = {"expectedVersion": 3, **of, "reason": REASON + "已转介。", **with_referral}
    decided = done(await act(home, "decideStop", by="reviewer", **query_key))["proposal"]
    assert (decided["state"], decided["decision"]["floor"]) == ("DECIDED", "BELOW")
    assert decided["decision"]["left"] == {"amount": "500.00"}

    listed = "{ stopProposals(filter: {states: [DECIDED]}) { nodes { statement notice { facts } state } } }"
    for by, facts in (("caseworker", FACTS), ("auditor", None)):
        (node,) = (await service.data(listed, by=by))["stopProposals"]["nodes"]
        assert (node["notice"]["facts"], node["state"]) == (facts, "DECIDED")
    assert (await service.data(listed, by="elsewhere"))["stopProposals"]["nodes"] == []
    async with transaction(service.engine) as connection:
        acts = select(AuditEvent.action).where(AuditEvent.action.like("stop.%")).order_by(AuditEvent.id)
        assert list((await connection.execute(acts)).scalars()) == [
            "stop.proposed",
            "stop.notice_recorded",
            "stop.answered",
            "stop.decided",
        ]


def test_f_06_no_word_of_the_schema_calls_anybody_a_fraudster() -> None:
    text = printed().lower()
    assert [word for word in ("fraud", "cheat", "嫌疑", "骗子", "culprit", "suspect") if word in text] == []
