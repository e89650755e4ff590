"""The public rule book: what each rule notices, reads, exempts and shows, for clerks and for everybody (safeguard F-15)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matcher.errors import MatcherError
from matcher.policy import Policy
from matcher.quality import wording
from matcher.quality.checks import CHECKS as CHECKED
from matcher.quality.parameters import parameters
from matcher.rules import book, reading
from matcher.rules.changelog import changes
from matcher.rules.explaining import GRADES, SEVERITIES
from matcher.rules.rule import Example, Rule, Words

FAMILIES: Mapping[str, Words] = {
    "P": ("个人", "Person"),
    "H": ("家庭", "Household"),
    "C": ("重复救助与项目相容", "Duplicate aid and compatibility"),
    "N": ("关联网络", "Network"),
    "U": ("应享未享", "Entitlement not reached"),
}
QUALITY: Words = ("数据质量（只对部门，不涉及个人）", "Data quality (for departments, never about a person)")
WORDS: Mapping[str, Words] = {
    "book": ("公开规则书", "The public rule book"),
    "intro": (
        "本书列出比对所用的全部规则。任何一条只产生疑点或转介线索，不作结论；由工作人员核实后决定，当事人可以说明和提出异议。"
        "没有写在本书中的规则不运行。",
        "This book holds every rule that is used. A rule raises leads and referrals, never a conclusion: a person verifies and "
        "decides, and those concerned may explain and object. A rule that does not stand here does not run.",
    ),
    "as_of": ("适用日期", "As of"),
    "values": ("标准版本", "Version of the values"),
    "basis": ("依据", "Legal basis"),
    "valid": ("有效期", "In force"),
    "since": ("自 {0} 起", "since {0}"),
    "span": ("{0} 至 {1}", "{0} to {1}"),
    "version": ("版本", "Version"),
    "severity": ("最高程度", "At most"),
    "grade": ("身份关联要求", "Identity at least"),
    "inputs": ("读取的数据", "What it reads"),
    "optional": ("用于核对例外（没有则为不明）", "What it may use (without it an exception stays unknown)"),
    "one_of": ("至少需要其一，否则不运行", "At least one of them is needed, or it does not run"),
    "parameters": ("参数", "Parameters"),
    "exceptions": ("核对的例外情形", "Exceptions tested"),
    "clears": ("可以消除疑点的材料", "What clears it"),
    "correction": ("最省事的合法更正", "The cheapest lawful correction"),
    "examples": ("示例", "Worked examples"),
    "lead": ("疑点，程度{0}", "a lead, {0}"),
    "no_lead": ("不构成疑点", "no lead"),
    "verified": ("已核实", "verified"),
    "assumed": ("假定，待核实", "assumed, to be verified"),
    "stated": ("规则书所定", "as the rules say"),
    "do": ("部门怎么办", "What the department does"),
    "changes": ("变更记录", "Change log"),
    "none": ("无", "none"),
    "never": ("任何规则都不得读取的内容", "What no rule may read"),
    "forbidden": (
        "民族、政治面貌、宗教信仰、健康诊断文字、投诉信访记录",
        "ethnic group, political status, religion, text of a diagnosis, history of complaints",
    ),
    "contents": ("目录", "Contents"),
}
CHECKS = tuple(CHECKED)
"""The data-quality checks Q01 to Q10: they speak to departments, never about a person."""


def one(rule_id: str, on: dt.date) -> Rule:
    """The rule of this id in force on that day. Raises UsageError for an unknown id, MatcherError where it is not in force."""
    rules = book.chosen((rule_id,), on)
    if not rules:
        raise MatcherError(f"rule {rule_id} is not in force on {on.isoformat()}")
    return rules[0]


def listed(on: dt.date, language: str) -> str:
    """A line a rule in force on that day, then a line a check of the feeds: its id and title."""
    which = 0 if language == "zh" else 1
    rules = [f"{rule.id}  {(rule.title_zh, rule.title_en)[which]}" for rule in book.chosen((), on)]
    return "\n".join([*rules, *(f"{check}  {wording.said(check, 'title')[which]}" for check in CHECKS)])


def checked(check: str, language: str) -> str:
    """One check of the feeds in Markdown: what it means for people, what a department does, and its thresholds."""
    which = 0 if language == "zh" else 1
    colon = ("：", ": ")[which]
    values = parameters().get(check, {})
    assumed = values.get("assumed", ())
    told = [
        f"`{name}` = {value:g} ({WORDS['assumed' if name in assumed else 'stated'][which]})"
        for name, value in values.items()
        if name != "assumed"
    ]
    return "\n".join(
        [
            f"## {check} {wording.said(check, 'title')[which]}",
            "",
            wording.said(check, "means")[which],
            "",
            f"- **{WORDS['do'][which]}**{colon}{wording.said(check, 'do')[which]}",
            f"- **{WORDS['parameters'][which]}**{colon}{('；', '; ')[which].join(told) or WORDS['none'][which]}",
        ]
    )


def text(rule_id: str, on: dt.date, values: Policy, language: str) -> str:
    """One rule, or one check of the feeds, in Markdown. Raises UsageError for an unknown id."""
    if rule_id in CHECKS:
        return checked(rule_id, language)
    return described(one(rule_id, on), on, values, language)


def told(rule_id: str | None, on: dt.date, values: Policy) -> dict[str, Any]:
    """The book as data, or of it one rule or check. Raises UsageError for an unknown id."""
    whole = content(on, values)
    if rule_id is None:
        return whole
    if rule_id not in CHECKS:
        one(rule_id, on)
    entries: list[dict[str, Any]] = [*whole["rules"], *whole["checks"]]
    return next(each for each in entries if each["id"] == rule_id)


def described(rule: Rule, on: dt.date, values: Policy, language: str) -> str:
    """One rule in Markdown as the clerk reads it, with the values in force on that day everywhere and by division."""
    which = 0 if language == "zh" else 1
    colon, joint = ("：", ": ")[which], ("；", "; ")[which]
    word = {name: words[which] for name, words in WORDS.items()}

    def line(name: str, text: str) -> str:
        return f"- **{word[name]}**{colon}{text or word['none']}"

    def tables(reads: Iterable[str]) -> str:
        return joint.join(f"{reading.source_name(each, language)} `{each}`" for each in reads)

    span = (
        word["span"].format(rule.valid_from, rule.valid_to)
        if rule.valid_to
        else word["since"].format(rule.valid_from)
    )
    lines = [
        f"## {rule.id} {(rule.title_zh, rule.title_en)[which]}",
        "",
        rule.doc[which],
        "",
        line("basis", rule.basis),
        line("version", rule.version),
        line("valid", span),
        line("severity", SEVERITIES[rule.severity][which]),
        line("grade", f"{rule.minimum_grade}{('（{}）', ' ({})')[which].format(GRADES[rule.minimum_grade][which])}"),
        line("inputs", tables(rule.inputs)),
        *([line("optional", tables(rule.optional))] if rule.optional else []),
        *(line("one_of", tables(names)) for names in rule.one_of),
        line("exceptions", joint.join(words[which] for words in rule.exceptions.values())),
        line("clears", (rule.clears_zh, rule.clears_en)[which]),
        *([line("correction", _plain(rule.correction[which], which))] if rule.correction else []),
        line("parameters", joint.join(_parameter(each, values, on, which) for each in rule.parameters)),
        line("examples", ""),
    ]
    lines[-1] = f"- **{word['examples']}**{colon.strip()}"
    lines += [f"  - {_example(each, which)}" for each in rule.examples]
    lines.append(f"- **{word['changes']}**{colon.strip()}")
    lines += [f"  - v{each['version']} ({each['on']}): {each[language]}" for each in changes().get(rule.id, ())]
    return "\n".join(lines)


def content(on: dt.date, values: Policy) -> dict[str, Any]:
    """The whole book as data, both languages: the rules in force on that day, the values and relations, the change log."""
    return {
        "as_of": on.isoformat(),
        "values_version": values.version,
        "forbidden_inputs": dict(zip(("zh", "en"), WORDS["forbidden"], strict=True)),
        "rules": [_data(rule, on, values) for rule in book.chosen((), on)],
        "checks": [
            {
                "id": check,
                **{
                    name: dict(zip(("zh", "en"), wording.said(check, name), strict=True))
                    for name in ("title", "means", "do")
                },
                "parameters": parameters().get(check, {}),
            }
            for check in CHECKS
        ],
        "values": [
            _dated(each) | {"key": each.key, "value": each.value, "unit": each.unit} for each in values.values
        ],
        "relations": [
            _dated(each)
            | {"assessed": each.assessed, "held": each.held, "relation": each.relation, "yields": each.yields or None}
            for each in values.relations
        ],
    }


def export(folder: Path, on: dt.date, values: Policy) -> tuple[Path, ...]:
    """Writes rulebook.zh.md, rulebook.en.md and rulebook.json into the folder, and returns them. Equal rules give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (
        ("rulebook.zh.md", page(on, values, "zh")),
        ("rulebook.en.md", page(on, values, "en")),
        ("rulebook.json", json.dumps(content(on, values), ensure_ascii=False, indent=1) + "\n"),
    ):
        path, part = folder / name, folder / f".{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(path)
        written.append(path)
    return tuple(written)


