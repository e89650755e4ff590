"""The whole scan on one page: feeds → links → findings → report; and what a changed policy would make of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from matcher import __version__, breakers
from matcher.breakers import Now, Tripped
from matcher.engines import since
from matcher.engines.workspace import alone
from matcher.errors import BreakerOpened, UsageError
from matcher.gathering import Gathered, ScanRequest, gather, keep
from matcher.measure import Clock, peak_memory_bytes
from matcher.progress import Progress, silent
from matcher.report import diffing, files, page, summary
from matcher.rules import book, finding, keeping

__all__ = ["ScanRequest", "scan", "simulate"]


def scan(request: ScanRequest, progress: Progress = silent) -> dict[str, Any]:
    """Scans the folder, writes its outputs into `out` (report.files, report.page), and returns the content of summary.json.

    The same inputs, model, plan and policy give the same bytes in links, findings, coverage and rejects. Raises
    InputRefused (a file, row or column cannot be accepted), UsageError or BreakerOpened; then `out` holds no new output, and
    the finished chunks stay there for `resume`. While another process scans into `out`, it waits.
    """
    if request.since is not None and request.since.resolve() == request.out.resolve():
        raise UsageError("--since names the results of an earlier scan, and --out another place")
    with alone(request.out, progress):
        return _scan(request, progress)


def _scan(request: ScanRequest, progress: Progress) -> dict[str, Any]:
    clock = Clock()
    earlier = [files.read_summary(out) for out in request.baselines]
    gathered = gather(request, clock, progress)
    facts = gathered.facts
    rules = book.chosen(request.rules, facts.as_of)
    findings, ran = finding.judge(facts, rules)
    clock.lap("rules")

    opened = breakers.tripped(_now(gathered, findings), earlier, facts.policy, facts.as_of)
    if opened and request.override_breaker is None:
        raise BreakerOpened(_stopped(opened))
    report = summary.summarise(
        findings,
        gathered.links,
        facts.coverage,
        gathered.rejects,
        summary.Circumstances(
            as_of=facts.as_of,
            households=facts.households.select("household_id", "division_code"),
            persons=len(gathered.asked.everyone),
            intake=gathered.intake,
            ignored_files=gathered.opened.delivery.ignored,
            timings=clock.laps,
            peak_memory_bytes=peak_memory_bytes(),
            versions={
                "program": __version__,
                "plan": gathered.opened.plan.version,
                "model": gathered.opened.model.version,
                "policy": facts.policy.version,
                "rules": " ".join(f"{rule.id}@{rule.version}" for rule in rules),
            },
            input_hashes=gathered.hashes,
            authorised_by=request.authorised_by,
            flooded=gathered.flooded,
            pairs=gathered.pairs,
            ran=ran,
            tripped=opened,
            override_breaker=request.override_breaker,
            earlier=earlier,
        ),
    )
    keeping.keep(facts, request.out)
    files.write_outputs(
        request.out,
        {
            "links": gathered.links,
            "findings": findings,
            "coverage": facts.coverage,
            "rejects": gathered.rejects,
            "flooded": gathered.flooded,
        },
        report,
    )
    page.write_page(
        request.out,
        report,
        findings,
        page.source_titles(),
        links=gathered.links,
        model=gathered.opened.model,
        plan=gathered.opened.plan,
        counties=facts.households.select("household_id", "division_code"),
    )
    if request.keep:
        keep(request, gathered)
    else:
        gathered.workspace.remove()
        shutil.rmtree(request.out / since.FOLDER, ignore_errors=True)
    return report


def simulate(request: ScanRequest, change: Path, progress: Progress = silent) -> dict[str, Any]:
    """What the leads would be under the values of `change`, on these inputs; nothing is stored (safeguard F-40).

    `change` is a policy file that needs no approvers, since nothing comes of it. Returns diffing.effect: leads new, gone, changed and
    the same, by rule and county. Raises as `scan` does.
    """
    with tempfile.TemporaryDirectory(prefix="matcher-") as nowhere:
        gathered = gather(replace(request, out=Path(nowhere)), Clock(), progress)
        facts = gathered.facts
        rules = book.chosen(request.rules, facts.as_of)
        changed = facts.policy.changed(change)
        before, after = (finding.run(replace(facts, policy=values), rules) for values in (facts.policy, changed))
    return diffing.effect(before, after, facts.households)


def _now(gathered: Gathered, findings: Any) -> Now:
    intake: Mapping[str, summary.Intake] = gathered.intake
    return Now(
        persons=len(gathered.asked.everyone),
        findings=findings,
        rows={name: each.accepted for name, each in intake.items()},
        numbers={name: each.numbers for name, each in intake.items() if each.numbers is not None},
    )


def _stopped(opened: tuple[Tripped, ...]) -> str:
    told = "; ".join(f"{each.check} {each.en} / {each.zh}" for each in opened)
    return (
        f"the scan was stopped by a circuit breaker: {told}. Look at the feeds first (matcher validate); "
        'if the figures are right, go on with --resume --override-breaker "REASON"'
    )
