"""What the repository promises as a whole: locks, the README's table, and no address of a registry anywhere."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))


def names(requirements: list[str]) -> list[str]:
    return [re.split(r"[\[<>=;~! ]", requirement)[0].lower() for requirement in requirements]


EVERY = names(PROJECT["dependencies"]) + [
    n for extra in PROJECT["optional-dependencies"].values() for n in names(extra)
]


def test_there_is_a_lock_for_every_extra_and_one_for_the_matcher_alone() -> None:
    assert {path.stem for path in LOCKS} == {"matcher", *PROJECT["optional-dependencies"]}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_pin_bears_hashes_and_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "://" not in text


def test_a_lock_pins_what_its_extra_asks_for() -> None:
    for extra, requirements in PROJECT["optional-dependencies"].items():
        pinned = set(
            re.findall(r"^([a-z0-9._-]+)==", (ROOT / "locks" / f"{extra}.txt").read_text(encoding="utf-8"), re.M)
        )
        assert set(names(requirements)) | set(names(PROJECT["dependencies"])) <= pinned


def test_the_matcher_alone_needs_nothing_of_the_service() -> None:
    pinned = (ROOT / "locks" / "matcher.txt").read_text(encoding="utf-8")
    for extra in ("api", "postgres", "spark", "dev", "bench"):
        for name in names(PROJECT["optional-dependencies"][extra]):
            assert not re.search(rf"^{re.escape(name)}==", pinned, re.M), name


@pytest.mark.parametrize("name", sorted(set(EVERY)))
def test_every_dependency_stands_in_the_readmes_table_with_its_reason(name: str) -> None:
    table = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert any(re.search(rf"\b{re.escape(name)}\b", line.split("|")[1]) for line in table)


def test_no_file_names_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    address = re.compile(r"https?://[a-z0-9.-]*(registry|pypi|pythonhosted|npmjs|deb\.debian)", re.I)
    for name in listed:
        path = ROOT / name
        if path.is_file() and path.suffix in {".py", ".toml", ".txt", ".md", "", ".tsv", ".json"}:
            assert not address.search(path.read_text(encoding="utf-8", errors="replace")), name


def test_ci_calls_what_the_readme_says() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["api/services", "api/domain", "api/schema", "api/gate"])
def test_the_map_of_the_house_shows_every_room(folder: str) -> None:
    """Each module stands in its folder's row of docs/architecture.md, with what it is for."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `{folder.removeprefix('api/')}/` \|(.*)$", page, re.M)
    shown = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", row))))
    rooms = {
        path.stem for path in (ROOT / folder).glob("[!_]*") if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - shown == set()
