"""P01: aid paid after death."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import polars as pl

from matcher.identity.programmes import BY_CODE
from matcher.overlap import Stream, add_months, first_day, paid, span
from matcher.rules import reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Result, Rule, Severity

CENT = Decimal("0.01")
LAWFUL_CAUSES = ("丧葬", "殡葬", "抚恤", "遗属", "补发", "FUNERAL", "SURVIVOR", "ARREARS")
"""What may lawfully be paid after a death: funeral and survivors' items, and arrears of earlier months."""


def find(facts: Facts) -> Iterator[Lead]:
    """死亡登记显示成员已故，而死亡当月之后仍有发放：本人的救助，或仍按其在内计算人数的家庭的救助。死亡当月、补发以前月份、
    丧葬抚恤项目以及家庭已及时减员的，不构成疑点；其余成员的救助应按减少一人重新计算，而不是停发。

    A member is recorded as dead, and aid was paid for months after the month of death: aid of their own, or aid of
    a household that still counts them. The month of death, arrears for earlier months and a membership that was ended
    in time are no lead; a household that lives on is recomputed for one person less, never stopped.
    """
    deaths = facts.linked["deaths"].filter(
        pl.col("grade").is_in(["G1", "G2"]) & (pl.col("death_date") <= facts.as_of)
    )
    by_person = reading.rows_by(deaths, "person_id")
    household_ids = deaths.get_column("household_id").unique().to_list()
    families = reading.members(facts, household_ids)
    aid = facts.linked["aid"].filter(~_lawful(pl.col("cause")))
    streams = reading.payments(replace(facts, linked={**facts.linked, "aid": aid}), household_ids)
    grades = {(row[0], row[1]): row[2] for row in aid.select("record_id", "person_id", "grade").iter_rows()}
    homes = reading.households(facts, household_ids)
    for person_id, records in sorted(by_person.items()):
        household_id = records[0]["household_id"]
        died = max(record["death_date"] for record in records)
        member = next(each for each in families[household_id] if each["person_id"] == person_id)
        lag = facts.policy.value("transfer.lag_days", facts.as_of, homes[household_id]["division_code"])
        counted_until = min(member["valid_to"] or facts.as_of, facts.as_of)
        still_counted = (counted_until - died).days > lag
        last_counted = first_day(counted_until - dt.timedelta(days=1) if member["valid_to"] else counted_until)
        first_wrong = add_months(first_day(died), 1)
        others = [
            each
            for each in families[household_id]
            if each["person_id"] != person_id and reading.is_member(each, max(died, first_wrong))
        ]
        by_programme: dict[str, list[Stream]] = {}
        for stream in streams.get(household_id, []):
            own = stream.person_id == person_id and _unit(stream) != "HOUSEHOLD"
            shared = _unit(stream) == "HOUSEHOLD" and still_counted
            counted = stream if own else replace(stream, last=min(stream.last, last_counted))
            if (own or shared) and max(counted.first, first_wrong) <= counted.last:
                by_programme.setdefault(stream.programme, []).append(counted)
        for programme, wrong in sorted(by_programme.items()):
            links = [grades[stream.record_id, stream.person_id] for stream in wrong]
            grade = reading.weakest([*(record["grade"] for record in records), *links])
            disagree = _disagree(records, facts.policy.value("registers.disagree_days", facts.as_of))
            yield _lead(household_id, person_id, records, programme, wrong, first_wrong, len(others), grade, disagree)


def _lawful(cause: pl.Expr) -> pl.Expr:
    return cause.str.to_uppercase().str.contains_any(list(LAWFUL_CAUSES)).fill_null(False)


def _disagree(deaths: list[Row], days: float) -> bool:
    """Whether the registers' dates lie too far apart to speak of one death with certainty."""
    dates = [record["death_date"] for record in deaths]
    return bool((max(dates) - min(dates)).days > days)


def _months(period: tuple[dt.date, dt.date], to: str) -> str:
    """The first and the last month; one month is said once."""
    return to.join(dict.fromkeys(f"{month:%Y-%m}" for month in period))


def _unit(stream: Stream) -> str:
    programme = BY_CODE.get(stream.programme)
    return programme.unit if programme else "PERSON"


