"""People say whether a record is about a person: kept with how the two compare, and given out so that it names nobody."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.database import transaction
from api.models import AuditEvent, Finding, Member, PairJudgement
from api.services import judgements
from matcher.training import reviewed
from tests.api.conftest import Service
from tests.api.schema.test_beside import told

JUDGE = """mutation ($input: JudgePairInput!) { judgePair(input: $input) {
  finding { state version } userErrors { code path } } }"""
JUDGED = "query ($id: ID!) { sideBySide(findingId: $id) { recordId judgedSame } }"


async def judge(
    service: Service, lead: dict[str, Any], pair: dict[str, Any], by: str = "reviewer", **changes: Any
) -> Any:
    given = {
        "idempotencyKey": "judge-0001",
        "findingId": lead["id"],
        "personId": pair["person"]["id"],
        "source": pair["source"],
        "recordId": pair["recordId"],
        "same": True,
    } | changes
    return (await service.data(JUDGE, {"input": given}, by=by))["judgePair"]


async def lines(service: Service, seed: int = 1) -> list[str]:
    async with transaction(service.engine) as connection:
        return await judgements.lines(connection, random.Random(seed))


async def test_what_somebody_says_of_a_pair_is_shown_concludes_nothing_and_may_be_taken_back(
    service: Service,
) -> None:
    lead, found = await told(service)
    done = await judge(service, lead, found[0])
    assert done["userErrors"] == []
    assert done["finding"]["state"] == "OPEN"
    said = (await service.data(JUDGED, {"id": lead["id"]}))["sideBySide"]
    assert said[0] == {"recordId": found[0]["recordId"], "judgedSame": True}
    await judge(service, lead, found[0], idempotencyKey="judge-0002", same=False)
    said = (await service.data(JUDGED, {"id": lead["id"]}))["sideBySide"]
    assert said[0]["judgedSame"] is False
    async with transaction(service.engine) as connection:
        acts = select(AuditEvent.detail).where(AuditEvent.action == "pair.judged").order_by(AuditEvent.id)
        assert [each["same"] for each in await connection.scalars(acts)] == [True, False]
        states = {*await connection.scalars(select(Finding.state))}
        assert states == {"OPEN"}


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        ("reviewer", {"recordId": "none"}, "NOT_FOUND"),
        ("reviewer", {"source": "none"}, "NOT_FOUND"),
        ("reviewer", {"personId": "0" * 32}, "NOT_FOUND"),
        ("reviewer", {"findingId": "0" * 32}, "NOT_FOUND"),
        ("elsewhere", {}, "NOT_FOUND"),
        ("caseworker", {}, "FORBIDDEN"),
    ],
)
async def test_what_cannot_be_judged_is_said(service: Service, by: str, changes: dict[str, Any], code: str) -> None:
    lead, found = await told(service)
    refused = await judge(service, lead, found[0], by, **changes)
    assert [each["code"] for each in refused["userErrors"]] == [code]
    assert await lines(service) == []


async def test_what_is_given_out_names_nobody_and_is_what_the_matcher_takes(service: Service, tmp_path: Path) -> None:
    lead, found = await told(service)
    for number, pair in enumerate(found):
        await judge(service, lead, pair, idempotencyKey=f"judge-{number:04}", same=number % 2 == 0)
    told_lines = await lines(service)
    assert len(told_lines) == len({(pair["person"]["id"], pair["source"], pair["recordId"]) for pair in found})
    text = "\n".join(told_lines)
    async with transaction(service.engine) as connection:
        rows = (await connection.execute(select(PairJudgement.record_id, Member.reference).join(Member))).all()
    for record_id, reference in rows:
        assert f'"{record_id}"' not in text
        assert reference not in text
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(f"{line}\n" for line in told_lines), encoding="utf-8")
    judged = reviewed.read(file)
    subject = beside_bits(found)
    assert sorted(each.rarity_bits for each in judged) == sorted(subject)


def beside_bits(found: list[dict[str, Any]]) -> list[float]:
    """What rarity added to each pair's weight, as the waterfall tells."""
    return [
        round(sum(bar["bits"] for bar in pair["waterfall"]["bars"] if bar["kind"] == "rarity"), 1) for pair in found
    ]
