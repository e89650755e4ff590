"""The commands of `matcher`: results on stdout or in files, progress and messages on stderr.

Exit status: 0 done, 2 usage, 3 input refused (with file, row and column), 4 stopped by a circuit breaker, 130 interrupted
(resumable). The heavy
modules are imported inside the commands: help stays quick, and --threads must be known before polars starts.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from matcher.console import shown
from matcher.errors import InputRefused, Interrupted, MatcherError, UsageError, refused_by_system
from matcher.sources import spawning

app = typer.Typer(
    help=__doc__.splitlines()[0] if __doc__ else None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
messages = Console(stderr=True)
results = Console()


class Language(StrEnum):
    """What people read."""

    zh = "zh"
    en = "en"


class Form(StrEnum):
    """How the synthetic city's departments write their files."""

    parquet = "parquet"
    gb18030 = "gb18030"


Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON on stdout.")]
Lang = Annotated[Language, typer.Option("--lang", help="Language of tables and explanations.")]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        metavar="FILE",
        help="The public keys of departments that sign their batches, by source; a file outside DIR.",
    ),
]
Databases = Annotated[
    Path | None,
    typer.Option(
        "--databases",
        metavar="FILE",
        help="Sources that are asked of a database; a file outside DIR (docs/files.md).",
    ),
]
ExplainPlan = Annotated[
    bool,
    typer.Option("--explain-plan", help="A dry run: candidates, seconds and memory to expect; --out is not touched."),
]


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a date is written YYYY-MM-DD") from None


@app.command()
def scan(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of tables and feeds.")],
    out: Annotated[Path | None, typer.Option("--out", help="Where the results go.")] = None,
    as_of: Annotated[
        dt.date | None,
        typer.Option(
            "--as-of", parser=_day, metavar="DATE", help="Reference date; default: the latest feed's as_of."
        ),
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="A linkage plan; default: the shipped one for persons.")] = None,
    model: Annotated[Path | None, typer.Option(help="A model file; default: the plan's own.")] = None,
    index: Annotated[
        Path | None, typer.Option(metavar="INDEX", help="The department feeds, prepared by matcher index.")
    ] = None,
    databases: Databases = None,
    keys: Keys = None,
    policy: Annotated[
        Path | None, typer.Option(help="Dated values by division; default: policy.toml in DIR.")
    ] = None,
    rules: Annotated[str, typer.Option(metavar="ID,ID", help="Only these rules.")] = "",
    threads: Annotated[int | None, typer.Option(min=1, help="Cores to use; default: all.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted scan.")] = False,
    authorised_by: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The authority to look people up without an authorisations table."),
    ] = None,
    baseline: Annotated[
        list[Path] | None,
        typer.Option(
            "--baseline",
            metavar="OUT",
            help="Results of an earlier scan that circuit breakers compare with; give several, the latest last.",
        ),
    ] = None,
    override_breaker: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Go on although a circuit breaker opens; the reason is recorded."),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since",
            metavar="OUT",
            help="Results of an earlier scan with --keep: who and what is as it was is not matched again.",
        ),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep what was matched in OUT/kept, for --since.")] = False,
    change: Annotated[
        Path | None,
        typer.Option(
            "--simulate",
            metavar="F",
            help="What the leads would be under the values of this policy file; nothing is stored.",
        ),
    ] = None,
    lang: Lang = Language.zh,
    as_json: AsJson = False,
    json_progress: Annotated[
        bool, typer.Option("--json-progress", help="Progress as JSON lines on stderr, for programs.")
    ] = False,
    explain_plan: ExplainPlan = False,
    quiet: Quiet = False,
) -> None:
    """Join the feeds of DIR to its applicants and raise leads: fraud, duplicate aid, unmet entitlement."""
    _cores(threads)
    from matcher.gathering import ScanRequest
    from matcher.pipeline import scan as run
    from matcher.pipeline import simulate
    from matcher.report import diffing, terminal

    if change is not None and out is not None:
        raise UsageError("--simulate stores nothing: leave --out away")
    if override_breaker is not None and not override_breaker.strip():
        raise UsageError("--override-breaker wants the reason, which is recorded")
    out = _place(out, needed=not explain_plan and change is None)
    request = ScanRequest(
        folder=folder,
        out=out,
        as_of=as_of,
        plan=plan,
        model=model,
        index=index,
        databases=databases,
        keys=keys,
        policy=policy,
        rules=_listed(rules),
        authorised_by=authorised_by,
        resume=resume,
        baselines=tuple(baseline or ()),
        override_breaker=override_breaker,
        since=since,
        keep=keep,
    )
    if change is not None:
        with shown(messages, quiet=quiet, for_programs=json_progress) as progress:
            effect = simulate(request, change, progress)
        if as_json:
            results.print_json(json.dumps(effect, ensure_ascii=False))
        else:
            diffing.show_effect(effect, results, lang.value)
        return
    if explain_plan:
        from matcher import forecast

        with shown(messages, quiet=quiet, for_programs=json_progress) as progress:
            foretold = forecast.scan(request, progress)
        _foretold(foretold, lang, as_json=as_json)
        return
    try:
        with shown(messages, quiet=quiet, for_programs=json_progress) as progress:
            report = run(request, progress)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what is done is kept, and the same command with --resume goes on") from None
    for name in report["ignored_files"]:
        messages.print(f"{name}: belongs to no source and was not read; name it in feeds.toml", highlight=False)
    if as_json:
        results.print_json(json.dumps(report, ensure_ascii=False))
    else:
        terminal.show(report, out, results, lang.value)


