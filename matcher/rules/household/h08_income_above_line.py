"""H08: the income that every source tells of is above the line, and means-tested aid was paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from matcher.identity.programmes import BY_CODE
from matcher.overlap import Stream, add_months, inside
from matcher.rules import incomes, reading, sums, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Example, Facts, Lead, Result, Rule

TIMES = {"DIBAO": "income.dibao_times", "LIVING_SUBSIDY": "income.file_times"}
"""Aid that depends on income, and how many times the line it ends at."""

WORK = ("WAGE", "LABOUR", "BUSINESS")


def find(facts: Facts) -> Iterator[Lead]:
    """各需要的来源对每个成员都已答复的月份，按至少有的收入计算的人均收入仍高于标准（低保为低保标准，困难生活补贴为其规定倍数），
    而当月发放了该项救助；最近几个已知月份中达到规定月数的才提示。就业后的渐退期内的月份、按规定不计的收入、金额不明或有来源未答复
    的月份都不计。金额只含这些月份实际发放的部分，不推算更早的月份。

    In months of which every needed source has answered for every member, the least income they must have had is more a head
    than the line (for dibao; a multiple of it for the living subsidy), and that aid was paid for the month; in so many of the
    last known months. Months of the gradual exit after finding work, kinds that are no income, and months of which one
    source is silent or an amount is open do not count. The amount is what was paid for these months, never for earlier ones.
    """
    if not (aided := _aided(facts)):
        return
    of = incomes.computed(facts)
    count, least = (
        int(facts.policy.value(key, facts.as_of)) for key in ("income.known_months", "income.least_months")
    )
    above = (pl.col("known") & (pl.col("low") > pl.col("line"))).fill_null(False)
    over = of.last(count).group_by("household_id").agg(above=above.sum()).filter(pl.col("above") >= least)
    ids = set(over.get_column("household_id").to_list()) & aided
    homes = {
        home: row
        for home, row in reading.households(facts, ids).items()
        if row["file_closed_on"] is None or row["file_closed_on"] > facts.as_of
    }
    if not homes:
        return
    wide = incomes.further_back(facts, homes, int(facts.policy.value("income.back_months", facts.as_of)))
    of, wide = incomes.few(facts, of, homes), incomes.few(facts, wide, homes)
    rows, streams = _series(of, wide, homes), reading.payments(facts, homes)
    families = reading.members(facts, homes)
    earned = _earned(wide, homes)
    for household_id, home in sorted(homes.items()):
        value = facts.policy.at(facts.as_of, home["division_code"])
        months = rows.get(household_id, [])
        tested = set(wide.months[-count:])
        gradual = int(value("work.gradual_exit_months"))
        judged = []
        for programme, key in TIMES.items():
            paid = [each for each in streams.get(household_id, []) if each.programme == programme]
            known = _above(months, Decimal(str(value(key))))
            settled = known - _gradual(months, known, earned.get(household_id, {}), gradual)
            counted = {month for each in paid for month in inside(each, settled)}
            if len(counted & tested) >= least:
                judged.append(Judged(programme, tuple(paid), tuple(sorted(counted))))
        if judged:
            single = Decimal(str(value("income.single_times")))
            yield _lead(facts, (of, wide), household_id, judged, months, families[household_id], single)


def households(facts: Facts) -> frozenset[str]:
    """The households of this rule's leads; where it speaks, H09 keeps silent about the same income."""
    return facts.once("H08: households", lambda whole: frozenset(lead.household_id for lead in find(whole)))


@dataclass(frozen=True, slots=True)
class Judged:
    """One programme: what it paid, and the months that count."""

    programme: str
    paid: tuple[Stream, ...]
    months: tuple[dt.date, ...]


def _series(of: incomes.Computed, wide: incomes.Computed, homes: Collection[str]) -> dict[str, list[Row]]:
    """The last months as all were asked for, and before them what is known further back, where more is doubtful."""
    recent, before = of.rows(homes), wide.rows(homes)
    return {
        home: [row for row in before.get(home, []) if row["month"] < of.months[0]] + rows
        for home, rows in recent.items()
    }


