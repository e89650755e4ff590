"""U02: an employer owes social insurance for somebody who works."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.frames import schema
from matcher.overlap import add_months, first_day
from matcher.rules import reading, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Result, Rule, Severity

YOUNGEST = 16
"""The age below which nobody may be employed (劳动法第十五条)."""
DAYS_A_YEAR = 365.25


def find(facts: Facts) -> Iterator[Lead]:
    """成员至少三个月有单位扣缴个人所得税的工资，或有有效的劳动合同，而社保部门答复完整，这些月份没有任何单位为其参保：单位可能
    欠缴社会保险。这不是对职工的疑点，而是其应得的权益：按单位汇总后移交人社和税务部门追缴。已退休、超过退休年龄的，工资低于最低工资
    （非全日制）的月份，由劳务派遣等其他单位参保的月份，在校学生打工的月份，最近尚未报齐的月份，不计。社保数据不完整时不作判断。

    For three months or more an employer paid a taxed wage to a member, or a labour contract was in force, while
    the insurer, who told all it has, knows of no month insured by any employer: social insurance may be owed. No doubt about
    the worker but something due to them: by employer, for the insurer and the tax office to collect. Not counted: the retired
    and those past the age of retirement, months with less than the minimum wage (part-time work), months insured by
    another employer such as an agency, a student's jobs, and the latest months, not yet reported in full. Nothing is said where the
    insurer's data are not complete.
    """
    told = pl.Series("person_id", sorted(work.told(facts, "social_insurance")), dtype=pl.String)
    worked = pl.concat([_waged(facts, told), _contracted(facts, told)])
    worked = worked.filter(pl.col("employer") != "", pl.col("month") <= _reported(facts))
    least = int(facts.policy.value("insurance.owed_months", facts.as_of))
    counts = worked.group_by("person_id", "employer").agg(months=pl.col("month").n_unique())
    likely = worked.join(counts.filter(pl.col("months") >= least), on=["person_id", "employer"], how="semi")
    people = likely.get_column("person_id").unique().sort()
    owed = likely.join(_covered(facts, people), on=["person_id", "month"], how="anti").join(
        _no_statement(facts, people), on="person_id", how="anti"
    )
    owed = owed.join(_at_school(facts, owed), on=["person_id", "month"], how="anti")
    paid = owed.filter(pl.col("source") == "tax").select("person_id").unique()
    owed = owed.filter(
        (pl.col("source") == "tax") | ~pl.col("person_id").is_in(paid.get_column("person_id").implode())
    )
    debts = _debts(facts, owed, least)
    persons = _persons(facts, debts)
    for debt in debts:
        yield _lead(debt, persons[debt.employer], facts.linked)


@dataclass(frozen=True, slots=True)
class Debt:
    """What one employer may owe for one member: the months, and the records that tell of the work."""

    person_id: str
    household_id: str
    employer: str
    rows: tuple[Row, ...]

    @property
    def months(self) -> list[dt.date]:
        """The months without insurance."""
        return sorted({row["month"] for row in self.rows})

    @property
    def grade(self) -> Grade:
        """The weakest link."""
        return reading.weakest(row["grade"] for row in self.rows)


_WORKED = schema({
    "person_id": pl.String, "household_id": pl.String, "employer": pl.String, "month": pl.Date, "record_id": pl.String,
    "grade": pl.String, "source": pl.String,
})  # fmt: skip


def _waged(facts: Facts, told: pl.Series) -> pl.DataFrame:
    minimum = Decimal(str(facts.policy.value("wage.minimum_yuan", facts.as_of)))
    paid = work.wages(facts, told)
    whole = pl.col("gross").sum().over("person_id", "month", "employer") >= minimum
    return paid.filter("sure", whole).with_columns(source=pl.lit("tax")).select(list(_WORKED))


def _contracted(facts: Facts, told: pl.Series) -> pl.DataFrame:
    """The whole months of a labour contract that a union's roll tells of; the employer is the union's."""
    if "union_roll" not in facts.linked:
        return pl.DataFrame(schema=_WORKED)
    last = work.cut(facts, "union_roll")
    begins = pl.col("contract_from").dt.month_start()
    first = pl.when(pl.col("contract_from") == begins).then(begins).otherwise(begins.dt.offset_by("1mo"))
    ended = (pl.col("contract_to") + pl.duration(days=1)).dt.month_start().dt.offset_by("-1mo")
    beginning = pl.lit(add_months(first_day(facts.as_of), -work.BEGINNING))
    return (
        facts.linked["union_roll"]
        .filter(
            pl.col("person_id").is_in(told.implode()),
            pl.col("grade").is_in(work.GRADES),
            pl.col("contract_from").is_not_null(),
        )
        .with_columns(
            first=pl.max_horizontal(first, beginning), until=pl.min_horizontal(ended.fill_null(last), pl.lit(last))
        )
        .filter(pl.col("first") <= pl.col("until"))
        .with_columns(month=pl.date_ranges("first", "until", interval="1mo"))
        .explode("month")
        .with_columns(employer=pl.col("union").fill_null(""), source=pl.lit("union_roll"))
        .select(list(_WORKED))
        .cast(_WORKED)
    )


def _reported(facts: Facts) -> dt.date:
    """The last month that the insurer knows in full."""
    lag = int(facts.policy.value("insurance.reporting_months", facts.as_of))
    return add_months(work.cut(facts, "social_insurance"), -lag)


def _covered(facts: Facts, people: pl.Series) -> pl.DataFrame:
    """The months in which somebody insured these people as one at work, whoever it was and whenever it was paid."""
    at_work = work.insured(facts, people, doubtful=True).filter(
        pl.col("kind").is_null() | pl.col("kind").is_in(work.OF_WORK),
        pl.col("payer").is_null() | (pl.col("payer") == "EMPLOYER"),
    )
    return at_work.select("person_id", "month").unique()


def _no_statement(facts: Facts, people: pl.Series) -> pl.DataFrame:
    """Who draws a pension, and of whom a record tells of an insurance that ended nobody knows when."""
    drawing = work.drawing(facts, people, ["EMPLOYEE_PENSION"], doubtful=True).select("person_id")
    open_ended = facts.linked["social_insurance"].filter(
        pl.col("person_id").is_in(people.implode()),
        pl.col("status").is_in(["PAUSED", "ENDED"]),
        pl.col("payer").is_null() | (pl.col("payer") == "EMPLOYER"),
        pl.col("insured_month").is_null() & pl.col("end_month").is_null(),
    )
    return pl.concat([drawing, open_ended.select("person_id")]).unique()


def _at_school(facts: Facts, owed: pl.DataFrame) -> pl.DataFrame:
    """The months in which these people were enrolled at a school: a student's job is no employment, by record or as declared."""
    months = owed.select("person_id", "month").unique()
    said = facts.members.filter(pl.col("declared_employment").str.contains("学生|在读|在校").fill_null(False))
    declared = months.join(said.select("person_id"), on="person_id", how="semi")
    if "school" not in facts.linked:
        return declared
    enrolled = facts.linked["school"].filter(pl.col("status").is_null() | (pl.col("status") == "ENROLLED"))
    terms = months.join(enrolled.select("person_id", "term_start", "term_end"), on="person_id", how="inner").filter(
        pl.col("term_start").is_null() | (pl.col("term_start").dt.month_start() <= pl.col("month")),
        pl.col("term_end").is_null() | (pl.col("term_end") >= pl.col("month")),
    )
    return pl.concat([declared, terms.select("person_id", "month")]).unique()


