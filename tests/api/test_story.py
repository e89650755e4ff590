"""The story the service is for: feed files → scan → a lead in GraphQL → a person's review; nothing in between is faked."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.api.conftest import Service

OPEN_LEADS = """
query ($after: String) {
  findings(filter: {states: [OPEN]}, first: 100, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id reference version state severity rule { id titleZh } explanationZh
      household { reference members { reference name } enrolments { programme { code } payments { month } } }
      persons { reference }
      evidence { source recordId }
    }
  }
}"""
START = """
mutation ($input: StartScanInput!) { startScan(input: $input) { scan { id status } userErrors { code message path } } }"""
SCAN = "query ($id: ID!) { scan(id: $id) { status asOf failure result { findings links households persons } } }"
REVIEW = """
mutation ($input: ReviewFindingInput!) {
  reviewFinding(input: $input) {
    finding { id state version reviews { outcome note reviewer onCurrentEvidence } household { reference } }
    userErrors { code message path }
  }
}"""


async def test_from_feed_files_to_a_reviewed_lead(service: Service, city: Path) -> None:
    # the city's files were taken over and scanned when the fixture was made: what was planted is found
    planted = pl.read_parquet(city / "truth_findings.parquet")
    leads, after = [], None
    while True:
        page = (await service.data(OPEN_LEADS, {"after": after}))["findings"]
        leads += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(leads) == page["totalCount"] == len({lead["id"] for lead in leads})
    found = {(lead["rule"]["id"], lead["household"]["reference"]) for lead in leads}
    # a net reaches over the households of other divisions, which this auditor's scan does not see
    alone = planted.filter(~pl.col("rule_id").str.starts_with("N"))
    expected = set(alone.select("rule_id", "household_id").iter_rows())
    assert len(found & expected) >= 0.85 * len(expected)
    assert all("疑点" in lead["explanationZh"] for lead in leads)

    # a reviewer looks at the gravest and concludes; only the lead changes
    lead = leads[0]
    given = {
        "idempotencyKey": "story-review-1",
        "findingId": lead["id"],
        "expectedVersion": lead["version"],
        "outcome": "NO_ISSUE",
        "note": "已核实，材料齐全。",
    }
    answer = (await service.data(REVIEW, {"input": given}))["reviewFinding"]
    assert answer["userErrors"] == []
    assert answer["finding"]["state"] == "CLOSED"
    assert answer["finding"]["reviews"][0]["note"] == "已核实，材料齐全。"
    assert (await service.data(REVIEW, {"input": given}))["reviewFinding"] == answer, "sent twice, it counts once"

    # an auditor scans again, and a worker carries it out: the same leads, none doubled, the reviewed one still closed
    started = await service.data(START, {"input": {"idempotencyKey": "story-scan-1"}}, by="auditor")
    scan = started["startScan"]["scan"]
    assert scan["status"] == "QUEUED"
    await service.work()
    done = (await service.data(SCAN, {"id": scan["id"]}))["scan"]
    assert (done["status"], done["failure"]) == ("SUCCEEDED", None)
    assert done["result"]["findings"] == len(leads)
    again = (await service.data(OPEN_LEADS))["findings"]
    assert again["totalCount"] == len(leads) - 1
    assert lead["id"] not in {each["id"] for each in again["nodes"]}