def _lead(
    household_id: str,
    person_id: str,
    deaths: list[Row],
    programme: str,
    wrong: list[Stream],
    first_wrong: dt.date,
    others: int,
    grade: Grade,
    disagree: bool,
) -> Lead:
    died = max(record["death_date"] for record in deaths)
    share = others + 1 if _unit(wrong[0]) == "HOUSEHOLD" else 1
    severity: Severity = "LOW" if disagree else "MEDIUM" if share > 1 else "HIGH"
    total = paid(wrong, first_wrong)[1]
    amount = (total / share).quantize(CENT)
    period = span(wrong, first_wrong) or (first_wrong, first_wrong)
    registers_disagree: Result = "UNKNOWN" if disagree else "NO"
    known = BY_CODE.get(programme)
    return Lead(
        household_id=household_id,
        person_ids=(person_id,),
        natural_key=(programme,),
        severity=severity,
        grade=grade,
        evidence=(
            *(Evidence("deaths", record["record_id"], person_id) for record in deaths),
            *(Evidence("aid", stream.record_id, stream.person_id) for stream in wrong),
        ),
        exceptions=(
            ("month_of_death", "NO"),
            ("arrears", "NO"),
            ("membership_ended", "NO"),
            ("registers_disagree", registers_disagree),
            ("funeral_item", "NO"),
        ),
        facts={
            **sums.words(wrong, sums.since(*period)),
            "died": died.isoformat(),
            "months_zh": _months(period, " 至 "),
            "months_en": _months(period, " to "),
            "programme_zh": known.name_zh if known else programme,
            "programme_en": known.name_en if known else programme,
            "total": f"{total:.2f}",
            "share_zh": ""
            if share == 1
            else f"；按 {share} 人计的人均份额 {amount:.2f} 元，其余成员的救助应重新计算而不是停发",
            "share_en": ""
            if share == 1
            else f"; one of {share} shares is {amount:.2f} yuan, and the aid of the others is to be recomputed, not stopped",
        },
        amount=(amount, amount),
        period=period,
        compared=(
            Compared(
                ("最后发放月份", "last month paid"),
                (f"{period[1]:%Y-%m}", f"{period[1]:%Y-%m}"),
                (f"{died.isoformat()} 死亡", f"death on {died.isoformat()}"),
                "deaths",
                beside="aid",
            ),
        ),
        steps=(
            *sums.steps(wrong, sums.since(*period)),
            *(
                (
                    (
                        f"{total:.2f} ÷ {share} 人 = {amount:.2f} 元",
                        f"{total:.2f} ÷ {share} persons = {amount:.2f} yuan",
                    ),
                )
                if share > 1
                else ()
            ),
        ),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}

SUBSIDY = {
    "person_id": "P1",
    "programme": "TEKUN",
    "start_month": "2024-01",
    "end_month": "2024-08",
    "amount_yuan": 700,
}
EXAMPLES = (
    Example(
        zh="5月去世，特困供养发放至8月：6月起三个月为疑点",
        en="Death in May, destitution support paid until August: the three months from June on",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "deaths": ({"person_id": "P1", "death_date": "2024-05-20", "register": "POLICE"},),
            "aid": (SUBSIDY,),
        },
        severity="HIGH",
        amount=("2100", "2100"),
    ),
    Example(
        zh="8月去世，发放至8月：死亡当月不构成疑点",
        en="Death in August, paid until August: the month of death is no lead",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "deaths": ({"person_id": "P1", "death_date": "2024-08-20", "register": "POLICE"},),
            "aid": (SUBSIDY,),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P01",
    version="1",
    title_zh="死亡后继续发放",
    title_en="Aid after death",
    basis="安政办〔2019〕15号：已死亡的是否已注销；社会救助暂行办法第六十八条",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={"deaths": "death_date* register", "aid": reading.AID},
    minimum_grade="G5",
    find=find,
    rests_on=("deaths",),
    zh="死亡登记日期 {died}，而{programme}发放了 {months} 的款项，合计 {total} 元{share}。",
    en="Death is recorded on {died}, and {programme} was paid for {months}, {total} yuan in all{share}.",
    clears_zh="死亡登记有误（本人在世）的证明、补发死亡前月份的凭证、抚恤丧葬费用的凭证。",
    clears_en="Proof that the death record errs, that arrears of earlier months were paid, or that it was a funeral or "
    "survivors' item.",
    exceptions={
        "month_of_death": ("是否仅为死亡当月", "only the month of death"),
        "arrears": ("是否为补发以前月份", "arrears of earlier months"),
        "membership_ended": ("家庭是否已及时减员", "the household had already counted one less"),
        "registers_disagree": ("各登记的死亡日期是否不一致", "the registers disagree about the date"),
        "funeral_item": ("是否为丧葬抚恤项目", "a funeral or survivors' item"),
    },
    parameters=("transfer.lag_days", "registers.disagree_days"),
    examples=EXAMPLES,
)
