"""The rules in force: a plain list."""

from __future__ import annotations

import datetime as dt

from matcher.errors import UsageError
from matcher.rules import reading
from matcher.rules.duplicate import c02_exclusive_programmes, c06_two_counties
from matcher.rules.entitlement import u04_student_without_aid
from matcher.rules.household import h01_spouse, h04_real_estate, h05_vehicle
from matcher.rules.person import p01_aid_after_death, p05_two_files, p11_business
from matcher.rules.rule import Rule

BOOK: tuple[Rule, ...] = (
    p01_aid_after_death.RULE,
    p05_two_files.RULE,
    p11_business.RULE,
    h01_spouse.RULE,
    h04_real_estate.RULE,
    h05_vehicle.RULE,
    c02_exclusive_programmes.RULE,
    c06_two_counties.RULE,
    u04_student_without_aid.RULE,
)


def chosen(ids: tuple[str, ...], on: dt.date) -> tuple[Rule, ...]:
    """The rules of these ids in force on that day, or all of them where no id is given. Raises UsageError for an unknown id."""
    known = {rule.id: rule for rule in BOOK}
    if unknown := [rule_id for rule_id in ids if rule_id not in known]:
        raise UsageError(f"there is no rule {', '.join(unknown)}; known are {', '.join(known)}")
    wanted = [known[rule_id] for rule_id in dict.fromkeys(ids)] if ids else list(BOOK)
    return tuple(rule for rule in wanted if rule.valid_from <= on and (rule.valid_to is None or on <= rule.valid_to))


def describe(rule_id: str | None, language: str) -> str:
    """The list of rules, or one rule as the clerk reads it: what it notices, its basis, exceptions and parameters."""
    zh = language == "zh"
    if rule_id is None:
        return "\n".join(f"{rule.id}  {rule.title_zh if zh else rule.title_en}" for rule in BOOK)
    (rule,) = chosen((rule_id,), dt.date.max)
    exceptions = [words[0 if zh else 1] for words in rule.exceptions.values()]
    inputs = ("、" if zh else ", ").join(reading.source_name(each, language) for each in rule.inputs or ("members",))
    lines = [
        f"{rule.id}  {rule.title_zh if zh else rule.title_en}  (v{rule.version}, {rule.valid_from.isoformat()})",
        "",
        rule.doc[0 if zh else 1],
        "",
        *(
            (f"依据：{rule.basis}", f"例外：{'；'.join(exceptions)}", f"可以消除：{rule.clears_zh}")
            if zh
            else (f"Basis: {rule.basis}", f"Exceptions: {'; '.join(exceptions)}", f"Clears it: {rule.clears_en}")
        ),
        f"{'参数' if zh else 'Parameters'}: {', '.join(rule.parameters) or '—'}",
        f"{'数据' if zh else 'Inputs'}: {inputs}; ≥ {rule.minimum_grade}",
    ]
    return "\n".join(lines)
