"""From a folder to the facts that rules judge: its feeds opened, everybody matched, links made, what each source said."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from matcher import __version__, authorisations, coverage, evidence, flooding, kernel, linking, policy, roster
from matcher import applicants as small_side
from matcher.applicants import Applicants
from matcher.breakers import Numbers
from matcher.engines import local, since
from matcher.engines.workspace import FOLDER, Counts, Workspace
from matcher.errors import InputRefused, UsageError
from matcher.frames import FLOODED
from matcher.identity import days
from matcher.index import OWN_TABLES, Index, department_feeds, open_index
from matcher.measure import Clock
from matcher.plan import Plan
from matcher.plan import load as load_plan
from matcher.progress import Progress, Step
from matcher.report import summary
from matcher.rules.rule import OWN, Facts, FeedFacts
from matcher.scoring import model as models
from matcher.scoring.model import Model
from matcher.sources.chunking import Chunk
from matcher.sources.contract import all_contracts
from matcher.sources.delivery import Delivery, Feed, file_hashes, open_folder
from matcher.sources.feeds import read_all
from matcher.sources.manifest import read_keys

NO_MODEL = "persons-2.json"
"""The model of a plan that names none: its fields are weighed as the shipped plan's, or refused by name."""


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What to scan and how; `as_of` defaults to the latest date at which a feed was cut.

    `baselines`: outputs of earlier scans, the latest last, that circuit breakers compare with; `override_breaker`: why to go on
    where one opens. `since`: outputs of an earlier scan that kept what it matched; `keep`: whether this one does.
    """

    folder: Path
    out: Path
    as_of: dt.date | None = None
    model: Path | None = None
    policy: Path | None = None
    rules: tuple[str, ...] = ()
    authorised_by: str | None = None
    resume: bool = False
    index: Path | None = None
    plan: Path | None = None
    databases: Path | None = None
    keys: Path | None = None
    baselines: tuple[Path, ...] = ()
    override_breaker: str | None = None
    since: Path | None = None
    keep: bool = False


@dataclass(frozen=True)
class Opened:
    """What a scan is about, before anything but headings has been read."""

    plan: Plan
    model: Model
    delivery: Delivery
    index: Index | None
    feeds: dict[str, Feed]
    as_of: dt.date


@dataclass(frozen=True)
class Asked:
    """The folder's own tables, its households and members, those set aside, and who may be looked up in which source."""

    own: dict[str, Chunk]
    households: pl.DataFrame
    members: pl.DataFrame
    strays: pl.DataFrame
    everyone: Applicants
    allowed: Mapping[str, pl.Series]


@dataclass(frozen=True)
class Gathered:
    """All that a scan knows before a rule has spoken.

    `facts` for the rules; `links`, `rejects`, `flooded` as they are written; `intake` and `pairs` by source; `hashes` of the
    inputs by file. The finished chunks lie in `workspace` until it is removed.
    """

    opened: Opened
    asked: Asked
    facts: Facts
    links: pl.DataFrame
    rejects: pl.DataFrame
    flooded: pl.DataFrame
    intake: Mapping[str, summary.Intake]
    pairs: Mapping[str, summary.PairCounts]
    hashes: Mapping[str, str]
    workspace: Workspace


