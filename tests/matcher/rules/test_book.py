"""The book of rules: every rule is a legal artefact, says what it reads, and its worked examples come out as told."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import matcher
from matcher import policy
from matcher.errors import MatcherError
from matcher.rules import book, finding
from matcher.rules.rule import OWN, Example, Facts, Rule
from matcher.sources import contract
from tests.matcher.rules import scenes

EXAMPLES = [(rule, example) for rule in book.BOOK for example in rule.examples]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda each: getattr(each, "id", None) or each.en)
def test_a_worked_example_comes_out_as_told(rule: Rule, example: Example) -> None:
    found = finding.run(scenes.of_example(example), [rule]).to_dicts()
    if example.severity is None:
        assert found == []
        return
    assert [each["severity"] for each in found] == [example.severity] * example.leads
    for each in found:
        assert example.basis in (None, each["basis"])
        if example.amount:
            assert (each["amount_low_yuan"], each["amount_high_yuan"]) == tuple(map(Decimal, example.amount))


RESTING = [(rule, example) for rule, example in EXAMPLES if rule.rests_on]


@pytest.mark.parametrize(("rule", "example"), RESTING, ids=lambda each: getattr(each, "id", None) or each.en)
def test_a_rule_finds_nothing_without_a_record_of_what_it_rests_on(rule: Rule, example: Example) -> None:
    facts = scenes.of_example(example)
    without = {name: frame.clear() if name in rule.rests_on else frame for name, frame in facts.linked.items()}
    bare = dataclasses.replace(facts, linked=without, memo={})
    assert bare.idle(rule)
    assert not list(rule.find(bare.narrowed(rule)))
    assert set(rule.rests_on) <= set(rule.reads)


TOLD = {
    "relation",
    "declared_employment",
    "declared_marital_status",
    "target_group",
    "category",
    "tier",
    "causes",
    "stage",
}
"""Words of a file that an explanation may repeat; what a person could be found by it may not."""

LEADS = [(rule, example) for rule, example in EXAMPLES if example.severity]


@pytest.mark.parametrize(("rule", "example"), LEADS, ids=lambda each: getattr(each, "id", None) or each.en)
def test_an_explanation_is_whole_and_names_nobody(rule: Rule, example: Example) -> None:
    lead, *_ = finding.run(scenes.of_example(example), [rule]).to_dicts()
    secrets = {
        value
        for table, rows in example.given.items()
        for column in contract.load(table).columns
        if column.sensitivity in ("PERSONAL", "SENSITIVE") and column.kind in ("text", "name", "id_number")
        for row in rows
        if column.name not in TOLD and isinstance(value := row.get(column.name), str) and len(value) > 2
    }
    for text, title, basis in (
        (lead["explanation_zh"], rule.title_zh, "依据"),
        (lead["explanation_en"], rule.title_en, "Basis"),
    ):
        assert title in text
        assert basis in text
        assert rule.basis in text
        assert not [word for word in ("{", "}", "None", "嫌疑", "诈骗", "欺诈", "fraud") if word in text]
        assert not [secret for secret in secrets if secret in text]
    for each in lead["exceptions"]:
        assert each["result"] in ("NO", "YES", "UNKNOWN")
        assert rule.exceptions[each["name"]][0] in lead["explanation_zh"]


@pytest.mark.parametrize(("rule", "example"), LEADS, ids=lambda each: getattr(each, "id", None) or each.en)
def test_the_order_of_rows_changes_nothing(rule: Rule, example: Example) -> None:
    """Safeguard F-12."""
    facts = scenes.of_example(example)
    first = finding.run(facts, [rule])
    for seed in (1, 2, 3):
        assert finding.run(_shuffled(facts, seed), [rule]).equals(first)


def _shuffled(facts: Facts, seed: int) -> Facts:
    def mixed(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        return {name: mix(frames[name]) for name in reversed(list(frames))}

    def mix(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1.0, shuffle=True, seed=seed)

    return dataclasses.replace(
        facts,
        households=mix(facts.households),
        members=mix(facts.members),
        same_person=mix(facts.same_person),
        coverage=mix(facts.coverage),
        linked=mixed(facts.linked),
        reviewed=mixed(facts.reviewed),
        tables=mixed(facts.tables),
        memo={},
    )


def test_no_rule_makes_months_of_a_year() -> None:
    """Safeguard F-7: a yearly figure is never divided into months, in no rule and not in the income either."""
    twelve = ast.parse("year / 12")
    assert _twelfths(twelve)
    for folder in ("rules", "income"):
        for path in sorted((Path(matcher.__file__).parent / folder).rglob("*.py")):
            assert not _twelfths(ast.parse(path.read_text(encoding="utf-8"))), path


def _twelfths(tree: ast.AST) -> list[ast.BinOp]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div | ast.FloorDiv)
        and isinstance(node.right, ast.Constant)
        and node.right.value == 12
    ]


@pytest.mark.parametrize("rule", book.BOOK, ids=lambda rule: rule.id)
def test_a_rule_has_examples_of_both_kinds(rule: Rule) -> None:
    assert {example.severity is None for example in rule.examples} == {True, False}


@pytest.mark.parametrize("rule", book.BOOK, ids=lambda rule: rule.id)
def test_a_rule_reads_what_contracts_promise(rule: Rule) -> None:
    for source in rule.reads:
        promised = set(contract.load(source).schema())
        assert set(rule.columns(source)) <= promised, source


@pytest.mark.parametrize("rule", book.BOOK, ids=lambda rule: rule.id)
def test_a_rule_names_the_values_it_uses(rule: Rule) -> None:
    shipped = {value.key for value in policy.load().values}
    assert set(rule.parameters) <= shipped


def test_no_contract_holds_what_rules_may_not_read() -> None:
    for each in contract.all_contracts():
        for column in each.columns:
            assert not book.forbidden(column.name), (each.id, column.name)


GOOD = book.BOOK[0]
BAD = [
    ("a forbidden input", {"inputs": {"members": "ethnic_group"}}, "ethnic_group"),
    ("a forbidden optional input", {"optional": {"medical": "diagnosis_text"}}, "diagnosis_text"),
    ("a forbidden table", {"inputs": {"complaints": "filed_on"}}, "complaints"),
    ("no legal basis", {"basis": " "}, "basis"),
    ("unpublished", {"published": None}, "published"),
    ("a version that the change log does not hold", {"version": "1.1"}, "change log"),
    ("published on another day", {"published": dt.date(2026, 1, 1)}, "change log"),
    ("no example of no lead", {"examples": GOOD.examples[:1]}, "example"),
    ("no docstring", {"find": lambda facts: iter(())}, "docstring"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_rule_that_may_not_run_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(MatcherError, match=said) as refusal:
        book.checked([dataclasses.replace(GOOD, **change)])
    assert GOOD.id in str(refusal.value)


def test_two_rules_of_one_id_are_refused() -> None:
    with pytest.raises(MatcherError, match="twice"):
        book.checked([GOOD, GOOD])


def test_a_rule_sees_only_what_it_declares() -> None:
    rule = next(rule for rule in book.BOOK if rule.id == "H05")
    facts = scenes.of_example(rule.examples[0])
    narrowed = facts.narrowed(rule)
    assert "address" in facts.linked["vehicles"].columns
    assert not {"name", "id_number", "address", "phone"} & set(narrowed.linked["vehicles"].columns)
    assert set(narrowed.linked) <= {"vehicles", "aid"}


def test_a_needed_column_that_holds_nothing_was_not_asked() -> None:
    rule = next(rule for rule in book.BOOK if rule.id == "P11")
    (lead, *_) = rule.examples
    shop = {**lead.given["business"][0], "role": None}
    facts = scenes.of_example(dataclasses.replace(lead, given={**lead.given, "business": (shop,)}))
    findings, (ran,) = finding.judge(facts, [rule])
    assert findings.is_empty()
    assert (ran.state, ran.missing) == ("NOT_ASKED", ("business.role",))


def test_own_tables_are_contracts() -> None:
    assert set(OWN) <= set(contract.source_ids())


def test_rules_of_an_old_day() -> None:
    assert book.chosen((), dt.date(1990, 1, 1)) == ()
