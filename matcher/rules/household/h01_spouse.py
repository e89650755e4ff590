"""H01: a spouse left out of the household."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import polars as pl

from matcher.identity import names, numbers
from matcher.rules import masking, reading
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule

OTHER = {"A": "b", "B": "a"}
BY_DECLARATION = "WIDOWED"


def find(facts: Facts) -> Iterator[Lead]:
    """婚姻登记的最近一次事件表明成员已婚，而核查日配偶不在家庭成员中。此后离婚、配偶曾是成员而已离开（如已故）、本人申报
    丧偶的，不构成疑点：死亡与离婚登记常有滞后。

    By the last event in the marriage register a member is married, and the spouse is not a member of the household
    at the reference date. A later divorce, a spouse who was a member and left (by death, say), and a member who declares to be widowed are
    no lead: registers of death and divorce lag behind.
    """
    marriages = facts.linked["marriage"].filter(pl.col("event").is_not_null())
    by_person = reading.rows_by(marriages, "person_id")
    household_ids = marriages.get_column("household_id").unique().to_list()
    members = reading.members(facts, household_ids)
    parties = {
        (row["household_id"], row["record_id"], row["party"])
        for frame in (marriages, reading.under_review(facts, "marriage"))
        for row in frame.select("household_id", "record_id", "party").iter_rows(named=True)
    }
    divorces = reading.rows_by(
        reading.under_review(facts, "marriage").filter(pl.col("event") == "DIVORCED"), "person_id"
    )
    couples: dict[tuple[str, dt.date], list[Row]] = {}
    for rows in by_person.values():
        known = [row for row in rows if row["event_date"] <= facts.as_of]
        last = max(
            known, key=lambda row: (row["event_date"], row["event"] == "DIVORCED", row["record_id"]), default=None
        )
        if last is None or last["event"] != "MARRIED":
            continue
        family = members[last["household_id"]]
        self_row = next(member for member in family if member["person_id"] == last["person_id"])
        if (
            not reading.is_member(self_row, facts.as_of)
            or self_row["declared_marital_status"] == BY_DECLARATION
            or (last["household_id"], last["record_id"], OTHER[last["party"]].upper()) in parties
            or any(divorce["event_date"] >= last["event_date"] for divorce in divorces.get(last["person_id"], ()))
            or any(_is_spouse(member, self_row, last) for member in family if member is not self_row)
        ):
            continue
        couples.setdefault((last["certificate_no"] or last["record_id"], last["event_date"]), []).append(last)
    for (certificate, _), rows in sorted(couples.items()):
        first = min(rows, key=lambda row: (row["household_id"], row["person_id"]))
        household_id = first["household_id"]
        declared = next(
            m["declared_marital_status"] for m in members[household_id] if m["person_id"] == first["person_id"]
        )
        yield Lead(
            household_id=household_id,
            person_ids=tuple(row["person_id"] for row in rows),
            natural_key=(certificate,),
            severity="MEDIUM",
            grade=reading.weakest(row["grade"] for row in rows),
            evidence=tuple(Evidence("marriage", row["record_id"], row["person_id"]) for row in rows),
            exceptions=(
                ("spouse_deceased", "UNKNOWN"),
                ("divorce_not_fed", "UNKNOWN" if not facts.feeds["marriage"].complete else "NO"),
                ("separated", "UNKNOWN"),
                ("prison_missing_abroad", "UNKNOWN"),
                ("protection_order", "UNKNOWN"),
            ),
            facts={
                "date": first["event_date"].isoformat(),
                "certificate": masking.code(first["certificate_no"]),
                "as_of": facts.as_of.isoformat(),
                "declared_zh": MARITAL.get(declared, ("未说明", ""))[0],
                "declared_en": MARITAL.get(declared, ("", "not stated"))[1],
            },
            period=(first["event_date"], None),
            compared=(
                Compared(
                    ("婚姻状况", "marital status"),
                    MARITAL.get(declared, ("未说明", "not stated")),
                    (f"{first['event_date']} 起已婚", f"married since {first['event_date']}"),
                    "marriage",
                    first["record_id"],
                ),
            ),
        )


MARITAL = {
    "SINGLE": ("未婚", "single"),
    "MARRIED": ("已婚", "married"),
    "DIVORCED": ("离异", "divorced"),
    "WIDOWED": ("丧偶", "widowed"),
}


def _is_spouse(member: Row, other_half: Row, event: Row) -> bool:
    """Whether a member, past or present, is the other party of a marriage: by number, else by name and birth date.

    Head and spouse of the household are a couple already: there one birth date, or two of number, name and birth date that
    are alike, or one where nothing contradicts it, say that the register means them, whatever slips stand between.
    """
    side = OTHER[event["party"]]
    own, other = _number(member["id_number"]), _number(event[f"{side}_id_number"])
    if own and own == other:
        return True
    name, spouse = _name(member["name"]), _name(event[f"{side}_name"])
    born = reading.birth_date(member)
    other_born = event[f"{side}_birth_date"] or _born(other)
    if {member["relation"], other_half["relation"]} == {"HEAD", "SPOUSE"}:
        signs = (
            _near(numbers.read(member["id_number"] or ""), numbers.read(event[f"{side}_id_number"] or ""), SLIPS),
            _alike(name, spouse),
            _day_alike(born, other_born),
        )
        one_day = born is not None and born == other_born
        return one_day or signs.count(True) > 1 or (True in signs and False not in signs)
    if (own and other) or name is None or name != spouse:
        return False
    return born is None or other_born is None or born == other_born


SLIPS = 3
"""So many characters may differ between two writings of one number."""
UNWRITTEN = "□?？*●"


def _near(one: str | None, other: str | None, slips: int) -> bool | None:
    """Whether two writings differ in few characters; a mask or a box stands for any. None where one is missing."""
    if not one or not other:
        return None
    wild = set(UNWRITTEN)
    return (
        len(one) == len(other) and sum(a != b and not {a, b} & wild for a, b in zip(one, other, strict=True)) <= slips
    )


def _alike(name: str | None, spouse: str | None) -> bool | None:
    """Whether two names are one but for a character, or the end of one is missing."""
    if name is None or spouse is None:
        return None
    short, long = sorted((name, spouse), key=len)
    cut = len(short) > 1 and long.startswith(short)
    return cut or (len(short) > 1 and bool(_near(name, spouse, 0 if len(short) < 3 else 1)))


def _day_alike(born: dt.date | None, other: dt.date | None) -> bool | None:
    """Whether two birth dates agree in two of year, month and day, or one is a first of January of the same year."""
    if born is None or other is None:
        return None
    same = [born.year == other.year, born.month == other.month, born.day == other.day]
    guessed = born.year == other.year and (1, 1) in ((born.month, born.day), (other.month, other.day))
    return sum(same) > 1 or guessed


def _number(written: str | None) -> str | None:
    number = numbers.read(written) if written else None
    return number if number and numbers.is_valid(number) else None


def _born(number: str | None) -> dt.date | None:
    return numbers.birth_date(number) if number else None


def _name(written: str | None) -> str | None:
    clean = names.clean(written) if written else None
    return names.simplify(clean) if clean else None


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}

WEDDING = {
    "person_id": "P1", "party": "A", "event": "MARRIED", "event_date": "1995-10-01", "certificate_no": "J410502-1995-001234",
    "b_name": "赵敏", "b_birth_date": "1972-05-05",
}  # fmt: skip
EXAMPLES = (
    Example(
        zh="婚姻登记有效，配偶不在家庭成员中",
        en="A marriage in force, the spouse is not a member of the household",
        given={"households": (HOME,), "members": (HEAD,), "marriage": (WEDDING,)},
        severity="MEDIUM",
    ),
    Example(
        zh="此后已离婚",
        en="Divorced since",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "marriage": (WEDDING, {**WEDDING, "event": "DIVORCED", "event_date": "2019-03-01"}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="H01",
    version="1",
    title_zh="配偶未计入家庭",
    title_en="Spouse left out",
    basis="民发〔2021〕57号：共同生活的家庭成员包括配偶；安政办〔2019〕15号 三（一）",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "marriage": "certificate_no event* event_date a_name a_id_number a_birth_date b_name b_id_number b_birth_date"
    },
    minimum_grade="G4",
    only_in_a_scan=True,
    find=find,
    zh="婚姻登记（{date}，证书 {certificate}）显示婚姻有效，而 {as_of} 配偶不在家庭成员中；本人申报：{declared}。",
    en="The marriage register ({date}, certificate {certificate}) shows a marriage in force, and on {as_of} the spouse is not a "
    "member of the household; declared: {declared}.",
    clears_zh="离婚证、判决书、配偶死亡或失踪证明、分居或人身安全保护令等材料。",
    clears_en="A divorce certificate or judgment, proof of the spouse's death or absence, of separation, or a protection order.",
    exceptions={
        "spouse_deceased": ("配偶是否已故", "the spouse has died"),
        "divorce_not_fed": ("离婚是否尚未报送", "a divorce not yet reported"),
        "separated": ("是否长期分居", "separated for long"),
        "prison_missing_abroad": ("配偶是否服刑、失踪或在境外", "the spouse is in prison, missing or abroad"),
        "protection_order": ("是否有人身安全保护令", "a protection order"),
    },
    examples=EXAMPLES,
)