def gather(request: ScanRequest, clock: Clock, progress: Progress) -> Gathered:
    """Matches everybody in every feed. Raises InputRefused or UsageError; what is done stays in the workspace for `resume`."""
    opened = open_scan(request)
    delivery, index, feeds, as_of = opened.delivery, opened.index, opened.feeds, opened.as_of
    values = policy.load(request.policy or _beside(request.folder, "policy.toml"))
    hashes = file_hashes(delivery)
    clock.lap("open")

    asked = ask(request, opened)
    own, everyone = asked.own, asked.everyone
    clock.lap("applicants")

    hashes |= _as_answered(delivery, own)
    if index:
        hashes = dict(sorted({**hashes, **index.input_hashes}.items()))
    sealed = _fingerprint(hashes, opened.model, opened.plan, as_of, request.authorised_by, indexed=index is not None)
    workspace = Workspace.open(request.out / FOLDER, sealed, opened.plan, resume=request.resume)
    counts, bounds = {}, {}
    known = _known(request, opened, asked, hashes)
    for name, feed in feeds.items():
        some = everyone.only(asked.allowed[name])
        bounds[name] = some.bound
        counts[name] = (
            local.match_index(index.sources[name], some, workspace, progress, known.get(name))
            if index
            else local.match_feed(feed, some, workspace, progress, known.get(name))
        )
    clock.lap("match")

    apart = {name: count.apart for name, count in counts.items()}
    links, linked, reviewed, flooded, pairs = _link(
        bounds, workspace, asked.members, everyone, opened.model, apart, progress
    )
    answers = own["answers"].frame if "answers" in own else None
    covered = coverage.cover(everyone.ids, asked_of(feeds, asked.allowed), links, answers, flooded)
    facts = Facts(
        as_of=as_of,
        policy=values,
        households=asked.households,
        members=asked.members,
        linked=linked,
        same_person=same_person(everyone, opened.model),
        coverage=covered,
        feeds={name: facts_of(feed, as_of) for name, feed in feeds.items()},
        reviewed=reviewed,
        tables={name: table.frame for name, table in own.items() if name in OWN},
    )
    rejects = pl.concat(
        [own[name].rejects for name in sorted(own)]
        + [asked.strays]
        + [frame for name in feeds for frame in workspace.read(name, "rejects")]
    ).sort("source", "file", "row_number", "column", maintain_order=True)
    intake = {name: _intake(feed, own, counts) for name, feed in {**delivery.feeds, **feeds}.items()}
    clock.lap("link")
    return Gathered(opened, asked, facts, links, rejects, flooded, intake, pairs, hashes, workspace)


def _known(request: ScanRequest, opened: Opened, asked: Asked, hashes: Mapping[str, str]) -> dict[str, since.Known]:
    """By source what an earlier scan tells of it already."""
    earlier = since.open_earlier(request.since, opened.plan, opened.model) if request.since else None
    if earlier is None:
        return {}
    people = since.digests(asked.everyone, asked.members, asked.households)
    found = {}
    for name, print_ in fingerprints(opened, hashes).items():
        known = earlier.of(name, print_, asked.everyone.only(asked.allowed[name]), people)
        if known is not None:
            found[name] = known
    return found


def fingerprints(opened: Opened, hashes: Mapping[str, str]) -> dict[str, str]:
    """By source what its rows depend on, where that can be told."""
    if opened.index:
        return {name: since.of_index(name, opened.index.input_hashes) for name in opened.feeds}
    told = {name: since.fingerprint(feed, hashes) for name, feed in opened.feeds.items()}
    return {name: print_ for name, print_ in told.items() if print_ is not None}


def keep(request: ScanRequest, gathered: Gathered) -> None:
    """The finished chunks stay beside the outputs, for a scan since this one."""
    asked = gathered.asked
    prints = fingerprints(gathered.opened, gathered.hashes)
    since.keep(
        gathered.workspace,
        request.out,
        gathered.opened.model,
        prints,
        {name: asked.everyone.only(asked.allowed[name]) for name in prints},
        since.digests(asked.everyone, asked.members, asked.households),
    )


def open_scan(request: ScanRequest) -> Opened:
    """The scan's plan, model, feeds and reference date. Raises InputRefused or UsageError."""
    plan = load_plan(request.plan)
    model = models.load(request.model or plan.model or NO_MODEL)
    delivery = open_folder(
        request.folder, request.databases, read_keys(request.keys, request.folder) if request.keys else None
    )
    index = open_index(request.index, plan) if request.index else None
    feeds = _feeds(delivery, index)
    as_of = request.as_of or _latest([*delivery.feeds.values(), *feeds.values()])
    return Opened(plan, model, delivery, index, feeds, as_of)


