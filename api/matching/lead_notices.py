"""What a household is told of a lead, in plain Chinese and English: from what was compared, and from the rule book (F-14).

It names what was compared, the two values, the source and its date, the rule in plain words, what to bring, by when, and
how to object. It is made of the lead's own explanation, in which identifiers are masked already, and names nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from api.matching import reference
from matcher.rules import explaining


@dataclass(frozen=True, slots=True)
class NoticeText:
    """The same notice in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Days:
    """When it is delivered, how many working days there are to answer, the last of them, and for an objection how many."""

    delivered_on: dt.date
    working_days: int
    wait_until: dt.date
    objection_days: int


def notice(rule_id: str, explanation_zh: str, explanation_en: str, days: Days) -> NoticeText:
    """The notice of a lead of this rule with these explanations, as it is delivered on a day."""
    return NoticeText(
        _zh(rule_id, explaining.told(explanation_zh, "zh"), days),
        _en(rule_id, explaining.told(explanation_en, "en"), days),
    )


def _zh(rule_id: str, told: Mapping[str, str], days: Days) -> str:
    rule = reference.rules().get(rule_id)
    lines = [
        "关于核实有关情况的告知书",
        f"一、核对了什么：{told.get('what', '')}",
        f"二、两项数值：{told.get('compared') or told.get('what', '')}",
        f"三、数据来源和日期：{told.get('data', '')}",
        f"四、规则怎么说：{rule.title_zh}。{rule.description_zh}依据：{rule.basis}。"
        if rule
        else f"四、规则怎么说：{told.get('basis', '')}",
        f"五、请带来：{told.get('clears', '')}没有书面材料的，可以口头说明。",
        f"六、答复期限：请不晚于 {days.wait_until}（收到本告知书之日 {days.delivered_on} 起 {days.working_days} 个工作日内）答复，"
        "当面、电话、书面均可。",
        "七、怎样提出异议：您认为记录不是您的、财产已经出售或者系继承、身份被他人冒用，或者对其他内容有异议的，可以在任何时候向"
        f"经办的工会或者窗口口头或书面提出；工作人员登记后，{days.objection_days} 个工作日内答复，答复之前不作不利的处理。"
        "您不需要证明自己没有过错：由我们核实。",
        "这只是一条需要核实的疑点，不是结论，现在的救助不因此改变。",
    ]
    return "\n".join(lines)


def _en(rule_id: str, told: Mapping[str, str], days: Days) -> str:
    rule = reference.rules().get(rule_id)
    lines = [
        "Notice of a question about your household",
        f"1. What was compared: {told.get('what', '')}",
        f"2. The two values: {told.get('compared') or told.get('what', '')}",
        f"3. Where the data come from, and of which day: {told.get('data', '')}",
        f"4. What the rule says: {rule.title_en}. {rule.description_en} Basis: {rule.basis}."
        if rule
        else f"4. What the rule says: {told.get('basis', '')}",
        f"5. What to bring: {told.get('clears', '')} If you have nothing in writing, you may say it.",
        f"6. By when: please answer by {days.wait_until} ({days.working_days} working days from {days.delivered_on}, the day "
        "on which you are given this), in person, by telephone or in writing.",
        "7. How to object: if the record is not yours, the property was sold or inherited, somebody used your identity, or "
        "anything else is wrong, tell the union or the counter that handles your case at any time, in words or in writing. "
        f"An officer takes it down and answers within {days.objection_days} working days; until then nothing is done to "
        "your disadvantage. You do not have to prove that you did nothing wrong: it is for us to find out.",
        "This is a question to be looked into and not a conclusion; the aid that you have now does not change because of it.",
    ]
    return "\n".join(lines)
