"""Two scans held against each other: which leads are new, gone, changed or the same, and why as far as it can be known.

The same lead is one `finding_id`, and it is unchanged as long as its `evidence_hash` and what was made of it are. Why it is gone or changed is read
from the outputs alone: what batches retracted (rejects), who was asked about (coverage), what was in force (summary).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from matcher.report import files
from matcher.rules import book
from matcher.sources.checks import SET_ASIDE
from matcher.sources.retracting import CORRECTED, DELETED, SUPERSEDED, fingerprint

CHANGES = ("NEW", "GONE", "CHANGED", "SAME")
WHY = {
    DELETED: ("记录已由部门删除（批次{}）", "the department deleted the record (batch {})"),
    CORRECTED: ("记录已由部门更正（批次{}）", "the department corrected the record (batch {})"),
    SUPERSEDED: ("记录以较新的数据为准（批次{}）", "a later extract holds the record (batch {})"),
    "NOT_IN_REGISTER": ("家庭成员不在名册中", "the persons are not in the register"),
    "NOT_AUTHORISED": ("无有效授权（{}）", "no valid authorisation ({})"),
    "FEED_MISSING": ("缺少该部门数据（{}）", "the feed is not there ({})"),
    "RULE_NOT_RUN": ("本次未运行该规则", "the rule was not run"),
    "NO_LONGER_LINKED": (
        "新数据中已无此记录，或记录不再与本人相符（{}）",
        "the record is not in the new extract, or no longer fits the person ({})",
    ),
    "RULE_VERSION": ("规则版本不同", "the rule's version is another"),
    "POLICY_VERSION": ("政策标准不同", "the policy's values are others"),
    "MODEL_VERSION": ("模型或比对方案不同", "the model or plan is another"),
    "PROGRAM_VERSION": ("程序版本不同", "the program's version is another"),
    "AS_OF": ("基准日期不同", "the reference date is another"),
    "AUTHORISED": ("授权已取得（{}）", "authorisation was given ({})"),
    "FEED_NEW": ("该部门数据为新增（{}）", "the feed was not there before ({})"),
    "NEWLY_LINKED": ("新关联的记录（{}）", "a record is newly linked ({})"),
    "EVIDENCE": ("依据的内容有变化", "the evidence has changed"),
    "OTHERWISE": ("依据相同，判断所用的其他数据有变化", "the same evidence, judged beside other data"),
}
WORDS = {
    "findings": ("疑点变化", "Leads"),
    "change": ("变化", "change"),
    "finding": ("疑点编号", "finding"),
    "rule": ("规则", "rule"),
    "household": ("家庭", "household"),
    "why": ("原因", "why"),
    "links": ("关联变化", "Links"),
    "source": ("来源", "source"),
    "NEW": ("新增", "new"),
    "GONE": ("消失", "gone"),
    "CHANGED": ("变更", "changed"),
    "SAME": ("不变", "same"),
    "county": ("县（市、区）", "county"),
    "simulated": ("修改参数的影响（模拟）", "Effect of the changed values (simulated)"),
    "nothing_stored": ("仅为模拟，未保存任何结果。", "A simulation: nothing was stored."),
    "nothing": ("两次结果的疑点完全相同。", "The leads of both scans are the same."),
}
KEY = ["person_id", "source", "record_id", "party"]
JUDGED = (
    "severity",
    "basis",
    "grade",
    "amount_low_yuan",
    "amount_high_yuan",
    "period_start",
    "period_end",
    "exceptions",
)
"""What may change in a lead that rests on the same evidence."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a lead is not what it was: a word of WHY, and the batch or source it speaks of."""

    why: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one lead from the first scan to the second."""

    change: str
    finding_id: str
    rule_id: str
    household_id: str | None
    severity: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Difference:
    """Two scans compared: every lead once, by change, rule and household; links counted by source and change."""

    findings: tuple[Change, ...]
    links: Mapping[str, Mapping[str, int]]

    def counts(self) -> dict[str, int]:
        """How many leads are new, gone, changed and the same."""
        return {change: sum(each.change == change for each in self.findings) for change in CHANGES}

    def as_dict(self) -> dict[str, Any]:
        """The whole as JSON holds it; of what is the same, only the number."""
        told = [asdict(each) for each in self.findings if each.change != "SAME"]
        return {
            "findings": self.counts(),
            "changes": told,
            "links": {name: dict(n) for name, n in self.links.items()},
        }


@dataclass(frozen=True)
class _Scan:
    """The outputs of a scan, as far as they tell why, of the people whom leads of either scan are about."""

    summary: Mapping[str, Any]
    findings: pl.DataFrame
    linked: frozenset[tuple[str, str, str]]
    states: Mapping[tuple[str, str], str]
    people: frozenset[str]
    retracted: Mapping[str, tuple[str, str]]
    rules: Mapping[str, str]

    @classmethod
    def of(cls, out: Path, people: pl.Series) -> _Scan:
        summary = files.read_summary(out)
        findings, rejects = (files.read_table(out, name) for name in ("findings", "rejects"))
        theirs = pl.col("person_id").is_in(people.implode())
        links, coverage = (files.read_table(out, name).filter(theirs) for name in ("links", "coverage"))
        past = rejects.filter(
            pl.col("reason").is_in([f"{SET_ASIDE}:{why}" for why in (CORRECTED, DELETED, SUPERSEDED)])
        )
        return cls(
            summary=summary,
            findings=findings,
            linked=frozenset(links.filter(pl.col("decision") == "LINK").select(KEY[:3]).iter_rows()),
            states={(person, source): state for person, source, state, _ in coverage.iter_rows()},
            people=frozenset(coverage.get_column("person_id")),
            retracted={
                mark.partition("@")[0]: (reason.partition(":")[2], mark.partition("@")[2])
                for reason, mark in past.select("reason", "raw_value").iter_rows()
            },
            rules=dict(each.split("@", 1) for each in summary["versions"]["rules"].split()),
        )


def compare(first: Path, second: Path) -> Difference:
    """What the second scan found otherwise than the first. Raises InputRefused where one is no scan's output."""
    for out in (first, second):
        files.read_summary(out)
    named = [files.read_table(out, "findings").get_column("person_ids").explode() for out in (first, second)]
    people = pl.concat(named).drop_nulls().unique()
    return Difference(_findings(_Scan.of(first, people), _Scan.of(second, people)), _links(first, second))


