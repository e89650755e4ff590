"""P02: one number, two names."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

import polars as pl
from rapidfuzz.distance import OSA

from matcher.identity import names
from matcher.rules import reading
from matcher.rules.explaining import count
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Severity

FEEDS = (
    "population", "deaths", "social_insurance", "tax", "business", "marriage", "real_estate", "vehicles", "housing_fund",
    "finance", "aid", "school", "medical", "custody", "payroll_public", "union_roll", "injury_cases",
    "unemployment_benefit",
)  # fmt: skip
"""The feeds about people; in the marriage register each party has a name of its own."""

COLUMNS = {"marriage": "a_name a_birth_date b_name b_birth_date", "population": "name former_name sex birth_date"}
LIKE_FROM = 3
"""From so many characters on, names that differ in one are one name written otherwise (grade G2)."""

SHORTEST = 2
"""A surname alone is what is left of a name."""

AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "unknown"
WORDS = {AGREES: ("一致", "agrees"), DIFFERS: ("不一致", "differs"), UNKNOWN: ("不明", "unknown")}


def find(facts: Facts) -> Iterator[Lead]:
    """部门记录的公民身份号码与某成员的相同，姓名却确实不同。可能是号码录错、一号两人（重号）、改名未登记或他人冒用：先核实
    身份，核实前该记录不用于任何经济规则。已登记的曾用名（档案或户籍中）、乱码或缺字的姓名，姓名后的称谓，以及写作
    “某某之女”的新生儿，不构成疑点；同音、形近、异体和三字以上差一字的，视为同一姓名的不同写法。

    A department's record bears a member's number and a really different name. It may be a number copied wrongly, a number
    that was given out twice, a change of name that nobody recorded, or another's use of it: the identity is settled first,
    and until then no economic rule uses the record. A former name on record (in the file or in the population
    register), a damaged name, a title behind it, and a newborn written as the daughter or son of the member are no lead; names that sound or
    look alike, variants, and one character in three or more count as one name written otherwise.
    """
    if not (rows := _pairs(facts)):
        return
    known = _known_names(facts, rows)
    by_person: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        name = _folded(row["other_name"])
        called = known.get(row["person_id"], frozenset())
        if name is not None and not any(_one_name(own, name) for own in called):
            by_person[row["person_id"]].append(row)
    people = facts.members.filter(pl.col("person_id").is_in(list(by_person)))
    homes = reading.households(facts, people.get_column("household_id").to_list())
    for member in people.iter_rows(named=True):
        home = homes[member["household_id"]]
        own = _folded(member["name"])
        on_file = reading.last_day(home, facts.as_of) == facts.as_of and reading.is_member(member, facts.as_of)
        if own is not None and on_file:
            yield _lead(member, own, by_person[member["person_id"]], facts)


def _pairs(facts: Facts) -> list[Row]:
    """The records under review whose number agrees with a member's and whose name does not, from every feed that was asked."""
    found: list[Row] = []
    for source, frame in sorted(facts.reviewed.items()):
        for row in frame.filter(pl.col("grade") == "G3").iter_rows(named=True):
            side = f"{row['party'].lower()}_" if source == "marriage" else ""
            found.append(
                {
                    "source": source,
                    "record_id": row["record_id"],
                    "person_id": row["person_id"],
                    "other_name": row[f"{side}name"],
                    "other_birth": row[f"{side}birth_date"],
                    "other_sex": None if source == "marriage" else row["sex"],
                }
            )
    return found


def _known_names(facts: Facts, rows: list[Row]) -> dict[str, frozenset[str]]:
    """Every name that is on record for these people: in our file, and in the population register under their number."""
    wanted = sorted({row["person_id"] for row in rows})
    parts = [facts.members.select("person_id", "name", "former_name")]
    if "population" in facts.linked:
        register = facts.linked["population"].filter(pl.col("grade").is_in(["G1", "G2", "G4"]))
        parts.append(register.select("person_id", "name", "former_name"))
    found: dict[str, set[str]] = defaultdict(set)
    for frame in parts:
        for person, name, former in frame.filter(pl.col("person_id").is_in(wanted)).iter_rows():
            found[person] |= {folded for written in (name, former) if (folded := _folded(written))}
    return {person: frozenset(called) for person, called in found.items()}


def _folded(written: str | None) -> str | None:
    """A name as it can be held beside another; None where characters are lost or it is no whole name."""
    clean = names.clean(written) if written else None
    if (
        clean is None
        or len(clean) < SHORTEST
        or any(not "\u3400" <= character <= "\U0003ffff" for character in clean)
    ):
        return None
    return names.simplify(clean)


def _one_name(one: str, other: str) -> bool:
    """Whether two names are one written otherwise: alike in sound or shape, one character of three, or with a note behind it.

    Notes are titles, and what hospitals write for a child without a name yet (娄晓燕之女).
    """
    return (
        one.startswith(other)
        or other.startswith(one)
        or names.pinyin(one) == names.pinyin(other)
        or names.shape(one) == names.shape(other)
        or (min(len(one), len(other)) >= LIKE_FROM and OSA.distance(one, other) <= 1)
    )


