"""Whose name an account bears: a member's, however a bank writes it, an institution's, or somebody else's."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from matcher.identity import names
from matcher.identity.programmes import BY_CODE, STUDENT_AID
from matcher.rules import kinship, reading, sharing
from matcher.rules.reading import Row
from matcher.rules.rule import Facts

PAID_TO_OTHERS = STUDENT_AID | {
    "MEDICAL_AID", "BASIC_MEDICAL", "LARGE_EXPENSE_INSURANCE", "ENTERPRISE_SUPPLEMENTARY", "MUTUAL_MEDICAL_AID",
    "CHARITY_MEDICAL", "HOUSING_AID", "SKILLS_TRAINING", "STARTUP_TRAINING", "INTEREST_SUBSIDY", "TAX_RELIEF",
}  # fmt: skip
"""What is often paid to the school, the hospital, the landlord or the bank that the aid is for."""

_CARES = re.compile(
    r"敬老|养老|福利院|光荣院|护理院|托养|救助|儿童之家|幼儿园|小学|中学|学校|高中|大学|学院|医院|卫生院|卫生服务|"
    r"村民委员会|村委会|居民委员会|居委会|社区|村集体|合作社|总工会|工会|民政|残疾人联合会|残联|慈善|红十字|财政所|财政局|街道办|镇政府|人民政府"
)
_FIRM = re.compile(r"公司|厂$|集团|中心$|店$|银行|信用社|事务所|协会|基金会|[部站队]$")
_ASIDE = re.compile(r"[(（\[【].*?(?:[)）\]】]|$)")
_SEVERAL = re.compile(r"[/、,，;；|＆&]+")
_STARS = str.maketrans("*＊", "??")
LONG = 4
"""A name from so many characters on is one that banks cut short or that is written in more than one way."""


@dataclass(frozen=True, slots=True)
class Payee:
    """Somebody outside the household who is paid for it: the name folded, the rows of aid, and whether the file says so too."""

    household_id: str
    name: str
    rows: tuple[Row, ...]
    on_file: bool


def cares(written: str) -> bool:
    """Whether a name is that of an institution that receives aid for those it looks after: a home, a school, a committee.

    >>> cares("安阳市文峰区光荣敬老院"), cares("张伟"), cares("安阳市商贸有限公司")
    (True, False, False)
    """
    return bool(_CARES.search(written)) and len(written) > LONG


def is_person(written: str) -> bool:
    """Whether a name may be a human being's.

    >>> is_person("张伟"), is_person("阿卜杜热西提·买买提明"), is_person("安阳市商贸有限公司")
    (True, True, False)
    """
    return not (cares(written) or (len(written) > LONG and _FIRM.search(written)))


def folded(written: str) -> str | None:
    """A payee's name as it is compared: what a bank puts in brackets is not part of it."""
    bare = _ASIDE.sub("", unicodedata.normalize("NFKC", written)).translate(_STARS)
    clean = names.clean(bare or written)
    return names.simplify(clean) if clean else None


def alike(payee: str, member: str) -> bool:
    """Whether a folded payee's name may be a bank's way to write a member's.

    >>> alike("张伟", "张炜"), alike("张伟", "张强"), alike("阿卜杜热西提买买提", "阿卜杜热西提买买提明"), alike("□伟", "张伟")
    (True, False, True, True)
    """
    if payee == member or names.shape(payee) == names.shape(member):
        return True
    if names.WILDCARD in payee + member and len(payee) == len(member):
        return all(one == other or names.WILDCARD in (one, other) for one, other in zip(payee, member, strict=True))
    short, long = sorted((payee, member), key=len)
    if len(long) >= LONG and len(short) > 1 and long.startswith(short):
        return True
    return bool(set(names.sounds(payee)) & set(names.sounds(member))) or names.spelt_alike(payee, member)


def serves(programme: str) -> bool:
    """Whether aid of this programme is often paid to who gives the service, or is an employer's."""
    known = BY_CODE.get(programme)
    return programme in PAID_TO_OTHERS or (known is not None and known.unit == "EMPLOYER")


def by_design(row: Row) -> bool:
    """Whether a row of aid was paid to an institution, or to who gives the service that it pays for, as it should be."""
    payee = row["payee_name"]
    return (payee is not None and cares(payee)) or (
        serves(row["programme"]) and (payee is None or not is_person(payee))
    )


def outside(facts: Facts) -> list[Payee]:
    """Payees of each household that are no member of it, past or present, and no institution; by household and name.

    Innocent are a payee whom the aid's own record names as beneficiary or head, whom the population register knows as a
    member's other name, a member of another household that a member belongs to as well, whom the bank knows as a member's agent, an account that the bank knows as a member's, and the
    guardian of children who live without an adult.
    """
    return facts.once("payees.outside", _outside)


