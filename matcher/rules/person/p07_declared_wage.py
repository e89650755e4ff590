"""P07: a declared income below the wage that was taxed in the same months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.income.inputs import reported_until
from matcher.overlap import Stream, months, months_between
from matcher.policy import Policy
from matcher.rules import reading, sums, work
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Severity

CENT = Decimal("0.01")


def find(facts: Facts) -> Iterator[Lead]:
    """成员申报的月收入低于同月扣缴个人所得税的工资：申报以后最近六个已知月份中，至少三个月的差额超过容许数（金额和比例取其大）。
    工资按扣税后计；同名单位重复申报的只计一次；两处工资相加；离职补偿、劳务报酬和年度数不作工资；一次补发几个月工资的，按期间
    平均不超过申报的不构成疑点；没有记录的月份不作零收入。差额使家庭人均收入越过低保线的，程度为中，否则为低。

    The monthly income that a member declared is below the wage taxed in the same month: in three at least of the last
    six known months since the declaration the gap is above what is tolerated (an amount or a share, whichever is more).
    Wages count after tax; two reports under one employer's name count once, wages of two employers add up; severance, pay
    for services and figures of a year are no wage; arrears paid at once are no lead where they are what was declared
    for the months together; a month without a record is not a month without income. Medium where the gap carries the
    household's income per head across the line, low otherwise.
    """
    declared = facts.members.filter(pl.col("declared_monthly_income_yuan") >= 0)
    jobless = work.declared(declared, work.JOBLESS).filter(pl.col("declared_monthly_income_yuan") == 0)
    people = work.on_file(facts, declared.join(jobless.select("person_id"), on="person_id", how="anti"))
    if people.is_empty():
        return
    paid = _once_a_name(work.wages(facts, people.get_column("person_id")))
    value = facts.policy.at(facts.as_of, None)
    likely = _likely(people, paid, int(value("wage.gap_months")))
    if likely.is_empty():
        return
    rows = people.filter(pl.col("person_id").is_in(likely.implode()))
    of_wages = work.by_person(paid.filter(pl.col("person_id").is_in(likely.implode())))
    streams = reading.payments(facts, rows.get_column("household_id"))
    homes = reading.households(facts, rows.get_column("household_id"))
    families = reading.members(facts, rows.get_column("household_id"))
    told = work.told(facts, "tax")
    lag = int(value("income.reporting_days"))
    feed = facts.feeds["tax"]
    reported = reported_until(min(feed.as_of, facts.as_of) if feed.as_of else facts.as_of, lag)
    for member in rows.sort("person_id").iter_rows(named=True):
        gaps = _gaps(member, of_wages[member["person_id"]], facts.policy, facts.as_of)
        known = _known(gaps, member, reported if member["person_id"] in told else None)
        known = known[-int(value("wage.known_months")) :]
        wide = [gaps[month] for month in known if month in gaps and gaps[month].wide]
        if len(wide) < int(value("wage.gap_months")):
            continue
        arrears = _arrears(gaps, known)
        if arrears and member["person_id"] in told:
            continue
        home = homes[member["household_id"]]
        line = _line_crossed(home, families[member["household_id"]], member, wide, facts.policy)
        aid = sums.needs_tested(streams.get(member["household_id"], []))
        yield _lead(member, wide, len(known), aid, line=line, arrears="UNKNOWN" if arrears else "NO")


@dataclass(frozen=True, slots=True)
class Gap:
    """One month: what was taxed, what was declared, and whether the difference is above what is tolerated."""

    month: dt.date
    gross: Decimal
    net: Decimal
    declared: Decimal
    tolerated: Decimal
    rows: tuple[Row, ...]

    @property
    def yuan(self) -> Decimal:
        """The difference."""
        return self.net - self.declared

    @property
    def wide(self) -> bool:
        """Whether it is above what is tolerated."""
        return self.yuan > self.tolerated


def _once_a_name(paid: pl.DataFrame) -> pl.DataFrame:
    """Of two reports of one month under one employer's name with two codes, the larger alone."""
    name = pl.coalesce("payer_name", "record_id")
    several = pl.col("employer").n_unique().over("person_id", "month", name) > 1
    largest = pl.col("record_id") == pl.col("record_id").sort_by("net", "record_id").last().over(
        "person_id", "month", name
    )
    return paid.filter(~several | largest)


def _likely(people: pl.DataFrame, paid: pl.DataFrame, least: int) -> pl.Series:
    """Who was paid more than they declared in so many months at all."""
    monthly = paid.group_by("person_id", "month").agg(pl.col("net").sum())
    more = monthly.join(
        people.select("person_id", "since", "until", declared="declared_monthly_income_yuan"), on="person_id"
    ).filter(pl.col("month").is_between("since", "until"), pl.col("net") > pl.col("declared"))
    counted = more.group_by("person_id").len().filter(pl.col("len") >= least)
    return counted.get_column("person_id").sort()