def _debts(facts: Facts, owed: pl.DataFrame, least: int) -> list[Debt]:
    rows = owed.join(
        facts.members.select("person_id", "birth_date", "id_number", "sex"), on="person_id", how="left"
    ).sort("person_id", "employer", "month", "source", "record_id")
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows.iter_rows(named=True):
        if _of_age(row, facts):
            grouped[row["person_id"], row["employer"]].append(row)
    debts = [
        Debt(person, found[0]["household_id"], firm, tuple(found))
        for (person, firm), found in sorted(grouped.items())
    ]
    return [debt for debt in debts if len(debt.months) >= least]


def _of_age(row: Row, facts: Facts) -> bool:
    """Whether the person may be an employee that month; of unknown age, yes; where no age is told of so old a month, no."""
    born = reading.birth_date(row)
    if born is None:
        return True
    key = "work.oldest_age_women" if row["sex"] == "FEMALE" else "work.oldest_age_men"
    age: float = (row["month"] - born).days / DAYS_A_YEAR
    oldest = facts.policy.known(key, row["month"])
    return oldest is not None and YOUNGEST <= age < oldest


def _persons(facts: Facts, debts: list[Debt]) -> dict[str, int]:
    """How many human beings each employer may owe for: who is in two households counts once."""
    same = defaultdict(list)
    for person, other, _ in facts.same_person.select("person_id", "other_person_id", "grade").iter_rows():
        same[person].append(other)
    found: dict[str, set[str]] = defaultdict(set)
    for debt in debts:
        found[debt.employer].add(min([debt.person_id, *same[debt.person_id]]))
    return {employer: len(people) for employer, people in found.items()}


