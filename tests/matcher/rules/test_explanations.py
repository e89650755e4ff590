"""Explanations as a clerk, the person concerned and an auditor with a calculator read them (issue 6 §5, §6; F-6, F-10, F-14)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from matcher.gathering import ScanRequest, gather
from matcher.measure import Clock
from matcher.progress import silent
from matcher.rules import book, explaining, reading, sums
from matcher.rules.rule import SEVERITIES, Facts, Lead, Rule
from matcher.synthetic.city import write_city
from tests.matcher.rules import scenes

INFORMS_ONLY = {"N06", "N07", "N08", "N09"}
"""Rules about many files at once, which hold no two values beside one another."""

AID = ("P01", "P05", "P06", "P10", "H04", "H05", "H06", "C01", "C02", "C06", "N01", "N04", "N05")
"""Rules whose amount is aid of one household, so that it may be held beside all that was paid to it."""


@dataclass(frozen=True)
class Told:
    """A lead and the parts of its explanation, by language and name."""

    rule: Rule
    lead: Lead
    facts: Facts
    parts: dict[str, dict[str, str]]

    @property
    def whole(self) -> dict[str, str]:
        """The explanation of each language without the citation of the law, which stays Chinese."""
        return {
            language: "\n".join(text for name, text in parts.items() if name != "basis")
            for language, parts in self.parts.items()
        }


def told(rule: Rule, lead: Lead, facts: Facts) -> Told:
    parts = {
        language: dict(explaining.parts(rule, lead, lead.severity, facts, language)) for language in ("zh", "en")
    }
    return Told(rule, lead, facts, parts)


def of_examples() -> Iterator[Told]:
    for rule in book.BOOK:
        for example in rule.examples:
            if example.severity:
                facts = scenes.of_example(example)
                yield from (told(rule, lead, facts) for lead in rule.find(facts.narrowed(rule)))


def of_city(folder: Path) -> Iterator[Told]:
    write_city(folder / "city", households=200, records=5_000, seed=11)
    facts = gather(ScanRequest(folder / "city", folder / "out"), Clock(), silent).facts
    for rule in book.BOOK:
        if not facts.missing(rule):
            yield from (told(rule, lead, facts) for lead in rule.find(facts.narrowed(rule)))


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    """Every lead of every worked example, and of a small city."""
    return [*of_examples(), *of_city(tmp_path_factory.mktemp("told"))]


def wrong(every: list[Told], faults: Callable[[Told], Iterator[str]]) -> list[str]:
    """What is wrong with which rule, each once."""
    return sorted({f"{each.rule.id}: {fault}" for each in every for fault in faults(each)})


def test_every_rule_is_read(every: list[Told]) -> None:
    assert {each.rule.id for each in every} == {rule.id for rule in book.BOOK}


def test_an_explanation_is_read_again_part_by_part(every: list[Told]) -> None:
    assert wrong(every, _read_otherwise) == []


def _read_otherwise(each: Told) -> Iterator[str]:
    for number, (language, parts) in enumerate(each.parts.items()):
        again = explaining.told("\n".join(parts.values()), language)
        if set(again) != set(parts):
            yield f"{language}: other parts"
        for name, text in parts.items():
            label = explaining.LABELS[name][number] if name in explaining.LABELS and name != "reminder" else ""
            if label + again[name] != text:
                yield f"{language}: {name}"


def test_the_amount_is_the_result_of_the_last_step(every: list[Told]) -> None:
    assert wrong(every, _unaccounted) == []


def _unaccounted(each: Told) -> Iterator[str]:
    high = each.lead.amount[1]
    if high > 0:
        zh, en = each.lead.steps[-1] if each.lead.steps else ("", "")
        if not re.search(rf"(?<![0-9.]){high:.2f} 元$", zh) or not re.search(rf"(?<![0-9.]){high:.2f} yuan$", en):
            yield f"{high} is not the result of {zh!r} / {en!r}"


EXPRESSION = re.compile(r"(?<![-\d…])\d+(?:\.\d+)?(?: ?%)?(?: [+−×÷] \d+(?:\.\d+)?(?: ?%)?)+ = \d+(?:\.\d+)?")
CALCULATOR = {"×": "*", "÷": "/", "−": "-", "%": "/100"}


def right(expression: str) -> bool:
    """Whether a sum comes out as told, to the cent.

    >>> right("800.00 ÷ 3 × 3 = 800.01"), right("2 × 1600.00 = 3200.00"), right("1 + 1 = 3")
    (True, True, False)
    """
    left, _, result = expression.partition(" = ")
    for sign, python in CALCULATOR.items():
        left = left.replace(sign, python)
    return abs(_value(ast.parse(re.sub(r"\s+", " ", left), mode="eval").body) - Decimal(result)) <= Decimal("0.05")


def _value(node: ast.expr) -> Decimal:
    if isinstance(node, ast.BinOp):
        one, other = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Add):
            return one + other
        if isinstance(node.op, ast.Sub):
            return one - other
        return one * other if isinstance(node.op, ast.Mult) else one / other
    assert isinstance(node, ast.Constant)
    return Decimal(str(node.value))


def test_every_sum_comes_out(every: list[Told]) -> None:
    def faults(each: Told) -> Iterator[str]:
        for step in each.lead.steps:
            for words in step:
                yield from (
                    found
                    for found in EXPRESSION.findall(words.replace(" 人", "").replace(" persons", ""))
                    if not right(found)
                )

    assert wrong(every, faults) == []
    checked = [found for each in every for step in each.lead.steps for found in EXPRESSION.findall(step[0])]
    assert len(checked) > 50


def test_nothing_is_at_risk_that_was_not_paid(every: list[Told]) -> None:
    """Safeguard F-10."""

    def faults(each: Told) -> Iterator[str]:
        low, high = each.lead.amount
        if not 0 <= low <= high:
            yield f"[{low}, {high}]"
        if each.rule.id in AID and high:
            streams = reading.payments(each.facts, [each.lead.household_id])[each.lead.household_id]
            months = {month for stream in streams for month in sums.since(stream.first, stream.last)}
            if high > sum(
                (max(stream.amount or 0, 0) * len(sums.since(stream.first, stream.last)) for stream in streams),
                Decimal(0),
            ):
                yield f"{high} is more than was paid in {len(months)} months"

    assert wrong(every, faults) == []


def test_two_values_stand_beside_one_another(every: list[Told]) -> None:
    """Safeguard F-14: what was compared, the two values, and who says them."""

    def faults(each: Told) -> Iterator[str]:
        if not each.lead.compared and each.rule.id not in INFORMS_ONLY:
            yield "nothing is held beside anything"
        for pair in each.lead.compared:
            if not all(text.strip(" —") for words in (pair.what, pair.ours, pair.found) for text in words):
                yield f"a side is empty: {pair}"

    assert wrong(every, faults) == []


CODE = r"[A-Z]{2,}(?:_[A-Z]+)*"
PLAIN: dict[str, list[tuple[str, str]]] = {
    "zh": [
        ("a word of another language", r"(?<![A-Za-z…])[A-Za-z]{2,}(?![A-Za-z])"),
        ("one value told as a range", r"(?<![\d.-])([\d.-]+) 至 \1(?![\d.-])|(\d{4}-\d{2})–\2"),
        ("a time of day", r"\d{2}:\d{2}:\d{2}"),
        ("an empty half", r"（—）|：—|（）|，，|。。|；；| ，| 。"),
        ("spaces between Chinese words", r"[\u4e00-\u9fff] [\u4e00-\u9fff]"),
        ("accusing", r"嫌疑|诈骗|欺诈|骗取|冒领(?!的是否)|违法|罪"),
    ],
    "en": [
        ("a code", rf"(?<![A-Za-z…]){CODE}(?![A-Za-z])"),
        ("Python", r"\bNone\b|\bTrue\b|\bFalse\b|\bnan\b"),
        ("one value told as a range", r"(?<![\d.-])([\d.-]+) to \1(?![\d.-])|(\d{4}-\d{2})–\2"),
        ("a time of day", r"\d{2}:\d{2}:\d{2}"),
        ("an empty half", r"\(—\)|: —|\(\)|, ,|\.\.(?!\.)|;;| ,| \."),
        ("one and many", r"(?<![\d.-])1 [a-z]*(?:records|months|files|households|postings|members|days|accounts|people|persons|bills|vehicles|homes|times|payments)\b"),
        ("Chinese punctuation", r"[、；，。：（）]"),
        ("accusing", r"(?i)fraud|cheat|offen[cs]e|guilty|crim"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "pattern"),
    [(language, pattern) for language, rows in PLAIN.items() for _, pattern in rows],
    ids=[f"{language}: {name}" for language, rows in PLAIN.items() for name, _ in rows],
)
def test_the_words_are_plain(every: list[Told], language: str, pattern: str) -> None:
    def faults(each: Told) -> Iterator[str]:
        for name, text in each.parts[language].items():
            if name in ("basis", "reminder"):
                continue
            bare = _without_allowed(text)
            for found in re.finditer(pattern, bare):
                yield f"{name}: {bare[max(found.start() - 20, 0) : found.end() + 20]!r}"

    assert wrong(every, faults) == []


def _without_allowed(text: str) -> str:
    """Without the grade, the ids of rules, and words that are quoted: a citation, or what the file says."""
    bare = re.sub(r"\s?[（(]G[1-5][）)]|\b[PHCNUQ]\d{2}\b", "", text)
    return re.sub(r"《[^》]*》|“[^”]*”", "…", bare)


def test_both_languages_tell_the_same_figures(every: list[Told]) -> None:
    def faults(each: Told) -> Iterator[str]:
        zh, en = (sorted(re.findall(r"\d+\.\d{2}\b", each.whole[language])) for language in ("zh", "en"))
        if zh != en:
            yield f"{sorted(set(zh) ^ set(en)) or 'one language repeats a figure'}"

    assert wrong(every, faults) == []


def test_a_figure_has_a_unit(every: list[Told]) -> None:
    """A step's last figure to the cent is followed by what it counts."""

    def faults(each: Told) -> Iterator[str]:
        for zh, en in each.lead.steps:
            if re.search(r"\d\.\d{2}$", zh) or re.search(r"\d\.\d{2}$", en):
                yield f"{zh} / {en}"

    assert wrong(every, faults) == []