def differs(one: Row, other: Row) -> bool:
    """Whether two leads of one id and the same evidence say otherwise: how grave, how much, since when."""
    return any(one[column] != other[column] for column in JUDGED)


def effect(before: pl.DataFrame, after: pl.DataFrame, households: pl.DataFrame) -> dict[str, Any]:
    """What another policy makes of the same facts (safeguard F-40): leads by change, by rule and by county, and each that changed.

    `before`, `after`: frames.FINDINGS; `households`: household_id and division_code.
    """
    county = dict(households.select("household_id", pl.col("division_code").str.slice(0, 6)).iter_rows())
    old, new = ({row["finding_id"]: row for row in each.iter_rows(named=True)} for each in (before, after))
    counts = dict.fromkeys(CHANGES, 0)
    by: dict[str, dict[str, dict[str, int]]] = {"by_rule": {}, "by_county": {}}
    told = []
    for finding_id in sorted({*old, *new}):
        was, now = old.get(finding_id), new.get(finding_id)
        row = now or was or {}
        change = "NEW" if was is None else "GONE" if now is None else "CHANGED" if _otherwise(was, now) else "SAME"
        counts[change] += 1
        for table, name in (("by_rule", row["rule_id"]), ("by_county", county.get(row["household_id"]) or "unknown")):
            by[table].setdefault(name, dict.fromkeys(CHANGES, 0))[change] += 1
        if change != "SAME":
            told.append(
                {
                    "change": change,
                    "finding_id": finding_id,
                    "rule_id": row["rule_id"],
                    "household_id": row["household_id"],
                    "severity": [each and each["severity"] for each in (was, now)],
                    "amount_high_yuan": [each and str(each["amount_high_yuan"]) for each in (was, now)],
                }
            )
    return {
        "findings": counts,
        **{table: dict(sorted(rows.items())) for table, rows in by.items()},
        "changes": sorted(
            told, key=lambda each: (CHANGES.index(each["change"]), each["rule_id"], each["household_id"])
        ),
    }


def _otherwise(was: Row, now: Row) -> bool:
    return was["evidence_hash"] != now["evidence_hash"] or differs(was, now)


def show_effect(effect: dict[str, Any], console: Console, language: str) -> None:
    """Prints what a changed policy would do, in Chinese ("zh") or English ("en")."""
    which = 0 if language == "zh" else 1
    word = {name: words[which] for name, words in WORDS.items()}
    for table, heading in (("by_rule", "rule"), ("by_county", "county")):
        counted = Table(title=word["simulated"], title_justify="left")
        counted.add_column(word[heading])
        for change in CHANGES:
            counted.add_column(word[change], justify="right")
        for name, counts in effect[table].items():
            counted.add_row(name, *(f"{counts[change]:,}" for change in CHANGES))
        console.print(counted)
    console.print(" · ".join(f"{word[change]} {count:,}" for change, count in effect["findings"].items()))
    console.print(word["nothing_stored"])


def show(difference: Difference, console: Console, language: str) -> None:
    """Prints the difference in Chinese ("zh") or English ("en")."""
    which = 0 if language == "zh" else 1
    word = {name: words[which] for name, words in WORDS.items()}
    table = Table(title=word["findings"], title_justify="left")
    for heading in ("change", "rule", "household", "finding", "why"):
        table.add_column(word[heading], overflow="fold")
    changed = [each for each in difference.findings if each.change != "SAME"]
    for each in changed:
        why = (
            "；".join(_said(reason, which) for reason in each.reasons)
            if which == 0
            else "; ".join(_said(reason, which) for reason in each.reasons)
        )
        table.add_row(word[each.change], each.rule_id, each.household_id or "", each.finding_id[:12], why)
    console.print(table if changed else Text(word["nothing"]))
    console.print(" · ".join(f"{word[change]} {count:,}" for change, count in difference.counts().items()))
    links = Table(title=word["links"], title_justify="left")
    links.add_column(word["source"])
    for change in CHANGES:
        links.add_column(word[change], justify="right")
    for source, counts in difference.links.items():
        links.add_row(source, *(f"{counts[change]:,}" for change in CHANGES))
    console.print(links)