def _lead(member: Row, own: str, rows: list[Row], facts: Facts) -> Lead:
    person_id = member["person_id"]
    birth = _verdict(reading.birth_date(member), [row["other_birth"] for row in rows])
    sex = _verdict(member["sex"], [row["other_sex"] for row in rows])
    kin = all(names.surname(_folded(row["other_name"]) or "") == names.surname(own) for row in rows)
    renamed = kin and birth == AGREES and sex != DIFFERS
    stale = all(facts.feeds[row["source"]].stale for row in rows if row["source"] in facts.feeds)
    severity: Severity = "INFO" if stale else "LOW" if renamed else "MEDIUM"
    change: Result = "UNKNOWN" if renamed else "NO"
    sources = sorted({row["source"] for row in rows})
    return Lead(
        household_id=member["household_id"],
        person_ids=(person_id,),
        natural_key=("SAME_NUMBER",),
        severity=severity,
        grade="G3",
        evidence=tuple(Evidence(row["source"], row["record_id"], person_id) for row in rows),
        exceptions=(("name_change", change), ("encoding", "NO"), ("number_given_twice", "UNKNOWN")),
        facts={
            "count": str(len(rows)),
            "records_en": count(len(rows), "record"),
            "sources_zh": "、".join(reading.source_name(source, "zh") for source in sources),
            "sources_en": ", ".join(reading.source_name(source, "en") for source in sources),
            "surname_zh": "相同" if kin else "不同",
            "surname_en": "the same" if kin else "another",
            "birth_zh": WORDS[birth][0],
            "birth_en": WORDS[birth][1],
            "sex_zh": WORDS[sex][0],
            "sex_en": WORDS[sex][1],
        },
        compared=tuple(_compared(own, row) for row in rows),
    )


def _verdict(ours: object, theirs: list[object]) -> str:
    """Whether what records say agrees with what we hold: one that differs settles it."""
    told = [each for each in theirs if each is not None]
    if ours is None or not told:
        return UNKNOWN
    return AGREES if all(each == ours for each in told) else DIFFERS


def _compared(own: str, row: Row) -> Compared:
    what = ("同一号码的姓名", "the name under one number")
    other = _folded(row["other_name"]) or ""
    ours, theirs = _masked(own), _masked(other)
    alike = names.surname(own) == names.surname(other)
    found = (f"{theirs}（名不同）", f"{theirs} (another given name)") if alike else (theirs, theirs)
    return Compared(what, (ours, ours), found, row["source"], row["record_id"])


def _masked(name: str) -> str:
    """A name of which only the surname is shown."""
    family = names.surname(name)
    return family + "某" * (len(name) - len(family))


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "name": "张建国", "sex": "MALE",
        "birth_date": "1975-01-01", "id_number": "410502197501011233"}  # fmt: skip
CAR = {"person_id": "P1", "grade": "G3", "name": "李敏芳", "sex": "FEMALE", "birth_date": "1980-05-05"}
CARD = {"person_id": "P1", "name": "张建国", "former_name": "张卫东", "sex": "MALE", "birth_date": "1975-01-01"}
EXAMPLES = (
    Example(
        zh="车辆登记中同一号码登记在另一姓名、性别和出生日期之下",
        en="The vehicle register has the same number under another name, sex and birth date",
        given={"households": (HOME,), "members": (HEAD,), "vehicles": ()},
        reviewed={"vehicles": (CAR,)},
        severity="MEDIUM",
    ),
    Example(
        zh="社保中同姓异名，出生日期、性别一致：多为改名或笔误",
        en="Social insurance has the same surname and another given name, birth date and sex agree: a change of name, or a slip",
        given={"households": (HOME,), "members": (HEAD,), "social_insurance": ()},
        reviewed={"social_insurance": ({**CAR, "name": "张卫东", "sex": "MALE", "birth_date": "1975-01-01"},)},
        severity="LOW",
    ),
    Example(
        zh="户籍登记载有曾用名，社保仍用曾用名",
        en="The population register names the former name that social insurance still uses",
        given={"households": (HOME,), "members": (HEAD,), "social_insurance": (), "population": (CARD,)},
        reviewed={"social_insurance": ({**CAR, "name": "张卫东", "sex": "MALE", "birth_date": "1975-01-01"},)},
        severity=None,
    ),
    Example(
        zh="姓名因编码损坏成为问号",
        en="A name that an encoding turned into question marks",
        given={"households": (HOME,), "members": (HEAD,), "vehicles": ()},
        reviewed={"vehicles": ({**CAR, "name": "???"},)},
        severity=None,
    ),
)

RULE = Rule(
    id="P02",
    version="1",
    title_zh="一号两名",
    title_en="One number, two names",
    basis="居民身份证法第三条：公民身份号码是每个公民唯一的、终身不变的身份代码；安政办〔2019〕15号 三（一）",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"members": "name* former_name sex birth_date id_number valid_from valid_to"},
    optional={source: COLUMNS.get(source, "name sex birth_date") for source in FEEDS},
    minimum_grade="G3",
    find=find,
    zh="{sources}中有 {count} 条记录的公民身份号码与该成员相同而姓名不同（姓氏{surname}，出生日期{birth}，性别{sex}）。",
    en="{records} ({sources}) came with this member's citizen number and another name (surname: {surname}; birth date: {birth}; "
    "sex: {sex}).",
    clears_zh="身份证、户口簿上的曾用名记载，或记录单位确认号码录错、重号的说明；核实前不作其他处理。",
    clears_en="The former name in the household register, or the office's word that the number was copied wrongly or given out "
    "twice; until then nothing else is done.",
    exceptions={
        "name_change": ("是否为已登记的改名", "a change of name on record"),
        "encoding": ("姓名是否因编码损坏", "the name is damaged by an encoding"),
        "number_given_twice": ("是否为已知的重号", "a number known to have been given out twice"),
    },
    examples=EXAMPLES,
)