def _aided(facts: Facts) -> set[str]:
    aided = facts.linked["aid"].filter(pl.col("programme").is_in(list(TIMES)))
    return set(aided.get_column("household_id").to_list())


def _above(rows: list[Row], times: Decimal) -> set[dt.date]:
    return {
        row["month"] for row in rows if row["known"] and row["line"] is not None and row["low"] > row["line"] * times
    }


def _earned(of: incomes.Computed, homes: Collection[str]) -> dict[str, dict[dt.date, Decimal]]:
    """What work brought each household in each month."""
    told = of.incomes.told(homes).filter(pl.col("kind").is_in(WORK))
    found: dict[str, dict[dt.date, Decimal]] = {}
    for household_id, month, low in told.group_by("household_id", "month").agg(pl.col("low").sum()).iter_rows():
        found.setdefault(household_id, {})[month] = low
    return found


def _gradual(rows: list[Row], above: set[dt.date], earned: Mapping[dt.date, Decimal], months: int) -> set[dt.date]:
    """The first months of each run above the line that began with work, or nobody knows how."""
    known = {row["month"]: row["known"] for row in rows}
    kept: set[dt.date] = set()
    for run in work.runs(above):
        before = add_months(run[0], -1)
        if before not in known:
            continue
        more = earned.get(run[0], Decimal(0)) > earned.get(before, Decimal(0))
        if more or not known[before]:
            kept |= set(run[:months])
    return kept


def _lead(
    facts: Facts,
    series: tuple[incomes.Computed, incomes.Computed],
    household_id: str,
    judged: list[Judged],
    rows: list[Row],
    family: list[Row],
    single_times: Decimal,
) -> Lead:
    counted = sorted({month for each in judged for month in each.months})
    by_month = {row["month"]: row for row in rows}
    near, wide = series
    sheets = [(near if month in near.months else wide).sheets[household_id, month] for month in counted]
    evidence = incomes.evidence(sheets)
    dibao = next((each for each in judged if each.programme == "DIBAO"), None)
    close = any(by_month[month]["low"] <= by_month[month]["line"] * single_times for month in counted)
    alone = any(each.programme == "DIBAO" for each in judged) and not (
        close and any(by_month[month]["members"] > 1 for month in counted)
    )
    high = sum((sums.paid_in(each.paid, each.months) for each in judged), Decimal(0))
    low = sums.paid_in(dibao.paid, dibao.months) if dibao and alone else Decimal(0)
    last = by_month[counted[-1]]
    single: Result = "NO" if alone or dibao is None else "UNKNOWN"
    declared = last["declared"]
    said = ("未说明", "not stated") if declared is None else (f"{declared:.2f} 元", f"{declared:.2f} yuan")
    names = [BY_CODE[each.programme] for each in judged]
    return Lead(
        household_id=household_id,
        person_ids=tuple(sorted(m["person_id"] for m in family if reading.is_member(m, counted[-1]))),
        natural_key=("INCOME",),
        severity="MEDIUM" if alone else "LOW",
        grade=incomes.grade_of(facts, evidence),
        evidence=evidence,
        exceptions=(
            ("gradual_exit", "NO"),
            ("single", single),
            ("not_income", "NO"),
            ("expenses", "UNKNOWN"),
            ("false_payroll", "UNKNOWN"),
        ),
        facts={
            "when": work.spans(counted),
            "count": str(len(counted)),
            "least": f"{min(by_month[month]['low'] for month in counted):.2f}",
            "line": f"{last['line']:.2f}",
            "programmes_zh": "、".join(name.name_zh for name in names),
            "programmes_en": ", ".join(name.name_en for name in names),
        },
        amount=(min(low, high), high),
        period=(counted[0], counted[-1]),
        compared=(
            Compared(
                ("人均月收入", "income a head and month"),
                said,
                (f"{last['low']:.2f} 元", f"{last['low']:.2f} yuan"),
                evidence[0].source,
                evidence[0].record_id,
            ),
        ),
        steps=(
            *(incomes.steps(each) for each in sheets),
            *(line for each in judged for line in sums.steps(each.paid, each.months)),
        ),
    )


