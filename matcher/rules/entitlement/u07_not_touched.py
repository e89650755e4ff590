"""U07: an active file that nobody has assisted, updated or been asked to look after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import polars as pl

from matcher.overlap import add_months, first_day
from matcher.rules import networks, reading
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Words

REASONS: dict[str, Words] = {
    "no_aid": ("{months} 个月内没有任何救助帮扶发放", "no aid of any kind was paid for {months} months"),
    "not_updated": ("档案自 {updated} 以来没有更新", "the file has not been changed since {updated}"),
    "no_contact": ("没有联系干部", "it has no contact officer"),
}


def find(facts: Facts) -> Iterator[Lead]:
    """在册档案建档已满规定月数，而其间没有向任何成员发放任何救助帮扶，或档案没有更新；或没有联系干部。这不是当事人的问题，而是本单位
    的待办：走访、补充帮扶、更新档案或指定联系人。救助数据不全、成员未授权或未答复的，不能说没有发放；档案中不记更新日期和联系人的，不判断。

    An active file is older than the set number of months, and in them no aid of any kind was paid to any member, or the file was not
    changed; or it has no contact officer. This is nothing against the household, it is our own task: visit, assist,
    update, or name somebody. Where the aid data are no full extract, or a member did not authorise or was not answered, nobody can say
    that no aid was paid; where files do not say when they were changed or who looks after them, that is not judged.
    """
    months = int(facts.policy.value("contact.months", facts.as_of))
    since = add_months(first_day(facts.as_of), -months)
    old = since + dt.timedelta(days=facts.as_of.day - 1)
    files = networks.on_file(facts).filter(pl.col("file_opened_on") <= facts.as_of)
    tells_contact = files.get_column("contact_officer").is_not_null().any()
    grown = files.filter(pl.col("file_opened_on") <= old)
    unaided = _unaided(facts, grown, since)
    reasons: dict[str, list[str]] = {}
    for row in grown.filter(pl.col("household_id").is_in(sorted(unaided))).iter_rows(named=True):
        reasons.setdefault(row["household_id"], []).append("no_aid")
    for row in grown.filter(pl.col("updated_on") <= old).iter_rows(named=True):
        reasons.setdefault(row["household_id"], []).append("not_updated")
    if tells_contact:
        for row in files.filter(pl.col("contact_officer").is_null()).iter_rows(named=True):
            reasons.setdefault(row["household_id"], []).append("no_contact")
    homes, heads = reading.households(facts, reasons), networks.heads(facts)
    for household, its in sorted(reasons.items()):
        yield _lead(facts, homes[household], its, months, networks.person(heads, household))


def _unaided(facts: Facts, files: pl.DataFrame, since: dt.date) -> set[str]:
    """Files of which the departments say that no aid was paid for a month since then; who cannot be told of is not among them."""
    if not facts.feeds["aid"].complete:
        return set()
    untold = facts.coverage.filter(
        pl.col("source") == "aid", pl.col("state").is_in(["NOT_AUTHORISED", "NOT_ASKED", "NO_ANSWER"])
    ).select("person_id")
    ended = pl.col("end_month")
    helped = [
        frame.filter(
            pl.col("programme").is_not_null(),
            pl.col("start_month").is_null() | (pl.col("start_month") <= facts.as_of),
            ended.is_null() | (ended >= since),
        ).select("household_id")
        for frame in (facts.linked["aid"], reading.under_review(facts, "aid"))
    ]
    silent = facts.members.join(untold, on="person_id", how="semi").select("household_id")
    known = facts.members.select("household_id").unique()
    left = files.select("household_id").join(known, on="household_id", how="semi")
    left = left.join(pl.concat([*helped, silent]).unique(), on="household_id", how="anti")
    return set(left.get_column("household_id").to_list())


def _lead(facts: Facts, home: Row, its: list[str], months: int, persons: tuple[str, ...]) -> Lead:
    updated = home["updated_on"]
    values = {"months": months, "updated": updated.isoformat() if updated else ""}
    contact: Result = "YES" if home["contact_officer"] else "UNKNOWN"
    return Lead(
        household_id=home["household_id"],
        person_ids=persons,
        natural_key=("not_touched",),
        severity="LOW" if "no_aid" in its or "not_updated" in its else "INFO",
        grade="G1",
        evidence=(Evidence("households", home["household_id"], ""),),
        exceptions=(("aid_elsewhere", "UNKNOWN"), ("has_contact", contact), ("declines", "UNKNOWN")),
        facts={
            "opened": home["file_opened_on"].isoformat(),
            "as_of": facts.as_of.isoformat(),
            "why_zh": "；".join(REASONS[each][0].format_map(values) for each in its),
            "why_en": "; ".join(REASONS[each][1].format_map(values) for each in its),
        },
        period=(home["file_opened_on"], None),
        compared=tuple(_compared(home, each, months, values) for each in its),
    )


def _compared(home: Row, reason: str, months: int, values: Mapping[str, object]) -> Compared:
    """What is on file beside what the policy or the payments say."""
    if reason == "no_aid":
        opened = home["file_opened_on"]
        paid = (f"{months} 个月内没有发放记录", f"none on record for {months} months")
        return Compared(("救助帮扶", "aid"), (f"{opened} 建档", f"opened on {opened}"), paid, "aid")
    if reason == "not_updated":
        updated = str(values["updated"])
        due = (f"{months} 个月内更新", f"changed within {months} months")
        return Compared(("档案更新", "last change of the file"), (updated, updated), due, "policy")
    return Compared(("联系干部", "contact officer"), ("未填", "none named"), ("应指定一名", "one is due"), "policy")


HOME = {"household_id": "H1", "division_code": "410502", "applied_on": "2023-02-01", "file_opened_on": "2023-03-01"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
WARMTH = {
    "person_id": "P1",
    "programme": "WINTER_WARMTH",
    "start_month": "2024-01",
    "end_month": "2024-01",
    "amount_yuan": 500,
}


def _given(*aid: dict[str, object], **more: object) -> dict[str, tuple[dict[str, object], ...]]:
    return {"households": ({**HOME, **more},), "members": ({**HEAD},), "aid": aid}


EXAMPLES = (
    Example(
        zh="建档近两年，十二个月内没有任何发放",
        en="On file for almost two years, and no aid for twelve months",
        given=_given(),
        complete=("aid",),
        severity="LOW",
    ),
    Example(
        zh="档案一年多没有更新",
        en="A file not changed for more than a year",
        given=_given({**WARMTH}, updated_on="2023-03-01"),
        complete=("aid",),
        severity="LOW",
    ),
    Example(
        zh="十一个月前曾获送温暖",
        en="Winter warmth eleven months ago",
        given=_given({**WARMTH}),
        complete=("aid",),
        severity=None,
    ),
    Example(
        zh="建档六周",
        en="A file of six weeks",
        given=_given(file_opened_on="2024-11-18"),
        complete=("aid",),
        severity=None,
    ),
    Example(
        zh="救助数据不全：不能说没有发放",
        en="Aid data that are no full extract: nobody can say that none was paid",
        given=_given(),
        severity=None,
    ),
)

RULE = Rule(
    id="U07",
    version="1",
    title_zh="长期未帮扶、未更新或无联系人",
    title_en="Never assisted or not touched",
    basis="安政办〔2019〕15号 三（一）：动态管理、帮扶全覆盖、联系制度；全国总工会帮扶工作管理系统",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"households": "file_opened_on* updated_on contact_officer", "aid": reading.AID},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="档案建于 {opened}，截至 {as_of}：{why}。请走访，并按需要帮扶、更新档案或指定联系干部。",
    en="The file was opened on {opened}; by {as_of}: {why}. Visit the household, and assist, update or name a contact as needed.",
    clears_zh="帮扶记录、更新后的档案、指定的联系干部，或家庭表示不需要帮扶。",
    clears_en="A record of aid, the updated file, a contact officer named, or the household's word that it needs none.",
    exceptions={
        "aid_elsewhere": ("是否已由其他渠道帮扶", "assisted from elsewhere"),
        "has_contact": ("是否已有联系干部", "it has a contact officer"),
        "declines": ("家庭是否表示不需要", "the household declines"),
    },
    parameters=("contact.months",),
    examples=EXAMPLES,
)