def _gaps(member: Row, paid: list[Row], policy: Policy, as_of: dt.date) -> dict[dt.date, Gap]:
    declared: Decimal = member["declared_monthly_income_yuan"]
    value = policy.at(as_of, member["division_code"])
    share = declared * Decimal(str(value("wage.gap_percent"))) / 100
    tolerated = max(Decimal(str(value("wage.gap_yuan"))), share).quantize(CENT)
    rows: dict[dt.date, list[Row]] = {}
    for row in paid:
        if member["since"] <= row["month"] <= member["until"]:
            rows.setdefault(row["month"], []).append(row)
    return {
        month: Gap(
            month=month,
            gross=sum((row["gross"] for row in found), Decimal(0)),
            net=sum((row["net"] for row in found), Decimal(0)),
            declared=declared,
            tolerated=tolerated,
            rows=tuple(found),
        )
        for month, found in sorted(rows.items())
    }


def _known(gaps: Mapping[dt.date, Gap], member: Row, reported: dt.date | None) -> list[dt.date]:
    """The months with a record; where the tax office told all, every month up to the last one reported."""
    silent = months(member["since"], min(reported, member["until"])) if reported else []
    return sorted({*gaps, *silent})


def _arrears(gaps: Mapping[dt.date, Gap], known: list[dt.date]) -> bool:
    """Whether what was paid, taken together from the first of these months to the last, is what was declared for them."""
    counted = [gaps[month] for month in known if month in gaps]
    wage = sum((gap.net for gap in counted), Decimal(0))
    return wage <= (counted[0].declared + counted[0].tolerated) * months_between(known[0], known[-1])


def _line_crossed(home: Row, family: list[Row], member: Row, wide: list[Gap], policy: Policy) -> Decimal | None:
    """The line that the household's declared income per head does not pass and with the smallest gap does; else None."""
    last = max(gap.month for gap in wide)
    heads = sum(reading.is_member(each, last) for each in family)
    together: Decimal = home["declared_monthly_income_yuan"] or sum(
        (each["declared_monthly_income_yuan"] or Decimal(0) for each in family if reading.is_member(each, last)),
        Decimal(0),
    )
    told = policy.known("line.dibao", last, member["division_code"])
    if told is None:
        return None
    line, with_gap = Decimal(str(told)), together + min(gap.yuan for gap in wide)
    return line if heads and together <= line * heads < with_gap else None


def _lead(
    member: Row, wide: list[Gap], known: int, aid: list[Stream], *, line: Decimal | None, arrears: Result
) -> Lead:
    rows = [row for gap in wide for row in gap.rows]
    sure = all(row["sure"] for row in rows)
    severity: Severity = "MEDIUM" if line is not None and sure and arrears == "NO" else "LOW"
    several = any(len({row["employer"] for row in gap.rows}) > 1 for gap in wide)
    at_risk, steps = _at_risk(wide, aid, crossed=line is not None)
    return Lead(
        household_id=member["household_id"],
        person_ids=(member["person_id"],),
        natural_key=("WAGE",),
        severity=severity,
        grade=reading.weakest(row["grade"] for row in rows),
        evidence=tuple(Evidence("tax", row["record_id"], member["person_id"]) for row in rows),
        exceptions=(
            ("severance", "NO" if sure else "UNKNOWN"),
            ("arrears", arrears),
            ("gross_net", "NO"),
            ("two_employers", "UNKNOWN" if several else "NO"),
        ),
        facts={
            "declared": f"{wide[0].declared:.2f}",
            "count": str(len(wide)),
            "known": str(known),
            "when": work.spans(gap.month for gap in wide),
            "least": f"{min(gap.yuan for gap in wide):.2f}",
            "most": f"{max(gap.yuan for gap in wide):.2f}",
            "tolerated": f"{wide[0].tolerated:.2f}",
            "line_zh": f"，加上差额后家庭人均收入越过低保线 {line:.2f} 元" if line is not None else "",
            "line_en": f"; with it the income per head passes the line of {line:.2f} yuan"
            if line is not None
            else "",
        },
        compared=tuple(
            Compared(
                (f"{gap.month:%Y-%m} 月收入", f"income of {gap.month:%Y-%m}"),
                (f"{gap.declared:.2f} 元", f"{gap.declared:.2f} yuan"),
                (f"{gap.net:.2f} 元", f"{gap.net:.2f} yuan"),
                "tax",
                gap.rows[0]["record_id"],
            )
            for gap in wide
        ),
        steps=steps,
        amount=(Decimal(0), at_risk),
        period=(wide[0].month, wide[-1].month),
    )


