"""H06: savings and other financial assets a head above the limit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.overlap import Stream, first_day, paid, span
from matcher.policy import Policy
from matcher.rules import masking, reading, sums
from matcher.rules.explaining import count
from matcher.rules.reading import Row
from matcher.rules.rule import Basis, Compared, Evidence, Example, Facts, Lead, Result, Rule

PURPOSE = (
    "赔偿", "补偿", "抚恤", "工伤", "保险金", "捐", "募", "医疗", "教育储蓄", "助学", "学费", "拆迁", "征收", "售房", "购房", "维修",
    "养老", "公积金",
)  # fmt: skip
"""Words in the kind of a holding that say it is meant for something else than living, or is on its way to somebody."""

OWED = ("贷款", "信用卡", "透支", "欠款", "负债")
"""What is owed is nobody's asset."""

JOINT = ("联名", "共有", "共同", "代管", "监护")
"""Accounts of which a part is somebody else's; nobody told how much."""


def find(facts: Facts) -> Iterator[Lead]:
    """同一日的存款、理财、证券等余额合计，按人平均超过规定月数的低保标准。已销户的不计；同一账户多处报送只计一次；余额与近六
    个月平均余额不同的，按较低的一个计算，当天过账的钱不算；赔偿、捐款、教育储蓄、拆迁或售房款不计，联名账户份额不明的不计，
    贷款和信用卡不是资产。只看该日以后发放的救助。

    The balances of one day (deposits, products, securities) are more a head than so many months of the line. Closed
    accounts do not count; an account that two offices report counts once; where the balance differs from the average of six months
    the lower one counts, so that money that only passed through does not; compensation, donations, education savings and
    the price of a house do not, nor joint accounts of unknown shares, and what is owed is no asset. Only aid paid from
    that day on is looked at.
    """
    rows = facts.linked["finance"].filter(pl.col("balance_yuan") > 0)
    likely = (
        rows.group_by("household_id").agg(total=pl.col("balance_yuan").sum()).filter(pl.col("total") > _least(facts))
    )
    by_household = reading.rows_by(rows.join(likely, on="household_id", how="semi"), "household_id")
    homes, families = reading.households(facts, by_household), reading.members(facts, by_household)
    streams = reading.payments(facts, by_household)
    for household_id, found in sorted(by_household.items()):
        home = homes[household_id]
        day_of_feed = facts.feeds["finance"].as_of or facts.as_of
        accounts = [each for each in _accounts(found, day_of_feed) if each.counted]
        total = _over_limit(home, families[household_id], accounts, facts.policy, facts.as_of)
        if total is not None:
            yield _lead(home, total, sums.needs_tested(streams.get(household_id, [])), facts)


@dataclass(frozen=True, slots=True)
class Account:
    """One account, however many records tell of it: the newest balance."""

    day: dt.date
    rows: tuple[Row, ...]

    @property
    def kind(self) -> str:
        """What kind of holding it is, as far as a record says."""
        return "".join(row["kind"] or "" for row in self.rows)

    @property
    def counted(self) -> bool:
        """Whether it is theirs to live on."""
        shut = any(row["status"] == "CLOSED" for row in self.rows)
        return not shut and not any(word in self.kind for word in (*PURPOSE, *OWED, *JOINT))

    @property
    def low(self) -> Decimal:
        """The least that any record says, of the day or on average."""
        said = [row[name] for row in self.rows for name in ("balance_yuan", "average_balance_6m_yuan")]
        least: Decimal = min(yuan for yuan in said if yuan is not None)
        return max(least, Decimal(0))

    @property
    def high(self) -> Decimal:
        """The most that any record says of the day."""
        most: Decimal = max(row["balance_yuan"] for row in self.rows)
        return most

    @property
    def opened(self) -> dt.date | None:
        """When it was opened, as far as a record says."""
        return max((row["opened_on"] for row in self.rows if row["opened_on"]), default=None)


@dataclass(frozen=True, slots=True)
class Total:
    """What a household held on one day, and the limit for so many people."""

    day: dt.date
    accounts: tuple[Account, ...]
    members: int
    line: Decimal
    months: int

    @property
    def low(self) -> Decimal:
        """The least it can have been."""
        return sum((each.low for each in self.accounts), Decimal(0))

    @property
    def high(self) -> Decimal:
        """The most it can have been."""
        return sum((each.high for each in self.accounts), Decimal(0))

    @property
    def limit(self) -> Decimal:
        """What so many people may hold."""
        return self.line * self.months * self.members


