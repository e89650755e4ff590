"""A lead in words, Chinese and English from one structure: what, on which data, how sure, what was tested, what clears it."""

from __future__ import annotations

import re
from decimal import Decimal

from matcher.rules import reading
from matcher.rules.rule import Compared, Facts, Lead, Rule, Severity, Words

GRADES = {
    "G1": ("号码与姓名一致", "number and name agree"),
    "G2": ("号码一致，姓名仅写法不同", "the number agrees, the name differs only in how it is written"),
    "G3": ("号码一致，姓名不同", "the number agrees, the names really differ"),
    "G4": ("号码有一处笔误，姓名与出生日期一致", "the number has one slip of the pen; name and birth date agree"),
    "G5": (
        "无可用号码，姓名、出生日期、性别及另一项一致；须先核实身份",
        "no usable number; name, birth date, sex and one more field agree; the identity must be checked first",
    ),
}
RESULTS = {
    "NO": ("已核对，否", "tested, no"),
    "YES": ("已核对，是", "tested, yes"),
    "UNKNOWN": ("不明，须人工核实", "unknown, for a person to check"),
}
SEVERITIES = {"INFO": ("提示", "info"), "LOW": ("低", "low"), "MEDIUM": ("中", "medium"), "HIGH": ("高", "high")}


OWN_FILES = (
    "只涉及本系统档案，未与部门记录关联",
    "this is about our own files alone; no department's record was linked",
)
"""What is said of the identity where nothing was linked."""

PAYING = ("aid", "unemployment_benefit", "medical")
"""The sources that tell what was paid."""

Part = tuple[str, str]
"""A part of an explanation: which one (PARTS), and its text."""

PARTS = (
    "title", "what", "compared", "steps", "data", "identity", "amount", "interval", "exceptions", "correction", "clears",
    "basis", "reminder",
)  # fmt: skip
"""The parts of an explanation in their order; those that a lead has nothing to say in are left out."""


LABELS: dict[str, tuple[str, str]] = {
    "compared": ("比对：", "Compared: "),
    "steps": ("计算：", "Arithmetic: "),
    "data": ("依据数据：", "Data: "),
    "identity": ("身份关联：", "Identity: "),
    "amount": ("涉及金额：", "Amount at risk: "),
    "interval": ("区间：", "Interval: "),
    "exceptions": ("例外情形：", "Exceptions: "),
    "correction": ("最省事的合法更正：", "The cheapest lawful correction: "),
    "clears": ("可以消除本疑点的材料：", "What would clear it: "),
    "basis": ("依据：", "Basis: "),
    "reminder": ("本条只是疑点，", "This is a lead, "),
}
"""How each part begins but for the first two, which are the title and what was noticed."""


def explain(rule: Rule, lead: Lead, severity: Severity, facts: Facts, language: str) -> str:
    """The whole explanation of a lead, one line a part."""
    return "\n".join(text for _, text in parts(rule, lead, severity, facts, language))


def parts(rule: Rule, lead: Lead, severity: Severity, facts: Facts, language: str) -> tuple[Part, ...]:
    """The explanation of a lead, part by part."""
    zh = language == "zh"
    which = 0 if zh else 1
    dated = [_dated(facts, source, which) for source in _sources(rule, lead, facts)]
    behind = len(set(lead.evidence))
    words = {name.removesuffix(f"_{language}"): value for name, value in lead.facts.items()}
    colon = "：" if zh else ": "
    tested = [f"{rule.exceptions[name][which]}{colon}{RESULTS[result][which]}" for name, result in lead.exceptions]
    compared = [_compared(each, which) for each in lead.compared]
    steps = [step[which] for step in lead.steps]
    low, high = lead.amount
    if zh:
        lines = [
            f"【{rule.id} {rule.title_zh}】（疑点，程度{SEVERITIES[severity][0]}）",
            _plainly(rule.zh.format_map(words)),
            f"比对：{'；'.join(compared)}。" if compared else "",
            f"计算：{'；'.join(steps)}。" if steps else "",
            f"依据数据：{'、'.join(dated) or '本系统家庭档案'}；作为依据的记录 {behind} 条。",
            f"身份关联：{words.get('identity') or _identity(lead)[0]}（{lead.grade}）。",
            _amount_zh(low, high) + (f"已发放：{words['sums']}。" if words.get("sums") else ""),
            _interval(lead, "区间：", " 至 ", " 至今", "。"),
            f"例外情形：{'；'.join(tested)}。" if tested else "",
            f"最省事的合法更正：{rule.correction[0].format_map(words)}" if rule.correction else "",
            f"可以消除本疑点的材料：{rule.clears_zh}",
            f"依据：{rule.basis}（规则版本 {rule.version}）。",
            "本条只是疑点，不是结论；由工作人员核实后决定，当事人可以说明和提出异议。",
        ]
    else:
        lines = [
            f"[{rule.id} {rule.title_en}] (lead, {SEVERITIES[severity][1]})",
            _capital(_plainly(rule.en.format_map(words))),
            f"Compared: {'; '.join(compared)}." if compared else "",
            f"Arithmetic: {'; '.join(steps)}." if steps else "",
            f"Data: {', '.join(dated) or 'our own household files'}; {count(behind, 'record')} behind the lead.",
            f"Identity: {words.get('identity') or _identity(lead)[1]} ({lead.grade}).",
            _amount_en(low, high) + (f" Paid: {words['sums']}." if words.get("sums") else ""),
            _interval(lead, "Interval: ", " to ", " to now", "."),
            f"Exceptions: {'; '.join(tested)}." if tested else "",
            f"The cheapest lawful correction: {rule.correction[1].format_map(words)}" if rule.correction else "",
            f"What would clear it: {rule.clears_en}",
            f"Basis: {rule.basis} (rule version {rule.version}).",
            "This is a lead, not a finding of fact: a person verifies and decides, and those concerned may explain and object.",
        ]
    return tuple((part, text) for part, text in zip(PARTS, lines, strict=True) if text)