def ask(request: ScanRequest, opened: Opened) -> Asked:
    """The small side: the folder's own tables whole, its members as applicants. Raises InputRefused or UsageError."""
    own = {name: read_all(feed) for name, feed in opened.delivery.feeds.items() if name not in opened.feeds}
    households, members, strays = _roster(own)
    everyone = small_side.prepare(members, households, opened.plan, opened.model)
    allowed = authorisations.authorised(
        _people(everyone, members),
        own["authorisations"].frame if "authorisations" in own else None,
        {name: feed.contract.names() for name, feed in opened.feeds.items()},
        opened.as_of,
        request.authorised_by,
        max((feed.as_of for feed in opened.feeds.values() if feed.as_of), default=None),
    )
    return Asked(own, households, members, strays, everyone, allowed)


def _people(everyone: Applicants, members: pl.DataFrame) -> pl.DataFrame:
    """`person_id`, `birth_date` (the field, else from a valid number) and `authorised_until` of every applicant."""
    born = pl.Series("birth_date", everyone.people.integers("birth_date").astype(np.int32) - days.EPOCH)
    known = pl.DataFrame([everyone.ids.rename("person_id"), born]).with_columns(
        birth_date=pl.when(pl.col("birth_date") > -days.EPOCH).then(pl.col("birth_date")).cast(pl.Date)
    )
    return known.join(members.select("person_id", "authorised_until"), on="person_id", how="left")


def _feeds(delivery: Delivery, index: Index | None) -> dict[str, Feed]:
    """The department feeds: the folder's, or those that the index holds prepared; never some of both."""
    feeds = department_feeds(delivery)
    if index is None:
        return feeds
    if feeds:
        raise UsageError(
            f"with --index the department feeds come from the index, and the folder or --databases holds some too: {', '.join(feeds)}; "
            "move them away, or scan without --index"
        )
    return {name: source.feed for name, source in sorted(index.sources.items())}


def _latest(feeds: Iterable[Feed]) -> dt.date:
    """The latest date at which a feed was cut: the scan's reference date where none is given."""
    dates = [feed.as_of for feed in feeds if feed.as_of is not None]
    if not dates:
        raise UsageError(
            "no feed says when it was cut, so the scan has no reference date; "
            "give --as-of DATE, or as_of in feeds.toml for each feed"
        )
    return max(dates)


def _intake(feed: Feed, own: Mapping[str, Chunk], counts: Mapping[str, Counts]) -> summary.Intake:
    if feed.source in own:
        table = own[feed.source]
        return summary.Intake(table.rows_in, len(table.frame), table.nulled, feed.as_of, feed.complete, feed.standing)
    count = counts[feed.source]
    numbers = Numbers(**count.numbers) if count.numbers else None
    return summary.Intake(
        count.rows_in, count.accepted, count.nulled, feed.as_of, feed.complete, feed.standing, numbers
    )