def _said(reason: Reason, which: int) -> str:
    return WHY[reason.why][which].format(reason.of)


def _findings(first: _Scan, second: _Scan) -> tuple[Change, ...]:
    before = {row["finding_id"]: row for row in first.findings.iter_rows(named=True)}
    after = {row["finding_id"]: row for row in second.findings.iter_rows(named=True)}
    found = []
    for finding_id in sorted({*before, *after}):
        old, new = before.get(finding_id), after.get(finding_id)
        row = new or old or {}
        if old is None:
            change, reasons = "NEW", _reasons(row, second, first, back=True)
        elif new is None:
            change, reasons = "GONE", _reasons(row, first, second, back=False)
        elif old["evidence_hash"] != new["evidence_hash"]:
            change, reasons = "CHANGED", _reasons(old, first, second, back=False)
        elif differs(old, new):
            change, reasons = "CHANGED", tuple(_of_versions(old, first, second)) or (Reason("OTHERWISE"),)
        else:
            change, reasons = "SAME", ()
        found.append(Change(change, finding_id, row["rule_id"], row["household_id"], row["severity"], reasons))
    return tuple(sorted(found, key=lambda each: (CHANGES.index(each.change), each.rule_id, each.household_id or "")))


def _reasons(row: Mapping[str, Any], there: _Scan, here: _Scan, *, back: bool) -> tuple[Reason, ...]:
    """Why a lead that stands in one scan does not stand, or not so, in the other; `back`: the other is the earlier one."""
    found = dict.fromkeys(_of_records(row, there, here, back=back))
    if not found:
        found = dict.fromkeys(_of_versions(row, there, here))
    return tuple(found) or (Reason("EVIDENCE"),)


def _of_records(row: Mapping[str, Any], there: _Scan, here: _Scan, *, back: bool) -> Iterator[Reason]:
    pieces = [(piece["source"], piece["record_id"], piece["person_id"]) for piece in row["evidence"]]
    rule = next((rule for rule in book.BOOK if rule.id == row["rule_id"]), None)
    asked = here.summary["sources"]
    wanted = {source for source, _, _ in pieces} | set(rule.inputs if rule else ())
    if row["rule_id"] not in here.rules:
        yield Reason("RULE_NOT_RUN")
    if row["person_ids"] and not here.people.intersection(row["person_ids"]):
        yield Reason("NOT_IN_REGISTER")
    for source in sorted(wanted - set(asked)):
        yield Reason("FEED_NEW" if back else "FEED_MISSING", source)
    for source, record, person in pieces:
        if source not in asked or (person, source) not in here.states:
            continue
        mark = fingerprint(source, record.partition("~")[0])
        past = (there if back else here).retracted.get(mark)
        if past == (here if back else there).retracted.get(mark):  # that was so before
            past = None
        if here.states[person, source] == "NOT_AUTHORISED":
            yield Reason("AUTHORISED" if back else "NOT_AUTHORISED", source)
        elif past:
            yield Reason(*past)
        elif (person, source, record) not in here.linked:
            yield Reason("NEWLY_LINKED" if back else "NO_LONGER_LINKED", source)


def _of_versions(row: Mapping[str, Any], there: _Scan, here: _Scan) -> Iterator[Reason]:
    one, other = there.summary["versions"], here.summary["versions"]
    if there.rules.get(row["rule_id"]) != here.rules.get(row["rule_id"]):
        yield Reason("RULE_VERSION")
    if one["policy"] != other["policy"]:
        yield Reason("POLICY_VERSION")
    if (one["model"], one["plan"]) != (other["model"], other["plan"]):
        yield Reason("MODEL_VERSION")
    if one["program"] != other["program"]:
        yield Reason("PROGRAM_VERSION")
    if there.summary["as_of"] != here.summary["as_of"]:
        yield Reason("AS_OF")


def _links(first: Path, second: Path) -> dict[str, dict[str, int]]:
    """Per source how many links are new, gone, changed (in decision or grade) and the same."""
    said = ["decision", "grade"]
    before, after = (files.read_table(out, "links").select(*KEY, *said) for out in (first, second))
    both = before.join(after, on=KEY, how="full", coalesce=True, suffix="_now")
    change = (
        pl.when(pl.col("decision").is_null())
        .then(pl.lit("NEW"))
        .when(pl.col("decision_now").is_null())
        .then(pl.lit("GONE"))
        .when(pl.all_horizontal(pl.col(each).eq_missing(pl.col(f"{each}_now")) for each in said))
        .then(pl.lit("SAME"))
        .otherwise(pl.lit("CHANGED"))
    )
    counted = both.group_by("source", change.alias("change")).len()
    found = {source: dict.fromkeys(CHANGES, 0) for source in sorted(counted.get_column("source").unique())}
    for source, how, count in counted.iter_rows():
        found[source][how] = count
    return found
