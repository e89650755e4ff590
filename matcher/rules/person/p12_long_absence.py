"""P12: a member who is away for long and still counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

import polars as pl

from matcher.overlap import Stream, add_months, first_day
from matcher.rules import reading, shares, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Words

GRADES = ("G1", "G2", "G4")

STOPPED_ELSEWHERE = frozenset({"UI_BENEFIT"})
"""What has a rule of its own for the months of an absence (P08)."""

AT_HOME = ("缓刑", "监外执行", "社区矫正", "假释", "监视居住", "取保", "PAROLE", "SUSPENDED")
"""A sentence or an inquiry during which people live at home."""

PRISON = ("服刑", "监狱", "徒刑", "入监", "收监", "PRISON", "SENTENCE")
REMAND = ("羁押", "拘留", "看守所", "逮捕", "收押", "REMAND", "DETENTION")
SERVICE = ("服役", "入伍", "义务兵", "现役", "CONSCRIPTION", "SERVICE")
ABROAD = ("出境", "出国", "境外", "国外", "ABROAD", "EXIT", "EMIGRATION")
TREATMENT = ("就医", "医疗", "治疗", "TREATMENT", "MEDICAL")

KINDS: dict[str, Words] = {
    "PRISON": ("服刑", "serving a sentence"),
    "SERVICE": ("服兵役", "in military service"),
    "ABROAD": ("出境", "abroad"),
}


def kind_of(written: str | None) -> str:
    """What a record of absence tells of: PRISON, AT_HOME, REMAND, SERVICE, ABROAD, TREATMENT, or nothing that is known."""
    text = (written or "").upper()
    for kind, words in (
        ("AT_HOME", AT_HOME), ("TREATMENT", TREATMENT), ("PRISON", PRISON), ("REMAND", REMAND), ("SERVICE", SERVICE), ("ABROAD", ABROAD),
    ):  # fmt: skip
        if any(word in text for word in words):
            return kind
    return ""


def find(facts: Facts) -> Iterator[Lead]:
    """成员整月服刑、服兵役，或连续多月在境外，其间家庭仍按其在内的人数领取救助，或仍发放其本人的救助。未决羁押、缓刑和监外执行、境外就医、不足一个整月、
    家庭已减员的，不构成疑点。其余成员的救助不受影响，只按减少一人重新计算。羁押期间的失业保险金由 P08 处理。

    A member was in prison or in military service for whole months, or abroad for several, while the household was paid for
    a number of people that still counts the member, or the member's own aid went on. Detention without a sentence, a
    sentence served at home, treatment abroad, a gift that does not count heads, less than a whole month, and a household that has counted one less are no lead. The aid of the
    others is not touched: it is recomputed for one person less. Unemployment benefit in such months is P08's.
    """
    away = facts.linked["custody"].filter(
        pl.col("grade").is_in(GRADES),
        pl.col("from") <= facts.as_of,
        pl.col("kind").is_not_null(),
    )
    by_person = reading.rows_by(away, "person_id")
    household_ids = away.get_column("household_id").unique().to_list()
    homes, families = reading.households(facts, household_ids), reading.members(facts, household_ids)
    streams = reading.payments(facts, household_ids)
    for person_id, records in sorted(by_person.items()):
        household_id = records[0]["household_id"]
        member = next(each for each in families[household_id] if each["person_id"] == person_id)
        value = facts.policy.at(facts.as_of, homes[household_id]["division_code"])
        least = {"ABROAD": int(value("absence.abroad_minimum_months"))}
        for kind in KINDS:
            told = [record for record in records if kind_of(record["kind"]) == kind]
            gone = _whole_months(told, facts)
            if len(gone) < max(least.get(kind, int(value("absence.minimum_months"))), 1):
                continue
            counted = [month for month in gone if _counted(member, month)]
            paid = _paid(streams.get(household_id, []), person_id, counted)
            if paid:
                others = families[household_id]
                yield _lead(household_id, person_id, kind, told, paid, counted, others)


def _whole_months(records: Iterable[Row], facts: Facts) -> list[dt.date]:
    """The months that lie wholly inside these absences, none after the reference date; an open one ends with its feed."""
    feed = facts.feeds.get("custody")
    known_until = min(feed.as_of, facts.as_of) if feed and feed.as_of else facts.as_of
    found: set[dt.date] = set()
    for record in records:
        until = min(record["to"] or known_until, known_until)
        month = first_day(record["from"])
        month = month if month == record["from"] else add_months(month, 1)
        while add_months(month, 1) - dt.timedelta(days=1) <= until:
            found.add(month)
            month = add_months(month, 1)
    return sorted(found)


def _counted(member: Row, month: dt.date) -> bool:
    """Whether the member was counted through the whole month."""
    return reading.is_member(member, month) and reading.is_member(member, add_months(month, 1) - dt.timedelta(days=1))


def _paid(streams: list[Stream], person_id: str, gone: list[dt.date]) -> list[Stream]:
    """The aid of these months that counts the member: the household's, and the member's own."""
    return [
        stream
        for stream in shares.counting(sums.needs_tested(streams), person_id)
        if stream.programme not in STOPPED_ELSEWHERE and any(stream.first <= month <= stream.last for month in gone)
    ]


def _told(kind: str, records: list[Row]) -> Words:
    """What the records say: what the absence was, from when to when."""
    began = min((record["from"] for record in records if record["from"]), default=None)
    ends = [record["to"] for record in records]
    ended = None if None in ends else max(ends)
    zh, en = KINDS[kind]
    return (
        f"{zh}（{began or '起始不明'}{f' 至 {ended}' if ended else ' 起'}）",
        f"{en} ({began or 'beginning unknown'} {f'to {ended}' if ended else 'and on'})",
    )


def _lead(
    household_id: str, person_id: str, kind: str, records: list[Row], paid: list[Stream], gone: list[dt.date],
    family: list[Row],
) -> Lead:  # fmt: skip
    months = [month for month in gone if any(each.first <= month <= each.last for each in paid)]
    total, steps = shares.of_member(paid, months, family)
    only_open = any(record["to"] is None for record in records)
    abroad: Result = "UNKNOWN" if kind == "ABROAD" else "NO"
    return Lead(
        household_id=household_id,
        person_ids=(person_id,),
        natural_key=(kind,),
        severity="LOW",
        grade=reading.weakest(record["grade"] for record in records),
        evidence=(
            *(Evidence("custody", record["record_id"], person_id) for record in records),
            *(Evidence("aid", stream.record_id, stream.person_id) for stream in paid),
        ),
        exceptions=(
            ("remand", "NO"),
            ("treatment_abroad", abroad),
            ("counted_one_less", "UNKNOWN" if only_open else "NO"),
        ),
        facts={
            **sums.words(paid, months),
            "kind_zh": KINDS[kind][0],
            "kind_en": KINDS[kind][1],
            "first": f"{months[0]:%Y-%m}",
            "last": f"{months[-1]:%Y-%m}",
            "count": str(len(months)),
        },
        amount=(Decimal(0), total),
        period=(months[0], months[-1]),
        compared=(
            Compared(
                ("同月情形", "in the same months"),
                sums.told(paid),
                _told(kind, records),
                "custody",
                records[0]["record_id"],
                beside="aid",
            ),
        ),
        steps=steps,
    )


HOME = {"household_id": "H1", "applied_on": "2023-03-01", "file_opened_on": "2023-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
SON = {"person_id": "P2", "household_id": "H1", "relation": "CHILD"}
PRISONER = {"person_id": "P2", "kind": "服刑", "from": "2024-03-10", "to": "2024-06-30"}
DIBAO = {
    "person_id": "P1",
    "programme": "DIBAO",
    "start_month": "2024-01",
    "end_month": "2024-12",
    "amount_yuan": 800,
}
FAMILY = {"households": (HOME,), "members": (HEAD, SON)}
EXAMPLES = (
    Example(
        zh="儿子服刑三个整月，低保仍按两人发放：一人份额三个月",
        en="The son served a sentence for three whole months, and dibao counted two people: one share of three months",
        given={**FAMILY, "custody": (PRISONER,), "aid": (DIBAO,)},
        severity="LOW",
        amount=("0", "1200"),
    ),
    Example(
        zh="未决羁押",
        en="Detention without a sentence",
        given={**FAMILY, "custody": ({**PRISONER, "kind": "刑事拘留"},), "aid": (DIBAO,)},
        severity=None,
    ),
    Example(
        zh="家庭已减员",
        en="The household had counted one less",
        given={
            **FAMILY,
            "members": (HEAD, {**SON, "valid_to": "2024-03-20"}),
            "custody": (PRISONER,),
            "aid": (DIBAO,),
        },
        severity=None,
    ),
    Example(
        zh="境外就医",
        en="Treatment abroad",
        given={**FAMILY, "custody": ({**PRISONER, "kind": "出境就医"},), "aid": (DIBAO,)},
        severity=None,
    ),
)

RULE = Rule(
    id="P12",
    version="1",
    title_zh="长期不在家中",
    title_en="Long absence",
    basis="民发〔2021〕57号：连续三年以上脱离家庭、服刑或服现役的人员不计入共同生活的家庭成员；安政办〔2019〕15号 三（一）",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"custody": "kind* from* to", "aid": reading.AID, "members": "valid_from valid_to"},
    minimum_grade="G4",
    find=find,
    rests_on=("custody",),
    zh="该成员{kind}，在 {first} 至 {last} 的 {count} 个整月内不在家中，而这些月份的救助仍将其计算在内。",
    en="The member was {kind} and away for {count} whole months between {first} and {last}, and the aid of these months still counts "
    "the member.",
    clears_zh="释放、退伍或回国的证明，境外就医的材料，或家庭已按减少一人计算的凭证。",
    clears_en="Proof of release, discharge or return, of treatment abroad, or that the household was already counted one less.",
    exceptions={
        "remand": ("是否为未决羁押", "detention without a sentence"),
        "treatment_abroad": ("是否为境外就医", "treatment abroad"),
        "counted_one_less": ("家庭是否已减员", "the household was counted one less"),
    },
    parameters=("absence.minimum_months", "absence.abroad_minimum_months"),
    examples=EXAMPLES,
)