def told(text: str, language: str) -> dict[str, str]:
    """An explanation as it was written, part by part again, each without its label.

    >>> told("[H05 A car] (lead, low)\\nThere is a car.\\nCompared: cars — declared: 0, against vehicles: 1.", "en")
    {'title': '[H05 A car] (lead, low)', 'what': 'There is a car.', 'compared': 'cars — declared: 0, against vehicles: 1.'}
    """
    which = ("zh", "en").index(language)
    found: dict[str, str] = {}
    waiting = list(LABELS)
    for number, line in enumerate(text.split("\n")):
        part = next((each for each in waiting if line.startswith(LABELS[each][which])), None)
        if part is not None:
            waiting = waiting[waiting.index(part) + 1 :]
            found[part] = line if part == "reminder" else line.removeprefix(LABELS[part][which])
        elif number < len(PARTS) - len(LABELS):
            found[PARTS[number]] = line
        else:  # a line of its own inside a part
            last = list(found)[-1]
            found[last] += f"\n{line}"
    return found


def count(number: int, one: str, many: str = "") -> str:
    """A number and its English noun.

    >>> count(1, "record"), count(2, "record"), count(0, "person", "people")
    ('1 record', '2 records', '0 people')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


RANGE = re.compile(r"(?<![\d.-])(\d[\d.-]*)(?: 至 |–| to )\1(?![\d.-])")
ONE = re.compile(r"(?<![\d.-])1 ((?:whole )?(?:month|record|bill|member|account|time|household))s\b")


def _plainly(sentence: str) -> str:
    """A rule's wording with one value said once instead of as a range, and one thing not in the plural.

    >>> _plainly("2024-05 至 2024-05"), _plainly("from 1 to 2.00"), _plainly("in 1 months"), _plainly("in 11 months")
    ('2024-05', 'from 1 to 2.00', 'in 1 month', 'in 11 months')
    """
    return ONE.sub(r"1 \1", RANGE.sub(r"\1", sentence))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _identity(lead: Lead) -> Words:
    """How sure it is whose records these are; nothing was linked where a file alone speaks."""
    own = {piece.source for piece in lead.evidence} <= {"households", "documents"}
    return OWN_FILES if own and lead.grade == "G1" else GRADES[lead.grade]


def _sources(rule: Rule, lead: Lead, facts: Facts) -> list[str]:
    """The feeds that a lead rests on: of its evidence, of what was compared, and of what was paid."""
    found = {piece.source for piece in lead.evidence}
    found |= {source for each in lead.compared for source in (each.source, each.beside)}
    if lead.amount[1] > 0 and "aid" in rule.reads and not found & set(PAYING):
        found.add("aid")
    return sorted(found & facts.feeds.keys())


def _dated(facts: Facts, source: str, which: int) -> str:
    """A source, the day it was cut, and its batch where the department named one."""
    name = reading.source_name(source, ("zh", "en")[which])
    batch = facts.feeds[source].batch
    told = _as_of(facts, source, which) + ((f"，批次 {batch}", f", batch {batch}")[which] if batch else "")
    return (f"{name}（{told}）", f"{name} ({told})")[which]


def _compared(each: Compared, which: int) -> str:
    """What was held beside what, and what each side says."""
    language = ("zh", "en")[which]
    two_files = each.source == "members" and not each.beside
    name = ("另一份档案", "the other file")[which] if two_files else reading.source_name(each.source, language)
    ours = (("本档案", "this file") if two_files else ("申报或档案", "declared or on file"))[which]
    if each.beside:
        ours = reading.source_name(each.beside, language)
    zh = f"{each.what[0]}——{ours}：{each.ours[0]}，对照{name}：{each.found[0]}"
    return (zh, f"{each.what[1]} — {ours}: {each.ours[1]}, against {name}: {each.found[1]}")[which]


def _as_of(facts: Facts, source: str, which: int) -> str:
    date = facts.feeds[source].as_of
    return reading.UNDATED[which] if date is None else f"{('数据截至 ', 'as of ')[which]}{date.isoformat()}"


def _interval(lead: Lead, label: str, to: str, now: str, stop: str) -> str:
    """From when to when, where the lead says so; months where both ends are months, and without an end it goes on."""
    start, end = lead.period
    if start is None:
        return ""
    by_month = end is not None and start.day == end.day == 1
    first, last = (day and day.isoformat()[: 7 if by_month else 10] for day in (start, end))
    return f"{label}{first}{stop}" if first == last else f"{label}{first}{to + last if last else now}{stop}"


def _amount_zh(low: Decimal, high: Decimal) -> str:
    if high == 0:
        return "涉及金额：无。"
    return (
        f"涉及金额：{high:.2f} 元。"
        if low == high
        else f"涉及金额：{low:.2f} 至 {high:.2f} 元（以实际已发放为上限）。"
    )


def _amount_en(low: Decimal, high: Decimal) -> str:
    if high == 0:
        return "Amount at risk: none."
    if low == high:
        return f"Amount at risk: {high:.2f} yuan."
    return f"Amount at risk: {low:.2f} to {high:.2f} yuan (never above what was paid)."
