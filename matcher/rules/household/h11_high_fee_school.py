"""H11: a school whose fee is far above that of public schools of its stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from matcher.rules import reading
from matcher.rules.reading import Row
from matcher.rules.rule import Evidence, Example, Facts, Lead, Rule

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


def find(facts: Facts) -> Iterator[Lead]:
    """家庭成员在读学校的收费超过同学段公办学校收费的规定倍数，或自费在境外就读。比较数按学段和县区载于政策。
    特殊教育学校不构成疑点；有奖学金、资助人或减免的，请提供材料。教育支出高也可能是困难的原因，须人工核实。

    A member's school charges more than the set multiple of what public schools of the stage charge, or the member studies
    abroad at the family's expense. The comparator stands in the policy, by stage and county. Schools for the disabled are no lead; a scholarship, a donor or a waiver clears it. High fees may also be
    why a household is in need: a person looks.
    """
    rows = facts.linked["school"].filter(
        pl.col("status").is_null() | (pl.col("status") == "ENROLLED"),
        pl.col("term_start").is_null() | (pl.col("term_start") <= facts.as_of),
        pl.col("term_end").is_null() | (pl.col("term_end") >= facts.as_of - RECENT),
    )
    multiple = Decimal(str(facts.policy.value("school.fee_multiple", facts.as_of)))
    candidates = rows.filter(pl.col("fee_yuan").is_not_null() | _says(pl.col("stage"), ABROAD))
    homes = reading.households(facts, candidates.get_column("household_id"))
    found: dict[tuple[str, str], tuple[Row, Decimal | None]] = {}
    for row in candidates.sort("person_id", "record_id").iter_rows(named=True):
        if any(word in (row["school"] or "") for word in FOR_THE_DISABLED):
            continue
        level = stage(row["stage"])
        abroad = any(word in (row["stage"] or "") for word in ABROAD)
        if level is None and not abroad:
            continue
        comparator = None
        if level is not None:
            division = homes[row["household_id"]]["division_code"]
            comparator = Decimal(str(facts.policy.value(f"school.public_fee_{level}", facts.as_of, division)))
        dear = comparator is not None and row["fee_yuan"] is not None and row["fee_yuan"] > multiple * comparator
        key = (row["person_id"], row["school"] or row["record_id"])
        if (dear or abroad) and (key not in found or (row["fee_yuan"] or 0) > (found[key][0]["fee_yuan"] or 0)):
            found[key] = (row, comparator)
    members = reading.members(facts, [row["household_id"] for row, _ in found.values()])
    for (person, school), (term, usually) in sorted(found.items(), key=lambda item: item[0]):
        pupil = next(each for each in members[term["household_id"]] if each["person_id"] == person)
        if reading.is_member(pupil, facts.as_of):
            yield _lead(term, school, usually, multiple)


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


def _says(column: pl.Expr, words: tuple[str, ...]) -> pl.Expr:
    return column.str.contains_any(list(words)).fill_null(False)


def _lead(row: Row, school: str, comparator: Decimal | None, multiple: Decimal) -> Lead:
    fee = row["fee_yuan"]
    paid = ("不明", "unknown") if fee is None else (f"{fee:.2f} 元", f"{fee:.2f} yuan")
    limit = None if comparator is None else multiple * comparator
    public = ("无", "none") if comparator is None else (f"{comparator:.2f} 元", f"{comparator:.2f} yuan")
    return Lead(
        household_id=row["household_id"],
        person_ids=(row["person_id"],),
        natural_key=(school,),
        severity="LOW",
        grade=row["grade"],
        evidence=(Evidence("school", row["record_id"], row["person_id"]),),
        exceptions=(("scholarship", "UNKNOWN"), ("donor", "UNKNOWN"), ("school_for_disabled", "NO" if row["school"] else "UNKNOWN")),
        facts={
            "stage": row["stage"] or "—",
            "fee_zh": paid[0], "fee_en": paid[1],
            "public_zh": public[0], "public_en": public[1],
            "multiple": f"{float(multiple):g}",
        },
        steps=()
        if limit is None or fee is None
        else ((f"{float(multiple):g} × {comparator:.2f} = {limit:.2f}；{fee:.2f} > {limit:.2f}",) * 2,),
        period=(row["term_start"], row["term_end"]),
    )  # fmt: skip


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
    minimum_grade="G4",
    find=find,
    zh="学籍所载（{stage}）收费 {fee}；公办同学段比较数 {public}，规定不超过 {multiple} 倍。",
    en="The school register shows a fee of {fee} ({stage}); comparator of public schools: {public}, limit {multiple} times.",
    clears_zh="奖学金、减免、资助人付费的凭证，特殊教育学校的证明，或收费登记有误的说明。",
    clears_en="Proof of a scholarship, a waiver or a donor, of a school for the disabled, or a statement that the register errs.",
    exceptions={
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
