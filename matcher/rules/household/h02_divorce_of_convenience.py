"""H02: divorced shortly before the application, and still under one roof with one purse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from matcher.identity import contacts, names, numbers
from matcher.overlap import months_between
from matcher.rules import masking, reading
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule, Words

PARTIES = 2
ACTIVE = ("ACTIVE", None)

SHARED: dict[str, Words] = {
    "account": ("共用一个收款或存款账户", "they share an account"),
    "vehicle": ("共有一辆机动车", "they own a vehicle together"),
}


@dataclass(frozen=True, slots=True)
class _Couple:
    """Two members of two households who were divorced: the register's records of each, and what they still share."""

    sides: tuple[Row, Row]
    shared: tuple[str, ...]


def find(facts: Facts) -> Iterator[Lead]:
    """申请前十二个月内离婚的双方分属两户，两户住址相同，并且共用账户或共有车辆。只列事实，程度只为提示，从不单独作为依据；须入户核实。
    离婚受法律保护；只有其中一项相同、双方仍在同一户内，或此后复婚的，不构成疑点。

    A couple divorced within the twelve months before an application, now in two households, has one address and shares an
    account or a vehicle. Facts only: this is information, never enough by itself, and a home visit decides. A divorce is
    everybody's right; only one of these in common, both still in one household, or a marriage since is no lead.
    """
    events = facts.linked["marriage"].filter(pl.col("event").is_not_null() & (pl.col("event_date") <= facts.as_of))
    divorced = events.filter(pl.col("event") == "DIVORCED")
    together = _last_weddings(events)
    couples = []
    for _, (one, other) in sorted({**_by_name(divorced, facts), **_pairs(divorced)}.items()):
        key = frozenset((one["person_id"], other["person_id"]))
        if one["household_id"] != other["household_id"] and together.get(key, dt.date.min) <= one["event_date"]:
            couples.append((one, other))
    homes = reading.households(facts, [side["household_id"] for sides in couples for side in sides])
    near = [sides for sides in couples if _one_roof(*(homes[side["household_id"]] for side in sides))]
    members = {side["person_id"] for sides in near for side in sides}
    accounts, vehicles = _accounts(facts, members, homes), _vehicles(facts, members)
    for one, other in near:
        a, b = one["person_id"], other["person_id"]
        what = (("account", accounts), ("vehicle", vehicles))
        shared = tuple(name for name, held in what if held.get(a, frozenset()) & held.get(b, frozenset()))
        for side in (one, other) if shared else ():
            home = homes[side["household_id"]]
            if _shortly_before(side["event_date"], home, facts):
                yield _lead(side, _Couple((one, other), shared), home)


def _by_name(divorced: pl.DataFrame, facts: Facts) -> dict[str, tuple[Row, Row]]:
    """Divorces of which one party is linked, and the other, whose number the register lacks or has spoilt, bears a member's name and birth date.

    Of such a pair the identity is as sure as grade G5 says: that they live at one address is looked at next.
    """
    alone = divorced.filter(pl.col("party").n_unique().over("record_id") == 1)
    wanted = {row["record_id"]: row for row in alone.iter_rows(named=True)}
    born = {row[f"{_other(row)}_birth_date"] for row in wanted.values()} - {None}
    members = facts.members.filter(pl.col("birth_date").is_in(sorted(born)))
    people: dict[tuple[str | None, dt.date], list[Row]] = {}
    for member in members.sort("person_id").iter_rows(named=True):
        people.setdefault((_folded(member["name"]), member["birth_date"]), []).append(member)
    found: dict[str, tuple[Row, Row]] = {}
    for record, row in wanted.items():
        side = _other(row)
        name = _folded(row[f"{side}_name"])
        told = row[f"{side}_id_number"]
        lacking = not told or not numbers.is_valid(numbers.read(told) or "")
        namesakes = people.get((name, row[f"{side}_birth_date"]), []) if name and lacking else []
        if len(namesakes) == 1:
            theirs = {
                "person_id": namesakes[0]["person_id"],
                "household_id": namesakes[0]["household_id"],
                "grade": "G5",
            }
            found[record] = (row, {**row, **theirs, "party": side.upper()})
    return found


