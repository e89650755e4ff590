"""After the run, the figures as a table: what took how long, and what each side reached."""

from __future__ import annotations

from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    session: Any = getattr(config, "_benchmarksession", None)
    for each in session.benchmarks if session else ():
        info = ", ".join(f"{name} {value}" for name, value in each.extra_info.items())
        terminalreporter.write_line(f"{each.name}: median {each.stats.median:.3f} s; {info}")
