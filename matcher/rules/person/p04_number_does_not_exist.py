"""P04: a number that does not exist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.identity import numbers
from matcher.overlap import Stream, add_months, first_day, paid, span
from matcher.rules import masking, own_numbers, reading, silence, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Rule, Words

PREFECTURE = 4
"""A number begins with the division that issued it; its first four digits are the prefecture."""

OTHERS = (
    "deaths", "social_insurance", "tax", "business", "real_estate", "vehicles", "housing_fund", "finance", "school", "medical",
    "union_roll", "payroll_public", "unemployment_benefit", "injury_cases",
)  # fmt: skip
"""The other departments that may know a number; of their records nothing is read but that they are this person's."""

REASONS: dict[str, Words] = {
    "CHECK": ("校验码不符", "its check character is wrong"),
    "DATE": ("所含出生日期不存在", "the birth date inside it does not exist"),
    "FUTURE": ("所含出生日期晚于核查日", "the birth date inside it lies after the reference date"),
    "SEQUENCE": ("顺序码 000 从未使用", "the sequence 000 was never given out"),
    "NOT_FOUND": (
        "号码有效，但完整的户籍登记中没有此号码，也没有与其相近的人",
        "it is well formed, but the complete population register holds neither the number nor anybody like its bearer",
    ),
}


@dataclass(frozen=True, slots=True)
class _Doubt:
    """One member whose number does not exist, why, and the record that the register has of the member."""

    member: Row
    number: str
    reason: str
    record: Row | None


def find(facts: Facts) -> Iterator[Lead]:
    """档案中成员的公民身份号码不可能存在（校验码、出生日期或顺序码有误），或号码有效而完整的户籍登记明确答复没有此人。多数是
    笔误：先更正号码，不停发待遇。十五位旧号码、其他证件、无号码、户籍未答复、其他部门以同一号码和姓名登记过、
    号码与档案出生日期不符（可能是他人的号码）、出生不满三个月、
    外地签发的号码和困难农民工家庭，
    均不构成疑点；户籍登记的号码与档案相同的，也不构成疑点。户籍中已死亡、注销的人由 H03 处理，同号异名由 P02 处理。

    A member's citizen number cannot exist (its check character, birth date or sequence is wrong), or it is well formed and
    the complete population register says that it has no such person. Most are slips of the pen: the number is corrected,
    nothing is stopped. Numbers of fifteen digits, other documents, no number, a register that did not answer, a number that
    another department has under the same name, one that contradicts the birth date in the file (it may be another's), a
    child under three months, a number issued in another prefecture and households of migrant workers are no lead; nor is a
    number that the register itself holds. The dead and the cancelled of the register are H03's, one number with two
    names is P02's.
    """
    if not (doubts := [*_invalid(facts), *_not_found(facts)]):
        return
    household_ids = sorted({doubt.member["household_id"] for doubt in doubts})
    homes, streams = reading.households(facts, household_ids), reading.payments(facts, household_ids)
    near = _neighbours(doubts)
    for doubt in sorted(doubts, key=lambda each: (each.member["household_id"], each.member["person_id"])):
        home = homes[doubt.member["household_id"]]
        if reading.is_member(doubt.member, facts.as_of) and reading.last_day(home, facts.as_of) == facts.as_of:
            own = [
                each for each in streams.get(home["household_id"], []) if each.person_id == doubt.member["person_id"]
            ]
            yield _lead(doubt, own, near.get(doubt.number, frozenset()))


def _invalid(facts: Facts) -> Iterator[_Doubt]:
    """Members whose number no office can have issued, and whom the register may be asked about."""
    table = own_numbers.of_members(facts)
    late = pl.col("number").str.slice(6, 8) > f"{facts.as_of:%Y%m%d}"
    wrong = table.filter((pl.col("form") == "INVALID") | ((pl.col("form") == "VALID") & ~pl.col("upgraded") & late))
    if wrong.is_empty():
        return
    wrong = wrong.join(_states(facts).filter(pl.col("state") != "NOT_AUTHORISED"), on="person_id", how="semi")
    numbered = dict(wrong.select("person_id", "number").iter_rows())
    records = reading.rows_by(_of(facts.linked["population"], numbered), "person_id")
    for member in _of(facts.members, numbered).iter_rows(named=True):
        number, known = numbered[member["person_id"]], records.get(member["person_id"], [])
        if any(record["id_number"] and numbers.read(record["id_number"]) == number for record in known):
            continue
        reason = "FUTURE" if numbers.is_valid(number) else own_numbers.fault(number)
        yield _Doubt(member, number, reason, known[0] if known else None)