def _other(row: Row) -> str:
    return "b" if row["party"] == "A" else "a"


def _folded(written: str | None) -> str | None:
    clean = names.clean(written) if written else None
    return names.simplify(clean) if clean else None


def _pairs(divorced: pl.DataFrame) -> dict[str, tuple[Row, Row]]:
    """Divorces of which both parties are applicants, each once."""
    found: dict[str, tuple[Row, Row]] = {}
    for record, rows in reading.rows_by(divorced, "record_id").items():
        sides = {row["party"]: row for row in sorted(rows, key=lambda row: row["person_id"], reverse=True)}
        if len(sides) == PARTIES:
            one, other = (sides[party] for party in sorted(sides))
            found[record] = (one, other)
    return found


def _last_weddings(events: pl.DataFrame) -> dict[frozenset[str], dt.date]:
    """When two applicants last married one another."""
    found: dict[frozenset[str], dt.date] = {}
    for one, other in _pairs(events.filter(pl.col("event") == "MARRIED")).values():
        key = frozenset((one["person_id"], other["person_id"]))
        found[key] = max(one["event_date"], found.get(key, dt.date.min))
    return found


def _one_roof(one: Row, other: Row) -> bool:
    """Whether the addresses of two households are one dwelling; an unknown address is nobody's."""
    if not one["address"] or not other["address"]:
        return False
    left, right = contacts.parse(one["address"]), contacts.parse(other["address"])
    return left is not None and right is not None and contacts.place_level(left, right) == "equal"


def _accounts(facts: Facts, people: set[str], homes: dict[str, Row]) -> dict[str, frozenset[str]]:
    """The accounts of these people: those their households are paid into, and those a bank knows as theirs."""
    found: dict[str, set[str]] = {person: set() for person in people}
    for person, household in facts.members.select("person_id", "household_id").filter(
        pl.col("person_id").is_in(sorted(people))
    ).iter_rows():  # fmt: skip
        found[person].add(homes[household]["payee_account"] or "")
    for source, column in (("aid", "payee_account"), ("finance", "account_no")):
        if source in facts.linked:
            held = facts.linked[source].filter(pl.col("person_id").is_in(sorted(people)))
            for person, account in held.select("person_id", column).iter_rows():
                found[person].add(account or "")
    return {
        person: frozenset("".join(each.split()) for each in held if each.strip()) for person, held in found.items()
    }


def _vehicles(facts: Facts, people: set[str]) -> dict[str, frozenset[str]]:
    """The vehicles that these people own today, by number plate or else by chassis."""
    if "vehicles" not in facts.linked:
        return {}
    found: dict[str, set[str]] = {}
    held = facts.linked["vehicles"].filter(pl.col("person_id").is_in(sorted(people)))
    for row in held.iter_rows(named=True):
        if row["status"] in ACTIVE and (known := row["plate"] or row["vin"]):
            found.setdefault(row["person_id"], set()).add(known)
    return {person: frozenset(known) for person, known in found.items()}


def _shortly_before(divorced: dt.date, home: Row, facts: Facts) -> bool:
    applied = reading.application_date(home, facts.as_of)
    most = facts.policy.known("divorce.months_before_application", applied, home["division_code"])
    if most is None:
        return False
    open_file = reading.last_day(home, facts.as_of) == facts.as_of
    return open_file and divorced <= applied and months_between(divorced, applied) - 1 <= most


