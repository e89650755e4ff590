"""Explanations: what a clerk reads of a lead and of a rule, in Chinese and in English, from one structure."""

from __future__ import annotations

from matcher.rules.rule import Facts, Lead, Rule, Severity, Text
from matcher.rules.wording import (
    BASES,
    GRADES,
    RESULTS,
    SEVERITIES,
    SOURCES,
    Language,
    day,
    join,
    speak,
    yuan,
)

CLOSING: tuple[str, str] = (
    "这只是一条疑点，不是结论：由工作人员核实后作出决定，在此之前不得据此停发、减发。",
    "This is a lead, not a conclusion: a person checks it and decides, and nothing may be stopped or reduced before.",
)
CLOSING_ENTITLEMENT: tuple[str, str] = (
    "这只是一条线索（疑点），提示该家庭可能应享未享：征得同意后转介，由工作人员决定。",
    "This is a lead about something the household may be entitled to: refer it with the household's consent; "
    "a person decides.",
)

_SEPARATOR: Text = ("：", ": ")


def explain(rule: Rule, lead: Lead, severity: Severity, facts: Facts, language: Language) -> str:
    """The lead in one language, a line a matter; both languages hold the same lines in the same order."""
    chinese = language == "zh"
    filled = {name: speak(text, language) for name, text in lead.facts.items()}
    lines: list[tuple[Text, str]] = [
        (
            ("规则", "Rule"),
            f"{rule.id} {rule.title_zh if chinese else rule.title_en}"
            + (f"（第{rule.version}版）" if chinese else f" (version {rule.version})"),
        ),
        (("发现", "Noticed"), (rule.zh if chinese else rule.en).format_map(filled)),
    ]
    if "remark" in filled:
        lines.append((("说明", "Note"), filled["remark"]))
    if lead.basis:
        lines.append((("情形", "Kind"), speak(BASES[lead.basis], language)))
    lines.append((("本人确认", "Identity"), f"{lead.grade} {speak(GRADES[lead.grade], language)}"))
    lines.append((("来源", "Sources"), _sources(rule, lead, facts, language)))
    start, end = lead.period
    if start or end:
        until: Text = day(end) if end else ("至今", "still going on")
        lines.append((("区间", "Interval"), speak(join((day(start), until), "—", " to "), language)))
    if "arithmetic" in filled:
        low, high = lead.amount
        amount = yuan(low) if low == high else join((yuan(low), yuan(high)), "至", " to ")
        lines.append((("金额计算", "Amount"), f"{filled['arithmetic']} → {speak(amount, language)}"))
    if lead.exceptions:
        tested = (
            f"{speak(rule.exceptions[name], language)}{'——' if chinese else ': '}{speak(RESULTS[result], language)}"
            for name, result in lead.exceptions
        )
        lines.append((("例外情形", "Exceptions"), ("；" if chinese else "; ").join(tested)))
    lines.append((("如何消除", "What clears it"), rule.clears_zh if chinese else rule.clears_en))
    lines.append((("程度", "Severity"), speak(SEVERITIES[severity], language)))
    lines.append((("依据", "Basis"), rule.basis))
    text = "\n".join(f"{speak(label, language)}{speak(_SEPARATOR, language)}{words}" for label, words in lines)
    return f"{text}\n{speak(CLOSING_ENTITLEMENT if rule.id.startswith('U') else CLOSING, language)}"


def describe(rule: Rule, language: Language) -> str:
    """A rule as the public rule book prints it: what it looks for, on what basis, with which exceptions."""
    chinese = language == "zh"
    exceptions = [f"  - {speak(words, language)}" for words in rule.exceptions.values()]
    return "\n".join(
        [
            f"{rule.id} {rule.title_zh if chinese else rule.title_en}"
            + (f"（第{rule.version}版）" if chinese else f" (version {rule.version})"),
            "",
            rule.doc[0] if chinese else rule.doc[1],
            "",
            f"{'依据：' if chinese else 'Basis: '}{rule.basis}",
            f"{'数据来源：' if chinese else 'Sources: '}"
            + (
                speak(join(SOURCES[source] for source in rule.inputs), language)
                or speak(SOURCES["members"], language)
            ),
            f"{'政策参数：' if chinese else 'Policy values: '}{', '.join(rule.parameters)}",
            f"{'例外情形：' if chinese else 'Exceptions:'}",
            *exceptions,
            f"{'如何消除：' if chinese else 'What clears it: '}{rule.clears_zh if chinese else rule.clears_en}",
            speak(CLOSING_ENTITLEMENT if rule.id.startswith("U") else CLOSING, language),
        ]
    )


def _sources(rule: Rule, lead: Lead, facts: Facts, language: Language) -> str:
    """Each source the lead rests on, with the date its extract was cut and how old that is."""
    named = []
    for source in sorted({evidence.source for evidence in lead.evidence} | set(rule.inputs)):
        feed = facts.feeds.get(source)
        date = feed.as_of if feed else None
        if source in ("members", "households"):
            when: Text = ("截至核查日", "as of the scan")
        elif date is None:
            when = ("数据日期未载明", "date not stated")
        else:
            when = (f"数据截至{date.isoformat()}", f"as of {date.isoformat()}")
        stale: Text = ("，数据过旧", ", too old") if feed and feed.stale else ""
        zh_open, zh_close = ("（", "）") if language == "zh" else (" (", ")")
        named.append(
            f"{speak(SOURCES[source], language)}{zh_open}{speak(when, language)}{speak(stale, language)}{zh_close}"
        )
    return ("；" if language == "zh" else "; ").join(named)