PlanFile = Annotated[
    Path, typer.Option("--plan", help="A linkage plan in TOML, or the name of a shipped one.", metavar="F")
]
ModelFile = Annotated[Path | None, typer.Option("--model", help="A model file made by matcher train.", metavar="F")]
Train = Annotated[bool, typer.Option("--train", help="Fit a model to these tables first.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Cores to use; default: all.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stood.")]


def _listed(text: str) -> tuple[str, ...]:
    """The words of a list with commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _cores(threads: int | None) -> None:
    """How many cores polars may use, said before it starts; and the process that reads files gets ready meanwhile."""
    if threads is not None:
        os.environ["POLARS_MAX_THREADS"] = str(threads)
    spawning.ahead()


def _told(outcome: dict[str, Any], out: Path, as_json: bool) -> None:
    """The outcome of a job: as JSON on stdout, or in a few words."""
    if as_json:
        results.print_json(json.dumps(outcome, ensure_ascii=False))
        return
    seconds = sum(outcome["timings_seconds"].values())
    said = [
        f"{name} {outcome[name]:,}"
        for name in ("rows", "groups", "left", "right_rows", "candidates", "bound", "pairs", "links", "flooded")
        if name in outcome
    ]
    results.print(
        f"{out}: {' · '.join(said)} · {seconds:.1f} s · {outcome['peak_memory_bytes'] >> 20:,} MiB", highlight=False
    )


def _place(out: Path | None, *, needed: bool) -> Path:
    """Where results go; a dry run needs no place, and writes to none."""
    if out is None and needed:
        raise UsageError("say with --out where the results go, or add --explain-plan for a dry run")
    return out or Path()


def _foretold(foretold: dict[str, Any], lang: Language, *, as_json: bool) -> None:
    """A forecast: as JSON on stdout, or as tables."""
    from matcher.report import forecast

    if as_json:
        results.print_json(json.dumps(foretold, ensure_ascii=False))
    else:
        forecast.show(foretold, results, lang.value)


def _warn(text: str) -> None:
    messages.print(text, markup=False, highlight=False)


@app.command()
def link(
    left: Annotated[Path, typer.Argument(metavar="LEFT", help="The smaller table; it is held in memory.")],
    right: Annotated[Path, typer.Argument(metavar="RIGHT", help="The larger table; it is streamed.")],
    plan: PlanFile,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="F", help="The pairs: Parquet, CSV or NDJSON by its ending.")
    ] = None,
    model: ModelFile = None,
    train: Train = False,
    one_to_one: Annotated[bool, typer.Option("--one-to-one", help="Each row in one link at most.")] = False,
    best_match: Annotated[
        bool, typer.Option("--best-match", help="Of each row of RIGHT the surest pair alone.")
    ] = False,
    threads: Threads = None,
    resume: Resume = False,
    explain_plan: ExplainPlan = False,
    lang: Lang = Language.zh,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Link any two tables under any plan: every pair at or above the review threshold, weighed and explained."""
    _cores(threads)
    from matcher import joins

    out = _place(out, needed=not explain_plan)
    request = joins.LinkRequest(left, right, out, plan, model, train, one_to_one, best_match, resume)
    if explain_plan:
        from matcher import forecast

        with shown(messages, quiet=quiet) as progress:
            foretold = forecast.link(request, progress, _warn)
        _foretold(foretold, lang, as_json=as_json)
        return
    try:
        with shown(messages, quiet=quiet) as progress:
            outcome = joins.link(request, progress, _warn)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what is done is kept, and the same command with --resume goes on") from None
    _told(outcome, out, as_json)