def test_every_exception_has_words_and_an_honest_result(every: list[Told]) -> None:
    def faults(each: Told) -> Iterator[str]:
        for name, result in each.lead.exceptions:
            zh, en = each.rule.exceptions[name]
            if not (zh and en and zh in each.parts["zh"]["exceptions"] and en in each.parts["en"]["exceptions"]):
                yield f"no words for {name}"
            if result not in explaining.RESULTS:
                yield f"{name}: {result}"

    assert wrong(every, faults) == []


def test_no_lead_is_graver_than_its_rule(every: list[Told]) -> None:
    def faults(each: Told) -> Iterator[str]:
        if SEVERITIES.index(each.lead.severity) > SEVERITIES.index(each.rule.severity):
            yield each.lead.severity

    assert wrong(every, faults) == []


def test_what_is_assumed_only_informs(every: list[Told]) -> None:
    """A cell of the matrix that no official has verified raises nothing above INFO."""

    def faults(each: Told) -> Iterator[str]:
        if "尚待主管部门核实" in each.whole["zh"] and each.lead.severity != "INFO":
            yield each.lead.severity

    assert wrong(every, faults) == []
    assert any("尚待主管部门核实" in each.whole["zh"] for each in every)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_period_is_made_of_the_months_told(every: list[Told], language: str) -> None:
    def faults(each: Told) -> Iterator[str]:
        start, end = each.lead.period
        if start and end and start > end:
            yield f"{start} to {end}"
        if start and f"{start:%Y-%m}" not in each.parts[language]["interval"]:
            yield f"{start} is not told"

    assert wrong(every, faults) == []
