"""What is wrong with the leads that an entry path raised on one case; the same for every path."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.redteam.table import ANY_HOUSEHOLD, Case, Expected

Finding = Mapping[str, Any]


def by_case(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the id of the case that their household belongs to."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for row in findings:
        found[row["household_id"].partition("/")[0]].append(row)
    return found


def complaints(case: Case, findings: Iterable[Finding]) -> list[str]:
    """Every way in which these findings differ from what the case says, empty where they are right.

    `findings` have rule_id, household_id, severity and basis, all of this case, from a scan under the whole book.
    """
    found = [
        (row["rule_id"], row["household_id"].removeprefix(f"{case.id}/"), row["severity"], row["basis"])
        for row in findings
    ]
    return [*_missing(case.leads, found), *_unwanted(case, found)]


def _missing(expected: Sequence[Expected], found: list[tuple[str, str, str, str | None]]) -> list[str]:
    count = Counter((rule, household) for rule, household, _, _ in found)
    wrong = []
    for each in expected:
        wanted = sum((other.rule, other.household) == (each.rule, each.household) for other in expected)
        if not any(_fits(each, *row) for row in found):
            wrong.append(f"no {each.rule} in {each.household} such as {each}")
        elif each.household != ANY_HOUSEHOLD and count[each.rule, each.household] != wanted:
            wrong.append(f"{count[each.rule, each.household]} of {each.rule} in {each.household}, not {wanted}")
    return wrong


def _unwanted(case: Case, found: list[tuple[str, str, str, str | None]]) -> list[str]:
    meant = {(each.rule, each.household) for each in case.leads}
    also = case.may if case.leads else frozenset()
    return [
        f"{rule} in {household}, where none is due"
        for rule, household in sorted({(rule, household) for rule, household, _, _ in found})
        if rule not in also and not {(rule, household), (rule, ANY_HOUSEHOLD)} & meant
    ]


def _fits(expected: Expected, rule: str, household: str, severity: str, basis: str | None) -> bool:
    return (
        rule == expected.rule
        and expected.household in (household, ANY_HOUSEHOLD)
        and expected.severity in (severity, None)
        and expected.basis in (basis, None)
    )