def _not_found(facts: Facts) -> Iterator[_Doubt]:
    """Members whose well-formed number the complete register does not have, and nobody like them."""
    known = frozenset(_states(facts).filter(pl.col("state") == "VALUE").get_column("person_id").to_list())
    if known.issuperset(facts.members.get_column("person_id")):
        return
    unknown = silence.answered(facts, "population") - known - _known_elsewhere(facts)
    if not unknown:
        return
    silent = pl.DataFrame({"person_id": sorted(unknown)}, schema={"person_id": pl.String})
    table = own_numbers.of_members(facts).filter((pl.col("form") == "VALID") & ~pl.col("upgraded"))
    homes = facts.households.select(
        "household_id",
        at_home=pl.col("division_code").str.head(PREFECTURE),
        migrant=(pl.col("target_group") == "MIGRANT_WORKER").fill_null(value=False),
    )
    missing = (
        table.join(silent, on="person_id", how="semi")
        .join(facts.members.select("person_id", "household_id"), on="person_id")
        .join(homes, on="household_id")
        .filter((pl.col("number").str.head(PREFECTURE) == pl.col("at_home")) & ~pl.col("migrant"))
    )
    numbered = dict(missing.select("person_id", "number").iter_rows())
    cut = facts.feeds["population"].as_of if "population" in facts.feeds else None
    months = int(facts.policy.value("newborn.months", facts.as_of))
    for member in _of(facts.members, numbered).iter_rows(named=True):
        number = numbered[member["person_id"]]
        born = numbers.birth_date(number)
        agrees = member["birth_date"] in (None, born)
        if born is not None and agrees and born < _months_before(cut or facts.as_of, months):
            yield _Doubt(member, number, "NOT_FOUND", None)


def _known_elsewhere(facts: Facts) -> frozenset[str]:
    """People whom another department has under this number and this name: the number exists, the register has a gap."""
    return frozenset(
        person
        for frame in facts.linked.values()
        if not frame.is_empty()
        for person in frame.filter(pl.col("grade").is_in(silence.SURE)).get_column("person_id").to_list()
    )


