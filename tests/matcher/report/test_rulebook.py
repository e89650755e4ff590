"""The public rule book: whole, in both languages, equal bytes each time, and nothing in it that no rule may read."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from matcher import policy
from matcher.errors import MatcherError, UsageError
from matcher.report import rulebook
from matcher.rules import book
from matcher.rules.changelog import changes
from matcher.rules.rule import Rule

DAY = dt.date(2024, 12, 31)
VALUES = policy.load()
FORBIDDEN = re.compile("嫌疑|诈骗|欺诈|骗子|fraudster|suspect", re.I)


@pytest.mark.parametrize("rule", book.BOOK, ids=lambda rule: rule.id)
def test_a_rule_is_described_in_both_languages(rule: Rule) -> None:
    chinese, english = (rulebook.text(rule.id, DAY, VALUES, language) for language in ("zh", "en"))
    assert rule.title_zh in chinese
    assert rule.title_en in english
    for example in rule.examples:
        assert example.zh in chinese
        assert example.en in english
    for key in rule.parameters:
        assert f"`{key}` =" in chinese
    assert len(re.findall(r"[\u4e00-\u9fff]", rule.doc[0])) > len(re.findall(r"[A-Za-z]", rule.doc[0]))
    assert not re.search(r"[\u4e00-\u9fff]", rule.doc[1].replace("补缴", ""))
    assert not FORBIDDEN.search(chinese + english)


def test_the_exported_book_holds_every_rule_and_every_check(tmp_path: Path) -> None:
    paths = rulebook.export(tmp_path / "book", DAY, VALUES)
    assert [path.name for path in paths] == ["rulebook.zh.md", "rulebook.en.md", "rulebook.json"]
    chinese, english = (path.read_text(encoding="utf-8") for path in paths[:2])
    content = json.loads(paths[2].read_text(encoding="utf-8"))
    assert [rule["id"] for rule in content["rules"]] == [rule.id for rule in book.BOOK]
    assert [check["id"] for check in content["checks"]] == [f"Q{number:02}" for number in range(1, 11)]
    for rule in book.BOOK:
        assert f"## {rule.id} {rule.title_zh}" in chinese
        assert f"## {rule.id} {rule.title_en}" in english
    assert {value["status"] for value in content["values"]} <= {"verified", "assumed"}
    assert all(relation["basis"] for relation in content["relations"])


def test_the_book_is_the_same_each_time(tmp_path: Path) -> None:
    one, other = (rulebook.export(tmp_path / name, DAY, VALUES) for name in ("a", "b"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_a_city_finds_its_own_values_in_the_book(tmp_path: Path) -> None:
    own = tmp_path / "policy.toml"
    own.write_text(
        'approved_by = ["甲", "乙"]\n[[value]]\nkey = "vehicle.limit"\nvalue = 1\nunit = "vehicles"\nvalid_from = 2020-01-01\n'
        'division = "4105"\nbasis = "市民政局通知"\nstatus = "verified"\n',
        encoding="utf-8",
    )
    assert "@4105 (已核实)" in rulebook.text("H05", DAY, policy.load(own), "zh")


def test_a_check_of_the_feeds_is_described() -> None:
    assert "Q03" in rulebook.text("Q03", DAY, VALUES, "en")
    assert rulebook.told("Q03", DAY, VALUES)["parameters"]["assumed_rate"] == 0.05


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UsageError, match="X99"):
        rulebook.text("X99", DAY, VALUES, "zh")
    with pytest.raises(MatcherError, match="not in force"):
        rulebook.text("P01", dt.date(1990, 1, 1), VALUES, "zh")


@pytest.mark.parametrize("rule", book.BOOK, ids=lambda rule: rule.id)
def test_the_change_log_ends_with_the_version_in_force(rule: Rule) -> None:
    last = changes()[rule.id][-1]
    assert (last["version"], last["on"]) == (rule.version, rule.published)
