"""U08: a household that left hardship not long ago is below the line again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from matcher.overlap import add_months, first_day
from matcher.rules import incomes, reading
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule

GRADUATED = ("脱困", "GRADUATED", "graduated")
"""Words of the reason for which a file was closed that mean that the hardship was over."""
GRADES = ("G1", "G2", "G4")
NOT_GRADUATED = ("未脱困", "不能脱困", "难以脱困")


def find(facts: Facts) -> Iterator[Lead]:
    """档案因脱困注销未满规定月数，注销以后最近三个已知月份中至少两个月家庭人均收入的上限低于低保标准，或者注销以后又有重大支出
    （自付医疗费超过全家规定月数的低保标准），提示主动联系、可以重新建档。因死亡、迁出、退休等注销的不看；成员已在其他在档家庭的不提示，自称有工作而未申报收入的收入不明，也不提示；任何来源未答复、未授权的月份不算已知。

    A file was closed because the hardship was over, not longer ago than the policy says, and in two of the last three known months
    since then the most that the household can have had a head is below the line, or since then they paid more out of pocket
    for medical care than the line of the whole household for a number of months: get in touch, the file can be opened again. Files closed for a death, a move or retirement are not looked at, nor people who are on another file, or who say that they
    work and not for how much; a month of
    which a source has not answered, or may not be asked, is not known.
    """
    earliest = add_months(first_day(facts.as_of), -int(facts.policy.value("return.months", facts.as_of)))
    closed = facts.households.filter(
        pl.col("file_closed_on").is_between(earliest, facts.as_of),
        pl.col("exit_reason").str.contains_any(list(GRADUATED)),
        ~pl.col("exit_reason").str.contains_any(list(NOT_GRADUATED)),
    )
    if closed.is_empty():
        return
    of = incomes.computed(facts)
    count, least = (
        int(facts.policy.value(key, facts.as_of)) for key in ("income.known_months", "return.least_months")
    )
    homes = {row["household_id"]: row for row in closed.iter_rows(named=True)}
    passed_over = _on_another_file(facts, homes) | incomes.unstated(facts)
    families = reading.members(facts, homes)
    of, bills = incomes.few(facts, of, homes), _bills(facts, homes)
    for household_id, rows in sorted(of.rows(homes).items()):
        home = homes[household_id]
        known = [row for row in rows if row["most"] is not None and row["month"] >= home["file_closed_on"]][-count:]
        low = [row for row in known if row["line"] is not None and row["most"] < row["line"]]
        if household_id in passed_over:
            continue
        if len(low) >= least:
            yield _poor(facts, of, home, low, families[household_id])
        elif shock := _shock(facts, home, families[household_id], bills.get(household_id, [])):
            yield _struck(home, shock)


def _on_another_file(facts: Facts, homes: Mapping[str, Row]) -> set[str]:
    """The households of which a member is on another file that is open."""
    open_files = facts.households.filter(
        pl.col("file_closed_on").is_null() | (pl.col("file_closed_on") > facts.as_of)
    ).get_column("household_id")
    of_person = facts.members.select("person_id", "household_id")
    others = facts.same_person.join(of_person, on="person_id").join(
        of_person.rename({"person_id": "other_person_id", "household_id": "other"}), on="other_person_id"
    )
    found = others.filter(pl.col("household_id").is_in(sorted(homes)), pl.col("other").is_in(open_files.implode()))
    return set(found.get_column("household_id").to_list())


@dataclass(frozen=True, slots=True)
class Shock:
    """What a household paid out of pocket since it left hardship, and the bound that this passes."""

    bills: tuple[Row, ...]
    paid: Decimal
    line: Decimal
    people: tuple[str, ...]
    months: int

    @property
    def bound(self) -> Decimal:
        """The line of all members for so many months."""
        return self.line * len(self.people) * self.months


def _bills(facts: Facts, homes: Mapping[str, Row]) -> dict[str, list[Row]]:
    """What members paid for medical care, by household, each settlement once."""
    if "medical" not in facts.linked:
        return {}
    ours = facts.linked["medical"].filter(
        pl.col("household_id").is_in(sorted(homes)),
        pl.col("grade").is_in(GRADES),
        pl.col("admitted_on").is_between(pl.lit(min(home["file_closed_on"] for home in homes.values())), facts.as_of),
        (pl.col("patient_paid_yuan") > 0).fill_null(False),
    )
    named = pl.coalesce("settlement_no", "record_id")
    return reading.rows_by(ours.unique(["household_id", named], keep="first", maintain_order=True), "household_id")


def _shock(facts: Facts, home: Row, family: list[Row], bills: list[Row]) -> Shock | None:
    """The expense since the file was closed, if it is as large as the policy says."""
    later = tuple(bill for bill in bills if bill["admitted_on"] > home["file_closed_on"])
    people = tuple(sorted(m["person_id"] for m in family if reading.is_member(m, facts.as_of)))
    value = facts.policy.at(facts.as_of, home["division_code"])
    shock = Shock(
        later,
        sum((bill["patient_paid_yuan"] for bill in later), Decimal(0)),
        Decimal(str(value("line.dibao"))),
        people,
        int(value("return.shock_months")),
    )
    return shock if people and shock.paid > shock.bound else None


def _struck(home: Row, shock: Shock) -> Lead:
    closed = home["file_closed_on"].isoformat()
    days = sorted(bill["admitted_on"] for bill in shock.bills)
    paid, bound = f"{shock.paid:.2f}", f"{shock.bound:.2f}"
    count = len(shock.people)
    return Lead(
        household_id=home["household_id"],
        person_ids=shock.people,
        natural_key=("RETURN",),
        severity="LOW",
        grade=reading.weakest(bill["grade"] for bill in shock.bills),
        evidence=tuple(Evidence("medical", bill["record_id"], bill["person_id"]) for bill in shock.bills),
        exceptions=(("undocumented", "UNKNOWN"),),
        facts={
            "closed": closed,
            "why_zh": f"此后自付医疗费 {paid} 元，超过全家 {shock.months} 个月的低保标准 {bound} 元",
            "why_en": f"since then it paid {paid} yuan for medical care out of pocket, more than the line of the whole household "
            f"for {shock.months} months, {bound} yuan",
        },
        period=(days[0], days[-1]),
        compared=(
            Compared(
                ("家庭状况", "the household"),
                (f"{closed} 脱困注销", f"left hardship on {closed}"),
                (f"此后自付 {paid} 元", f"{paid} yuan out of pocket since"),
                "medical",
                shock.bills[0]["record_id"],
            ),
        ),
        steps=(
            (
                " + ".join(f"{bill['patient_paid_yuan']:.2f}" for bill in shock.bills) + f" = {paid} 元",
                " + ".join(f"{bill['patient_paid_yuan']:.2f}" for bill in shock.bills) + f" = {paid} yuan",
            ),
            (
                f"低保标准 {shock.line:.2f} × {count} 人 × {shock.months} 个月 = {bound} 元",
                f"line {shock.line:.2f} × {count} × {shock.months} months = {bound} yuan",
            ),
        ),
    )


def _poor(facts: Facts, of: incomes.Computed, home: Row, low: list[Row], family: list[Row]) -> Lead:
    household_id, last = home["household_id"], low[-1]
    sheets = [of.sheets[household_id, row["month"]] for row in low]
    evidence = incomes.evidence(sheets)
    people = sorted(member["person_id"] for member in family if reading.is_member(member, last["month"]))
    when = [f"{row['month']:%Y-%m}" for row in low]
    most, line = f"{max(row['most'] for row in low):.2f}", f"{last['line']:.2f}"
    closed = home["file_closed_on"].isoformat()
    return Lead(
        household_id=household_id,
        person_ids=tuple(people),
        natural_key=("RETURN",),
        severity="LOW",
        grade=incomes.grade_of(facts, evidence),
        evidence=(*evidence, *(Evidence("members", person, person) for person in people)),
        exceptions=(("undocumented", "UNKNOWN"),),
        facts={
            "closed": closed,
            "why_zh": f"{'、'.join(when)} 人均收入最多 {most} 元，低于低保标准 {line} 元",
            "why_en": f"in {', '.join(when)} it had at most {most} yuan a head, below the line of {line}",
        },
        period=(low[0]["month"], last["month"]),
        compared=(
            Compared(
                ("家庭状况", "the household"),
                (f"{closed} 脱困注销", f"left hardship on {closed}"),
                (f"人均最多 {last['most']:.2f} 元", f"at most {last['most']:.2f} yuan a head"),
                evidence[0].source if evidence else "tax",
            ),
        ),
        steps=tuple(incomes.steps(each) for each in sheets),
    )


HOME = {
    "household_id": "H1", "applied_on": "2020-05-01", "file_opened_on": "2020-06-01", "file_closed_on": "2023-11-30",
    "exit_reason": "脱困", "division_code": "410502",
}  # fmt: skip
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
ASKED = ("tax", "social_insurance", "unemployment_benefit", "aid")
WAGES = tuple(
    {"person_id": "P1", "kind": "工资薪金", "income_yuan": 2800, "income_month": f"2024-{month:02d}"}
    for month in range(1, 12)
)


def _given(**rows: tuple[Mapping[str, Any], ...]) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    nothing: dict[str, tuple[Mapping[str, Any], ...]] = dict.fromkeys(ASKED, ())
    return {**nothing, "households": (HOME,), "members": (HEAD,), **rows}


EXAMPLES = (
    Example(
        zh="一年前脱困，9月起没有收入记录",
        en="Left hardship a year ago, no income since September",
        given=_given(tax=WAGES[:8]),
        severity="LOW",
        complete=ASKED,
    ),
    Example(
        zh="脱困后收入稳定",
        en="Left hardship, the income is still there",
        given=_given(tax=WAGES),
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="收入稳定，脱困后自付医疗费一万元",
        en="The income is still there, and 10,000 yuan went out of pocket for medical care",
        given=_given(
            tax=WAGES,
            medical=(
                {"person_id": "P1", "settlement_no": "S1", "admitted_on": "2024-05-02", "patient_paid_yuan": 10000},
            ),
        ),
        severity="LOW",
        complete=ASKED,
    ),
    Example(
        zh="大额医疗费发生在脱困以前",
        en="The large bill is from before the file was closed",
        given=_given(
            tax=WAGES,
            medical=(
                {"person_id": "P1", "settlement_no": "S1", "admitted_on": "2023-05-02", "patient_paid_yuan": 10000},
            ),
        ),
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="因死亡注销的档案",
        en="A file closed for a death",
        given=_given(households=({**HOME, "exit_reason": "死亡"},)),
        severity=None,
        complete=ASKED,
    ),
    Example(
        zh="脱困已满三年",
        en="Left hardship three years ago",
        given=_given(households=({**HOME, "file_closed_on": "2021-06-30"},)),
        severity=None,
        complete=ASKED,
    ),
)

RULE = Rule(
    id="U08",
    version="1",
    title_zh="脱困后返困",
    title_en="Return to hardship",
    basis="安政办〔2019〕15号 二（二）、三：动态管理，新产生的困难职工及时建档帮扶",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        **incomes.INPUTS,
        "households": f"{incomes.INPUTS['households']} file_closed_on* exit_reason*",
        "members": f"{incomes.INPUTS['members']} declared_employment",
    },
    optional={"medical": "settlement_no admitted_on patient_paid_yuan"},
    minimum_grade="G4",
    only_in_a_scan=True,
    find=find,
    zh="该家庭 {closed} 因脱困注销档案；{why}。请主动联系，可以重新建档帮扶。",
    en="The household's file was closed on {closed} because the hardship was over; {why}. Get in touch: the file can be opened again.",
    clears_zh="未登记的收入，已在其他工会建档，或家庭表示不需要帮扶。",
    clears_en="Income that no register knows, a file with another union, or their word that they need no help.",
    exceptions={"undocumented": ("是否有未登记的收入", "income that no register knows")},
    parameters=(
        *incomes.PARAMETERS,
        "income.known_months",
        "return.months",
        "return.least_months",
        "return.shock_months",
    ),
    examples=EXAMPLES,
)