def _months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier, or the first of the month after where that month is shorter."""
    month = add_months(first_day(day), -months)
    return month + dt.timedelta(days=day.day - 1)


def _states(facts: Facts) -> pl.DataFrame:
    return facts.coverage.filter(pl.col("source") == "population")


def _of(frame: pl.DataFrame, people: dict[str, str]) -> pl.DataFrame:
    return frame.filter(pl.col("person_id").is_in(list(people)))


def _lead(doubt: _Doubt, own: list[Stream], near: frozenset[str]) -> Lead:
    member, record = doubt.member, doubt.record
    person_id = member["person_id"]
    grade: Grade = record["grade"] if record else "G1"
    total = paid(own, dt.date.min)[1]
    evidence = [Evidence("members", person_id, person_id)]
    what = ("公民身份号码（末四位）", "citizen number (its last four characters)")
    ours = (masking.code(doubt.number),) * 2
    if doubt.reason == "NOT_FOUND":
        compared = Compared(what, ours, ("没有此号码", "no such number"), "population")
    else:
        compared = Compared(
            what, ours, ("应符合公民身份号码标准", "the standard of citizen numbers is to be met"), "policy"
        )
    if record is not None:
        evidence.append(Evidence("population", record["record_id"], person_id))
        compared = Compared(what, ours, (masking.code(record["id_number"]),) * 2, "population", record["record_id"])
    period = span(own, dt.date.min)
    reason, candidates = REASONS[doubt.reason], _candidates(doubt, near)
    return Lead(
        household_id=member["household_id"],
        person_ids=(person_id,),
        natural_key=("NOT_FOUND" if doubt.reason == "NOT_FOUND" else "INVALID",),
        severity="LOW",
        grade=grade,
        evidence=tuple(evidence),
        exceptions=(
            ("fifteen", "NO"),
            ("other_document", "NO"),
            ("no_answer", "NO"),
            ("newborn", "NO"),
            ("migrant", "UNKNOWN" if doubt.reason != "NOT_FOUND" else "NO"),
            ("home_visit", "UNKNOWN"),
        ),
        facts={
            **sums.words(own, sums.since(*period) if period else []),
            "reason_zh": reason[0],
            "reason_en": reason[1],
            "candidates_zh": candidates[0],
            "candidates_en": candidates[1],
            "identity_zh": "" if record else "本疑点只涉及档案中的号码本身，未与任何记录关联",
            "identity_en": "" if record else "this lead is about the number in the file alone; no record was linked",
        },
        amount=(Decimal(0), total),
        period=period or (None, None),
        compared=(compared,),
        steps=sums.steps(own, sums.since(*period)) if period else (),
    )


def _neighbours(doubts: list[_Doubt]) -> dict[str, frozenset[str]]:
    """The well-formed numbers that are one slip of the pen away from each that is not."""
    wrong = sorted({doubt.number for doubt in doubts if doubt.reason in ("CHECK", "DATE")})
    if not wrong:
        return {}
    rows, found = numbers.repairs(numbers.as_bytes(wrong))
    near: dict[str, set[str]] = {}
    for row, candidate in zip(rows.tolist(), found, strict=True):
        near.setdefault(wrong[row], set()).add(bytes(candidate).decode("ascii"))
    return {number: frozenset(each) for number, each in near.items()}


def _candidates(doubt: _Doubt, near: frozenset[str]) -> Words:
    """How many numbers one slip of the pen away are well formed, and whether the register's is among them."""
    if doubt.reason not in ("CHECK", "DATE"):
        return "", ""
    known = doubt.record and doubt.record["id_number"] and numbers.read(doubt.record["id_number"])
    if known in near:
        return (
            "；户籍登记中此人的号码与之只差一处笔误",
            "; the register's number of this person is one slip of the pen away",
        )
    return (
        f"；与之只差一处笔误的有效号码有 {len(near)} 个",
        f"; {len(near)} well-formed numbers are one slip of the pen away",
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "name": "张伟"}
GIVEN = {"households": (HOME,), "population": ()}
EXAMPLES = (
    Example(
        zh="号码最后一位抄错，校验不符",
        en="The last character of the number was copied wrongly: its check fails",
        given={**GIVEN, "members": ({**HEAD, "id_number": "410502197501011235"},)},
        severity="LOW",
    ),
    Example(
        zh="号码有效，完整的户籍登记中没有此人",
        en="A well-formed number; the complete population register has no such person",
        given={**GIVEN, "members": ({**HEAD, "id_number": "410502197501011233"},)},
        complete=("population",),
        severity="LOW",
    ),
    Example(
        zh="户籍登记不是完整数据：没有记录不等于不存在",
        en="The register is no complete extract: no record proves nothing",
        given={**GIVEN, "members": ({**HEAD, "id_number": "410502197501011233"},)},
        severity=None,
    ),
    Example(
        zh="外地签发的号码：户口可能在外地",
        en="A number issued in another prefecture: its bearer may be registered there",
        given={**GIVEN, "members": ({**HEAD, "id_number": "11010519491231002X"},)},
        complete=("population",),
        severity=None,
    ),
    Example(
        zh="旅行证件，不是公民身份号码",
        en="A travel permit, no citizen number",
        given={**GIVEN, "members": ({**HEAD, "id_number": "H12345678"},)},
        complete=("population",),
        severity=None,
    ),
)

RULE = Rule(
    id="P04",
    version="1",
    title_zh="号码不存在",
    title_en="Number does not exist",
    basis="居民身份证法第三条、GB 11643-1999；安政办〔2019〕15号 三（一）防止冒领",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        "population": "id_number",
        "members": "id_number birth_date valid_from valid_to",
        "households": "target_group",
    },
    optional={**dict.fromkeys(OTHERS, ""), "aid": reading.AID},
    minimum_grade="G5",
    find=find,
    zh="档案中该成员的公民身份号码：{reason}{candidates}。",
    en="The citizen number of this member in our file: {reason}{candidates}.",
    clears_zh="身份证或户口簿原件；确为笔误的，更正档案中的号码即可；户口在外地的，提供当地户籍证明。",
    clears_en="The identity card or household register; where it was a slip, correcting the number in the file; where the person "
    "is registered elsewhere, proof from there.",
    exceptions={
        "fifteen": ("是否为十五位旧号码", "an old number of fifteen digits"),
        "other_document": ("是否为其他证件", "another kind of document"),
        "no_answer": ("户籍登记是否未答复", "the register did not answer"),
        "newborn": ("是否为新生儿", "a new-born child"),
        "migrant": ("户口是否在外地", "registered elsewhere"),
        "home_visit": ("入户核实能否找到本人", "a home visit finds the person"),
    },
    parameters=("newborn.months",),
    examples=EXAMPLES,
)
