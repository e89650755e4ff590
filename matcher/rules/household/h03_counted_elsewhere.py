"""H03: a member who is dead, struck off the register or counted in another household, and still counted here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import polars as pl

from matcher.overlap import Stream, add_months, first_day, shared, span
from matcher.rules import reading, shares, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Result, Rule, Severity, Words

SURE = ("G1", "G2")
DAYS_A_YEAR = 365.25

Why = Literal["DEAD", "CANCELLED", "ELSEWHERE"]

WHY: dict[Why, Words] = {
    "DEAD": ("登记显示该成员已于 {day} 死亡", "the registers record the member's death on {day}"),
    "CANCELLED": ("户籍登记显示该成员的户口已注销（{day}）", "the population register has struck the member off ({day})"),
    "ELSEWHERE": (
        "同一人同时列为另一户的成员（自 {day} 起）", "the same person is a member of another household as well (since {day})",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ghost:
    """A member who should not be counted: why, since when as far as is known, and the records that say so."""

    member: Row
    why: Why
    since: dt.date | None
    records: tuple[tuple[str, Row], ...]
    grade: Grade
    unsure: bool


def find(facts: Facts) -> Iterator[Lead]:
    """成员已死亡、户口已注销，或同时列为另一户的成员，而本户仍将其计入家庭人数。本规则只看人数计算：死亡后继续发放由 P01 处理，两份
    在册档案由 P05 处理，两户同月都按其计发的救助由 C07 处理，户籍登记中查无此号由 P04 处理——一个事实只有一条疑点。家庭已
    及时减员、在规定时限内、父母双方都填报的子女、寄宿学生、户主本人
    在另一工会重新申请，以及户籍另有正常记录的，不构成疑点。家庭只按减少一人重新计算。

    A member is dead, struck off the population register, or a member of another household as well, and this household
    still counts the member. This rule is about counting alone. Aid paid after a death is P01's, two active files
    are P05's, aid that counts one person in two households in the same months is C07's, and a number that the register
    does not have is P04's: one fact, one lead. A household that has counted one less, the time that a report may take, a
    child listed by both parents, a boarding student, a head who applies anew with another union, and a member of whom the
    register holds another record in force are no lead. The household is recomputed for one person less, no more.
    """
    ghosts = [*_dead(facts), *_cancelled(facts)]
    household_ids = sorted({ghost.member["household_id"] for ghost in ghosts})
    homes, families = reading.households(facts, household_ids), reading.members(facts, household_ids)
    streams = reading.payments(facts, household_ids)
    for ghost in ghosts:
        home = homes[ghost.member["household_id"]]
        lag = facts.policy.value("transfer.lag_days", facts.as_of, home["division_code"])
        aid = streams.get(home["household_id"], [])
        late = ghost.since is None or (facts.as_of - ghost.since).days > lag
        if _open(home, facts.as_of) and late and not _of_p01(ghost, aid):
            yield _lead(ghost, aid, families[home["household_id"]], facts.as_of)
    yield from _elsewhere(facts)


def _open(home: Row, as_of: dt.date) -> bool:
    return reading.last_day(home, as_of) == as_of


def _counted(facts: Facts, people: list[str]) -> list[Row]:
    """These people's memberships that hold today."""
    rows = facts.members.filter(pl.col("person_id").is_in(people)).sort("person_id")
    return [row for row in rows.iter_rows(named=True) if reading.is_member(row, facts.as_of)]


def _of_status(facts: Facts, status: str) -> dict[str, list[Row]]:
    if "population" not in facts.linked:
        return {}
    frame = facts.linked["population"]
    return reading.rows_by(frame.filter(pl.col("grade").is_in(SURE) & (pl.col("status") == status)), "person_id")


def _in_force(facts: Facts) -> frozenset[str]:
    """People of whom the population register has a record in force, or may have one."""
    if "population" not in facts.linked:
        return frozenset()
    linked = facts.linked["population"].filter(pl.col("status").is_null() | (pl.col("status") == "ACTIVE"))
    doubtful = reading.under_review(facts, "population")
    return frozenset(pl.concat([linked.get_column("person_id"), doubtful.get_column("person_id")]).to_list())


def _dead(facts: Facts) -> Iterator[_Ghost]:
    registered = _of_status(facts, "DECEASED")
    deaths: dict[str, list[Row]] = {}
    if "deaths" in facts.linked:
        sure = facts.linked["deaths"].filter(pl.col("grade").is_in(SURE) & (pl.col("death_date") <= facts.as_of))
        deaths = reading.rows_by(sure, "person_id")
    alive = _in_force(facts)
    for member in _counted(facts, sorted({*registered, *deaths})):
        person_id = member["person_id"]
        if person_id not in deaths and person_id in alive:
            continue
        records = (
            *(("deaths", row) for row in deaths.get(person_id, [])),
            *(("population", row) for row in registered.get(person_id, [])),
        )
        days = [row["death_date"] or row.get("updated_on") for _, row in records]
        known = [day for day in days if day is not None and day <= facts.as_of]
        grade = reading.weakest(row["grade"] for _, row in records)
        yield _Ghost(member, "DEAD", max(known, default=None), records, grade, unsure=person_id in alive)