def _least(facts: Facts) -> Decimal:
    """Less than any limit for one person: who holds less needs no look."""
    entries = [value for value in facts.policy.values if value.key in ("line.dibao", "finance.line_months")]
    lines, months = (
        [value.value for value in entries if value.key == key] for key in ("line.dibao", "finance.line_months")
    )
    return Decimal(str(min(lines, default=0) * min(months, default=0)))


def _accounts(rows: Iterable[Row], day_of_feed: dt.date) -> list[Account]:
    kept: dict[str, list[Row]] = {}
    for row in rows:
        number = re.sub(r"\W", "", row["account_no"] or "")
        alike = f"{row['kind']}|{row['balance_yuan']}|{row['opened_on']}"
        kept.setdefault(number or f"{row['person_id']}|{row['institution']}|{alike}", []).append(row)
    found = []
    for _, told in sorted(kept.items()):
        newest = max(row["as_of"] or day_of_feed for row in told)
        found.append(Account(newest, tuple(row for row in told if (row["as_of"] or day_of_feed) == newest)))
    return found


def _over_limit(
    home: Row, family: list[Row], accounts: list[Account], policy: Policy, as_of: dt.date
) -> Total | None:
    """The latest day on which they held more than they may; balances of different days are never added up."""
    for day in sorted({each.day for each in accounts if each.day <= as_of}, reverse=True):
        if home["file_closed_on"] is not None and home["file_closed_on"] <= day:
            continue
        here = {member["person_id"] for member in family if reading.is_member(member, day)}
        then = tuple(
            each for each in accounts if each.day == day and any(row["person_id"] in here for row in each.rows)
        )
        line = policy.known("line.dibao", day, home["division_code"])
        if line is None:
            continue
        months = int(policy.value("finance.line_months", day, home["division_code"]))
        total = Total(day, then, len(here), Decimal(str(line)), months)
        if here and total.low > total.limit:
            return total
    return None


def _basis(home: Row, total: Total, policy: Policy, as_of: dt.date) -> Basis:
    """UNDECLARED where the declaration is about that time, the accounts are older than it, and it told of far less."""
    declared, applied = home["declared_deposits_yuan"], home["applied_on"]
    if declared is None or applied is None:
        return "OVER_LIMIT"
    value = policy.at(as_of, home["division_code"])
    tolerated = declared * (1 + Decimal(str(value("finance.declared_percent"))) / 100)
    tolerated += Decimal(str(value("finance.declared_yuan")))
    older = sum((each.low for each in total.accounts if each.opened and each.opened <= applied), Decimal(0))
    soon = abs((total.day - applied).days) <= value("finance.declared_days")
    return "UNDECLARED" if soon and older > tolerated else "OVER_LIMIT"