@app.command()
def dedupe(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="The table whose rows to group.")],
    plan: PlanFile,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="F", help="Row id → group id: Parquet, CSV or NDJSON.")
    ] = None,
    model: ModelFile = None,
    train: Train = False,
    threads: Threads = None,
    resume: Resume = False,
    explain_plan: ExplainPlan = False,
    lang: Lang = Language.zh,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Group the rows of one table that are one entity."""
    _cores(threads)
    from matcher import joins

    out = _place(out, needed=not explain_plan)
    request = joins.DedupeRequest(table, out, plan, model, train, resume)
    if explain_plan:
        from matcher import forecast

        with shown(messages, quiet=quiet) as progress:
            foretold = forecast.dedupe(request, progress, _warn)
        _foretold(foretold, lang, as_json=as_json)
        return
    try:
        with shown(messages, quiet=quiet) as progress:
            outcome = joins.dedupe(request, progress, _warn)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what is done is kept, and the same command with --resume goes on") from None
    _told(outcome, out, as_json)


@app.command()
def train(
    tables: Annotated[
        list[Path],
        typer.Argument(metavar="DIR | LEFT RIGHT | TABLE", help="A scan's folder, two tables, or one to dedupe."),
    ],
    plan: PlanFile,
    out: Annotated[Path, typer.Option("--out", metavar="MODEL.json", help="The model file to write.")],
    reviewed: Annotated[
        Path | None,
        typer.Option(
            "--reviewed", metavar="F", help="Pairs that people judged (jiekun pairs export), to calibrate by, too."
        ),
    ] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Fit a model to your own tables: weights, prior, how common names and values are."""
    _cores(threads)
    from matcher import joins

    with shown(messages, quiet=quiet) as progress:
        trained = joins.train(tables, plan, out, progress, _warn, reviewed)
    results.print(f"{out}: {trained.version} · {trained.note}", markup=False, highlight=False)


