"""C08: an employer paid twice for one hire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

import polars as pl

from matcher.compatibility import Conflict, Matrix, conflicts
from matcher.identity.programmes import BY_CODE
from matcher.rules import grants, masking, reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Evidence, Example, Facts, Lead, Rule

POST = "PUBLIC_WELFARE_POST"
"""Paid to the employer where the record names one."""


def find(facts: Facts) -> Iterator[Lead]:
    """同一用人单位就同一人同一月份领取两项以上互斥的用人补贴（安置补助、按人稳岗补贴、公益性岗位补贴）。本条针对用人单位，不针对
    职工本人，不影响其待遇。用途不同的补贴（如培训）、两名职工各一项的，不构成疑点。互斥关系尚待核实的，只作提示。

    One employer was paid two or more subsidies that exclude one another (placement, job stabilisation by head,
    public-welfare post) for the same person and month. This lead is about the employer, not about the worker, whose
    own aid it does not touch. Subsidies for other costs, such as training, and one subsidy for each of two workers are
    no lead. Where the exclusion is only assumed, it is merely pointed out.
    """
    wanted = pl.col("programme").is_in(_codes(facts)) & pl.col("employer_uscc").is_not_null()
    aid = grants.of_humans(facts, reading.once(facts.linked["aid"].filter(wanted)))
    aid = aid.filter(pl.col("programme").n_unique().over("human", "employer_uscc") > 1)
    homes = reading.households(facts, aid.get_column("household_id"))
    for (_, employer), rows in sorted(grants.by(aid.iter_rows(named=True), "human", "employer_uscc").items()):
        home = homes[rows[0]["household_id"]]
        matrix = Matrix.of(facts.policy, home["division_code"])
        standing = grants.standing(rows)
        paid = grants.streams(standing, facts.as_of)
        for conflict in conflicts(paid.values(), matrix):
            involved = [row for row in standing if paid.get(row["record_id"]) in conflict.streams]
            if not _other_costs(involved):
                yield _lead(home["household_id"], employer, conflict, involved)


def _codes(facts: Facts) -> list[str]:
    """What employers receive for a hire and may not receive beside something else."""
    paired = {code for cell in facts.policy.relations if cell.relation == "EXCLUSIVE" for code in cell.pair}
    return sorted(code for code in paired if code == POST or (code in BY_CODE and BY_CODE[code].unit == "EMPLOYER"))


def _other_costs(rows: Sequence[Row]) -> bool:
    """Whether each programme's payments say what they are for, and none says the same as the other's."""
    causes = {code: {row["cause"] for row in group} for (code,), group in grants.by(rows, "programme").items()}
    (one, other) = causes.values()
    return None not in one | other and not one & other


def _lead(household_id: str, employer: str, conflict: Conflict, rows: Sequence[Row]) -> Lead:
    cell, when = conflict.cell, conflict.months
    verified = cell.status == "verified"
    return Lead(
        household_id=household_id,
        person_ids=tuple(sorted({row["person_id"] for row in rows})),
        natural_key=(employer, cell.keeps, cell.yields),
        severity="MEDIUM" if verified else "INFO",
        grade=reading.weakest(row["grade"] for row in rows),
        evidence=tuple(Evidence("aid", row["record_id"], row["person_id"]) for row in rows),
        exceptions=(("other_costs", "UNKNOWN" if any(row["cause"] is None for row in rows) else "NO"),),
        facts={
            **sums.words(conflict.yielding, when),
            **grants.names(cell.keeps, "keeps"),
            **grants.names(cell.yields, "yields"),
            "employer": masking.code(employer),
            "first": f"{when[0]:%Y-%m}",
            "last": f"{when[-1]:%Y-%m}",
            "months": str(len(when)),
            "cell": cell.basis,
            "status_zh": "已核实" if verified else "尚待主管部门核实，仅供参考",
            "status_en": "verified" if verified else "assumed, to be verified by the authority in charge",
        },
        amount=(Decimal(0), conflict.correction.yuan),
        period=(when[0], when[-1]),
        compared=sums.beside(conflict.keeping, conflict.yielding),
        steps=sums.steps(conflict.yielding, when),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
SPOUSE = {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE"}
PLACED = {
    "person_id": "P1", "programme": "PLACEMENT_SUBSIDY", "start_month": "2024-05", "end_month": "2024-05", "amount_yuan": 1000,
    "employer_uscc": "91410500MA40000012",
}  # fmt: skip
KEPT = {**PLACED, "programme": "JOB_STABILISATION_SUBSIDY", "amount_yuan": 1200}
EXAMPLES = (
    Example(
        zh="同一人同月，单位既领安置补助又领稳岗补贴",
        en="Placement and job-stabilisation subsidy for one worker in one month",
        given={"households": (HOME,), "members": (HEAD,), "aid": (PLACED, KEPT)},
        severity="INFO",
        amount=("0", "1200"),
    ),
    Example(
        zh="两名职工各一项",
        en="Two workers, one subsidy each",
        given={"households": (HOME,), "members": (HEAD, SPOUSE), "aid": (PLACED, {**KEPT, "person_id": "P2"})},
        severity=None,
    ),
    Example(
        zh="安置补助与培训补贴，用途不同",
        en="A placement subsidy, and one for training",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "aid": (PLACED, {**KEPT, "programme": "SKILLS_SUBSIDY"}),
        },
        severity=None,
    ),
    Example(
        zh="先后两个单位",
        en="Two employers",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "aid": (PLACED, {**KEPT, "employer_uscc": "91410500MA40000099"}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="C08",
    version="1",
    title_zh="用人单位重复补贴（针对单位）",
    title_en="Employer paid twice for one hire (about the employer)",
    basis="安政办〔2019〕15号 三（四）：安置补助、稳岗补贴；一、避免重复救助",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"aid": f"{reading.AID} employer_uscc*"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="用人单位（信用代码 {employer}）就同一人 {first} 至 {last} 有 {months} 个月同时领取{keeps}与{yields}（“{cell}”；{status}）。"
    "本条针对用人单位，不影响职工本人。",
    en="An employer (credit code {employer}) was paid both “{keeps}” and “{yields}” for one worker in {months} months from {first} to "
    "{last} (“{cell}”; {status}). This is about the employer and does not touch the worker.",
    correction=(
        "用人单位保留{keeps}，{yields}的重叠月份由其退还或抵扣；职工待遇不变。",
        "the employer keeps {keeps} and returns {yields} for the shared months or has it set off; the worker's own aid stays.",
    ),
    clears_zh="两项补贴用途不同的文件，或补贴针对不同职工的证明。",
    clears_en="Papers showing that the two subsidies cover different costs, or different workers.",
    exceptions={"other_costs": ("是否为不同费用项目", "different cost items")},
    parameters=(),
    examples=EXAMPLES,
)
