"""H11: a school whose fee is far above that of public schools of its stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.identity.programmes import STUDENT_AID
from matcher.overlap import Stream, add_months, first_day, paid
from matcher.rules import reading
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule, Words

STAGES = {
    "kindergarten": ("幼儿", "学前", "托班", "小班", "中班", "大班", "KINDERGARTEN"),
    "junior": ("初中", "初一", "初二", "初三", "七年级", "八年级", "九年级", "中学", "JUNIOR"),
    "primary": ("小学", "一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "PRIMARY"),
    "senior": ("高中", "高级中学", "高一", "高二", "高三", "中专", "中职", "职业", "技工", "普高", "SENIOR"),
    "university": ("大学", "本科", "专科", "大专", "高职", "研究生", "硕士", "博士", "高等", "学院", "UNIVERSITY"),
}
"""Words of a stage or grade as registers write it. 中学 without more is taken for junior or senior, whichever costs more."""

FOR_THE_DISABLED = ("特殊教育", "盲", "聋", "启智", "康复", "培智", "残疾")
ABROAD = ("留学", "境外", "国外", "海外", "出国")
RECENT = dt.timedelta(days=366)
BEFORE_TERM, YEAR = 2, 12
"""Months: student aid is often paid in the summer before, and for the school year."""


def find(facts: Facts) -> Iterator[Lead]:
    """家庭成员在读学校的收费，减去该学年发给家庭的助学金之后，仍超过同学段公办学校收费的规定倍数，或自费在境外就读。比较数按学段和
    县区载于政策。特殊教育学校不构成疑点；有其他奖学金、资助人或减免的，请提供材料。教育支出高也可能是困难的原因，须人工核实。

    A member's school charges more than the set multiple of what public schools of the stage charge, even after the student
    aid that the household received for that school year, or the member studies abroad at the family's expense. The
    comparator stands in the policy, by stage and county. Schools for the disabled are no lead; another scholarship, donor
    or waiver clears it. High fees may also be why a household is in need: a person looks.
    """
    multiple = Decimal(str(facts.policy.value("school.fee_multiple", facts.as_of)))
    found: dict[tuple[str, str], Attendance] = {}
    for term in _dear(facts, multiple):
        key = (term.row["person_id"], term.row["school"] or term.row["record_id"])
        if key not in found or (term.row["fee_yuan"] or 0) > (found[key].row["fee_yuan"] or 0):
            found[key] = term
    homes = [term.row["household_id"] for term in found.values()]
    members, streams = reading.members(facts, homes), reading.payments(facts, homes)
    for (person, school), term in sorted(found.items(), key=lambda item: item[0]):
        household = term.row["household_id"]
        pupil = next(each for each in members[household] if each["person_id"] == person)
        given = _given_for(term.row, streams.get(household, []))
        if reading.is_member(pupil, facts.as_of) and (term.abroad or term.exceeds(multiple, given)):
            yield _lead(term, school, multiple, given, "aid" in facts.linked)


@dataclass(frozen=True, slots=True)
class Attendance:
    """A record of the school register, what public schools of its stage charge (None where the stage is not known), and whether it is abroad."""

    row: Row
    comparator: Decimal | None
    abroad: bool

    def exceeds(self, multiple: Decimal, given: Decimal = Decimal(0)) -> bool:
        """Whether the fee, less what was given for it, is above the multiple of the comparator."""
        fee: Decimal | None = self.row["fee_yuan"]
        return fee is not None and self.comparator is not None and fee - given > multiple * self.comparator


def _dear(facts: Facts, multiple: Decimal) -> Iterator[Attendance]:
    """Records of today or of the last year that tell of a high fee or of a school abroad."""
    rows = facts.linked["school"].filter(
        pl.col("status").is_null() | (pl.col("status") == "ENROLLED"),
        pl.col("term_start").is_null() | (pl.col("term_start") <= facts.as_of),
        pl.col("term_end").is_null() | (pl.col("term_end") >= facts.as_of - RECENT),
        pl.col("fee_yuan").is_not_null() | pl.col("stage").str.contains_any(list(ABROAD)).fill_null(False),
    )
    divisions = dict(facts.households.select("household_id", "division_code").iter_rows())
    for row in rows.sort("person_id", "record_id").iter_rows(named=True):
        level = stage(row["stage"])
        value = facts.policy.at(facts.as_of, divisions[row["household_id"]])
        public = None if level is None else Decimal(str(value(f"school.public_fee_{level}")))
        term = Attendance(row, public, any(word in (row["stage"] or "") for word in ABROAD))
        disabled = any(word in (row["school"] or "") for word in FOR_THE_DISABLED)
        if not disabled and (term.abroad or term.exceeds(multiple)):
            yield term


def _given_for(row: Row, streams: Sequence[Stream]) -> Decimal:
    """Student aid that the household received for the school year of a record: from two months before its term to its end."""
    if row["term_start"] is None:
        return Decimal(0)
    first = add_months(first_day(row["term_start"]), -BEFORE_TERM)
    return paid([each for each in streams if each.programme in STUDENT_AID], first, add_months(first, YEAR))[1]


def stage(written: str | None) -> str | None:
    """The stage (a key of STAGES) of a register's word for it; None where it cannot be told.

    >>> stage("小学"), stage("本科"), stage("中学"), stage("高中二年级"), stage("夜校")
    ('primary', 'university', 'senior', 'senior', None)
    """
    text = (written or "").upper()
    if text.strip() == "中学":
        return "senior"
    if any(word in text for word in STAGES["senior"]):
        return "senior"
    return next((level for level, words in STAGES.items() if any(word in text for word in words)), None)


def _lead(term: Attendance, school: str, multiple: Decimal, given: Decimal, aid_asked: bool) -> Lead:
    row, fee = term.row, term.row["fee_yuan"]
    told = ("不明", "unknown") if fee is None else (f"{fee:.2f} 元", f"{fee:.2f} yuan")
    public = (
        ("无", "none") if term.comparator is None else (f"{term.comparator:.2f} 元", f"{term.comparator:.2f} yuan")
    )
    return Lead(
        household_id=row["household_id"],
        person_ids=(row["person_id"],),
        natural_key=(school,),
        severity="LOW",
        grade=row["grade"],
        evidence=(Evidence("school", row["record_id"], row["person_id"]),),
        exceptions=(
            ("student_aid", "NO" if aid_asked else "UNKNOWN"),
            ("scholarship", "UNKNOWN"),
            ("donor", "UNKNOWN"),
            ("school_for_disabled", "NO" if row["school"] else "UNKNOWN"),
        ),
        facts={
            "stage_zh": row["stage"] or "学段不明",
            "stage_en": _called(row["stage"]),
            "fee_zh": told[0],
            "fee_en": told[1],
            "public_zh": public[0],
            "public_en": public[1],
            "multiple": f"{float(multiple):g}",
        },
        compared=(
            Compared(
                ("学校收费", "school fee"),
                (f"公办同学段 {public[0]}", f"public schools of the stage {public[1]}"),
                told,
                "school",
                row["record_id"],
                beside="policy",
            ),
        ),
        steps=_steps(fee, given, term.comparator, multiple),
        period=(row["term_start"], row["term_end"]),
    )


def _called(written: str | None) -> str:
    """The stage in English, or as the register writes it."""
    return stage(written) or (f"“{written}”" if written else "stage unknown")


def _steps(fee: Decimal | None, given: Decimal, comparator: Decimal | None, multiple: Decimal) -> tuple[Words, ...]:
    if fee is None or comparator is None:
        return ()
    limit = f"{float(multiple):g} × {comparator:.2f} = {multiple * comparator:.2f}"
    left = f"{fee:.2f} − {given:.2f} = {fee - given:.2f}"
    return (
        (f"收费减助学金 {left} 元", f"fee less student aid: {left} yuan"),
        (f"限额 {limit} 元", f"limit: {limit} yuan"),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
PUPIL = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "birth_date": "2014-06-01"}
TERM = {
    "person_id": "P2", "school": "安阳市私立双语学校", "stage": "小学", "term_start": "2024-09-01", "status": "ENROLLED",
    "fee_yuan": 18000,
}  # fmt: skip


def _given(**more: object) -> dict[str, tuple[dict[str, object], ...]]:
    return {"households": ({**HOME},), "members": ({**HEAD}, {**PUPIL}), "school": ({**TERM, **more},)}


EXAMPLES = (
    Example(zh="小学每学期一万八千元", en="A primary school at 18,000 a term", given=_given(), severity="LOW"),
    Example(
        zh="公办大学学费五千五百元",
        en="A public university at 5,500",
        given=_given(school="河南工业大学", stage="本科", fee_yuan=5500),
        severity=None,
    ),
    Example(
        zh="特殊教育学校",
        en="A school for deaf children",
        given=_given(school="安阳市特殊教育学校（聋人部）", stage="初中", fee_yuan=12000),
        severity=None,
    ),
    Example(
        zh="企业资助的助学金付清学费",
        en="A firm's student aid pays the fee",
        given={
            **_given(),
            "aid": (
                {
                    "person_id": "P2",
                    "programme": "AUTUMN_SCHOOL",
                    "start_month": "2024-09",
                    "end_month": "2024-09",
                    "amount_yuan": 18000,
                },
            ),
        },
        severity=None,
    ),
    Example(zh="收费不明", en="The fee is unknown", given=_given(fee_yuan=None), severity=None),
)

RULE = Rule(
    id="H11",
    version="1",
    title_zh="高收费学校",
    title_en="High-fee school",
    basis="民发〔2021〕57号及最低生活保障地方实施细则：自费择校、高收费学校的认定",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"school": "school stage term_start term_end fee_yuan* status"},
    optional={"aid": reading.AID},
    minimum_grade="G4",
    find=find,
    rests_on=("school",),
    zh="学籍所载（{stage}）收费 {fee}；公办同学段比较数 {public}，规定不超过 {multiple} 倍。",
    en="The school register shows a fee of {fee} ({stage}); comparator of public schools: {public}, limit {multiple} times.",
    clears_zh="奖学金、减免、资助人付费的凭证，特殊教育学校的证明，或收费登记有误的说明。",
    clears_en="Proof of a scholarship, a waiver or a donor, of a school for the disabled, or a statement that the register errs.",
    exceptions={
        "student_aid": ("收费是否已由助学金支付", "student aid covers the fee"),
        "scholarship": ("是否有奖学金或减免", "a scholarship or waiver"),
        "donor": ("是否由他人资助", "a donor pays"),
        "school_for_disabled": ("是否为特殊教育学校", "a school for the disabled"),
    },
    parameters=(
        "school.fee_multiple", "school.public_fee_kindergarten", "school.public_fee_primary", "school.public_fee_junior",
        "school.public_fee_senior", "school.public_fee_university",
    ),
    examples=EXAMPLES,
)  # fmt: skip