def _cancelled(facts: Facts) -> Iterator[_Ghost]:
    struck, dead, alive = _of_status(facts, "CANCELLED"), _of_status(facts, "DECEASED"), _in_force(facts)
    told = (
        frozenset(facts.linked["deaths"].get_column("person_id").to_list())
        if "deaths" in facts.linked
        else frozenset()
    )
    for member in _counted(facts, sorted(set(struck) - set(dead) - alive - told)):
        rows = struck[member["person_id"]]
        since = max((row["updated_on"] for row in rows if row["updated_on"]), default=None)
        grade = reading.weakest(row["grade"] for row in rows)
        yield _Ghost(member, "CANCELLED", since, tuple(("population", row) for row in rows), grade, unsure=True)


def _of_p01(ghost: _Ghost, aid: list[Stream]) -> bool:
    """Whether aid went on after the month of a death in the death registers: that fact is rule P01's."""
    if not any(source == "deaths" for source, _ in ghost.records) or ghost.since is None:
        return False
    after = add_months(first_day(ghost.since), 1)
    own = ghost.member["person_id"]
    return any(stream.last >= after and (shares.of_household(stream) or stream.person_id == own) for stream in aid)


def _lead(ghost: _Ghost, aid: list[Stream], family: list[Row], as_of: dt.date) -> Lead:
    member, person_id = ghost.member, ghost.member["person_id"]
    wrong = shares.counting(sums.needs_tested(aid), person_id)
    months = sums.since(add_months(first_day(ghost.since), 1), as_of) if ghost.since else []
    total, steps = shares.of_member(wrong, months, family)
    paid = [stream for stream in wrong if any(stream.first <= month <= stream.last for month in months)]
    severity: Severity = "MEDIUM" if ghost.why == "DEAD" else "LOW"
    words = _words(ghost.why, ghost.since)
    disagree: Result = "UNKNOWN" if ghost.unsure else "NO"
    return Lead(
        household_id=member["household_id"],
        person_ids=(person_id,),
        natural_key=(ghost.why,),
        severity=severity,
        grade=ghost.grade,
        evidence=(
            *(Evidence(source, row["record_id"], person_id) for source, row in ghost.records),
            *(Evidence("aid", stream.record_id, stream.person_id) for stream in paid),
            Evidence("members", person_id, person_id),
        ),
        exceptions=(("counted_one_less", "NO"), ("registers_disagree", disagree), ("listed_by_both_parents", "NO")),
        facts={**sums.words(paid, months), **words},
        amount=(Decimal(0), total),
        period=(span(paid, months[0]) if paid else None) or (ghost.since, None),
        compared=(
            Compared(
                ("家庭成员", "member of the household"),
                ("现计入家庭人数", "counted now"),
                (words["why_zh"], words["why_en"]),
                ghost.records[0][0],
                ghost.records[0][1]["record_id"],
            ),
        ),
        steps=steps,
    )


def _words(why: Why, day: dt.date | None) -> dict[str, str]:
    zh, en = WHY[why]
    return {
        "why_zh": zh.format(day=day.isoformat() if day else "日期未注明"),
        "why_en": en.format(day=day.isoformat() if day else "date not stated"),
    }


def _elsewhere(facts: Facts) -> Iterator[Lead]:
    """People in two households of which one has no file yet: two files are P05's."""
    pairs = facts.same_person.filter(
        (pl.col("person_id") < pl.col("other_person_id")) & pl.col("grade").is_in([*SURE, "G4"])
    )
    wanted = sorted({*pairs.get_column("person_id"), *pairs.get_column("other_person_id")})
    people = {row["person_id"]: row for row in _counted(facts, wanted)}
    homes = reading.households(facts, [row["household_id"] for row in people.values()])
    dated = facts.households.select(pl.col("file_opened_on").is_not_null().any()).item()
    streams = reading.payments(facts, homes)
    age = facts.policy.value("child.counted_until_age", facts.as_of)
    for one, other, grade in pairs.sort("person_id", "other_person_id").iter_rows():
        if one not in people or other not in people:
            continue
        sides = (people[one], people[other])
        houses = [homes[side["household_id"]] for side in sides]
        if (
            houses[0]["household_id"] == houses[1]["household_id"]
            or not all(_open(house, facts.as_of) for house in houses)
            or not any(_is_application(side, house, dated) for side, house in zip(sides, houses, strict=True))
            or all(_is_child(side, facts.as_of, age) for side in sides)
            or all(side["relation"] == "HEAD" for side in sides)
            or _paid_to_both(*(streams.get(house["household_id"], []) for house in houses))
        ):
            continue
        first, last = sorted(zip(sides, houses, strict=True), key=lambda side: _begun(side[0], side[1], facts.as_of))
        since = _begun(first[0], first[1], facts.as_of)[0]
        yield Lead(
            household_id=last[1]["household_id"],
            person_ids=(last[0]["person_id"], first[0]["person_id"]),
            natural_key=("ELSEWHERE", first[1]["household_id"]),
            severity="MEDIUM",
            grade=grade,
            evidence=tuple(Evidence("members", side["person_id"], side["person_id"]) for side in sides),
            exceptions=(("counted_one_less", "NO"), ("registers_disagree", "NO"), ("listed_by_both_parents", "NO")),
            facts=_words("ELSEWHERE", since),
            compared=(
                Compared(
                    ("列为成员", "a member"),
                    _since(_begun(last[0], last[1], facts.as_of)[0]),
                    _since(since),
                    "members",
                    first[0]["person_id"],
                ),
            ),
            period=(_begun(last[0], last[1], facts.as_of)[0], None),
        )