HOME = {"household_id": "H1", "applied_on": "2022-05-01", "file_opened_on": "2022-06-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
ASKED = ("tax", "social_insurance", "unemployment_benefit", "aid")


def _wages(yuan: int, first: int = 1, year: int = 2024) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"person_id": "P1", "kind": "工资薪金", "income_yuan": yuan, "income_month": f"{year}-{month:02d}"}
        for month in range(first, 13)
    )


def _given(**rows: tuple[dict[str, Any], ...]) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    nothing: dict[str, tuple[Mapping[str, Any], ...]] = dict.fromkeys(ASKED, ())
    return {**nothing, "households": (HOME,), "members": (HEAD,), **rows}


DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-06", "amount_yuan": 600}
EXAMPLES = (
    Example(
        zh="工资4000元，各来源均已答复，6月起发放低保600元",
        en="A wage of 4,000, every source has answered, dibao of 600 since June",
        given=_given(tax=_wages(4000), aid=(DIBAO,)),
        severity="MEDIUM",
        amount=("3600", "3600"),
        complete=ASKED,
    ),
    Example(
        zh="11月就业：渐退期内",
        en="In work since November: the gradual exit",
        given=_given(tax=_wages(4000, first=11), aid=(DIBAO,)),
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="社保未答复",
        en="The insurer has not answered",
        given=_given(tax=_wages(4000), aid=(DIBAO,)),
        severity=None,
        complete=("tax", "unemployment_benefit", "aid"),
    ),
    Example(
        zh="收入等于标准，不高于标准",
        en="Exactly the line is not above it",
        given=_given(tax=_wages(660), aid=(DIBAO,)),
        severity=None,
        complete=ASKED,
    ),
)

RULE = Rule(
    id="H08",
    version="1",
    title_zh="核算收入高于标准",
    title_en="Recomputed income above the line",
    basis="安政办〔2019〕15号 二（二）、三（一）：收入核对、动态管理；社会救助暂行办法第十三条：及时调整",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={**incomes.INPUTS, "households": f"{incomes.INPUTS['households']} file_closed_on"},
    minimum_grade="G4",
    find=find,
    rests_on=("aid",),
    zh="{when} 共 {count} 个月，各来源均已答复，该家庭人均收入至少 {least} 元，高于低保标准 {line} 元，而当月发放了{programmes}。",
    en="In {count} months ({when}) of which every source has answered the household had at least {least} yuan a head, above the line of "
    "{line}, and these were paid: {programmes}.",
    clears_zh="收入变化已报告的凭证、渐退期批准、单人户低保批准、刚性支出凭证，或说明工资不是本人所得。",
    clears_en="Proof that the change was reported, that a gradual exit or dibao for one member alone was granted, of rigid expenses, or a "
    "statement that the wage is not theirs.",
    exceptions={
        "gradual_exit": ("是否在就业渐退期", "in the gradual exit after finding work"),
        "single": ("是否按单人户纳入低保", "dibao for one member alone"),
        "not_income": ("是否按规定不计的收入", "of a kind that is no income"),
        "expenses": ("是否有可扣减的刚性支出", "rigid expenses to deduct"),
        "false_payroll": ("是否被冒名虚列工资", "a false entry on a payroll"),
    },
    parameters=(
        *incomes.PARAMETERS, "income.known_months", "income.least_months", "income.back_months", "income.dibao_times",
        "income.file_times", "income.single_times", "work.gradual_exit_months",
    ),
    examples=EXAMPLES,
)  # fmt: skip
