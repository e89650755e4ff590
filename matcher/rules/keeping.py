"""What the rules saw, kept beside the findings: so that each can be recomputed from its inputs (safeguard F-13).

Kept are the households, the members, our own tables, and of the matched department records those columns that some rule
of the book reads; nothing of a record that matched nobody. The folder is its owner's alone.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from matcher import policy
from matcher.errors import InputRefused
from matcher.rules import book, finding
from matcher.rules.explaining import Part, parts
from matcher.rules.rule import LINK, Compared, Facts, FeedFacts, Words

FOLDER = "inputs"
FACTS = "facts.json"
TABLES = ("households", "members", "same_person", "coverage")
GROUPS = ("linked", "reviewed", "tables")


def keep(facts: Facts, out: Path) -> None:
    """Writes the facts into OUT/inputs, in place of an earlier scan's, whole or not at all."""
    part = out / f".{FOLDER}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        for name in TABLES:
            _write(getattr(facts, name), part / f"{name}.parquet")
        for group in GROUPS:
            frames: Mapping[str, pl.DataFrame] = getattr(facts, group)
            for source, frame in frames.items():
                (part / group).mkdir(exist_ok=True)
                _write(
                    frame if group == "tables" else frame.select(_read(source, frame)),
                    part / group / f"{source}.parquet",
                )
        told = {
            "as_of": facts.as_of.isoformat(),
            "feeds": [
                asdict(feed) | {"as_of": feed.as_of and feed.as_of.isoformat()} for feed in facts.feeds.values()
            ],
            "policy": [list(each) for each in facts.policy.texts],
        }
        (part / FACTS).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(out / FOLDER, ignore_errors=True)
        part.replace(out / FOLDER)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def kept(out: Path) -> Facts:
    """The facts of a finished scan. Raises InputRefused where it has none."""
    folder = out / FOLDER
    try:
        told = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        tables = {name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLES}
        groups = {
            group: {path.stem: pl.read_parquet(path) for path in sorted((folder / group).glob("*.parquet"))}
            for group in GROUPS
        }
    except (OSError, json.JSONDecodeError, pl.exceptions.PolarsError) as error:
        raise InputRefused(
            "the inputs of this scan are not kept here", file=folder, remedy="Scan again to recompute its findings"
        ) from error
    feeds = [
        FeedFacts(**each | {"as_of": each["as_of"] and dt.date.fromisoformat(each["as_of"])})
        for each in told["feeds"]
    ]
    return Facts(
        as_of=dt.date.fromisoformat(told["as_of"]),
        policy=policy.of_texts([(name, text, own) for name, text, own in told["policy"]]),
        households=tables["households"],
        members=tables["members"],
        same_person=tables["same_person"],
        coverage=tables["coverage"],
        feeds={feed.source: feed for feed in feeds},
        linked=groups["linked"],
        reviewed=groups["reviewed"],
        tables=groups["tables"],
    )


@dataclass(frozen=True)
class Recomputed:
    """A finding that came out equal from its inputs: its row, and its explanation part by part in both languages."""

    finding: Mapping[str, Any]
    explanation: Mapping[str, tuple[Part, ...]]
    compared: tuple[Compared, ...]
    steps: tuple[Words, ...]

    def as_dict(self) -> dict[str, Any]:
        """The whole as JSON holds it."""
        return {
            "finding": {name: value for name, value in self.finding.items() if not name.startswith("explanation")},
            "explanation": {
                language: [{"part": part, "text": text} for part, text in told]
                for language, told in self.explanation.items()
            },
            "compared": [asdict(each) for each in self.compared],
            "steps": [{"zh": zh, "en": en} for zh, en in self.steps],
            "recomputed": True,
        }


def recomputed(out: Path, row: Mapping[str, Any]) -> Recomputed:
    """The finding `row` of OUT as its rule makes it now from the kept inputs.

    Raises InputRefused where the inputs are not kept, the rule's version is another by now, or what comes out is not equal: then
    the finding must not be used.
    """
    rule = next((rule for rule in book.BOOK if rule.id == row["rule_id"]), None)
    if rule is None or rule.version != row["rule_version"]:
        now = f"the book holds version {rule.version}" if rule else "the book no longer holds it"
        raise InputRefused(
            f"finding {row['finding_id']} was made by version {row['rule_version']} of rule {row['rule_id']}, and {now}",
            file=out / "findings.parquet",
            remedy="Recompute it with the program that made it, or scan again",
        )
    facts = kept(out)
    found = finding.trace(facts, rule, row["finding_id"])
    if found is None or (other := [name for name in row if found[1][name] != row[name]]):
        said = ", ".join(other) if found else "nothing of this id"
        raise InputRefused(
            f"finding {row['finding_id']} does not follow from its inputs: {said} comes out otherwise",
            file=out / "findings.parquet",
            remedy="Do not use it; scan again, and report this",
        )
    lead = found[0]
    told = {language: parts(rule, lead, row["severity"], facts, language) for language in ("zh", "en")}
    return Recomputed(row, told, lead.compared, lead.steps)


def _read(source: str, frame: pl.DataFrame) -> list[str]:
    """The columns that some rule reads of a source."""
    wanted = {name for rule in book.BOOK if source in rule.reads for name in rule.columns(source)}
    return [*LINK, *(name for name in frame.columns if name in wanted and name not in LINK)]


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.rechunk().write_parquet(path, compression="zstd")
