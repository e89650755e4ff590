"""U06: entitled to unemployment benefit, and not claiming it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import polars as pl

from matcher.overlap import add_months, first_day, stream
from matcher.rules import reading, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule

BENEFIT, REGISTRATION = "UI_BENEFIT", "UNEMPLOYMENT_REGISTRATION"
KIND = "UNEMPLOYMENT"
DAYS_A_YEAR = 365.25


def find(facts: Facts) -> Iterator[Lead]:
    """成员由单位缴纳失业保险满一年，缴费已中断，已办理失业登记，之后没有再就业、没有领取养老金，而失业保险金没有发放记录：可能应领
    未领，请提示申领。是否非因本人意愿中断就业，须向本人和原单位核实。社保或失业保险金数据不完整时不作判断；中断满两年以上、
    刚登记不满一个月的不提示。

    An employer paid a year or more of unemployment insurance, the contributions have ended, the member registered as
    jobless, and since then neither work nor a pension is known and no benefit was paid: it may be theirs to claim; tell them.
    Whether the work ended against their will is to be asked. Nothing is said where the insurer's data are not
    complete, where the end is more than two years ago, or the registration not a month old.
    """
    if not (registered := _registered(facts)):
        return
    told = work.told(facts, "social_insurance") & work.told(facts, "unemployment_benefit")
    people = pl.Series("person_id", sorted(set(registered) & told), dtype=pl.String)
    value = facts.policy.at(facts.as_of, None)
    last_told = add_months(work.cut(facts, "social_insurance"), -int(value("insurance.reporting_months")))
    claim_months, least = int(value("unemployment.claim_months")), int(value("unemployment.contribution_months"))
    paid = work.insured(facts, people, grades=work.ANY_GRADE).filter(
        pl.col("kind") == KIND, (pl.col("payer") == "EMPLOYER").fill_null(False)
    )
    enough = paid.group_by("person_id").agg(count=pl.col("month").n_unique(), ended=pl.col("month").max())
    enough = enough.filter(
        pl.col("count") >= least,
        pl.col("ended") < last_told,
        pl.col("ended") >= add_months(first_day(facts.as_of), -claim_months),
    )
    if enough.is_empty():
        return
    paid = paid.join(enough, on="person_id", how="semi")
    people = enough.get_column("person_id").sort()
    at_work, served = _at_work(facts, people), _last_benefit(facts, people)
    retired = frozenset(
        work.drawing(facts, people, ["EMPLOYEE_PENSION"], doubtful=True).get_column("person_id").to_list()
    )
    members = {
        row["person_id"]: row
        for row in facts.members.filter(pl.col("person_id").is_in(people.implode())).iter_rows(named=True)
    }
    homes = reading.households(facts, [row["household_id"] for row in members.values()])
    for person_id, rows in sorted(work.by_person(paid).items()):
        months = sorted({row["month"] for row in rows})
        registration = max(registered[person_id], key=lambda row: (row["start_month"], row["record_id"]))
        ended, member = months[-1], members[person_id]
        if person_id in retired or not ended <= first_day(registration["start_month"]) < first_day(facts.as_of):
            continue
        if at_work.get(person_id, ended) > add_months(ended, 1) or served.get(person_id, dt.date.min) >= ended:
            continue
        if _active(homes[member["household_id"]], facts.as_of) and not _past_age(member, facts):
            yield _lead(member, rows, months, registration, tax_asked="tax" in facts.linked)


def _registered(facts: Facts) -> dict[str, list[Row]]:
    rows = facts.linked["aid"].filter((pl.col("programme") == REGISTRATION) & pl.col("start_month").is_not_null())
    return reading.rows_by(rows, "person_id")


def _at_work(facts: Facts, people: pl.Series) -> dict[str, dt.date]:
    """The last month for which anything tells of work, however sure the link."""
    insured = work.by_employer(work.insured(facts, people, doubtful=True))
    told = pl.concat([frame.select("person_id", "month") for frame in (insured, work.wages(facts, people))])
    return dict(told.group_by("person_id").agg(pl.col("month").max()).iter_rows())


def _last_benefit(facts: Facts, people: pl.Series) -> dict[str, dt.date]:
    """The last month of benefit of these people, by any record, under review or not."""
    found: dict[str, dt.date] = {}
    for person_id, month in _served(facts, people):
        found[person_id] = max(month, found.get(person_id, month))
    return found


def _served(facts: Facts, people: pl.Series) -> Iterator[tuple[str, dt.date]]:
    drawn = work.drawing(facts, people, [KIND], doubtful=True)
    yield from drawn.select("person_id", "month").iter_rows()
    among = pl.col("person_id").is_in(people.implode())
    for group in (facts.linked, facts.reviewed):
        if "unemployment_benefit" in group:
            for row in group["unemployment_benefit"].filter(among).iter_rows(named=True):
                if row["month"]:
                    yield row["person_id"], first_day(row["month"])
        if "aid" in group:
            for row in group["aid"].filter(among & (pl.col("programme") == BENEFIT)).iter_rows(named=True):
                if each := stream(row, facts.as_of):
                    yield row["person_id"], each.last


def _active(home: Row, as_of: dt.date) -> bool:
    return home["file_closed_on"] is None or bool(home["file_closed_on"] > as_of)


def _past_age(member: Row, facts: Facts) -> bool:
    born = reading.birth_date(member)
    key = "work.oldest_age_women" if member["sex"] == "FEMALE" else "work.oldest_age_men"
    oldest = facts.policy.value(key, facts.as_of)
    return born is not None and (facts.as_of - born).days >= oldest * DAYS_A_YEAR


def _lead(member: Row, rows: list[Row], months: list[dt.date], registration: Row, *, tax_asked: bool) -> Lead:
    grade = reading.weakest([registration["grade"], *(row["grade"] for row in rows)])
    working: Result = "NO" if tax_asked else "UNKNOWN"
    return Lead(
        household_id=member["household_id"],
        person_ids=(member["person_id"],),
        natural_key=(BENEFIT,),
        severity="LOW",
        grade=grade,
        evidence=(
            *(Evidence("social_insurance", row["record_id"], member["person_id"]) for row in rows),
            Evidence("aid", registration["record_id"], member["person_id"]),
        ),
        exceptions=(("voluntary", "UNKNOWN"), ("at_work_again", working), ("declines", "UNKNOWN")),
        facts={
            "count": str(len(months)),
            "ended": f"{months[-1]:%Y-%m}",
            "registered": f"{registration['start_month']:%Y-%m}",
        },
        compared=(
            Compared(
                ("失业保险", "unemployment insurance"),
                (
                    f"单位缴费 {len(months)} 个月，至 {months[-1]:%Y-%m}",
                    f"paid for {len(months)} months, until {months[-1]:%Y-%m}",
                ),
                ("没有发放记录", "no benefit on record"),
                "unemployment_benefit",
                beside="social_insurance",
            ),
        ),
        period=(add_months(months[-1], 1), None),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "sex": "MALE", "birth_date": "1985-06-01"}
INSURED = {
    "person_id": "P1", "kind": KIND, "payer": "EMPLOYER", "status": "ENDED", "employer_uscc": "91410500MA12345678",
    "start_month": "2022-01", "end_month": "2024-02",
}  # fmt: skip
REGISTERED = {"person_id": "P1", "programme": REGISTRATION, "start_month": "2024-03", "end_month": "2024-03"}
_PEOPLE = {"households": (HOME,), "members": (HEAD,), "tax": ()}
_TOLD = ("social_insurance", "unemployment_benefit")
EXAMPLES = (
    Example(
        zh="缴费26个月后中断，已登记失业，没有领取失业保险金",
        en="26 months of contributions, ended, registered as jobless, no benefit",
        given={**_PEOPLE, "social_insurance": (INSURED,), "aid": (REGISTERED,), "unemployment_benefit": ()},
        complete=_TOLD,
        severity="LOW",
    ),
    Example(
        zh="已领取失业保险金",
        en="The benefit is paid",
        given={
            **_PEOPLE,
            "social_insurance": (INSURED,),
            "aid": (REGISTERED,),
            "unemployment_benefit": ({"person_id": "P1", "month": "2024-04", "benefit_yuan": 1600},),
        },
        complete=_TOLD,
        severity=None,
    ),
    Example(
        zh="缴费不满一年",
        en="Less than a year of contributions",
        given={
            **_PEOPLE,
            "social_insurance": ({**INSURED, "start_month": "2023-08"},),
            "aid": (REGISTERED,),
            "unemployment_benefit": (),
        },
        complete=_TOLD,
        severity=None,
    ),
    Example(
        zh="失业保险金数据不完整",
        en="The benefit's data are not complete",
        given={**_PEOPLE, "social_insurance": (INSURED,), "aid": (REGISTERED,), "unemployment_benefit": ()},
        complete=("social_insurance",),
        severity=None,
    ),
)

RULE = Rule(
    id="U06",
    version="1",
    title_zh="可领未领失业保险金",
    title_en="Entitled to unemployment benefit, not claiming",
    basis="失业保险条例第十四条；安政办〔2019〕15号 三（四）社会保险",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        "households": "file_closed_on",
        "members": "birth_date id_number sex",
        "social_insurance": work.INSURANCE,
        "unemployment_benefit": "month benefit_yuan",
        "aid": reading.AID,
    },
    optional={"tax": work.WAGES},
    minimum_grade="G5",
    find=find,
    rests_on=("aid",),
    zh="单位缴纳失业保险 {count} 个月，至 {ended} 止；{registered} 办理失业登记，之后没有失业保险金发放记录。如非因本人意愿中断就业，"
    "可申领失业保险金：请告知本人并协助办理。",
    en="An employer paid unemployment insurance for {count} months, until {ended}; registered as jobless in {registered}; no benefit "
    "was paid since. Unless the work was left by choice, the benefit can be claimed: tell the member and help.",
    clears_zh="本人说明（自愿离职、不愿申领、已再就业），或失业保险金已发放的凭证。",
    clears_en="The member's statement (left by choice, does not wish to claim, at work again), or proof that the benefit was paid.",
    exceptions={
        "voluntary": ("是否本人自愿离职", "left by choice"),
        "at_work_again": ("是否已再就业", "at work again"),
        "declines": ("本人是否不愿申领", "does not wish to claim"),
    },
    parameters=(
        "unemployment.contribution_months",
        "unemployment.claim_months",
        "insurance.reporting_months",
        "work.oldest_age_men",
        "work.oldest_age_women",
    ),
    examples=EXAMPLES,
)