def _outside(facts: Facts) -> list[Payee]:
    aid, homes = facts.linked["aid"], facts.households
    own = facts.members.select("household_id", payee_name="name")
    aid = aid.drop_nulls("payee_name").unique(
        [*reading.SAME_PAYMENT, "payee_name"], keep="first", maintain_order=True
    )
    paid = _unregistered(facts, aid)
    paid = paid.filter(pl.col("payee_name") != pl.col("name").fill_null("")).join(
        own, on=["household_id", "payee_name"], how="anti", nulls_equal=False
    )
    told = homes.drop_nulls("payee_name").join(own, on=["household_id", "payee_name"], how="anti", nulls_equal=False)
    told = _unregistered(facts, told)
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    on_file = set()
    for row in paid.iter_rows(named=True):
        if _counts(row["payee_name"], row["programme"]) and not _of_the_record(row):
            rows[row["household_id"], folded(row["payee_name"]) or ""].append(row)
    for household, written in told.select("household_id", "payee_name").iter_rows():
        if _counts(written, None):
            on_file.add((household, folded(written) or ""))
            rows.setdefault((household, folded(written) or ""), [])
    known = _Known(facts, {household for household, _ in rows})
    found = []
    for (household, name), its in sorted(rows.items(), key=lambda item: item[0]):
        foreign = tuple(row for row in its if row["key"] not in known.accounts[household])
        if not known.name(household, name) and (foreign or ((household, name) in on_file and not its)):
            found.append(Payee(household, name, foreign, (household, name) in on_file))
    return found


def _counts(written: str, programme: str | None) -> bool:
    if folded(written) is None or cares(written):
        return False
    return is_person(written) or programme is None or not serves(programme)


def _of_the_record(row: Row) -> bool:
    """Whether the department itself calls the payee the beneficiary, or the head of the household that is aided."""
    payee = {folded(part) for part in _SEVERAL.split(row["payee_name"])}
    said = {folded(written) for written in (row["name"], row["household_head_name"]) if written}
    return bool(payee & said - {None}) or any(alike(p, s) for p in payee for s in said if p and s)


def _unregistered(facts: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with a payee whose account is on no register of accounts."""
    return sharing.unregistered_accounts(facts, rows)


class _Known:
    """Whom a few households are known by: members past and present, those of another household of the same person, other names,
    agents and accounts.
    """

    def __init__(self, facts: Facts, households: Iterable[str]) -> None:
        ids = sorted(set(households))
        self._names: dict[str, set[str]] = defaultdict(set)
        self.accounts: dict[str, set[str]] = defaultdict(set)
        self._without_adult = set()
        for household, members in reading.members(facts, ids).items():
            for member in members:
                self._add(household, member["name"], member["former_name"])
            if all(_is_minor(member, facts) for member in members):
                self._without_adult.add(household)
        shared = kinship.edges(facts).filter(pl.col("kind") == "MEMBER", pl.col("one").is_in(ids))
        others = reading.members(facts, shared.get_column("other"))
        for one, other in shared.select("one", "other").iter_rows():
            for member in others[other]:
                self._add(one, member["name"], member["former_name"])
        for row in _of(facts, "population", ids, ("name", "former_name")):
            self._add(row["household_id"], row["name"], row["former_name"])
        for row in _of(facts, "finance", ids, ("account_no", "agent_name")):
            self._add(row["household_id"], row["agent_name"])
            if row["account_no"]:
                self.accounts[row["household_id"]].add(row["account_no"])

    def _add(self, household: str, *written: str | None) -> None:
        self._names[household] |= {name for each in written if each and (name := folded(each))}

    def name(self, household: str, payee: str) -> bool:
        """Whether a payee is one of them, or the guardian of children alone."""
        if household in self._without_adult:
            return True
        parts = [name for part in _SEVERAL.split(payee) if (name := folded(part))]
        return any(alike(part, name) for part in parts or [payee] for name in self._names[household])


def _is_minor(member: Row, facts: Facts) -> bool:
    born = reading.birth_date(member)
    return born is not None and (facts.as_of - born).days / sharing.DAYS_A_YEAR < sharing.ADULT


def _of(facts: Facts, source: str, households: list[str], columns: tuple[str, ...]) -> Iterable[Row]:
    """Rows of an optional source about these households, decided or under review."""
    for frames in (facts.linked, facts.reviewed):
        if source in frames:
            rows = frames[source].filter(pl.col("household_id").is_in(households)).select("household_id", *columns)
            if "account_no" in columns:
                rows = rows.with_columns(account_no=sharing.account(pl.col("account_no")))
            yield from rows.iter_rows(named=True)
