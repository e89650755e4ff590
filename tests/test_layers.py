"""The laws of the house (docs/architecture.md), read from the source by ast; each law first proves that it can fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "matcher")

MATCHER_FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "frames", "progress", "measure", "columnwise", "threads", "views", "hashing", "prepared"),
    ("identity",),
    ("policy", "overlap"),
    ("income", "compatibility"),
    ("sources", "normalising", "blocking", "comparing", "scoring", "rules"),
    ("plan", "plans", "authorisations", "breakers", "coverage", "evidence", "roster"),
    ("applicants", "tables", "quality", "suggesting"),
    ("kernel", "linking", "flooding"),
    ("grouping", "index"),
    ("engines", "online", "report", "synthetic"),
    ("training", "gathering"),
    ("checking", "pipeline", "joins"),
    ("forecast",),
    ("console",),
    ("cli",),
    ("__main__",),
)
"""From the ground up: a part may import what stands on a lower floor, and itself; never a neighbour."""

FREE_GROUND = {"errors", "frames", "progress", "measure", "columnwise", "views", "hashing", "prepared"}
API_FLOORS: tuple[tuple[str, ...], ...] = (
    ("settings", "domain", "durable", "sealing", "page", "sheets"),
    ("database",),
    ("models",),
    ("migrations",),
    (
        "scope",
        "matching",
        "jobs",
        "outbox",
        "oidc",
        "workdays",
        "attachments_store",
        "exports_store",
        "uploads_store",
        "depot",
        "posting",
    ),
    ("loaders", "broadcast"),
    ("services",),
    ("recorder", "notary", "agenda"),
    ("schema",),
    ("gate", "work"),
    ("auth", "oauth", "worker", "postman", "intake", "backup"),
    ("sockets",),
    ("endpoint",),
    ("files", "board"),
    ("bank", "exports", "receipts", "uploads"),
    ("app",),
    ("demo",),
    ("commands",),
    ("cli",),
)
FORBIDDEN_NAMES = {"utils", "util", "misc", "helpers", "helper", "common"}


def modules() -> dict[str, Path]:
    """Every module of both packages by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(source: str, known: set[str]) -> Iterator[str]:
    """The dotted names of our modules that a source imports, typing-only imports and those inside functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in PACKAGES)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                yield deeper if deeper in known else node.module


def lazily(source: str, known: set[str]) -> set[str]:
    """The one exception to law 4: what only the checker of types imports, and strawberry.lazy names."""
    tree = ast.parse(source)
    named = {
        argument.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "strawberry.lazy"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    rest = ast.Module([node for node in tree.body if node not in blocks], [])
    return {name for block in blocks for name in imports(ast.unparse(block), known) if name in named} - set(
        imports(ast.unparse(rest), known)
    )


def graph_without_lazy() -> dict[str, set[str]]:
    known = modules()
    return {
        name: targets - lazily(known[name].read_text(encoding="utf-8"), set(known))
        if name.startswith("api.schema.")
        else targets
        for name, targets in graph().items()
    }


def graph() -> dict[str, set[str]]:
    known = modules()
    return {name: set(imports(path.read_text(encoding="utf-8"), set(known))) for name, path in known.items()}


def upward(edges: dict[str, set[str]], package: str, floors: tuple[tuple[str, ...], ...]) -> list[str]:
    """Imports that do not point down."""
    level = {part: floor for floor, parts in enumerate(floors) for part in parts}
    wrong = []
    for name, targets in edges.items():
        part = _part(name, package)
        for target in targets:
            other = _part(target, package)
            if part is None or other is None or part == other:
                continue
            if part not in level:
                wrong.append(f"{name} stands on no floor")
            elif other not in level or level[other] > level[part]:
                wrong.append(f"{name} imports {target}")
            elif level[other] == level[part] and part not in FREE_GROUND:
                wrong.append(f"{name} imports its neighbour {target}")
    return wrong


def _part(name: str, package: str) -> str | None:
    pieces = name.split(".")
    return pieces[1] if pieces[0] == package and len(pieces) > 1 else None


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Import circles, found by walking in depth."""
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
        elif name not in done:
            for target in sorted(edges.get(name, ())):
                walk(target, [*path, name])
            done.add(name)

    for name in sorted(edges):
        walk(name, [])
    return found


def test_the_checks_can_fail() -> None:
    known = {"matcher.rules", "matcher.pipeline", "matcher.sources", "api.cli"}
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from matcher import pipeline\n"
    edges = {
        "matcher.rules": set(imports(source, known)),
        "matcher.sources": {"matcher.rules"},
        "matcher.pipeline": {"matcher.rules"},
    }
    assert upward(edges, "matcher", MATCHER_FLOORS) == [
        "matcher.rules imports matcher.pipeline",
        "matcher.sources imports its neighbour matcher.rules",
    ]
    assert circles(edges) == [["matcher.pipeline", "matcher.rules", "matcher.pipeline"]]
    lazy = 'a = strawberry.lazy("matcher.pipeline")\n'
    assert lazily(source + lazy, known) == {"matcher.pipeline"}
    assert lazily(source, known) == lazily(f"from matcher import pipeline\n{source}{lazy}", known) == set()


def test_law_1_the_matcher_knows_nothing_of_the_service() -> None:
    assert not [
        (name, target) for name, targets in graph().items() for target in targets
        if name.startswith("matcher") and target.startswith("api")
    ]  # fmt: skip


def test_law_1_the_service_reaches_the_matcher_through_one_door() -> None:
    assert not [
        (name, target) for name, targets in graph().items() for target in targets
        if name.startswith("api") and not name.startswith("api.matching") and target.startswith("matcher")
    ]  # fmt: skip


def test_law_2_in_the_service_nothing_points_up() -> None:
    assert upward(graph(), "api", API_FLOORS) == []


def test_law_3_in_the_matcher_arrows_point_down() -> None:
    assert upward(graph(), "matcher", MATCHER_FLOORS) == []


def test_law_4_there_is_no_circle() -> None:
    assert circles(graph_without_lazy()) == []


def test_law_5_no_module_is_a_drawer_for_everything() -> None:
    assert not [name for name in modules() if set(name.split(".")) & FORBIDDEN_NAMES]


def test_law_6_the_matcher_is_synchronous() -> None:
    for name, path in modules().items():
        if name.startswith("matcher"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            assert not [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)], name


def test_law_7_viewers_and_events_are_frozen() -> None:
    from api.domain.permissions import Viewer
    from api.outbox import Event

    for kind in (Viewer, Event):
        assert kind.__dataclass_params__.frozen  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("folder", "names"), [("schema", {"select", "insert", "update", "delete", "text"}), ("services", set())]
)
def test_law_8_no_select_in_the_schema_and_no_commit_in_services(folder: str, names: set[str]) -> None:
    for path in (ROOT / "api" / folder).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & names, path.name
        calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not calls & {"commit", "begin", "rollback"}, path.name


def test_law_8_pyspark_stays_in_its_engine() -> None:
    for name, path in modules().items():
        if name != "matcher.engines.spark":
            assert not re.search(r"^\s*(import|from) pyspark", path.read_text(encoding="utf-8"), re.M), name


@pytest.mark.parametrize("name", sorted(modules()))
def test_a_module_opens_with_its_caption(name: str) -> None:
    caption = ast.get_docstring(ast.parse(modules()[name].read_text(encoding="utf-8")))
    assert caption, f"{name} has no caption"