def _beside(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if path.exists() else None


def _roster(own: Mapping[str, Chunk]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Households, members, and the members set aside because their household is not in the folder."""
    for name in ("households", "members"):
        if name not in own:
            raise InputRefused(
                f"the folder has no {name} table", file=f"{name}.*", remedy="Add it as Parquet or CSV; see contracts"
            )
    households = roster.checked(own["households"].frame, "household_id", "households.*")
    members = roster.checked(own["members"].frame, "person_id", "members.*")
    members, strays = roster.of_known_households(members, households, "members.*")
    return households, members, strays


def _link(
    bounds: Mapping[str, int],
    workspace: Workspace,
    members: pl.DataFrame,
    everyone: Applicants,
    model: Model,
    apart: Mapping[str, Mapping[str, int]],
    progress: Progress,
) -> tuple[
    pl.DataFrame, dict[str, pl.DataFrame], dict[str, pl.DataFrame], pl.DataFrame, dict[str, summary.PairCounts]
]:
    """The links of all sources, of each the records that are linked and those under review, who was flooded, and how many
    pairs there were, of how many that were possible.
    """
    plan, all_links, linked, reviewed, flooded, counted = everyone.plan, [], {}, {}, [], {}
    for done, name in enumerate(bounds, start=1):
        kept = workspace.kept(name)
        counted[name] = summary.PairCounts(kept.candidates, bounds[name], len(kept.pairs), apart[name])
        records = evidence.gather(evidence.under(some, kept.pairs) for some in workspace.read(name, "records"))
        pairs = kept.pairs.with_columns(person_id=everyone.ids.gather(kept.pairs.get_column("applicant")))
        found = linking.links(evidence.rename(pairs, records), plan, model)
        linked[name] = evidence.beside(found, "LINK", records, members)
        reviewed[name] = evidence.beside(found, "REVIEW", records, members)
        all_links.append(found)
        flooded.append(flooding.name_flooded(kept.flooded, everyone.ids, name, plan))
        progress(Step("link", done, len(bounds), "sources"))
    return linking.merge(all_links, plan), linked, reviewed, pl.concat([FLOODED.to_frame(), *flooded]), counted


def asked_of(feeds: Mapping[str, Feed], allowed: Mapping[str, pl.Series]) -> dict[str, coverage.Asked | None]:
    """Every source that a contract knows, with what is known of its extract; None where there is none."""
    return {
        contract.id: coverage.Asked(feeds[contract.id].as_of, feeds[contract.id].complete, allowed[contract.id])
        if contract.id in feeds
        else None
        for contract in all_contracts()
        if contract.id not in OWN_TABLES and contract.about_people
    }


def same_person(everyone: Applicants, model: Model) -> pl.DataFrame:
    """Pairs of members rows that are one human being: the applicants matched with themselves by the same kernel."""
    pairs = kernel.score(everyone, kernel.Batch(everyone.people, everyone.keys)).pairs
    pairs = pairs.filter(pl.col("applicant") != pl.col("record"))
    rarity = everyone.rarities.get("name", {}).get("exact", np.zeros(len(everyone)))
    return (
        pairs.with_columns(
            person_id=everyone.ids.gather(pairs.get_column("applicant")),
            other_person_id=everyone.ids.gather(pairs.get_column("record")),
            name_bits=pl.Series(rarity[pairs.get_column("applicant").to_numpy()], dtype=pl.Float64),
        )
        .with_columns(grade=linking.grade(everyone.plan, model))
        .filter(linking.decision(everyone.plan, model) == "LINK")
        .select("person_id", "other_person_id", "grade")
        .sort("person_id", "other_person_id")
    )


def facts_of(feed: Feed, as_of: dt.date) -> FeedFacts:
    age = None if feed.as_of is None else (as_of - feed.as_of).days
    limit = feed.contract.max_age_days
    stale = age is not None and limit is not None and age > limit
    batches = ", ".join(batch.number for batch in feed.standing.in_force)
    return FeedFacts(feed.source, feed.as_of, feed.complete, stale, batches)


def _as_answered(delivery: Delivery, own: Mapping[str, Chunk]) -> dict[str, str]:
    """The SHA-256 of our own tables that are queries, by the query's name: of the rows, which the next time may be others.

    So --resume never goes on with other applicants; the queries of departments it asks again from their beginning.
    """
    return {
        feed.query.name: hashlib.sha256(own[name].frame.write_ipc_stream(None).getvalue()).hexdigest()
        for name, feed in delivery.feeds.items()
        if feed.query is not None and name in own
    }


def _fingerprint(
    hashes: Mapping[str, str],
    model: Model,
    plan: Plan,
    as_of: dt.date,
    authorised_by: str | None,
    *,
    indexed: bool,
) -> str:
    """What a chunk's result depends on, so that --resume never mixes two scans."""
    parts = [
        __version__,
        repr(plan),
        repr(model),
        as_of.isoformat(),
        authorised_by or "",
        indexed,
        dict(sorted(hashes.items())),
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode("utf-8")).hexdigest()
