"""The policy's values as clients ask for them: where and when, with their basis; and the line, which is never zero."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Service

PARAMETERS = """query ($on: Date, $code: String, $keys: [String!]) { parameters(on: $on, divisionCode: $code, keys: $keys) {
  key value unit division { code } basis verified own validFrom validTo } }"""
LINE = "query ($m: Month!, $code: String) { dibaoLine(month: $m, divisionCode: $code) { amount { amount } basis verified } }"


async def asked(service: Service, by: str = "department", **variables: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(PARAMETERS, variables, by=by))["parameters"]
    return found


async def test_whoever_is_signed_in_reads_what_is_in_force(service: Service) -> None:
    everything = await asked(service)
    assert len(everything) > 100
    assert all(each["basis"] and each["unit"] for each in everything)
    (one,) = await asked(service, by="auditor", keys=["stop.answer_working_days", "no.such"])
    assert (one["value"], one["unit"], one["own"]) == ("10", "working days", False)
    assert await asked(service, keys=[]) == []
    assert await asked(service, on="1990-01-01", keys=["stop.answer_working_days"]) == [], "unknown, and not zero"
    refused = await service.ask(PARAMETERS, {"code": "999999"}, by="caseworker")
    assert refused["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_the_line_of_a_month_is_told_or_unknown(service: Service) -> None:
    line = (await service.data(LINE, {"m": "2026-05", "code": "410502"}, by="department"))["dibaoLine"]
    assert (float(line["amount"]["amount"]) > 0, bool(line["basis"])) == (True, True)
    assert (await service.data(LINE, {"m": "1990-05", "code": "410502"}, by="department"))["dibaoLine"] is None