def page(on: dt.date, values: Policy, language: str) -> str:
    """The whole book in Markdown."""
    which = 0 if language == "zh" else 1
    colon = ("：", ": ")[which]
    word = {name: words[which] for name, words in WORDS.items()}
    rules = book.chosen((), on)
    lines = [
        f"# {word['book']}",
        "",
        word["intro"],
        "",
        f"{word['as_of']}{colon}{on.isoformat()} · {word['values']}{colon}{values.version}",
        "",
        f"**{word['never']}**{colon}{word['forbidden']}",
        "",
        f"## {word['contents']}",
        "",
    ]
    for family, titles in FAMILIES.items():
        lines.append(f"- {titles[which]}")
        lines += [
            f"  - {rule.id} {(rule.title_zh, rule.title_en)[which]}" for rule in rules if rule.id.startswith(family)
        ]
    lines.append(f"- {QUALITY[which]}")
    lines += [f"  - {check} {wording.said(check, 'title')[which]}" for check in CHECKS]
    for rule in rules:
        lines += ["", described(rule, on, values, language)]
    for check in CHECKS:
        lines += ["", checked(check, language)]
    return "\n".join(lines) + "\n"


def _parameter(key: str, values: Policy, on: dt.date, which: int) -> str:
    """A value in force everywhere, and how it differs by division."""
    word = {name: words[which] for name, words in WORDS.items()}
    divisions = sorted({each.division for each in values.values if each.key == key})
    told = []
    for division in divisions:
        entry = values.entry(key, on, None if division == "*" else division)
        where = "" if division == "*" else f" @{division}"
        told.append(f"{entry.value:g} {entry.unit}{where} ({word[entry.status]})")
    return f"`{key}` = {', '.join(told)}"