@app.command()
def index(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with the department feeds.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="INDEX", help="The folder to write; an index there is replaced.")
    ],
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="F", help="A linkage plan; default: for persons.")
    ] = None,
    databases: Databases = None,
    keys: Keys = None,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Prepare feeds on disk: for scans that begin with matching, and for checks that answer at once."""
    _cores(threads)
    from matcher import index as prepared
    from matcher import plan as plans
    from matcher.measure import Clock, peak_memory_bytes
    from matcher.sources.manifest import read_keys

    clock = Clock()
    with shown(messages, quiet=quiet) as progress:
        built = prepared.build(
            folder, out, plans.load(plan), progress, databases, read_keys(keys, folder) if keys else None
        )
    clock.lap("index")
    outcome = {
        "sources": {name: source.accepted for name, source in built.sources.items()},
        "rows": built.rows,
        "timings_seconds": clock.laps,
        "peak_memory_bytes": peak_memory_bytes(),
    }
    _told(outcome, out, as_json)


@app.command()
def check(
    index: Annotated[Path, typer.Option("--index", metavar="INDEX", help="Feeds prepared by matcher index.")],
    person: Annotated[
        str | None, typer.Option("--person", metavar="-", help="`-`: one applicant as JSON on standard input.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="F", help="One applicant as JSON in a file.")] = None,
    plan: Annotated[Path | None, typer.Option("--plan", metavar="F", help="The plan of the index.")] = None,
    model: ModelFile = None,
) -> None:
    """Look one applicant up now: the links a scan would give, as JSON. Personal data never stand in the arguments."""
    from matcher import online
    from matcher import plan as plans
    from matcher.index import open_index
    from matcher.scoring import model as models

    given = _applicant(person, file)
    read = plans.load(plan)
    checker = online.Checker(open_index(index, read), models.load(model or read.model or online.NO_MODEL))
    found = checker.check(given)
    print(json.dumps(found.as_dict(), ensure_ascii=False, default=str))  # noqa: T201


def _applicant(person: str | None, file: Path | None) -> dict[str, Any]:
    """The applicant from standard input or a file, never from the arguments."""
    if (person is None) == (file is None) or person not in (None, "-"):
        raise UsageError("give the applicant as JSON on standard input with --person -, or in a file with --file F")
    try:
        text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8")
        content = json.loads(text)
    except OSError:
        raise InputRefused("the file cannot be opened", file=file, remedy="Check the path") from None
    except ValueError:  # says nothing of what stands there: it is a person's
        raise InputRefused("this is no JSON", file=file, remedy='Write {"name": "…", "id_number": "…"}') from None
    if not isinstance(content, dict):
        raise InputRefused(
            "an applicant is one JSON object", file=file, remedy='Write {"name": "…", "id_number": "…"}'
        )
    return content


@app.command()
def report(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The results of a scan.")],
    plan: Annotated[Path | None, typer.Option(help="The plan of the links; default: the shipped one.")] = None,
    model: Annotated[Path | None, typer.Option(help="The model that weighed; default: the plan's own.")] = None,
    lang: Lang = Language.zh,
    as_json: AsJson = False,
) -> None:
    """Show again what a scan found, and write its page report.html anew from its files."""
    from matcher.report import files, page, terminal

    content = files.read_summary(out)
    if unshown := page.rebuild(out, lang.value, plan, model):
        messages.print(f"matcher: {unshown}", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        results.print_json(json.dumps(content, ensure_ascii=False))
    else:
        terminal.show(content, out, results, lang.value)


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(metavar="OUT1", help="The results of the earlier scan.")],
    second: Annotated[Path, typer.Argument(metavar="OUT2", help="The results of the later scan.")],
    lang: Lang = Language.zh,
    as_json: AsJson = False,
) -> None:
    """Hold two scans against each other: leads new, gone, changed or the same, and why; links counted by source."""
    from matcher.report import diffing

    difference = diffing.compare(first, second)
    if as_json:
        results.print_json(json.dumps(difference.as_dict(), ensure_ascii=False))
    else:
        diffing.show(difference, results, lang.value)


@app.command()
def explain(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The results of a scan.")],
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="A finding_id, or its unmistakable beginning.")],
    lang: Annotated[Language | None, typer.Option("--lang", help="One language; default: both.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say why a lead was raised, on which records, what was tested and what would clear it; recomputed from its inputs."""
    from matcher.report import files, terminal
    from matcher.rules import keeping

    row = files.find(out, finding)
    recomputed = keeping.recomputed(out, row)
    if as_json:
        results.print_json(json.dumps(recomputed.as_dict(), ensure_ascii=False, default=str))
    else:
        terminal.explain(row, results, lang.value if lang else None)


