"""What several rules ask of the facts: dates of a household, its payments, its members at a date, the weakest grade."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from matcher.identity import divisions, numbers
from matcher.overlap import Stream, stream
from matcher.rules.rule import Facts, Grade, Words

Row = Mapping[str, Any]

UNDATED = ("日期未注明", "date not stated")

SOURCES = {
    "households": ("困难职工档案", "the household's file"),
    "members": ("家庭成员", "household members"),
    "population": ("户籍登记", "population register"),
    "deaths": ("死亡登记", "death registers"),
    "social_insurance": ("社会保险", "social insurance"),
    "tax": ("个人所得税", "individual income tax"),
    "business": ("市场主体登记", "business register"),
    "marriage": ("婚姻登记", "marriage register"),
    "real_estate": ("不动产登记", "real-estate register"),
    "vehicles": ("机动车登记", "vehicle register"),
    "housing_fund": ("住房公积金", "housing provident fund"),
    "finance": ("金融资产", "financial holdings"),
    "aid": ("救助发放", "aid paid"),
    "school": ("学籍", "school register"),
    "medical": ("医保结算", "medical settlements"),
    "custody": ("羁押、服役、出境记录", "custody, service and exit records"),
    "payroll_public": ("财政供养名册", "public payroll"),
    "union_roll": ("工会会员名册", "union roll"),
    "injury_cases": ("工伤认定", "work-injury cases"),
    "unemployment_benefit": ("失业保险金发放", "unemployment benefit"),
    "handlers": ("经办人名册", "case handlers"),
    "documents": ("证明材料", "supporting documents"),
    "policy": ("政策规定", "the policy"),
    "computed": ("核算结果", "as computed"),
}
"""What clerks call each table that rules read."""

AID = "programme* start_month end_month amount_yuan division_code cause"
"""What a rule reads of aid to know what was paid when."""

SAME_PAYMENT = ("person_id", "programme", "start_month", "end_month", "amount_yuan", "division_code", "cause")
"""Two records that agree in all of these tell of one payment twice; rule C09 will look at real double postings."""


def application_date(household: Row, as_of: dt.date) -> dt.date:
    """The day the household declared its situation for: of its application, else of its file, else the scan's date."""
    day: dt.date = household["applied_on"] or household["file_opened_on"] or as_of
    return day


def last_day(household: Row, as_of: dt.date) -> dt.date:
    """The last day on which the household was on file: the scan's date, or the day its file was closed."""
    closed: dt.date | None = household["file_closed_on"]
    return min(closed, as_of) if closed else as_of


def rows_by(frame: pl.DataFrame, key: str) -> dict[str, list[Row]]:
    """The rows of a frame by a key column, in the frame's order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        found[row[key]].append(row)
    return found


def households(facts: Facts, ids: Iterable[str]) -> dict[str, Row]:
    """These households by their id."""
    if not (named := sorted(set(ids))):
        return {}
    wanted = facts.households.filter(pl.col("household_id").is_in(named))
    return {row["household_id"]: row for row in wanted.iter_rows(named=True)}


def members(facts: Facts, ids: Iterable[str]) -> dict[str, list[Row]]:
    """The members of these households, by household."""
    if not (named := sorted(set(ids))):
        return {}
    return rows_by(facts.members.filter(pl.col("household_id").is_in(named)), "household_id")


def is_member(member: Row, on: dt.date) -> bool:
    """Whether the membership holds on that day; an unknown end is none, an unknown beginning was before."""
    began, ended = member["valid_from"], member["valid_to"]
    return (began is None or began <= on) and (ended is None or ended > on)


def owned(facts: Facts, source: str, began: str, ended: str) -> pl.DataFrame:
    """What members own by a source, with `held_from` and `held_to`: while it was this household's.

    Who joined after the file was opened brings along what they own from then on; who left takes it with them.
    """
    declared = pl.max_horizontal("applied_on", "file_opened_on")
    stays = facts.members.join(facts.households, on="household_id", how="inner", suffix="_home").select(
        "person_id", left="valid_to", joined=pl.when(pl.col("valid_from") > declared).then("valid_from")
    )
    return (
        facts.linked[source]
        .join(stays, on="person_id", how="inner")
        .with_columns(held_from=pl.max_horizontal(began, "joined"), held_to=pl.min_horizontal(ended, "left"))
        .drop("joined", "left")
        .sort("person_id", "party", "record_id")
    )


def once(aid: pl.DataFrame) -> pl.DataFrame:
    """The rows of aid without those that tell of a payment a second time."""
    return aid.unique(SAME_PAYMENT, keep="first", maintain_order=True)


def payments(facts: Facts, ids: Iterable[str]) -> dict[str, list[Stream]]:
    """The aid paid to any member of these households, each payment once, by household.

    A record that is linked to two members counts once, and so do two records that say the same of one person.
    """
    aid = facts.linked.get("aid")
    return {} if aid is None else payments_in(aid, facts.as_of, ids)


def under_review(facts: Facts, source: str) -> pl.DataFrame:
    """The records of an asked source that a person has still to look at; they may withhold a lead, never raise one."""
    return facts.reviewed.get(source, facts.linked[source].clear())


def payments_in(aid: pl.DataFrame, as_of: dt.date, ids: Iterable[str]) -> dict[str, list[Stream]]:
    """The payments of these rows of aid, by household."""
    named = sorted(set(ids))
    if not named or aid.is_empty():
        return {}
    wanted = once(
        aid.filter(pl.col("household_id").is_in(named)).unique(
            ["household_id", "record_id"], keep="first", maintain_order=True
        )
    )
    found: dict[str, list[Stream]] = defaultdict(list)
    for row in wanted.iter_rows(named=True):
        if paid := stream(row, as_of):
            found[row["household_id"]].append(paid)
    return found


def weakest(grades: Iterable[Grade]) -> Grade:
    """The grade that a lead resting on all of these has."""
    return max(grades)


def place(code: str | None) -> Words:
    """A division: its name and code in Chinese, its code in English; names of Chinese counties have no other."""
    if not code:
        return "区划不明", "division unknown"
    named = divisions.name(code[:6])
    return f"{named or '区划'} {code[:6]}", f"division {code[:6]}"


def source_name(source: str, language: str) -> str:
    """What clerks call a source."""
    return SOURCES[source][0 if language == "zh" else 1]


def birth_date(member: Row) -> dt.date | None:
    """A member's birth date: the field, else the one inside a valid number."""
    born: dt.date | None = member["birth_date"]
    number = numbers.read(member["id_number"]) if member["id_number"] else None
    return born or (numbers.birth_date(number) if number and numbers.is_valid(number) else None)


def date_of_feed(facts: Facts, source: str, language: str) -> str:
    """The day a source was cut, or the words for not knowing it."""
    feed = facts.feeds.get(source)
    if feed is None or feed.as_of is None:
        return UNDATED[0 if language == "zh" else 1]
    return feed.as_of.isoformat()
