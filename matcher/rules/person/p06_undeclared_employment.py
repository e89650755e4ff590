"""P06: declared jobless, and an employer insured them or paid them a wage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

import polars as pl

from matcher.overlap import Stream, add_months, stream
from matcher.rules import reading, sums, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Severity
from matcher.rules.work import Worked

POST = "PUBLIC_WELFARE_POST"
SHOWN_MONTHS = 12


def find(facts: Facts) -> Iterator[Lead]:
    """成员申报为失业、无业或下岗，而在申报以后的月份里，连续两个月以上由单位参加养老、失业或工伤保险，或有扣缴个人所得税的
    工资。灵活就业自行缴费、居民参保、事后补缴、公益性岗位、代办机构和失业保险经办机构缴费不构成疑点；下岗待岗或改制企业职工
    由原单位续缴而无工资的，也不构成疑点；申报以后才就业、尚在渐退期内的，同样不构成疑点。只有年度数的工资不作依据。也可能是身份被用于虚列工资，须先问用人单位。

    A member is declared jobless or laid off, and in months after the declaration an employer insured them (pension,
    unemployment or work injury), or taxed wages were paid to them, two months or more in a row. No lead: insurance paid
    out of one's own pocket or as a resident, contributions made up for later, a public-welfare post, an agency or
    the fund that insures people without work; nor an old employer that keeps insuring the laid off, or staff of a
    reformed enterprise, without a wage; nor work found after the declaration, within the months of a gradual exit. Figures of a whole year prove nothing. It may also be that their identity was
    used for a payroll: the employer is asked first.
    """
    jobless = work.on_file(facts, work.declared(facts.members, work.JOBLESS)).filter(
        pl.col("since") <= pl.col("until")
    )
    if jobless.is_empty():
        return
    people = jobless.get_column("person_id")
    insured, paid = _insured(facts, people), work.wages(facts, people)
    stay = jobless.select("person_id", "since", "until")
    told = pl.concat([insured.select("person_id", "month"), paid.select("person_id", "month")])
    inside = told.join(stay, on="person_id").filter(pl.col("month").is_between("since", "until"))
    least = int(facts.policy.value("work.least_months", facts.as_of))
    likely = work.in_a_row(inside, least)
    if likely.is_empty():
        return
    rows = jobless.filter(pl.col("person_id").is_in(likely.implode()))
    posts = _posts(facts, likely)
    of_insurance, of_wages = (work.by_person(_lately(frame, stay, likely)) for frame in (insured, paid))
    streams = reading.payments(facts, rows.get_column("household_id"))
    for member in rows.sort("person_id").iter_rows(named=True):
        person_id = member["person_id"]
        all_months = work.worked(of_insurance.get(person_id, []), of_wages.get(person_id, []))
        months = {
            month: each
            for month, each in all_months.items()
            if member["since"] <= month <= member["until"] and month not in posts.get(person_id, frozenset())
        }
        kept_on = _kept_on(all_months, months, member["since"])
        if kept_on and (work.word(member["declared_employment"]) in work.LAID_OFF or _reformed(member)):
            continue
        months = {m: months[m] for run in work.runs(months) if len(run) >= least for m in run}
        gradual = int(facts.policy.value("work.gradual_exit_months", facts.as_of, member["division_code"]))
        if months and not _just_begun(all_months, months, gradual):
            aid = sums.needs_tested(streams.get(member["household_id"], []))
            yield _lead(member, months, aid, kept_on=kept_on, posts_known="aid" in facts.linked)


def _insured(facts: Facts, people: pl.Series) -> pl.DataFrame:
    if "social_insurance" not in facts.linked:
        return _NOBODY
    return work.by_employer(work.insured(facts, people))


def _lately(told: pl.DataFrame, stay: pl.DataFrame, people: pl.Series) -> pl.DataFrame:
    """What is told of these people, from a year before the declaration on."""
    joined = told.filter(pl.col("person_id").is_in(people.implode())).join(stay, on="person_id", how="inner")
    return joined.filter(pl.col("month") >= pl.col("since").dt.offset_by("-12mo"), pl.col("month") <= pl.col("until"))


_NOBODY = pl.DataFrame(schema={"person_id": pl.String, "month": pl.Date})


def _reformed(member: Row) -> bool:
    return bool(member["target_group"] == "STRUCTURAL_REFORM")


def _kept_on(before: Mapping[dt.date, Worked], months: Mapping[dt.date, Worked], since: dt.date) -> bool:
    """Whether all that is told is insurance by the employer of before the declaration, without any wage."""
    if any(each.wages for each in months.values()):
        return False
    former = {row["employer"] for month, each in before.items() if month < since for row in each.insured}
    return bool(months) and all(each.employers <= former for each in months.values())


def _just_begun(all_months: Collection[dt.date], months: Collection[dt.date], gradual: int) -> bool:
    """Whether work was found after the declaration, and all of it lies within the months of a gradual exit."""
    first = min(months)
    return add_months(first, -1) not in all_months and max(months) < add_months(first, gradual)


def _posts(facts: Facts, people: pl.Series) -> dict[str, frozenset[dt.date]]:
    """The months in which these people held a public-welfare post, under review or not."""
    if "aid" not in facts.linked:
        return {}
    frames = [facts.linked["aid"], reading.under_review(facts, "aid")]
    found: dict[str, list[tuple[dt.date, dt.date]]] = {}
    for frame in frames:
        held = frame.filter((pl.col("programme") == POST) & pl.col("person_id").is_in(people.implode()))
        for row in held.iter_rows(named=True):
            if each := stream(row, facts.as_of):
                found.setdefault(row["person_id"], []).append((each.first, each.last))
    return {person: work.months_of(spans) for person, spans in found.items()}


def _lead(
    member: Row,
    months: Mapping[dt.date, Worked],
    aid: list[Stream],
    *,
    kept_on: bool,
    posts_known: bool,
) -> Lead:
    first, last = min(months), max(months)
    sure = any(each.sure for each in months.values())
    stated = all(row["paid_month"] is not None for each in months.values() for row in each.insured)
    severity: Severity = "MEDIUM" if sure and not kept_on else "LOW"
    insured = sorted(month for month, each in months.items() if each.insured)
    waged = sorted(month for month, each in months.items() if each.wages)
    pieces = [
        (source, row)
        for each in months.values()
        for source, rows in (("social_insurance", each.insured), ("tax", each.wages))
        for row in rows
    ]
    employers = sorted({row["employer"] for _, row in pieces})
    exceptions: tuple[tuple[str, Result], ...] = (
        ("flexible", "NO" if sure else "UNKNOWN"),
        ("paid_later", "NO" if stated else "UNKNOWN"),
        ("public_post", "NO" if posts_known else "UNKNOWN"),
        ("kept_on", "UNKNOWN" if kept_on else "NO"),
        ("gradual_exit", "NO"),
        ("false_payroll", "UNKNOWN"),
    )
    paid = sums.paid_in(aid, months)
    said = f"“{member['declared_employment']}”"
    return Lead(
        household_id=member["household_id"],
        person_ids=(member["person_id"],),
        natural_key=("JOBLESS",),
        severity=severity,
        grade=reading.weakest(row["grade"] for _, row in pieces),
        evidence=tuple(Evidence(source, row["record_id"], member["person_id"]) for source, row in pieces),
        exceptions=exceptions,
        facts={
            **sums.words(aid, months),
            "said": said,
            "count": str(len(months)),
            **_kinds(insured, waged),
            "employers_zh": _employers(employers, "、"),
            "employers_en": _employers(employers, ", "),
            "table_zh": _table(months, 0),
            "table_en": _table(months, 1),
        },
        compared=tuple(
            Compared(("就业状况", "employment"), (said, said), found, source)
            for source, when, found in (
                ("social_insurance", insured, _months(insured, "由单位参保", "insured by an employer")),
                ("tax", waged, _months(waged, "有工资", "with a wage")),
            )
            if when
        ),
        steps=sums.steps(aid, months),
        amount=(Decimal(0), paid),
        period=(first, last),
    )


def _months(when: list[dt.date], zh: str, en: str) -> tuple[str, str]:
    return f"{len(when)} 个月{zh}（{work.spans(when)}）", f"{len(when)} months {en} ({work.spans(when)})"


def _employers(employers: list[str], comma: str) -> str:
    return comma.join(dict.fromkeys(work.employer(each) for each in employers))


def _table(months: Mapping[dt.date, Worked], which: int) -> str:
    """The months one by one, the latest first where there are too many."""
    shown = sorted(months, reverse=True)[:SHOWN_MONTHS]
    lines = []
    for month in sorted(shown):
        each = months[month]
        words = [("参保", "insured")[which]] if each.insured else []
        words += [f"{('工资', 'wage')[which]} {each.wage:.2f}"] if each.wages else []
        lines.append(f"{month:%Y-%m} {'、'.join(words) if which == 0 else ', '.join(words)}")
    return ("；", "; ")[which].join(lines) + ("" if len(shown) == len(months) else " …")


def _kinds(insured: list[dt.date], waged: list[dt.date]) -> dict[str, str]:
    """By what the months are known, each with its own."""
    told = [
        (f"{zh}（{work.spans(when)}）", f"{en} ({work.spans(when)})")
        for when, zh, en in (
            (insured, "由单位参保", "an employer's insurance"),
            (waged, "有工资", "a wage"),
        )
        if when
    ]
    return {"kinds_zh": "或".join(zh for zh, _ in told), "kinds_en": " or ".join(en for _, en in told)}


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "declared_employment": "失业"}
DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-04", "amount_yuan": 500}


def _month(month: str, paid: str | None = None, **other: str) -> dict[str, str]:
    row = {"person_id": "P1", "kind": "EMPLOYEE_PENSION", "payer": "EMPLOYER", "status": "PAYING"}
    code = {"employer_uscc": "91410500MA12345678"}
    return {**row, **code, "insured_month": month, "paid_month": paid or month, **other}


LONG = tuple(f"2024-{month:02d}" for month in range(6, 12))
EXAMPLES = (
    Example(
        zh="申报失业，6月至11月由单位参保，同期发放低保",
        en="Declared jobless, insured by an employer from June to November while dibao was paid",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "social_insurance": tuple(_month(month) for month in LONG),
            "aid": (DIBAO,),
        },
        severity="MEDIUM",
        amount=("0", "3000"),
    ),
    Example(
        zh="以灵活就业身份自行缴费",
        en="Insured out of one's own pocket",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "social_insurance": tuple(_month(month, payer="FLEXIBLE") for month in LONG),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
    Example(
        zh="单位12月一次补缴6月至11月",
        en="An employer makes up for June to November in December",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "social_insurance": tuple(_month(month, paid="2024-12") for month in LONG),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
    Example(
        zh="公益性岗位由单位参保",
        en="Insured in a public-welfare post",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "social_insurance": tuple(_month(month) for month in LONG),
            "aid": (DIBAO, {**DIBAO, "programme": "PUBLIC_WELFARE_POST", "start_month": "2024-06"}),
        },
        severity=None,
    ),
    Example(
        zh="申报下岗，原单位续缴社保而无工资",
        en="Laid off; the old employer goes on insuring, without a wage",
        given={
            "households": (HOME,),
            "members": ({**HEAD, "declared_employment": "下岗"},),
            "social_insurance": (
                {**_month("2024-01"), "insured_month": None, "paid_month": None, "start_month": "2019-01"},
            ),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P06",
    version="1",
    title_zh="申报失业而有就业记录",
    title_en="Undeclared employment",
    basis="安政办〔2019〕15号 三（一）：收入是否变化；社会救助暂行办法第五十八条：如实申报",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "households": "applied_on file_opened_on file_closed_on target_group division_code",
        "members": "declared_employment* valid_from valid_to",
    },
    optional={"social_insurance": work.INSURANCE, "tax": work.WAGES, "aid": reading.AID},
    one_of=(("social_insurance", "tax"),),
    minimum_grade="G4",
    find=find,
    rests_on=("social_insurance", "tax"),
    zh="申报就业状况为{said}，而申报以后有 {count} 个月{kinds}，单位 {employers}。逐月：{table}。"
    "金额是这些月份已发放的按需救助，按工资和就业成本重新计算后只涉及差额。",
    en="Employment is declared as {said}; after the declaration there are {count} months with {kinds}, "
    "employer {employers}. Month by month: {table}. The amount is the needs-tested aid of "
    "these months; recomputed with the wage and the cost of going to work, only a difference is at stake.",
    clears_zh="用人单位说明（未在该单位工作、虚列工资、代缴社保、补缴）、已向救助机构报告就业的凭证，或公益性岗位协议。",
    clears_en="The employer's statement (not employed there, a false payroll entry, insurance paid on behalf, made up for), "
    "proof that the work was reported, or the agreement on a public-welfare post.",
    exceptions={
        "flexible": ("是否灵活就业自行缴费", "insured out of one's own pocket"),
        "paid_later": ("是否事后补缴", "contributions made up for later"),
        "public_post": ("是否公益性岗位", "a public-welfare post"),
        "kept_on": ("是否原单位续缴而无工资", "the old employer goes on insuring, without a wage"),
        "gradual_exit": ("是否在就业渐退期内", "within the gradual exit after finding work"),
        "false_payroll": ("是否被虚列工资或冒用身份", "a false payroll entry"),
    },
    parameters=("work.least_months", "work.gradual_exit_months", "insurance.late_months"),
    examples=EXAMPLES,
)
