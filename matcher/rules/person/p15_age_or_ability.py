"""P15: an age or a declared ability that does not go with the group or with the work found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from matcher.identity import numbers
from matcher.overlap import add_months
from matcher.rules import reading, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Rule, Words

ABLE = "DIBAO_UNDEREMPLOYED"
UNABLE = frozenset(["无劳动能力", "丧失劳动能力", "完全丧失劳动能力", "不能劳动", "无劳力", "重残无劳动能力"])
"""Declared words for not being able to work."""

DAYS_A_YEAR = 365.25
SEXES = ("FEMALE", "MALE")
"""By the last digit of the sequence in a number: even, odd."""

WHY: dict[str, Words] = {
    "TOO_YOUNG": (
        "申报为求职、失业，而年龄不足 {limit} 周岁",
        "declared as looking for work and younger than {limit}",
    ),
    "TOO_OLD": (
        "申报为求职、失业，而年龄已满 {limit} 周岁",
        "declared as looking for work and already {limit} or older",
    ),
    "NOBODY": (
        "对象类别为有劳动能力而未充分就业的低保家庭，而家中无人在就业年龄内",
        "of a household in the group of dibao families able to work, in which nobody is of working age",
    ),
    "WORKS": (
        "申报无劳动能力，而单位连续为其参保",
        "declared unable to work, and insured by an employer month after month",
    ),
}


@dataclass(frozen=True, slots=True)
class _Oddity:
    """What does not go together: why, the two sides, and the records of work where there are any."""

    member: Row
    why: str
    limit: int
    found: Words
    records: tuple[Row, ...]


def find(facts: Facts) -> Iterator[Lead]:
    """申报为失业或求职的成员不足就业年龄，或已到退休年龄（已领职工养老金的由 P09 处理）；有劳动能力类别的家庭无人在
    就业年龄；或申报无劳动能力的成员由单位连续参保。只作提示，多为填报类别有误：请核对对象类别。未到三个月的参保、灵活就业自行缴费、残疾人就业和各地不同的退休规定，须人工判断；没有出生日期的不作判断。

    A member declared as jobless or looking for work is too young to work, or has reached the age of retirement (who draws an
    employee's pension is P09's); a household in the group of those able to work has nobody of working age; or one declared
    unable to work is insured by an employer month after month. Information only: most often the group was filled in wrongly
    and is to be checked. Less than the months required, insurance out of one's own pocket, work for the disabled and local
    rules of retirement are for a person to judge; without a birth date nothing is said.
    """
    oddities = [*_of_age(facts), *_of_group(facts), *_of_ability(facts)]
    homes = reading.households(facts, [each.member["household_id"] for each in oddities])
    for oddity in sorted(oddities, key=lambda each: (each.member["person_id"], each.why)):
        home = homes[oddity.member["household_id"]]
        if reading.is_member(oddity.member, facts.as_of) and reading.last_day(home, facts.as_of) == facts.as_of:
            yield _lead(oddity)


def _of_age(facts: Facts) -> Iterator[_Oddity]:
    """Who is declared jobless outside the working age; who draws an employee's pension is rule P09's."""
    jobless = work.declared(facts.members, work.JOBLESS)
    if jobless.is_empty():
        return
    divisions = dict(facts.households.select("household_id", "division_code").iter_rows())
    retired: frozenset[str] = frozenset()
    if "social_insurance" in facts.linked:
        drawn = work.drawing(facts, jobless.get_column("person_id"), ("EMPLOYEE_PENSION",))
        retired = frozenset(drawn.get_column("person_id").to_list())
    for member in jobless.iter_rows(named=True):
        value = facts.policy.at(facts.as_of, divisions[member["household_id"]])
        age, ages = _age(member, facts.as_of), _working_ages(member, value)
        if age is None or ages is None or member["person_id"] in retired:
            continue
        first, last = ages
        told = (f"{age} 周岁", f"{age} years old")
        if age < first:
            yield _Oddity(member, "TOO_YOUNG", first, told, ())
        elif age >= last:
            yield _Oddity(member, "TOO_OLD", last, told, ())


def _of_group(facts: Facts) -> Iterator[_Oddity]:
    """Heads of households in the group of those able to work, of whom nobody is of working age; every age must be known."""
    homes = facts.households.filter(pl.col("target_group") == ABLE)
    families = reading.members(facts, homes.get_column("household_id"))
    for home in homes.select("household_id", "division_code").iter_rows(named=True):
        value = facts.policy.at(facts.as_of, home["division_code"])
        family = [each for each in families.get(home["household_id"], []) if reading.is_member(each, facts.as_of)]
        known = [(_age(each, facts.as_of), _working_ages(each, value)) for each in family]
        outside = [age is not None and ages is not None and not ages[0] <= age < ages[1] for age, ages in known]
        if family and all(outside):
            head = next((each for each in family if each["relation"] == "HEAD"), family[0])
            told = (f"{len(family)} 人均不在就业年龄", f"none of {len(family)} of working age")
            yield _Oddity(head, "NOBODY", 0, told, ())


def _age(member: Row, on: dt.date) -> int | None:
    born = reading.birth_date(member)
    return None if born is None else int((on - born).days / DAYS_A_YEAR)


def _working_ages(member: Row, value: Callable[[str], float]) -> tuple[int, int] | None:
    """The first age at which a member may work, and the one at which it ends; None where the sex is not known for sure."""
    number = numbers.read(member["id_number"]) if member["id_number"] else None
    if member["sex"] is None or (number and numbers.is_valid(number) and SEXES[int(number[16]) % 2] != member["sex"]):
        return None
    last = value("working_age.last_men" if member["sex"] == "MALE" else "working_age.last_women")
    return int(value("working_age.first")), int(last)


def _of_ability(facts: Facts) -> Iterator[_Oddity]:
    """Who is declared unable to work while an employer insures them to this day."""
    unable = work.declared(facts.members, UNABLE)
    if "social_insurance" not in facts.linked or unable.is_empty():
        return
    people = unable.get_column("person_id")
    least = int(facts.policy.value("ability.insured_months", facts.as_of))
    insured = work.by_person(work.by_employer(work.insured(facts, people)))
    for member in unable.iter_rows(named=True):
        rows = insured.get(member["person_id"], [])
        months = {row["month"] for row in rows}
        recent = [add_months(max(months), -count) for count in range(least)] if months else []
        if recent and months.issuperset(recent) and max(months) >= add_months(facts.as_of.replace(day=1), -least):
            held = {row["record_id"]: row for row in rows if row["month"] in recent}
            told = (f"由单位参保至 {max(months):%Y-%m}", f"insured by an employer until {max(months):%Y-%m}")
            yield _Oddity(member, "WORKS", least, told, tuple(held[key] for key in sorted(held)))


def _lead(oddity: _Oddity) -> Lead:
    member, person_id = oddity.member, oddity.member["person_id"]
    declared = (
        (f"“{member['declared_employment']}”",) * 2 if oddity.why != "NOBODY" else ("有劳动能力", "able to work")
    )
    what = (
        ("申报的就业状况", "declared employment")
        if oddity.records
        else ("申报的就业状况与年龄", "declared employment, and age")
    )
    source = "social_insurance" if oddity.records else "households"
    grades: list[Grade] = [row["grade"] for row in oddity.records]
    why = WHY[oddity.why]
    return Lead(
        household_id=member["household_id"],
        person_ids=(person_id,),
        natural_key=(oddity.why,),
        severity="INFO",
        grade=reading.weakest(grades) if grades else "G1",
        evidence=(
            Evidence("members", person_id, person_id),
            *(Evidence("social_insurance", row["record_id"], person_id) for row in oddity.records),
        ),
        exceptions=(("local_retirement", "UNKNOWN"), ("disability_employment", "UNKNOWN")),
        facts={
            "why_zh": why[0].format(limit=oddity.limit),
            "why_en": why[1].format(limit=oddity.limit),
            "identity_zh": "" if grades else "只涉及本人档案，未与任何记录关联",
            "identity_en": "" if grades else "this is about the file alone; no record was linked",
        },
        compared=(Compared(what, declared, oddity.found, source),),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "sex": "MALE", "birth_date": "1960-05-05",
        "declared_employment": "失业"}  # fmt: skip
WORK = {
    "person_id": "P1",
    "kind": "EMPLOYEE_PENSION",
    "payer": "EMPLOYER",
    "status": "PAYING",
    "start_month": "2024-01",
}
UNFIT = {**HEAD, "birth_date": "1980-05-05", "declared_employment": "无劳动能力"}
EXAMPLES = (
    Example(
        zh="64周岁的户主申报为失业",
        en="A head of 64 declared as jobless",
        given={"households": (HOME,), "members": (HEAD,)},
        severity="INFO",
    ),
    Example(
        zh="申报无劳动能力，单位参保至今",
        en="Declared unable to work, and insured by an employer to this day",
        given={"households": (HOME,), "members": (UNFIT,), "social_insurance": (WORK,)},
        severity="INFO",
    ),
    Example(
        zh="45周岁的失业人员",
        en="A jobless person of 45",
        given={"households": (HOME,), "members": ({**HEAD, "birth_date": "1979-05-05"},)},
        severity=None,
    ),
    Example(
        zh="申报无劳动能力，自行缴纳养老保险",
        en="Declared unable to work, and insured out of their own pocket",
        given={"households": (HOME,), "members": (UNFIT,), "social_insurance": ({**WORK, "payer": "FLEXIBLE"},)},
        severity=None,
    ),
)

RULE = Rule(
    id="P15",
    version="1",
    title_zh="年龄或劳动能力与类别不符",
    title_en="Age or ability inconsistent with the group",
    basis="安政办〔2019〕15号 二（一）：具有劳动能力但未实现充分就业；劳动法第十五条",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="INFO",
    inputs={"members": "declared_employment* sex birth_date id_number valid_from valid_to"},
    optional={"social_insurance": work.INSURANCE, "households": "target_group"},
    minimum_grade="G4",
    find=find,
    zh="{why}。",
    en="A member is {why}.",
    clears_zh="更正申报的就业状况或对象类别；延迟退休、残疾人就业的说明。",
    clears_en="A corrected declaration or group; the word that retirement was put off, or of work for the disabled.",
    exceptions={
        "local_retirement": ("当地退休规定是否不同", "local rules of retirement"),
        "disability_employment": ("是否为残疾人就业", "work for the disabled"),
    },
    parameters=("working_age.first", "working_age.last_men", "working_age.last_women", "ability.insured_months"),
    examples=EXAMPLES,
)