@app.command()
def evaluate(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The results of a scan, or the links that matcher link wrote.")
    ],
    truth: Annotated[
        Path,
        typer.Option("--truth", metavar="DIR", help="The folder with truth_links, or a file of true pairs."),
    ],
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Also write all of it as charts.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="For the charts: the model that weighed; default: the plan's own.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="For the charts: the plan of the links; default: the scan's.")
    ] = None,
    lang: Lang = Language.zh,
    brief: Annotated[bool, typer.Option("--brief", help="One line: totals only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure links and findings against a known truth: precision, recall, calibration, errors and look-alikes."""
    from matcher.report import figures
    from matcher.scoring import evaluation, judging

    judged = judging.read(out, truth)
    outcome = evaluation.evaluate(judged)
    if page is not None:
        from matcher.report import linkage

        linkage.write_page(page, linkage.subject(out, plan, model), judged, outcome, lang.value)
    if as_json:
        results.print_json(json.dumps(outcome.as_dict(), ensure_ascii=False))
    elif brief:
        results.print(outcome.line(), highlight=False, soft_wrap=True)
    else:
        results.print(figures.tables(outcome))
    if page is not None:
        messages.print(f"{page}", highlight=False, soft_wrap=True)


@app.command()
def synth(
    out: Annotated[Path, typer.Option("--out", help="The folder to write.")],
    households: Annotated[int, typer.Option(min=1, help="Households applying or on file.")] = 5_000,
    records: Annotated[int, typer.Option(min=1, help="Department records in all feeds together.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 1,
    form: Annotated[Form, typer.Option(help="Parquet, or GB18030 CSV with Chinese headers.")] = Form.parquet,
    sources: Annotated[str, typer.Option(metavar="ID,ID", help="Only these feeds; default: all.")] = "",
    quiet: Quiet = False,
) -> None:
    """Write a city with known truth: people, families, feeds, planted leads and innocent look-alikes."""
    from matcher.synthetic.city import write_city

    with shown(messages, quiet=quiet) as progress:
        write_city(
            out,
            households=households,
            records=records,
            seed=seed,
            form=form.value,
            sources=_listed(sources) or None,
            progress=progress,
        )
    messages.print(f"{out}: {households:,} households, {records:,} records, seed {seed}", highlight=False)


@app.command()
def validate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of tables and feeds.")],
    out: Annotated[Path, typer.Option("--out", help="Where page, figures, rejects and history go.")] = Path(
        "validation"
    ),
    as_of: Annotated[
        dt.date | None,
        typer.Option("--as-of", parser=_day, metavar="DATE", help="The day to judge by; default: today."),
    ] = None,
    source: Annotated[str, typer.Option(metavar="ID,ID", help="Only these sources; default: all.")] = "",
    history: Annotated[
        Path | None, typer.Option(metavar="F", help="Earlier batches; default: history.jsonl in OUT.")
    ] = None,
    rows: Annotated[
        Path | None,
        typer.Option(
            "--keep-rows", metavar="DIR", help="Keep the accepted rows as Parquet there, a folder a source."
        ),
    ] = None,
    doubts: Annotated[
        Path | None,
        typer.Option(
            "--name-doubts", metavar="DIR", help="Write there of which record each reject is, a folder a source."
        ),
    ] = None,
    databases: Databases = None,
    keys: Keys = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Write a feeds.toml for an unknown layout, for a person to confirm.")
    ] = False,
    lang: Lang = Language.zh,
    as_json: AsJson = False,
    json_progress: Annotated[
        bool, typer.Option("--json-progress", help="Progress as JSON lines on stderr, for programs.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Hold the feeds of DIR against their contracts and their own history, and write a page for the department."""
    _cores(None)
    try:
        with shown(messages, quiet=quiet, for_programs=json_progress) as progress:
            if suggest:
                from matcher.suggesting import folder as assistant

                suggested = assistant.suggest(folder, progress)
            else:
                from matcher.quality import run
                from matcher.report import quality
                from matcher.sources.manifest import read_keys

                today = as_of or dt.datetime.now().astimezone().date()
                signers = read_keys(keys, folder) if keys else None
                request = run.Request(folder, out, today, _listed(source), history, databases, signers, rows, doubts)
                content = run.validate(request, progress)
                quality.write_page(out, content, lang.value)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; earlier results stand as they were") from None
    if suggest:
        for question in suggested.questions:
            messages.print(question[lang is Language.en], markup=False, highlight=False, soft_wrap=True)
        if not suggested.sources:
            raise InputRefused(
                "no file of it could be understood", file=folder, remedy="Write feeds.toml by hand; see docs/files.md"
            )
        written = assistant.write(folder, suggested)
        print(suggested.text, end="")  # noqa: T201
        messages.print(
            f"{written}: 请逐行核对后再使用 · to be confirmed line by line before it is used",
            highlight=False,
            soft_wrap=True,
        )
        return
    if as_json:
        results.print_json(json.dumps(content, ensure_ascii=False))
    else:
        quality.show(content, out, results, lang.value)
    for refusal in quality.refusals(content):
        messages.print(f"matcher: {refusal}", markup=False, highlight=False, soft_wrap=True)
    if run.any_refused(content):
        raise typer.Exit(InputRefused.exit_status)


@app.command()
def rules(
    rule_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="One rule; default: the list.")] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="DIR",
            help="The whole public rule book into a folder: Markdown and JSON, Chinese and English.",
        ),
    ] = None,
    as_of: Annotated[
        dt.date | None,
        typer.Option(
            "--as-of", parser=_day, metavar="DATE", help="The rules and values of that day; default: today's."
        ),
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="A city's own dated values before the shipped ones.")] = None,
    lang: Lang = Language.zh,
    as_json: AsJson = False,
) -> None:
    """The rules in force, as clerks read them; with --export the whole book as a public document."""
    from matcher import policy as policies
    from matcher.report import rulebook

    day = as_of or dt.datetime.now(dt.UTC).date()
    values = policies.load(policy)
    if export is not None:
        if rule_id is not None or as_json:
            raise UsageError("--export writes the whole book: give neither a rule nor --json")
        for path in rulebook.export(export, day, values):
            results.print(str(path), markup=False, highlight=False, soft_wrap=True)
    elif as_json:
        results.print_json(json.dumps(rulebook.told(rule_id, day, values), ensure_ascii=False))
    else:
        text = (
            rulebook.listed(day, lang.value) if rule_id is None else rulebook.text(rule_id, day, values, lang.value)
        )
        results.print(text, markup=False, highlight=False, soft_wrap=True)


