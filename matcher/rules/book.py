"""The rules in force: a plain list, and what a rule must be to stand in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from matcher.errors import MatcherError, UsageError
from matcher.rules.changelog import changes
from matcher.rules.duplicate import (
    c01_same_programme_twice,
    c02_exclusive_programmes,
    c03_temporary_aid_again,
    c04_student_twice,
    c05_over_cost,
    c06_two_counties,
    c07_counted_twice,
    c08_employer_twice,
    c09_posted_twice,
)
from matcher.rules.entitlement import (
    u01_below_the_line,
    u02_insurance_owed,
    u03_injury_benefit,
    u04_student_without_aid,
    u05_medical_costs,
    u06_unclaimed_benefit,
    u07_not_touched,
    u08_return_to_hardship,
)
from matcher.rules.household import (
    h01_spouse,
    h02_divorce_of_convenience,
    h03_counted_elsewhere,
    h04_real_estate,
    h05_vehicle,
    h06_financial_assets,
    h07_fund_base,
    h08_income_above_line,
    h09_exit_due,
    h10_wrong_line,
    h11_high_fee_school,
    h12_rigid_expense,
    h13_category,
    h14_migrant_conditions,
)
from matcher.rules.network import (
    n01_shared_account,
    n02_shared_phone,
    n03_address_cluster,
    n04_reused_document,
    n05_payee_outside,
    n06_handlers_relatives,
    n07_employer_cluster,
    n08_intake_burst,
    n09_component,
)
from matcher.rules.person import (
    p01_aid_after_death,
    p02_one_number_two_names,
    p03_one_person_two_numbers,
    p04_number_does_not_exist,
    p05_two_files,
    p06_undeclared_employment,
    p07_declared_wage,
    p08_benefit_during_stop,
    p09_retired_worker,
    p10_public_payroll,
    p11_business,
    p12_long_absence,
    p13_student_not_enrolled,
    p14_same_bill_twice,
    p15_age_or_ability,
)
from matcher.rules.rule import FORBIDDEN, Rule


def forbidden(name: str) -> bool:
    """Whether no rule may read a table or column of this name (safeguard F-24)."""
    return any(word in name.lower() for word in FORBIDDEN)


def checked(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules as they are. Raises MatcherError, naming the rule, for one that may not run.

    Refused are a rule that reads a forbidden input (F-24), has no legal basis, is not published (F-15), explains itself
    in no docstring of both languages, or brings no worked example of a lead and of none; and two rules of one id.
    """
    kept: dict[str, Rule] = {}
    for rule in rules:
        for source in rule.reads:
            if bad := [name for name in (source, *rule.columns(source)) if forbidden(name)]:
                raise MatcherError(f"rule {rule.id} reads {', '.join(bad)}, which no rule may (safeguard F-24)")
        if not rule.basis.strip():
            raise MatcherError(f"rule {rule.id} has no legal basis")
        logged = changes().get(rule.id, [{}])[-1]
        if rule.published is None or (logged.get("version"), logged.get("on")) != (rule.version, rule.published):
            raise MatcherError(
                f"rule {rule.id} version {rule.version} is not published; only published rules run (safeguard F-15): "
                "it must stand last in the change log, on the day of its publication"
            )
        if not all(rule.doc):
            raise MatcherError(f"rule {rule.id} has no docstring in Chinese and English")
        if {example.severity is None for example in rule.examples} != {True, False}:
            raise MatcherError(f"rule {rule.id} needs a worked example of a lead, and one of no lead")
        if rule.id in kept:
            raise MatcherError(f"rule {rule.id} stands in the book twice")
        kept[rule.id] = rule
    return tuple(kept.values())


BOOK: tuple[Rule, ...] = checked(
    (
        p01_aid_after_death.RULE,
        p02_one_number_two_names.RULE,
        p03_one_person_two_numbers.RULE,
        p04_number_does_not_exist.RULE,
        p05_two_files.RULE,
        p06_undeclared_employment.RULE,
        p07_declared_wage.RULE,
        p08_benefit_during_stop.RULE,
        p09_retired_worker.RULE,
        p10_public_payroll.RULE,
        p11_business.RULE,
        p12_long_absence.RULE,
        p13_student_not_enrolled.RULE,
        p14_same_bill_twice.RULE,
        p15_age_or_ability.RULE,
        h01_spouse.RULE,
        h02_divorce_of_convenience.RULE,
        h03_counted_elsewhere.RULE,
        h04_real_estate.RULE,
        h05_vehicle.RULE,
        h06_financial_assets.RULE,
        h07_fund_base.RULE,
        h08_income_above_line.RULE,
        h09_exit_due.RULE,
        h10_wrong_line.RULE,
        h11_high_fee_school.RULE,
        h12_rigid_expense.RULE,
        h13_category.RULE,
        h14_migrant_conditions.RULE,
        c01_same_programme_twice.RULE,
        c02_exclusive_programmes.RULE,
        c03_temporary_aid_again.RULE,
        c04_student_twice.RULE,
        c05_over_cost.RULE,
        c06_two_counties.RULE,
        c07_counted_twice.RULE,
        c08_employer_twice.RULE,
        c09_posted_twice.RULE,
        n01_shared_account.RULE,
        n02_shared_phone.RULE,
        n03_address_cluster.RULE,
        n04_reused_document.RULE,
        n05_payee_outside.RULE,
        n06_handlers_relatives.RULE,
        n07_employer_cluster.RULE,
        n08_intake_burst.RULE,
        n09_component.RULE,
        u01_below_the_line.RULE,
        u02_insurance_owed.RULE,
        u03_injury_benefit.RULE,
        u04_student_without_aid.RULE,
        u05_medical_costs.RULE,
        u06_unclaimed_benefit.RULE,
        u07_not_touched.RULE,
        u08_return_to_hardship.RULE,
    )
)


def chosen(ids: tuple[str, ...], on: dt.date) -> tuple[Rule, ...]:
    """The rules of these ids in force on that day, or all of them where no id is given. Raises UsageError for an unknown id."""
    known = {rule.id: rule for rule in BOOK}
    if unknown := [rule_id for rule_id in ids if rule_id not in known]:
        raise UsageError(f"there is no rule {', '.join(unknown)}; known are {', '.join(known)}")
    wanted = [known[rule_id] for rule_id in dict.fromkeys(ids)] if ids else list(BOOK)
    return tuple(rule for rule in wanted if rule.valid_from <= on and (rule.valid_to is None or on <= rule.valid_to))