def _lead(home: Row, total: Total, aid: list[Stream], facts: Facts) -> Lead:
    rows = [row for each in total.accounts for row in each.rows]
    named = all(each.kind for each in total.accounts)
    averaged = all(row["average_balance_6m_yuan"] is not None for row in rows)
    stated: Result = "NO" if named else "UNKNOWN"
    since, basis = first_day(total.day), _basis(home, total, facts.policy, facts.as_of)
    declared = home["declared_deposits_yuan"]
    said = ("未说明", "not stated") if declared is None else (f"{declared:.2f} 元", f"{declared:.2f} yuan")
    a_head = total.low / total.members
    accounts = sorted(f"{masking.code(each.rows[0]['account_no'])} {each.low:.2f}" for each in total.accounts)
    return Lead(
        household_id=home["household_id"],
        person_ids=tuple(sorted({row["person_id"] for row in rows})),
        natural_key=("ASSETS",),
        severity="MEDIUM",
        basis=basis,
        grade=reading.weakest(row["grade"] for row in rows),
        evidence=tuple(Evidence("finance", row["record_id"], row["person_id"]) for row in rows),
        exceptions=(
            ("purpose", stated),
            ("passing", "NO" if averaged else "UNKNOWN"),
            ("joint", stated),
            ("in_transit", "UNKNOWN"),
        ),
        facts={
            **sums.words(aid, sums.since(since, facts.as_of)),
            "day": total.day.isoformat(),
            "count_zh": str(len(total.accounts)),
            "count_en": count(len(total.accounts), "counted account"),
            "low": f"{total.low:.2f}",
            "high": f"{total.high:.2f}",
            "a_head": f"{a_head:.2f}",
            "limit": f"{total.line * total.months:.2f}",
            "members_zh": str(total.members),
            "members_en": count(total.members, "person", "people"),
        },
        amount=(Decimal(0), paid(aid, since)[1]),
        period=span(aid, since) or (None, None),
        compared=(
            Compared(
                ("金融资产", "financial assets"), said, (f"{total.low:.2f} 元", f"{total.low:.2f} yuan"), "finance"
            ),
        ),
        steps=(
            (
                f"余额 {'＋'.join(accounts)} = {total.low:.2f} 元",
                f"balances {' + '.join(accounts)} = {total.low:.2f} yuan",
            ),
            (
                f"限额 {total.line:.2f} × {total.months} × {total.members} = {total.limit:.2f} 元",
                f"limit {total.line:.2f} × {total.months} × {total.members} = {total.limit:.2f} yuan",
            ),
            *sums.steps(aid, sums.since(since, facts.as_of)),
        ),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
BOOK = {
    "person_id": "P1", "institution": "邮储银行", "account_no": "6217000010001234567", "kind": "定期存款", "balance_yuan": 160000,
    "average_balance_6m_yuan": 158000, "status": "ACTIVE", "opened_on": "2019-01-01", "as_of": "2024-12-31",
}  # fmt: skip
DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-04", "amount_yuan": 600}


def _example(zh: str, en: str, *books: dict[str, object], declared: int | None, lead: Basis | None) -> Example:
    return Example(
        zh=zh,
        en=en,
        given={
            "households": ({**HOME, "declared_deposits_yuan": declared},),
            "members": (HEAD,),
            "finance": books,
            "aid": (DIBAO,),
        },
        severity="MEDIUM" if lead else None,
        basis=lead,
        amount=("0", "600") if lead else None,
    )


EXAMPLES = (
    _example(
        "一人存款十六万元，申报五千元",
        "160,000 of one person, 5,000 declared",
        BOOK,
        declared=5000,
        lead="UNDECLARED",
    ),
    _example("存款如实申报，超过限额", "Declared in full, above the limit", BOOK, declared=160000, lead="OVER_LIMIT"),
    _example("当天过账的贷款", "A loan of one day", {**BOOK, "average_balance_6m_yuan": 1900}, declared=0, lead=None),
    _example("工伤赔偿款", "Compensation for an injury", {**BOOK, "kind": "工伤赔偿款"}, declared=0, lead=None),
    _example("已销户", "A closed account", {**BOOK, "status": "CLOSED"}, declared=0, lead=None),
)

RULE = Rule(
    id="H06",
    version="1",
    title_zh="金融资产超过限额",
    title_en="Financial assets over the limit",
    basis="安政办〔2019〕15号 三（一）收入和财产核对机制；最低生活保障地方实施细则：人均金融资产限额",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "households": "applied_on file_closed_on declared_deposits_yuan division_code",
        "members": "valid_from valid_to",
        "finance": "institution account_no kind balance_yuan* average_balance_6m_yuan status opened_on as_of",
    },
    optional={"aid": reading.AID},
    minimum_grade="G5",
    find=find,
    rests_on=("finance",),
    zh="{day} 该家庭计入的账户 {count} 个，余额至少 {low} 元（当日最多 {high} 元），{members} 人，人均 {a_head} 元，限额每人 {limit} 元。",
    en="On {day} the household held {count} with at least {low} yuan ({high} at most that day): {a_head} a head "
    "for {members}; the limit is {limit} a head.",
    clears_zh="赔偿、捐款、拆迁或售房款的证明，联名账户的份额，存单已支取或为他人代存的凭证，或说明账户不是本人的。",
    clears_en="Proof of compensation, donations or the price of a house, the shares of a joint account, proof that it was drawn "
    "or held for somebody else, or a statement that the account is not theirs.",
    exceptions={
        "purpose": ("是否赔偿、捐款、教育等专项款", "compensation, donations or savings for a purpose"),
        "passing": ("是否临时过账", "money that only passed through"),
        "joint": ("是否联名账户", "a joint account"),
        "in_transit": ("是否售房、拆迁待购房款", "the price of a house on its way to another"),
    },
    parameters=(
        "line.dibao", "finance.line_months", "finance.declared_percent", "finance.declared_yuan", "finance.declared_days",
    ),
    examples=EXAMPLES,
)  # fmt: skip
