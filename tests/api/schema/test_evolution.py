"""The schema grows, and nothing is taken away unannounced: compared with the last release and with what is told of it."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from graphql import build_schema
from typer.testing import CliRunner

from api.cli import app
from api.schema import evolution
from api.schema.evolution import Effect
from api.schema.root import printed

ROOT = Path(__file__).parents[3]
RELEASED = (ROOT / "docs" / "released.graphql").read_text(encoding="utf-8")
TOLD = (ROOT / "docs" / "schema-changes.md").read_text(encoding="utf-8")
BEFORE, DEPRECATED, REMOVED = "Changed before 1.0", "Deprecated", "Removed"


@dataclass(frozen=True)
class Entry:
    """A line of the changelog: under which day and heading, of what, and why."""

    day: dt.date
    heading: str
    what: str
    why: str


def entries(told: str = TOLD) -> Iterator[Entry]:
    for day, section in re.findall(r"^## (\d{4}-\d\d-\d\d)\n(.*?)(?=^## |\Z)", told, re.M | re.S):
        for heading, lines in re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", section, re.M | re.S):
            for what, why in re.findall(r"^- `([^`]+)`:((?:.|\n  )*)", lines, re.M):
                yield Entry(dt.date.fromisoformat(day), heading, what, " ".join(why.split()))


def run_out(old: str, what: str, day: dt.date) -> bool:
    """Whether what is removed was deprecated in the old schema, until a day that is over."""
    for where, reason in evolution.deprecations(build_schema(old)).items():
        found = evolution.REASON.fullmatch(reason)
        if found and where in what and dt.date.fromisoformat(found["day"]) < day:
            return True
    return False


def unannounced(old: str, new: str, told: str, before_1_0: bool) -> list[str]:
    """What to write, for each change that breaks clients and is not told as it should be."""
    listed = {entry.what: entry for entry in entries(told)}
    missing = []
    for effect, what in evolution.changes(old, new):
        entry = listed.get(what)
        if effect is not Effect.BREAKING or (
            entry is not None
            and entry.why
            and (
                (entry.heading == BEFORE and before_1_0)
                or (entry.heading == REMOVED and run_out(old, what.rstrip("."), entry.day))
            )
        ):
            continue
        missing.append(
            f"docs/schema-changes.md, under today's date and “### {BEFORE if before_1_0 else REMOVED}”: "
            f"- `{what}`: what clients have to do"
        )
    return missing


def test_whatever_breaks_a_client_is_told() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert unannounced(RELEASED, printed(), TOLD, version.startswith("0.")) == []


def test_the_changelog_tells_no_change_that_is_none() -> None:
    changed = {what for _, what in evolution.changes(RELEASED, printed())}
    assert [
        entry.what for entry in entries() if entry.heading in (BEFORE, REMOVED) and entry.what not in changed
    ] == []


OLD = 'type Query { a(b: Int @deprecated(reason: "use `c`; removed after 2026-03-01"), c: Int): Int d: Int }'
NEW = "type Query { a(c: Int): Int d: String }"


def test_what_is_not_told_is_found_with_the_words_to_write() -> None:
    found = unannounced(OLD, NEW, "", before_1_0=True)
    assert [line.split(": - ")[1] for line in found] == [
        "`Argument Query.a(b:) was removed.`: what clients have to do",
        "`Field Query.d changed type from Int to String.`: what clients have to do",
    ]
    told = (
        "## 2026-04-01\n\n### Changed before 1.0\n\n- `Field Query.d changed type from Int to String.`: text now.\n"
    )
    assert len(unannounced(OLD, NEW, told, before_1_0=True)) == 1
    assert len(unannounced(OLD, NEW, told, before_1_0=False)) == 2, "from 1.0 on there is no such list"


@pytest.mark.parametrize(("day", "missing"), [("2026-02-28", 2), ("2026-03-01", 2), ("2026-03-02", 1)])
def test_what_was_deprecated_goes_after_its_day(day: str, missing: int) -> None:
    told = f"## {day}\n\n### Removed\n\n- `Argument Query.a(b:) was removed.`: use `c`.\n"
    assert len(unannounced(OLD, NEW, told, before_1_0=False)) == missing


def test_whatever_is_deprecated_says_what_to_use_and_was_announced_ninety_days_before() -> None:
    announced = {entry.what: entry for entry in entries() if entry.heading == DEPRECATED}
    deprecated = evolution.deprecations(build_schema(printed()))
    assert deprecated, "the test sees what it is about"
    assert set(announced) == set(deprecated)
    for where, reason in deprecated.items():
        found = evolution.REASON.fullmatch(reason)
        assert found, f"{where}: write the reason with evolution.deprecated"
        assert announced[where].why.rstrip(".") == reason
        assert dt.date.fromisoformat(found["day"]) - announced[where].day >= evolution.NOTICE, where


def test_the_command_tells_the_changes_and_fails_where_clients_would_break(tmp_path: Path) -> None:
    same = CliRunner().invoke(app, ["schema", "--diff", str(ROOT / "schema.graphql")])
    assert (same.exit_code, same.stdout) == (0, "Nothing has changed.\n")
    released = CliRunner().invoke(app, ["schema", "--diff", str(ROOT / "docs" / "released.graphql")])
    assert released.exit_code == 1
    assert "Breaks clients:\n  Field Department.rows changed type from Int to BigInt.\n" in released.stdout
    less = tmp_path / "less.graphql"
    less.write_text(re.sub(r'  """[^"]*"""\n  viewer: Viewer\n', "", printed()), encoding="utf-8")
    grown = CliRunner().invoke(app, ["schema", "--diff", str(less)])
    assert (grown.exit_code, grown.stdout) == (0, "Harmless:\n  Field Query.viewer was added.\n")
