"""Progress on a terminal, in a log or for a program: a bar with an honest estimate, a line every few seconds, or JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from matcher.progress import Progress, Step, silent

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def shown(console: Console, *, quiet: bool, for_programs: bool = False) -> Iterator[Progress]:
    """A listener that shows the steps on `console` (stderr) while the block runs."""
    if quiet:
        yield silent
    elif for_programs:
        yield _json_lines
    elif console.is_terminal:
        with _bars(console) as listener:
            yield listener
    else:
        yield _lines(console)


@contextmanager
def _bars(console: Console) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=False) as bars:
        tasks = {}

        def show(step: Step) -> None:
            if step.stage not in tasks:
                tasks[step.stage] = bars.add_task(step.stage, total=step.total, unit=step.unit)
            bars.update(tasks[step.stage], completed=step.done, total=step.total)

        yield show


def _json_lines(step: Step) -> None:
    """One JSON object a line on stderr: stage, done, total (null while unknown), unit."""
    print(json.dumps(asdict(step)), file=sys.stderr, flush=True)  # noqa: T201


def _lines(console: Console) -> Progress:
    started: dict[str, float] = {}
    last = 0.0

    def show(step: Step) -> None:
        nonlocal last
        now = time.monotonic()
        began = started.setdefault(step.stage, now)
        finished = step.total is not None and step.done >= step.total
        if now - last < SECONDS_BETWEEN_LINES and not finished:
            return
        last = now
        share = f" of {step.total:,}" if step.total is not None else ""
        remaining = ""
        if step.total and step.done and not finished:
            remaining = f", about {(now - began) * (step.total - step.done) / step.done:.0f} s left"
        console.print(f"{step.stage}: {step.done:,}{share} {step.unit}{remaining}", highlight=False)

    return show
