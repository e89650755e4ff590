"""A lead in words, Chinese and English from one structure: what, on which data, how sure, what was tested, what clears it."""

from __future__ import annotations

from decimal import Decimal

from matcher.rules import reading
from matcher.rules.rule import Compared, Facts, Lead, Rule, Severity

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


Part = tuple[str, str]
"""A part of an explanation: which one (PARTS), and its text."""

PARTS = (
    "title", "what", "compared", "steps", "data", "identity", "amount", "interval", "exceptions", "correction", "clears",
    "basis", "reminder",
)  # fmt: skip
"""The parts of an explanation in their order; those that a lead has nothing to say in are left out."""


def explain(rule: Rule, lead: Lead, severity: Severity, facts: Facts, language: str) -> str:
    """The whole explanation of a lead, one line a part."""
    return "\n".join(text for _, text in parts(rule, lead, severity, facts, language))


def parts(rule: Rule, lead: Lead, severity: Severity, facts: Facts, language: str) -> tuple[Part, ...]:
    """The explanation of a lead, part by part."""
    zh = language == "zh"
    which = 0 if zh else 1
    sources = sorted({piece.source for piece in lead.evidence if piece.source in facts.feeds})
    dated = [_dated(facts, source, which) for source in sources]
    words = {name.removesuffix(f"_{language}"): value for name, value in lead.facts.items()}
    colon = "：" if zh else ": "
    tested = [f"{rule.exceptions[name][which]}{colon}{RESULTS[result][which]}" for name, result in lead.exceptions]
    compared = [_compared(each, which) for each in lead.compared]
    steps = [step[which] for step in lead.steps]
    low, high = lead.amount
    if zh:
        lines = [
            f"【{rule.id} {rule.title_zh}】（疑点，程度{SEVERITIES[severity][0]}）",
            rule.zh.format_map(words),
            f"比对：{'；'.join(compared)}。" if compared else "",
            f"计算：{'；'.join(steps)}。" if steps else "",
            f"依据数据：{'、'.join(dated) or '本系统家庭档案'}；共 {len(set(lead.evidence))} 条记录。",
            f"身份关联：{words.get('identity') or GRADES[lead.grade][0]}（{lead.grade}）。",
            _amount_zh(low, high) + (f"已发放：{words['sums']}。" if words.get("sums") else ""),
            _interval(lead, "区间：", " 至 ", "今", "。"),
            f"例外情形：{'；'.join(tested)}。" if tested else "",
            f"最省事的合法更正：{rule.correction[0].format_map(words)}" if rule.correction else "",
            f"可以消除本疑点的材料：{rule.clears_zh}",
            f"依据：{rule.basis}（规则版本 {rule.version}）。",
            "本条只是疑点，不是结论；由工作人员核实后决定，当事人可以说明和提出异议。",
        ]
    else:
        lines = [
            f"[{rule.id} {rule.title_en}] (lead, {SEVERITIES[severity][1]})",
            rule.en.format_map(words),
            f"Compared: {'; '.join(compared)}." if compared else "",
            f"Arithmetic: {'; '.join(steps)}." if steps else "",
            f"Data: {', '.join(dated) or 'our own household files'}; {len(set(lead.evidence))} records.",
            f"Identity: {words.get('identity') or GRADES[lead.grade][1]} ({lead.grade}).",
            _amount_en(low, high) + (f" Paid: {words['sums']}." if words.get("sums") else ""),
            _interval(lead, "Interval: ", " to ", "now", "."),
            f"Exceptions: {'; '.join(tested)}." if tested else "",
            f"The cheapest lawful correction: {rule.correction[1].format_map(words)}" if rule.correction else "",
            f"What would clear it: {rule.clears_en}",
            f"Basis: {rule.basis} (rule version {rule.version}).",
            "This is a lead, not a finding of fact: a person verifies and decides, and those concerned may explain and object.",
        ]
    return tuple((part, text) for part, text in zip(PARTS, lines, strict=True) if text)


def _dated(facts: Facts, source: str, which: int) -> str:
    """A source, the day it was cut, and its batch where the department named one."""
    name = reading.source_name(source, ("zh", "en")[which])
    batch = facts.feeds[source].batch
    told = _as_of(facts, source, which) + ((f"，批次 {batch}", f", batch {batch}")[which] if batch else "")
    return (f"{name}（{told}）", f"{name} ({told})")[which]


def _compared(each: Compared, which: int) -> str:
    """What was held beside what, and what each side says."""
    name = reading.source_name(each.source, ("zh", "en")[which])
    ours = ("申报或档案", "declared or on file")[which]
    if each.beside:
        ours = reading.source_name(each.beside, ("zh", "en")[which])
    zh = f"{each.what[0]}——{ours} {each.ours[0]}，{name} {each.found[0]}"
    return (zh, f"{each.what[1]}: {ours} {each.ours[1]}, {name} {each.found[1]}")[which]


def _as_of(facts: Facts, source: str, which: int) -> str:
    date = facts.feeds[source].as_of
    return reading.UNDATED[which] if date is None else f"{('数据截至', 'as of ')[which]}{date.isoformat()}"


def _interval(lead: Lead, label: str, to: str, now: str, stop: str) -> str:
    """From when to when, where the lead says so; without an end it goes on."""
    start, end = lead.period
    return f"{label}{start.isoformat()}{to}{end.isoformat() if end else now}{stop}" if start else ""


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
