"""Every worked query, of the documentation and of the page's examples, runs as it is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, print_ast, validate

from api.schema.root import printed
from tests.api.conftest import Service

ROOT = Path(__file__).parents[2]
RUN = (
    "graphql.md",
    "register.md",
    "lifecycle.md",
    "payments.md",
    "entitlements.md",
    "targets.md",
    "accountability.md",
    "donations.md",
)
PAGES = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in RUN]
PAGE = PAGES[0]
QUERIES = [query for page in PAGES for query in re.findall(r"```graphql\n(.*?)```", page, re.DOTALL)]
EXAMPLES = ROOT / "api" / "page" / "examples"


def said(query: str, what: str) -> str | None:
    found = re.search(rf"^# {what}: (.*)$", query, re.M)
    return found[1] if found else None


@pytest.mark.parametrize("number", range(len(QUERIES)))
async def test_a_worked_query_is_answered(service: Service, number: int) -> None:
    query = QUERIES[number]
    leads = await service.data('{ findings(filter: {rules: ["H04", "H05"]}, first: 1) { nodes { id } } }')
    variables = (said(query, "variables") or "{}").replace("$finding", leads["findings"]["nodes"][0]["id"])
    if "$snapshot" in variables:
        variables = variables.replace("$snapshot", await frozen(service))
    if "$target" in variables:
        variables = variables.replace("$target", await goal(service))
    data = await service.data(query, json.loads(variables), by=said(query, "by") or "reviewer")
    for answer in data.values():
        assert answer is not None
        if isinstance(answer, dict) and "userErrors" in answer:
            assert answer["userErrors"] == []


async def frozen(service: Service) -> str:
    """The id of a baseline of the city."""
    given = {"idempotencyKey": "docs-baseline", "divisionCode": "410500"}
    freeze = "mutation ($i: FreezeBaselineInput!) { freezeBaseline(input: $i) { snapshot { id } } }"
    return str((await service.data(freeze, {"i": given}))["freezeBaseline"]["snapshot"]["id"])


async def goal(service: Service) -> str:
    """The id of a goal for a baseline."""
    given = {"snapshotId": await frozen(service), "kind": "RELIEVED_OR_GRADUATED", "percent": 50}
    rest = {"idempotencyKey": "docs-goal", "dueOn": "2099-12-31", "documentNo": "安政办〔2019〕15号"}
    setting = "mutation ($i: SetTargetInput!) { setTarget(input: $i) { target { id } } }"
    return str((await service.data(setting, {"i": given | rest}))["setTarget"]["target"]["id"])


def test_the_page_has_its_queries() -> None:
    assert len(QUERIES) >= 8


def test_every_example_of_the_page_fits_the_schema_and_is_listed() -> None:
    schema = build_schema(printed())
    listed = json.loads((EXAMPLES / "index.json").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(path.stem for path in EXAMPLES.glob("*.graphql"))
    for name in listed:
        text = (EXAMPLES / f"{name}.graphql").read_text(encoding="utf-8")
        assert validate(schema, parse(text)) == [], name
        assert re.search(r"[一-鿿]", text), f"{name} speaks no Chinese"


def operations(name: str) -> dict[str, str]:
    """The operations of an example, by their names."""
    parsed = parse((EXAMPLES / f"{name}.graphql").read_text(encoding="utf-8")).definitions
    return {
        each.name.value: print_ast(each) for each in parsed if isinstance(each, OperationDefinitionNode) and each.name
    }


async def test_the_example_of_an_application_walks_one(service: Service) -> None:
    step = operations("application")
    person = {
        "name": "张三丰",
        "relation": "HEAD",
        "idNumber": "410502197503020117",
        "sex": "MALE",
        "birthDate": "1975-03-02",
    }
    given = {"divisionCode": "410502", "idempotencyKey": "walked-0001", "people": [{"person": person}]}
    handed_in = (await service.data(step["Submit"], {"application": given}, by="caseworker"))["submitApplication"]
    assert handed_in["userErrors"] == []
    home = {"household": handed_in["household"]["id"]}
    next_step = await service.data(step["Next"], home, by="caseworker")
    accept = next(each for each in next_step["nextSteps"] if each["action"] == "ACCEPT")
    assert accept["obstacles"]
    assert next_step["missingFields"]
    of = {"householdId": home["household"], "expectedVersion": handed_in["household"]["version"]}
    review = of | {"idempotencyKey": "walked-0002", "outcome": "ACCEPT"}
    (refused,) = (await service.data(step["Review"], {"review": review}, by="caseworker"))["reviewApplication"][
        "userErrors"
    ]
    assert refused["code"] in {each["code"] for each in accept["obstacles"]}
    for name, variable, more in (
        ("Publish", "notice", {"places": ["COMMUNITY"], "channels": ["HOTLINE"]}),
        ("Record", "record", {}),
    ):
        (answer,) = (
            await service.data(step[name], {variable: of | more | {"idempotencyKey": f"walked-{name}"}})
        ).values()
        assert [each["code"] for each in answer["userErrors"]], "it is not its turn"
    (made,) = (await service.data(step["History"], home, by="caseworker"))["fileHistory"]
    assert (made["action"], made["toStage"]) == ("APPLY", "APPLIED")


async def test_the_example_of_the_overdue_queue_is_answered(service: Service) -> None:
    (query,) = operations("overdue").values()
    queue = (await service.data(query, {"today": "2099-01-01"}, by="caseworker"))["files"]
    assert queue["totalCount"] > 0
    due = [each["deadline"]["dueOn"] for each in queue["nodes"]]
    assert due == sorted(due)
    assert (await service.data(query, {"today": "2000-01-01"}, by="caseworker"))["files"]["totalCount"] == 0


def test_the_other_blocks_fit_the_schema_too() -> None:
    (subscription,) = re.findall(r"```\n(subscription .*?)```", PAGE, re.DOTALL)
    exits = (ROOT / "docs" / "exit.md").read_text(encoding="utf-8")
    (incomes,) = re.findall(r"```graphql\n(.*?)```", exits, re.DOTALL)
    for block in (subscription, incomes):
        assert validate(build_schema(printed()), parse(block)) == []


def test_the_matrix_of_roles_is_the_programs() -> None:
    from api.domain.permissions import MATRIX, Permission, Role

    told = re.findall(r"^\| `([A-Z]+)` \| ([^`\n]*) \|$", PAGE, re.M)
    rows = {row[0]: row[1:] for row in told if row[0] in set(Role)}
    order = [
        "READ_CASES",
        "READ_IDENTITY",
        "READ_SCANS",
        "START_SCAN",
        "REVIEW_FINDING",
        "READ_SCHEMA",
        "MANAGE_ACCOUNTS",
        "READ_AUDIT",
        "KEEP_FILES",
        "DECIDE_FILES",
        "READ_REFERRALS",
        "ANSWER_REFERRALS",
        "READ_GRANTS",
        "SEND_FEEDS",
    ]
    assert set(order) == set(Permission)
    assert set(rows) == {role.value for role in Role}
    for role, (cells,) in rows.items():
        said_yes = [cell.strip() == "✓" for cell in cells.split("|")]
        assert said_yes == [Permission[name] in MATRIX[Role(role)] for name in order], role
