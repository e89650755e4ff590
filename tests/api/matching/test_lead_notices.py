"""What a household is told of a lead, rule by rule, held against what was read and found good (F-14, F-6)."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from api.matching import lead_notices, reference
from api.matching.lead_notices import Days
from matcher.rules import explaining
from tests.matcher.rules import test_explanations

GOLDEN = Path(__file__).parent / "notices"
DAYS = Days(dt.date(2026, 11, 27), 10, dt.date(2026, 12, 11), 20)
RULES = ("C01", "H05", "N01", "P06", "U04")
"""One of every family that is about a household."""

PARTS = {
    "zh": ("一、核对了什么", "二、两项数值", "三、数据来源和日期", "四、规则怎么说", "五、请带来", "六、答复期限", "七、怎样提出异议"),
    "en": (
        "1. What was compared", "2. The two values", "3. Where the data come from", "4. What the rule says",
        "5. What to bring", "6. By when", "7. How to object",
    ),
}  # fmt: skip


def notices() -> dict[str, dict[str, str]]:
    """The notice of the first lead of every rule's worked examples, in both languages."""
    found: dict[str, dict[str, str]] = {}
    for each in test_explanations.of_examples():
        if each.rule.id not in found:
            zh, en = (
                explaining.explain(each.rule, each.lead, each.lead.severity, each.facts, language)
                for language in ("zh", "en")
            )
            told = lead_notices.notice(each.rule.id, zh, en, DAYS)
            found[each.rule.id] = {"zh": told.zh, "en": told.en}
    return found


@pytest.fixture(scope="module")
def every() -> dict[str, dict[str, str]]:
    return notices()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("rule", RULES)
def test_f14_a_notice_says_what_it_is_known_to_say(
    every: dict[str, dict[str, str]], rule: str, language: str
) -> None:
    golden = GOLDEN / f"{rule}.{language}.txt"
    assert every[rule][language] + "\n" == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_f14_f6_every_rules_notice_has_all_that_one_has_and_calls_nobody_anything(
    every: dict[str, dict[str, str]], language: str
) -> None:
    assert set(every) == set(reference.rules())
    for rule, told in every.items():
        lines = told[language].split("\n")
        begun = [part for part in PARTS[language] if any(line.startswith(part) for line in lines)]
        assert begun == list(PARTS[language]), rule
        for line in lines[1:]:
            assert not re.search(r"[:：]\s*$", line), f"{rule}: {line}"
        assert str(DAYS.wait_until) in told[language]
        assert not re.search(r"欺诈|骗|嫌疑|fraud|cheat|suspect", told[language], re.I), rule
        assert not re.search(r"\d{15,18}", told[language]), f"{rule} shows a whole number"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_lead_of_an_earlier_book_is_told_by_its_own_words(language: str) -> None:
    told = lead_notices.notice(
        "X99", "【X99】\n有一项不同。\n依据：办法。", "[X99]\nSomething differs.\nBasis: the rules.", DAYS
    )
    assert {"zh": "四、规则怎么说：办法。", "en": "4. What the rule says: the rules."}[language] in getattr(
        told, language
    )