def _example(example: Example, which: int) -> str:
    words = (example.zh, example.en)[which]
    if example.severity is None:
        told = WORDS["no_lead"][which]
    else:
        told = WORDS["lead"][which].format(SEVERITIES[example.severity][which])
    return f"{words} → {told}"


def _plain(template: str, which: int) -> str:
    """A wording with its places left open."""
    return template.replace("{", "〔" if which == 0 else "[").replace("}", "〕" if which == 0 else "]")


def _data(rule: Rule, on: dt.date, values: Policy) -> dict[str, Any]:
    return {
        "id": rule.id,
        "version": rule.version,
        "title": {"zh": rule.title_zh, "en": rule.title_en},
        "what": dict(zip(("zh", "en"), rule.doc, strict=True)),
        "basis": rule.basis,
        "valid_from": rule.valid_from.isoformat(),
        "valid_to": rule.valid_to and rule.valid_to.isoformat(),
        "published": rule.published and rule.published.isoformat(),
        "severity": rule.severity,
        "minimum_grade": rule.minimum_grade,
        "inputs": {
            source: list(dict.fromkeys(text.replace("*", "").split())) for source, text in rule.inputs.items()
        },
        "needed": {source: list(rule.needed(source)) for source in rule.inputs if rule.needed(source)},
        "optional": {source: list(dict.fromkeys(text.split())) for source, text in rule.optional.items()},
        "one_of": [list(names) for names in rule.one_of],
        "exceptions": {name: {"zh": zh, "en": en} for name, (zh, en) in rule.exceptions.items()},
        "clears": {"zh": rule.clears_zh, "en": rule.clears_en},
        "correction": dict(zip(("zh", "en"), rule.correction, strict=True)) if rule.correction else None,
        "parameters": {key: _in_force(key, values, on) for key in rule.parameters},
        "examples": [
            {
                "zh": each.zh,
                "en": each.en,
                "given": {table: [dict(row) for row in rows] for table, rows in each.given.items()},
                "severity": each.severity,
            }
            for each in rule.examples
        ],
        "changes": [{**each, "on": each["on"].isoformat()} for each in changes().get(rule.id, ())],
    }


def _in_force(key: str, values: Policy, on: dt.date) -> dict[str, Any]:
    entry = values.entry(key, on)
    return {"value": entry.value, "unit": entry.unit, "status": entry.status, "basis": entry.basis}


def _dated(each: Any) -> dict[str, Any]:
    return {
        "division": each.division,
        "valid_from": each.valid_from.isoformat(),
        "valid_to": each.valid_to and each.valid_to.isoformat(),
        "basis": each.basis,
        "status": each.status,
        "approved_by": list(each.approved_by),
    }