def _lead(debt: Debt, persons: int, asked: Collection[str]) -> Lead:
    tax_asked, student = "tax" in asked, _no_or_unknown("school" in asked)
    waged = debt.rows[0]["source"] == "tax"
    severity: Severity = "LOW" if waged else "INFO"
    part_time: Result = "NO" if waged else "UNKNOWN"
    return Lead(
        household_id=debt.household_id,
        person_ids=(debt.person_id,),
        natural_key=(debt.employer,),
        severity=severity,
        grade=debt.grade,
        evidence=tuple(Evidence(row["source"], row["record_id"], debt.person_id) for row in debt.rows),
        exceptions=(
            ("part_time", part_time),
            ("insured_elsewhere", "NO"),
            ("retired", "NO"),
            ("student", student),
            ("other_province", "UNKNOWN"),
        ),
        facts={
            "employer": work.employer(debt.employer),
            "count": str(len(debt.months)),
            "when": work.spans(debt.months),
            "persons": str(persons),
            "why_zh": "有扣缴个人所得税的工资"
            if waged
            else "劳动合同有效" + ("，税务无工资记录" if tax_asked else ""),
            "why_en": "a taxed wage was paid"
            if waged
            else "a labour contract was in force" + (" (the tax office knows of no wage)" if tax_asked else ""),
        },
        compared=(
            Compared(
                ("同月情形", "in the same months"),
                (
                    f"{work.spans(debt.months)} {'有工资' if waged else '合同有效'}",
                    f"{'wages' if waged else 'a contract'} for {work.spans(debt.months)}",
                ),
                ("没有单位参保", "insured by no employer"),
                "social_insurance",
                beside=debt.rows[0]["source"],
            ),
        ),
        period=(debt.months[0], debt.months[-1]),
    )


def _no_or_unknown(asked: bool) -> Result:
    return "NO" if asked else "UNKNOWN"


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "sex": "MALE", "birth_date": "1985-06-01"}
FIRM = "91410500MA12345678"
WAGES = tuple(
    {
        "person_id": "P1",
        "kind": "工资薪金",
        "payer_uscc": FIRM,
        "income_yuan": 2600,
        "income_month": f"2024-{month:02d}",
    }
    for month in range(4, 10)
)
INSURED = {"person_id": "P1", "kind": "EMPLOYEE_PENSION", "status": "PAYING", "employer_uscc": FIRM}
_PEOPLE = {"households": (HOME,), "members": (HEAD,)}
EXAMPLES = (
    Example(
        zh="六个月有工资，没有任何单位参保",
        en="Six months of wages, insured by nobody",
        given={**_PEOPLE, "tax": WAGES, "social_insurance": ()},
        complete=("social_insurance",),
        severity="LOW",
    ),
    Example(
        zh="单位已参保",
        en="The employer insures",
        given={
            **_PEOPLE,
            "tax": WAGES,
            "social_insurance": ({**INSURED, "payer": "EMPLOYER", "start_month": "2024-04"},),
        },
        complete=("social_insurance",),
        severity=None,
    ),
    Example(
        zh="社保部门的数据不完整",
        en="The insurer's data are not complete",
        given={**_PEOPLE, "tax": WAGES, "social_insurance": ()},
        severity=None,
    ),
    Example(
        zh="工资低于最低工资，为非全日制用工",
        en="Less than the minimum wage: part-time work",
        given={**_PEOPLE, "tax": tuple({**row, "income_yuan": 900} for row in WAGES), "social_insurance": ()},
        complete=("social_insurance",),
        severity=None,
    ),
)

RULE = Rule(
    id="U02",
    version="1",
    title_zh="单位可能欠缴社会保险",
    title_en="The employer may owe social insurance",
    basis="安政办〔2019〕15号 三（四）：企业欠缴社会保险；社会保险法第五十八条、第六十三条",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"members": "birth_date id_number sex declared_employment", "social_insurance": work.INSURANCE},
    optional={
        "tax": work.WAGES,
        "union_roll": "union contract_from contract_to",
        "school": "status term_start term_end",
    },
    one_of=(("tax", "union_roll"),),
    minimum_grade="G4",
    only_in_a_scan=True,
    find=find,
    zh="{count} 个月（{when}）{why}，而没有单位参保的月份；单位 {employer}，在本次核对范围内涉及 {persons} 人。职工应享有社会保险："
    "按单位汇总，移交人社、税务部门核实追缴。",
    en="For {count} months ({when}) {why}, and no employer insured them; employer {employer}, which concerns {persons} of the people looked "
    "up here. The worker is entitled to social insurance: to be put together by employer for the insurer and the tax office to "
    "verify and collect.",
    clears_zh="参保凭证（含外地、劳务派遣单位参保）、非全日制用工协议，或单位补缴记录。",
    clears_en="Proof of insurance (elsewhere, or through an agency), an agreement on part-time work, or the employer's payment of arrears.",
    exceptions={
        "part_time": ("是否非全日制用工", "part-time work"),
        "insured_elsewhere": ("是否由其他单位参保", "insured by another employer"),
        "retired": ("是否已退休", "retired"),
        "student": ("是否在校学生打工", "a student's job"),
        "other_province": ("是否在外地参保", "insured in another province"),
    },
    parameters=(
        "insurance.owed_months",
        "insurance.reporting_months",
        "wage.minimum_yuan",
        "work.oldest_age_men",
        "work.oldest_age_women",
    ),
    examples=EXAMPLES,
)