@app.command()
def sources(
    source_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="One source; default: the list.")] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="csv", help="An empty file for a department to fill.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="All of them as a page in Markdown.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="F", help="Where template or page go; default: stdout.")
    ] = None,
    lang: Lang = Language.zh,
    as_json: AsJson = False,
) -> None:
    """What each department's feed may hold: columns, units, values, and the headings that are recognised."""
    from matcher.sources import catalogue, contract, reference

    if template is not None and (template != "csv" or source_id is None):
        raise UsageError("a template is of one source and of the kind csv: matcher sources ID --template csv")
    if markdown and source_id is not None:
        raise UsageError("the page holds every source: matcher sources --markdown")
    if [template is not None, markdown, as_json].count(True) > 1:
        raise UsageError("--template, --markdown and --json exclude one another")
    if template is not None or markdown:
        content = catalogue.template(contract.load(source_id)) if source_id else reference.page(lang.value).encode()
        if out is None:
            sys.stdout.buffer.write(content)
        elif out.exists():
            raise UsageError(f"{out} is there already, and may have been filled: give another name")
        else:
            out.write_bytes(content)
        return
    if out is not None:
        raise UsageError("--out goes with --template or --markdown")
    if as_json:
        told = [catalogue.facts(each) for each in contract.all_contracts()]
        shown_as_data = told if source_id is None else catalogue.facts(contract.load(source_id))
        results.print_json(json.dumps(shown_as_data, ensure_ascii=False), highlight=False)
    elif source_id is None:
        results.print(catalogue.listed(lang.value), markup=False, highlight=False)
    else:
        told_of_one = catalogue.text(contract.load(source_id), lang.value)
        results.print(told_of_one, markup=False, highlight=False, soft_wrap=True)


def main() -> None:
    """The console script: runs a command and turns the library's errors into messages and exit statuses."""
    try:
        app()
    except MatcherError as error:
        messages.print(f"matcher: {error}", markup=False, highlight=False, soft_wrap=True)
        if isinstance(error, Interrupted):
            # a chunk may still be at work in native code, which must not meet an interpreter that is being taken down
            sys.stdout.flush()
            os._exit(error.exit_status)
        sys.exit(error.exit_status)
    except Exception as error:
        refused = refused_by_system(error)
        if refused is None:
            raise
        messages.print(f"matcher: {refused}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(refused.exit_status)