def _since(day: dt.date) -> Words:
    return f"自 {day} 起", f"since {day}"


def _is_application(member: Row, home: Row, dated: bool) -> bool:
    """Whether this household has no file of which P05 would know the days."""
    return home["file_opened_on"] is None and (dated or member["valid_from"] is None)


def _begun(member: Row, home: Row, as_of: dt.date) -> tuple[dt.date, str]:
    return max(reading.application_date(home, as_of), member["valid_from"] or dt.date.min), home["household_id"]


def _paid_to_both(one: list[Stream], other: list[Stream]) -> bool:
    """Whether both households were paid aid that counts people in one month: rule C07 looks at that."""
    left, right = ([stream for stream in side if stream.programme in shares.COUNTING_HEADS] for side in (one, other))
    return any(shared(a, b) is not None for a in left for b in right)


def _is_child(member: Row, as_of: dt.date, age: float) -> bool:
    born = reading.birth_date(member)
    return member["relation"] == "CHILD" and (born is None or (as_of - born).days < age * DAYS_A_YEAR)


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
FATHER = {"person_id": "P2", "household_id": "H1", "relation": "PARENT"}
DEAD = {"person_id": "P2", "status": "DECEASED", "death_date": "2024-05-20"}
DIBAO = {
    "person_id": "P1",
    "programme": "DIBAO",
    "start_month": "2024-04",
    "end_month": "2024-09",
    "amount_yuan": 800,
}
FAMILY: dict[str, tuple[Row, ...]] = {"households": (HOME,), "members": (HEAD, FATHER), "aid": (DIBAO,)}
EXAMPLES = (
    Example(
        zh="户籍登记显示父亲5月已故，家庭仍按两人计算：6月至9月一人份额",
        en="The population register records the father's death in May, and two people are counted: one share from June to September",
        given={**FAMILY, "population": (DEAD,)},
        severity="MEDIUM",
        amount=("0", "1600"),
    ),
    Example(
        zh="家庭已在去世后减员",
        en="The household counted one less after the death",
        given={**FAMILY, "members": (HEAD, {**FATHER, "valid_to": "2024-06-01"}), "population": (DEAD,)},
        severity=None,
    ),
    Example(
        zh="死亡登记中的死亡，死后仍有发放：由 P01 处理",
        en="A death in the death registers with aid paid after it: P01's",
        given={**FAMILY, "population": (), "deaths": ({"person_id": "P2", "death_date": "2024-05-20"},)},
        severity=None,
    ),
    Example(
        zh="旧户口已注销，新户口正常",
        en="The old registration was struck off, the new one is in force",
        given={
            **FAMILY,
            "population": ({"person_id": "P2", "status": "CANCELLED"}, {"person_id": "P2", "status": "ACTIVE"}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="H03",
    version="1",
    title_zh="成员不应计入本户",
    title_en="Member counted elsewhere or no longer there",
    basis="民发〔2021〕57号：共同生活的家庭成员；安政办〔2019〕15号 三（一）：已死亡的是否已注销",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "members": "relation birth_date id_number valid_from valid_to",
        "population": "status death_date updated_on",
    },
    optional={"deaths": "death_date", "aid": reading.AID},
    minimum_grade="G4",
    only_in_a_scan=True,
    find=find,
    zh="{why}，而本户仍将其计入家庭人数。",
    en="By our data {why}, and this household still counts the member.",
    clears_zh="登记有误（本人在世、户口正常）的证明，家庭成员变更的手续，或两户中的一户撤回申请。",
    clears_en="Proof that the register errs (the member lives, the registration is in force), papers of the change in the household, or "
    "that one of the two households withdrew.",
    exceptions={
        "counted_one_less": ("家庭是否已及时减员", "the household had already counted one less"),
        "registers_disagree": ("各登记是否不一致", "the registers disagree"),
        "listed_by_both_parents": ("是否为父母双方都填报的子女", "a child listed by both parents"),
    },
    parameters=("transfer.lag_days", "child.counted_until_age"),
    examples=EXAMPLES,
)