def _lead(side: Row, couple: _Couple, home: Row) -> Lead:
    rows = couple.sides
    divorced = side["event_date"].isoformat()
    applied = reading.application_date(home, dt.date.max).isoformat()
    what = ("申请日期与离婚日期", "the day of the application and of the divorce")
    return Lead(
        household_id=side["household_id"],
        person_ids=(side["person_id"],),
        natural_key=(side["certificate_no"] or side["record_id"],),
        severity="INFO",
        grade=reading.weakest(row["grade"] for row in rows),
        evidence=tuple(Evidence("marriage", row["record_id"], row["person_id"]) for row in rows),
        exceptions=(("remarried", "NO"), ("lives_elsewhere", "UNKNOWN"), ("cannot_move_out", "UNKNOWN")),
        facts={
            "divorced": divorced,
            "applied": applied,
            "certificate": masking.code(side["certificate_no"]),
            "shared_zh": "、".join(SHARED[each][0] for each in couple.shared),
            "shared_en": " and ".join(SHARED[each][1] for each in couple.shared),
        },
        compared=(Compared(what, (applied, applied), (divorced, divorced), "marriage", side["record_id"]),),
        period=(side["event_date"], None),
    )


HOME = {
    "household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502",
    "address": "河南省安阳市文峰区人民大道12号3号楼2单元501室", "payee_account": "6217000000000012345",
}  # fmt: skip
HERS = {**HOME, "household_id": "H2", "applied_on": "2022-03-01", "file_opened_on": "2022-04-01"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
WIFE = {"person_id": "P2", "household_id": "H2", "relation": "HEAD"}
DIVORCE = {"person_id": "P1", "party": "A", "record_id": "m1", "event": "DIVORCED", "event_date": "2023-09-01",
           "certificate_no": "J410502-2023-001234"}  # fmt: skip
BOTH = (DIVORCE, {**DIVORCE, "person_id": "P2", "party": "B"})
EXAMPLES = (
    Example(
        zh="申请前半年离婚，两户同址且收款账户相同",
        en="Divorced half a year before the application; one address and one account",
        given={"households": (HOME, HERS), "members": (HEAD, WIFE), "marriage": BOTH},
        severity="INFO",
    ),
    Example(
        zh="只有住址相同",
        en="Only the address is the same",
        given={
            "households": (HOME, {**HERS, "payee_account": "6217000000000099999"}),
            "members": (HEAD, WIFE),
            "marriage": BOTH,
        },
        severity=None,
    ),
    Example(
        zh="离婚三年后申请",
        en="The application came three years after the divorce",
        given={
            "households": (HOME, HERS),
            "members": (HEAD, WIFE),
            "marriage": tuple({**row, "event_date": "2021-01-01"} for row in BOTH),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="H02",
    version="1",
    title_zh="离婚后共用住址与账户或车辆",
    title_en="Divorced, with one address and one account or vehicle",
    basis="民发〔2021〕57号：共同生活的家庭成员按实际共同生活认定；安政办〔2019〕15号 三（一）",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="INFO",
    inputs={
        "marriage": "certificate_no event* event_date a_name a_id_number a_birth_date b_name b_id_number b_birth_date",
        "households": "applied_on file_opened_on address* payee_account",
        "members": "name birth_date",
    },
    optional={"aid": "payee_account", "finance": "account_no", "vehicles": "plate vin status"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="双方于 {divorced} 离婚（证书 {certificate}），{applied} 申请；两户住址相同，{shared}。仅供入户核实时参考。",
    en="They divorced on {divorced} (certificate {certificate}) and applied on {applied}; the two households have one address, and "
    "{shared}. To be kept in mind at a home visit, no more.",
    clears_zh="入户核实双方不共同生活，或说明暂时无处搬迁、账户由一方代管、车辆待分割等情况。",
    clears_en="A home visit that finds them living apart, or the word that neither can move out yet, that one keeps the other's account, "
    "or that the vehicle is still to be divided.",
    exceptions={
        "remarried": ("是否已复婚", "they married again"),
        "lives_elsewhere": ("是否实际分开居住", "they live apart"),
        "cannot_move_out": ("是否暂时无处搬迁", "neither can move out yet"),
    },
    parameters=("divorce.months_before_application",),
    examples=EXAMPLES,
)
