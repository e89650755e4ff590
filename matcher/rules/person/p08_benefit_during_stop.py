"""P08: unemployment benefit for months in which the law stops it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.overlap import add_months, first_day, stream
from matcher.rules import reading, work
from matcher.rules.person.p12_long_absence import kind_of
from matcher.rules.reading import Row
from matcher.rules.rule import SEVERITIES, Compared, Evidence, Example, Facts, Lead, Result, Rule, Severity, Words

BENEFIT, POST = "UI_BENEFIT", "PUBLIC_WELFARE_POST"
STARTED = ("STARTUP_GRANT", "STARTUP_LOAN", "STARTUP_TRAINING", "INTEREST_SUBSIDY")
EMIGRATED = ("移居", "定居", "EMIGRAT")
TRADING_ROLES = ("LEGAL_REPRESENTATIVE", "OWNER")

REASONS: Mapping[str, Words] = {
    "EMPLOYED": ("由单位参加社会保险", "insured by an employer"),
    "PENSION": ("领取职工养老金", "drawing an employee's pension"),
    "LICENCE": ("经营市场主体", "running a business"),
    "PRISON": ("服刑", "serving a sentence"),
    "SERVICE": ("服兵役", "in military service"),
    "EMIGRATED": ("移居境外", "emigrated"),
}


def find(facts: Facts) -> Iterator[Lead]:
    """发放失业保险金的月份，与停止领取的情形重叠满一个整月：由单位参保（重新就业）、领取职工养老金、领取期间开办并有经营的
    市场主体、服刑、服兵役、移居境外。重新就业和开始领取养老金的当月、只参保一个月的试用、灵活就业自行缴费、补缴、失业保险经办机构
    代缴医保、未决羁押和拘留，不构成疑点；享受一次性创业补助、创业贷款或培训的，剩余期限的失业保险金依法可领，也不构成疑点。

    Unemployment benefit was paid for months that overlap by a whole month with what stops it: insured by an employer (at
    work again), drawing an employee's pension, a business founded during the benefit that trades, prison, military service,
    emigration. No lead: the month in which work or pension begins, a trial that was insured for one month, insurance out of
    one's own pocket, contributions made up for, medical insurance that the fund pays, custody without a sentence; and
    for a business under a start-up grant, loan or training, the rest of the benefit is lawful.
    """
    sure = list(_leads(facts, work.GRADES, None))
    told = {person for lead in sure for person in lead.person_ids}
    yield from sure
    if unchecked := _unchecked(facts) - told:
        yield from _leads(facts, work.ANY_GRADE, unchecked)


def _unchecked(facts: Facts) -> frozenset[str]:
    """Whom some record concerns only if an identity check says so: they are asked about where what is sure makes no lead."""
    found = [
        frame.filter(pl.col("grade") == "G5").get_column("person_id")
        for frame in facts.linked.values()
        if not frame.is_empty()
    ]
    return frozenset(person for column in found for person in column.to_list())


def _leads(facts: Facts, grades: tuple[str, ...], among: frozenset[str] | None) -> Iterator[Lead]:
    if not (benefits := _benefits(facts, grades, among)):
        return
    people = pl.Series("person_id", sorted(benefits), dtype=pl.String)
    stops = _stops(facts, people, benefits, grades)
    homes = dict(
        facts.members.filter(pl.col("person_id").is_in(people.implode()))
        .select("person_id", "household_id")
        .iter_rows()
    )
    least = int(facts.policy.value("benefit.employed_months", facts.as_of))
    for person_id, paid in sorted(benefits.items()):
        stopped = [each for each in stops.get(person_id, []) if each.month in paid]
        if len({each.month for each in stopped}) >= max(least, 1):
            yield _lead(homes[person_id], person_id, paid, stopped, aid_asked="aid" in facts.linked)


@dataclass(frozen=True, slots=True)
class Paid:
    """Benefit of one month, and the record that tells of it."""

    source: str
    row: Row
    yuan: Decimal | None


@dataclass(frozen=True, slots=True)
class Stop:
    """One whole month in which the law stops the benefit, and the record that says so."""

    month: dt.date
    reason: str
    source: str
    row: Row
    severity: Severity = "HIGH"


def _benefits(facts: Facts, grades: tuple[str, ...], among: frozenset[str] | None) -> dict[str, dict[dt.date, Paid]]:
    """The months of benefit of each person; what two sources tell of one month is one payment."""
    found: dict[str, dict[dt.date, Paid]] = {}
    for source in ("unemployment_benefit", "aid"):
        if source not in facts.linked or facts.linked[source].is_empty():
            continue
        rows = facts.linked[source].filter(pl.col("grade").is_in(grades))
        rows = rows if among is None else rows.filter(pl.col("person_id").is_in(sorted(among)))
        rows = rows.filter(pl.col("programme") == BENEFIT) if source == "aid" else rows
        for row in rows.iter_rows(named=True):
            for month in _months(source, row, facts.as_of):
                yuan = row["amount_yuan"] if source == "aid" else row["benefit_yuan"]
                if yuan is None or yuan > 0:
                    found.setdefault(row["person_id"], {}).setdefault(month, Paid(source, row, yuan))
    return found


def _months(source: str, row: Row, as_of: dt.date) -> Iterable[dt.date]:
    if source == "aid":
        each = stream(row, as_of)
        return work.months_of([(each.first, each.last)]) if each else ()
    return [first_day(row["month"])] if row["month"] and row["month"] <= as_of else ()


def _stops(
    facts: Facts, people: pl.Series, benefits: Mapping[str, Mapping[dt.date, Paid]], grades: tuple[str, ...]
) -> dict[str, list[Stop]]:
    found: dict[str, list[Stop]] = {}
    helped = _held(facts, people, (POST, *STARTED))
    posts = {person: when for (person, programme), when in helped.items() if programme == POST}
    started = {person for person, programme in helped if programme in STARTED}
    paid = pl.DataFrame(
        [(person, month) for person, each in benefits.items() for month in each],
        schema={"person_id": pl.String, "month": pl.Date},
        orient="row",
    )
    for person, rows in work.by_person(
        _touching(work.by_employer(work.insured(facts, people, grades=grades)), paid)
    ).items():
        outside = [row for row in rows if row["month"] not in posts.get(person, frozenset())]
        found.setdefault(person, []).extend(_employed(outside, benefits[person]))
    pensions = work.drawing(facts, people, ["EMPLOYEE_PENSION"], grades=grades)
    for person, rows in work.by_person(_touching(pensions, paid)).items():
        begun = min(row["month"] for row in rows)
        found.setdefault(person, []).extend(
            Stop(row["month"], "PENSION", "social_insurance", row) for row in rows if row["month"] > begun
        )
    for person, stop in _licences(facts, people, benefits, grades):
        if person not in started:
            found.setdefault(person, []).append(stop)
    for person, stop in _absences(facts, people, grades):
        found.setdefault(person, []).append(stop)
    return found


def _touching(told: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """All that is told of those people of whom it tells something in a month of benefit."""
    return told.join(told.join(paid, on=["person_id", "month"], how="semi"), on="person_id", how="semi")


def _employed(rows: list[Row], paid: Mapping[dt.date, Paid]) -> Iterator[Stop]:
    """Months of work, but for the first of each run, and for the last one where a benefit begins in it."""
    begins = {run[0] for run in work.runs(paid)}
    for run in work.runs(row["month"] for row in rows):
        inner = set(run[1:])
        if run[-1] in begins:
            inner.discard(run[-1])
        for row in rows:
            if row["month"] in inner:
                yield Stop(row["month"], "EMPLOYED", "social_insurance", row, "HIGH" if row["sure"] else "LOW")


def _held(facts: Facts, people: pl.Series, programmes: tuple[str, ...]) -> dict[tuple[str, str], frozenset[dt.date]]:
    """The months of these programmes that these people had, under review or not."""
    if "aid" not in facts.linked:
        return {}
    spans: dict[tuple[str, str], list[tuple[dt.date, dt.date]]] = {}
    for frame in (facts.linked["aid"], reading.under_review(facts, "aid")):
        wanted = frame.filter(
            pl.col("programme").is_in(list(programmes)) & pl.col("person_id").is_in(people.implode())
        )
        for row in wanted.iter_rows(named=True):
            if each := stream(row, facts.as_of):
                spans.setdefault((row["person_id"], row["programme"]), []).append((each.first, each.last))
    return {key: work.months_of(each) for key, each in spans.items()}


def _licences(
    facts: Facts, people: pl.Series, benefits: Mapping[str, Mapping[dt.date, Paid]], grades: tuple[str, ...]
) -> Iterator[tuple[str, Stop]]:
    if "business" not in facts.linked:
        return
    trading = facts.linked["business"].filter(
        pl.col("person_id").is_in(people.implode()),
        pl.col("grade").is_in(grades),
        pl.col("role").is_in(TRADING_ROLES),
        (pl.col("status") == "LIVE").fill_null(False),
        (pl.col("turnover_yuan") > 0).fill_null(False) | (pl.col("employees") > 0).fill_null(False),
        pl.col("established_on").is_not_null(),
    )
    severity: Severity = "MEDIUM" if "aid" in facts.linked else "LOW"
    for row in trading.iter_rows(named=True):
        paid = benefits[row["person_id"]]
        if row["established_on"] >= min(paid):
            last = min(row["ended_on"] or facts.as_of, facts.as_of)
            for month in _whole(row["established_on"], last):
                yield row["person_id"], Stop(month, "LICENCE", "business", row, severity)


def _absences(facts: Facts, people: pl.Series, grades: tuple[str, ...]) -> Iterator[tuple[str, Stop]]:
    if "custody" not in facts.linked:
        return
    away = facts.linked["custody"].filter(
        pl.col("person_id").is_in(people.implode()), pl.col("grade").is_in(grades), pl.col("from").is_not_null()
    )
    for row in away.iter_rows(named=True):
        text = (row["kind"] or "").upper()
        reason = "EMIGRATED" if any(word in text for word in EMIGRATED) else kind_of(row["kind"])
        if reason in REASONS:
            for month in _whole(row["from"], min(row["to"] or facts.as_of, facts.as_of)):
                yield row["person_id"], Stop(month, reason, "custody", row)


def _whole(first: dt.date, last: dt.date) -> list[dt.date]:
    """The months that lie wholly between two days, both counted."""
    begin, end = work.first_whole_month(first), first_day(last + dt.timedelta(days=1))
    return sorted(work.months_of([(begin, add_months(end, -1))])) if begin < end else []


def _lead(
    household_id: str, person_id: str, paid: Mapping[dt.date, Paid], stopped: list[Stop], *, aid_asked: bool
) -> Lead:
    when = sorted({each.month for each in stopped})
    reasons = [reason for reason in REASONS if any(each.reason == reason for each in stopped)]
    total = sum((paid[month].yuan or Decimal(0) for month in when), Decimal(0))
    pieces = [(each.source, each.row) for each in stopped] + [(paid[m].source, paid[m].row) for m in when]
    told = {reason: work.spans(each.month for each in stopped if each.reason == reason) for reason in reasons}
    stated = all(each.row["paid_month"] is not None for each in stopped if each.reason == "EMPLOYED")
    grant: Result = "NO" if aid_asked else "UNKNOWN"
    return Lead(
        household_id=household_id,
        person_ids=(person_id,),
        natural_key=(BENEFIT,),
        severity=max((each.severity for each in stopped), key=SEVERITIES.index),
        grade=reading.weakest(row["grade"] for _, row in pieces),
        evidence=tuple(Evidence(source, row["record_id"], person_id) for source, row in pieces),
        exceptions=(
            ("startup_grant", grant if "LICENCE" in reasons else "NO"),
            ("probation", "NO"),
            ("paid_later", ("NO" if stated else "UNKNOWN") if "EMPLOYED" in reasons else "NO"),
            ("public_post", grant if "EMPLOYED" in reasons else "NO"),
        ),
        facts={
            "count": str(len(when)),
            "when": work.spans(when),
            "total": f"{total:.2f}",
            "why_zh": "；".join(f"{REASONS[reason][0]}（{told[reason]}）" for reason in reasons),
            "why_en": "; ".join(f"{REASONS[reason][1]} ({told[reason]})" for reason in reasons),
        },
        compared=tuple(_compared(reason, stopped, paid) for reason in reasons),
        steps=_steps(paid, when, total),
        amount=(total, total),
        period=(when[0], when[-1]),
    )


def _compared(reason: str, stopped: list[Stop], paid: Mapping[dt.date, Paid]) -> Compared:
    """The months of benefit beside those of one reason to stop it."""
    stops = [each for each in stopped if each.reason == reason]
    when = work.spans(each.month for each in stops)
    had = paid[stops[0].month]
    zh, en = REASONS[reason]
    return Compared(
        what=("同月情形", "in the same months"),
        ours=(f"{when} 发放失业保险金", f"benefit paid for {when}"),
        found=(f"{zh}（{when}）", f"{en} ({when})"),
        source=stops[0].source,
        record_id=stops[0].row["record_id"],
        beside=had.source,
    )


def _steps(paid: Mapping[dt.date, Paid], when: list[dt.date], total: Decimal) -> tuple[Words, ...]:
    counts: dict[Decimal | None, int] = {}
    for month in when:
        counts[paid[month].yuan] = counts.get(paid[month].yuan, 0) + 1
    lines: list[Words] = []
    for yuan, count in sorted(counts.items(), key=lambda each: (each[0] is None, each[0] or 0)):
        if yuan is None:
            lines.append((f"另有 {count} 个月未载明金额，不计", f"{count} months without an amount, not counted"))
        else:
            sum_of = f"{yuan:.2f} × {count} = {yuan * count:.2f}"
            lines.append((f"失业保险金 {sum_of} 元", f"unemployment benefit: {sum_of} yuan"))
    if len(lines) > 1:
        lines.append((f"合计 {total:.2f} 元", f"in all {total:.2f} yuan"))
    return tuple(lines)


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
BENEFITS = tuple({"person_id": "P1", "month": f"2024-{month:02d}", "benefit_yuan": 1600} for month in range(3, 9))


def _insured(*months: str, **other: str) -> tuple[dict[str, str], ...]:
    row = {"person_id": "P1", "kind": "EMPLOYEE_PENSION", "payer": "EMPLOYER", "status": "PAYING"}
    code = {"employer_uscc": "91410500MA12345678"}
    return tuple({**row, **code, "insured_month": month, "paid_month": month, **other} for month in months)


SHOP = {
    "person_id": "P1", "uscc": "92410502MA12345678", "role": "OWNER", "status": "LIVE", "established_on": "2024-04-10",
    "turnover_yuan": 60000, "employees": 1,
}  # fmt: skip
GRANT = {
    "person_id": "P1", "programme": "STARTUP_GRANT", "start_month": "2024-05", "end_month": "2024-05", "amount_yuan": 5000,
}  # fmt: skip
_PEOPLE = {"households": (HOME,), "members": (HEAD,)}
EXAMPLES = (
    Example(
        zh="5月起由单位参保，失业保险金发放至8月：6月至8月重叠",
        en="Insured by an employer from May on, benefit paid until August: June to August overlap",
        given={
            **_PEOPLE,
            "unemployment_benefit": BENEFITS,
            "social_insurance": _insured("2024-05", "2024-06", "2024-07", "2024-08"),
        },
        severity="HIGH",
        amount=("4800", "4800"),
    ),
    Example(
        zh="最后一个月重新就业，次月停发",
        en="At work again in the last month of benefit",
        given={
            **_PEOPLE,
            "unemployment_benefit": BENEFITS,
            "social_insurance": _insured("2024-08", "2024-09", "2024-10"),
        },
        severity=None,
    ),
    Example(
        zh="享受一次性创业补助后开店，领取剩余失业保险金",
        en="A shop under a start-up grant, and the rest of the benefit",
        given={
            **_PEOPLE,
            "unemployment_benefit": BENEFITS,
            "social_insurance": (),
            "business": (SHOP,),
            "aid": (GRANT,),
        },
        severity=None,
    ),
    Example(
        zh="经办机构代缴医疗保险",
        en="Medical insurance that the fund pays",
        given={
            **_PEOPLE,
            "unemployment_benefit": BENEFITS,
            "social_insurance": _insured("2024-04", "2024-05", "2024-06", "2024-07", kind="MEDICAL"),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P08",
    version="1",
    title_zh="停止领取情形下的失业保险金",
    title_en="Unemployment benefit during a stop condition",
    basis="失业保险条例第十五条；安政办〔2019〕15号 三（四）社会保险",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={"social_insurance": work.INSURANCE},
    optional={
        "unemployment_benefit": "month benefit_yuan",
        "aid": reading.AID,
        "business": "role status established_on ended_on turnover_yuan employees",
        "custody": "kind from to",
    },
    one_of=(("unemployment_benefit", "aid"),),
    minimum_grade="G5",
    find=find,
    rests_on=("unemployment_benefit", "aid"),
    zh="失业保险金发放的月份中有 {count} 个整月（{when}）存在停止领取的情形：{why}。这些月份共发放 {total} 元。",
    en="For {count} whole months ({when}) unemployment benefit was paid although the law stops it: {why}. Paid for these "
    "months: {total} yuan.",
    clears_zh="用人单位说明（补缴、未在岗、代缴）、停保或登记有误的凭证、创业补助或创业贷款的批复、发放部门的核减记录。",
    clears_en="The employer's statement (made up for, not at work, paid on behalf), proof that the register errs, the approval "
    "of a start-up grant or loan, or the office's own record that the months were taken back.",
    exceptions={
        "startup_grant": ("是否享受创业补助、贷款或培训", "under a start-up grant, loan or training"),
        "probation": ("是否不足一个整月", "less than a whole month"),
        "paid_later": ("是否事后补缴", "contributions made up for later"),
        "public_post": ("是否公益性岗位", "a public-welfare post"),
    },
    parameters=("benefit.employed_months", "insurance.late_months"),
    examples=EXAMPLES,
)