def _at_risk(wide: list[Gap], aid: list[Stream], *, crossed: bool) -> tuple[Decimal, tuple[tuple[str, str], ...]]:
    """Aid of the months: all of it where the line is crossed, else no more than the gap."""
    total, steps = Decimal(0), []
    for gap in wide:
        paid = sums.paid_in(aid, [gap.month])
        counted = paid if crossed else min(paid, gap.yuan)
        total += counted
        tax = gap.gross - gap.net
        sum_of = f"{gap.gross:.2f} − {tax:.2f} − {gap.declared:.2f} = {gap.yuan:.2f}"
        steps.append(
            (
                f"{gap.month:%Y-%m} 工资 − 税 − 申报：{sum_of} 元，当月救助 {paid:.2f} 元，计 {counted:.2f} 元",
                f"{gap.month:%Y-%m} wage − tax − declared: {sum_of} yuan, aid of the month {paid:.2f} yuan, counted {counted:.2f} yuan",
            )
        )
    steps.append((f"合计 {total:.2f} 元", f"in all {total:.2f} yuan"))
    return total, tuple(steps)


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {
    "person_id": "P1",
    "household_id": "H1",
    "relation": "HEAD",
    "declared_employment": "在职",
    "declared_monthly_income_yuan": 600,
}
DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-04", "amount_yuan": 60}


def _wage(month: str, yuan: int, **other: str) -> dict[str, object]:
    row = {"person_id": "P1", "kind": "工资薪金", "payer_uscc": "91410500MA12345678", "income_yuan": yuan}
    return {**row, "income_month": month, **other}


HALF = tuple(f"2024-{month:02d}" for month in range(7, 13))
EXAMPLES = (
    Example(
        zh="申报月收入600元，7月至12月工资均为2600元：越过低保线",
        en="600 yuan declared, 2,600 taxed in each month from July to December: across the line",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "tax": tuple(_wage(month, 2600) for month in HALF),
            "aid": (DIBAO,),
        },
        severity="MEDIUM",
        amount=("0", "360"),
    ),
    Example(
        zh="申报2000元，工资2300元：在容许差额以内",
        en="2,000 declared, 2,300 taxed: within what is tolerated",
        given={
            "households": (HOME,),
            "members": ({**HEAD, "declared_monthly_income_yuan": 2000},),
            "tax": tuple(_wage(month, 2300) for month in HALF),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
    Example(
        zh="一个月领取一次性离职补偿",
        en="Severance paid in one month",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "tax": (
                *(_wage(month, 600) for month in HALF),
                _wage("2024-09", 48000, kind="解除劳动合同一次性补偿收入"),
            ),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P07",
    version="1",
    title_zh="申报收入低于扣缴工资",
    title_en="Declared wage below taxed wage",
    basis="安政办〔2019〕15号 三（一）：收入是否变化；社会救助暂行办法第五十八条：如实申报",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "households": "applied_on file_opened_on file_closed_on declared_monthly_income_yuan division_code target_group",
        "members": "declared_monthly_income_yuan* declared_employment valid_from valid_to",
        "tax": "kind payer_name payer_uscc income_yuan* tax_yuan income_month*",
    },
    optional={"aid": reading.AID},
    minimum_grade="G4",
    find=find,
    rests_on=("tax",),
    zh="申报月收入 {declared} 元，而最近 {known} 个已知月份中有 {count} 个月（{when}）扣税后工资高出 {least} 至 {most} 元，"
    "容许差额 {tolerated} 元{line}。",
    en="{declared} yuan a month were declared; in {count} of the last {known} known months ({when}) the wage after tax was "
    "{least} to {most} yuan more, {tolerated} are tolerated{line}.",
    clears_zh="工资条、银行流水、单位说明（补发、离职补偿、重复申报），或已向救助机构报告收入变化的凭证。",
    clears_en="Pay slips, bank statements, the employer's statement (arrears, severance, reported twice), or proof that the "
    "change of income was reported.",
    exceptions={
        "severance": ("是否离职补偿或其他非工资", "severance or other pay that is no wage"),
        "arrears": ("是否一次补发几个月工资", "arrears of several months paid at once"),
        "gross_net": ("差额是否在税前税后之间", "the gap lies between gross and net"),
        "two_employers": ("是否两个单位各自申报", "reported by two employers"),
    },
    parameters=(
        "wage.gap_yuan", "wage.gap_percent", "wage.gap_months", "wage.known_months", "income.reporting_days", "line.dibao",
    ),
    examples=EXAMPLES,
)  # fmt: skip
