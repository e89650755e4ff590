"""C02: programmes that exclude one another, paid for the same months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from matcher.compatibility import Conflict, Matrix, conflicts
from matcher.identity.programmes import BY_CODE, STUDENT_AID
from matcher.overlap import stream
from matcher.policy import Policy
from matcher.rules import grants, reading, sums
from matcher.rules.rule import Evidence, Example, Facts, Lead, Rule


def find(facts: Facts) -> Iterator[Lead]:
    """同一人同时领取两个不得同时享受的项目，重叠月数超过转换所允许的月数。不同家庭成员各自领取的不构成疑点。互斥关系本身
    尚待核实的，只作提示。助学项目之间由规则C04、两县分别发放低保与特困由规则C06、用人单位的补贴由规则C08处理。

    One person was paid two programmes that exclude one another for more months than a change from one to the other
    may overlap. Different members of a household are no lead. Where the exclusion itself is only assumed, the lead
    says no more than that somebody should look. Two programmes of student aid are rule C04's, dibao and tekun from two
    counties C06's, an employer's subsidies C08's.
    """
    aid = reading.once(facts.linked["aid"].filter(pl.col("programme").is_in(_codes(facts.policy))))
    aid = grants.of_humans(facts, aid)
    aid = aid.filter(pl.col("programme").n_unique().over("human") > 1)
    homes = reading.households(facts, aid.get_column("household_id"))
    matrices: dict[str | None, Matrix] = {}
    for _, rows in sorted(reading.rows_by(aid, "human").items()):
        household_id = rows[0]["household_id"]
        division = homes[household_id]["division_code"]
        matrix = matrices.setdefault(division, Matrix.of(facts.policy, division))
        grades = {row["record_id"]: row["grade"] for row in rows}
        streams = [months_paid for row in grants.standing(rows) if (months_paid := stream(row, facts.as_of))]
        switch = facts.policy.value("overlap.switch_months", facts.as_of, division)
        for conflict in conflicts(streams, matrix, switch):
            cell = conflict.cell
            if cell.pair <= STUDENT_AID or _of_two_counties(conflict):
                continue
            yield Lead(
                household_id=household_id,
                person_ids=tuple(sorted({each.person_id for each in conflict.streams})),
                natural_key=(cell.keeps, cell.yields),
                severity="MEDIUM" if cell.status == "verified" else "INFO",
                grade=reading.weakest(grades[each.record_id] for each in conflict.streams),
                evidence=tuple(Evidence("aid", each.record_id, each.person_id) for each in conflict.streams),
                exceptions=(("switch_month", "NO"), ("different_members", "NO")),
                facts=_facts(conflict),
                amount=(Decimal(0), conflict.correction.yuan),
                period=(conflict.months[0], conflict.months[-1]),
                compared=sums.beside(conflict.keeping, conflict.yielding),
                steps=sums.steps(conflict.yielding, conflict.months),
            )


def _of_two_counties(conflict: Conflict) -> bool:
    """Whether dibao and tekun were all paid by different counties: rule C06's."""
    sides = [{each.division for each in side} for side in (conflict.keeping, conflict.yielding)]
    told = None not in sides[0] | sides[1]
    return conflict.cell.pair == {"DIBAO", "TEKUN"} and told and not sides[0] & sides[1]


def _codes(policy: Policy) -> list[str]:
    """Every programme that excludes another somewhere at some time, but for what employers receive."""
    excluded = {code for cell in policy.relations if cell.relation == "EXCLUSIVE" for code in cell.pair}
    return sorted(code for code in excluded if code in BY_CODE and BY_CODE[code].unit != "EMPLOYER")


def _facts(conflict: Conflict) -> dict[str, str]:
    cell, when = conflict.cell, conflict.months
    keeps, yields = BY_CODE[cell.keeps], BY_CODE[cell.yields]
    verified = cell.status == "verified"
    return {
        **sums.words(conflict.yielding, when),
        "keeps_zh": keeps.name_zh,
        "keeps_en": keeps.name_en,
        "yields_zh": yields.name_zh,
        "yields_en": yields.name_en,
        "first": f"{when[0]:%Y-%m}",
        "last": f"{when[-1]:%Y-%m}",
        "months": str(len(when)),
        "cell": cell.basis,
        "status_zh": "已核实" if verified else "尚待主管部门核实，仅供参考",
        "status_en": "verified" if verified else "assumed, to be verified by the authority in charge",
    }


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}

POST = {
    "person_id": "P1",
    "programme": "PUBLIC_WELFARE_POST",
    "start_month": "2024-04",
    "end_month": "2024-09",
    "amount_yuan": 1900,
}
BENEFIT = {
    "person_id": "P1",
    "programme": "UI_BENEFIT",
    "start_month": "2024-02",
    "end_month": "2024-07",
    "amount_yuan": 1500,
}
EXAMPLES = (
    Example(
        zh="公益性岗位与失业保险金重叠四个月",
        en="A public-welfare post and unemployment benefit side by side for four months",
        given={"households": (HOME,), "members": (HEAD,), "aid": (POST, BENEFIT)},
        severity="MEDIUM",
        amount=("0", "6000"),
    ),
    Example(
        zh="仅在转换当月重叠",
        en="Side by side in the month of the change alone",
        given={"households": (HOME,), "members": (HEAD,), "aid": (POST, {**BENEFIT, "end_month": "2024-04"})},
        severity=None,
    ),
)

RULE = Rule(
    id="C02",
    version="1",
    title_zh="互斥项目同期领取",
    title_en="Exclusive programmes overlap",
    basis="安政办〔2019〕15号 一：避免重复救助；各项目的互斥规定见正文",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"aid": reading.AID},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="同一人 {first} 至 {last} 有 {months} 个月同时领取{keeps}与{yields}，二者不得同时享受（“{cell}”；{status}）。",
    en="One person was paid both “{keeps}” and “{yields}” in {months} months from {first} to {last}; the two exclude one another "
    "(“{cell}”; {status}).",
    correction=(
        "自重叠首月起保留{keeps}，{yields}按规定办理停止或转换。",
        "keep {keeps} from the first shared month and end or convert {yields}.",
    ),
    clears_zh="项目转换审批、属于不同家庭成员的证明，或发放记录有误的说明。",
    clears_en="The approval of the change, proof that two members were meant, or a statement that the payment records err.",
    exceptions={
        "switch_month": ("是否仅为转换当月", "only the month of the change"),
        "different_members": ("是否为不同家庭成员", "different members of the household"),
    },
    parameters=("overlap.switch_months",),
    examples=EXAMPLES,
)
