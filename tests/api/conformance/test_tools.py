"""The tools of front-end teams take the schema as it is: Relay, code generation, the linter, the comparison."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from tests.api.conformance.conftest import MODULES, SCHEMA, Node, workshop

SAID_SO = {"reviewer", "reviewedAt", "reader", "readAt", "clientId"}
"""Fields whose names begin like their type's, because that is what they are called: a review's reviewer, an OAuth client_id."""


async def test_the_schema_has_no_error_for_graphql_js(node: Node) -> None:
    assert await node.told("schema.mjs", str(SCHEMA)) == []


def test_relay_compiles_pages_refetches_mutations_and_subscriptions(relay: Path) -> None:
    made = {path.name.split(".")[0] for path in (relay / "src" / "__generated__").iterdir()}
    assert made == {
        "HouseholdsPageQuery",
        "HouseholdsPage_query",
        "HouseholdsPageMoreQuery",
        "HouseholdRow_household",
        "HouseholdRowAgainQuery",
        "ReviewFindingMutation",
        "ScanProgressSubscription",
    }
    persisted = json.loads((relay / "persisted.json").read_text(encoding="utf-8"))
    assert len(persisted) == 5, "one document for each operation"


def test_generated_types_hold_a_client_to_the_schema(node: Node, tmp_path: Path) -> None:
    folder = workshop("typed", tmp_path)
    made = node.tool("graphql-codegen-esm", "--config", "codegen.mjs", cwd=folder)
    assert made.returncode == 0, made.stdout + made.stderr
    persisted = json.loads((folder / "src/generated/persisted-documents.json").read_text(encoding="utf-8"))
    assert len(persisted) == 2
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", key) for key in persisted)
    compiled = node.tool("tsc", "-p", ".", cwd=folder)
    assert compiled.returncode == 0, compiled.stdout


def test_the_linter_has_nothing_to_say_beyond_the_exceptions(node: Node, tmp_path: Path) -> None:
    folder = workshop("linted", tmp_path)
    said = node.tool("eslint", "schema.graphql", "--format", "json", cwd=folder)
    messages = [message for file in json.loads(said.stdout) for message in file["messages"]]
    assert [
        (message["line"], message["ruleId"], message["message"])
        for message in messages
        if not any(f'"{name}"' in message["message"] for name in SAID_SO)
    ] == []


def test_the_comparison_stops_a_change_that_breaks_clients(node: Node, tmp_path: Path) -> None:
    shutil.copyfile(SCHEMA, tmp_path / "before.graphql")
    (tmp_path / "node_modules").symlink_to(MODULES)
    before = SCHEMA.read_text(encoding="utf-8")
    household = before.index("\ntype Household ")
    field = re.compile(r'\n  """[^"]*"""\n  reference: String!\n').search(before, household)
    assert field is not None

    def compared(after: str) -> tuple[int, str]:
        (tmp_path / "after.graphql").write_text(after, encoding="utf-8")
        done = node.tool("graphql-inspector", "diff", "before.graphql", "after.graphql", cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    assert compared(before)[0] == 0
    added = before[: field.end()] + '\n  """New."""\n  added: String\n' + before[field.end() :]
    assert compared(added)[0] == 0, "what is added breaks nobody"
    status, said = compared(before[: field.start()] + before[field.end() :])
    assert status == 1
    assert "reference" in said
