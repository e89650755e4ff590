"""N06: a case decided by a relative."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.identity import numbers
from matcher.overlap import Stream, first_day, paid, span
from matcher.rules import kinship, masking, networks, payees, reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Result, Rule, Words

Human = tuple[str, str]
"""A valid citizen number and a folded name: only both together are a person here (never a name alone, and never a number
alone: of one number the names may differ only in how they are written)."""

SURE = ("G1", "G2")
FULL = 18
TIES: dict[str, Words] = {
    "MEMBER": ("经办人本人是该家庭成员", "the handler is a member of the household"),
    "SPOUSE": ("经办人与该家庭成员有婚姻登记", "the handler is married to a member of the household"),
    "KIN": ("经办人所在家庭与该家庭有亲属关系（共同成员、婚姻或同一户口簿）",
            "the handler's own household is kin to it (a common member, a marriage or one booklet)"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tie:
    """How a handler is related to a household: the kind (TIES), the member through whom, the link's grade, the record of a marriage."""

    kind: str
    person_id: str
    grade: Grade
    record_id: str | None = None


def find(facts: Facts) -> Iterator[Lead]:
    """经办人决定了亲属家庭的档案，而决定之前没有登记回避申报。亲属关系只依据号码与姓名都一致的身份：经办人本人是家庭成员、与成员有
    婚姻登记，或其所在家庭与该家庭有共同成员、婚姻或同一户口簿。姓名相同不是亲属；已申报回避的、由同事决定的，不构成疑点。本条送
    纪检（监督）部门，不送经办人及其所在条线。

    A handler decided the file of a relative's household, and no declaration of interest was filed before. Kinship rests on identities
    of which number and name both agree: the handler is a member, is married to a member, or lives in a household that
    shares a member, a marriage or a booklet with it. To bear one name is no kinship; a case that was declared, or that
    a colleague decided, is no lead. This goes to the discipline office, not to the handler's own line.
    """
    roster = facts.tables["handlers"].filter(pl.col("household_id").is_not_null())
    humans = _humans(facts.tables["handlers"])
    asked = bool(roster.get_column("declared_on").is_not_null().any())
    found: dict[tuple[str, str], list[Tie]] = defaultdict(list)
    ties = _ties(facts, {human for group in humans.values() for human in group})
    rows = reading.rows_by(roster, "handler_id")
    for handler, decided in sorted(rows.items()):
        for human in humans.get(handler, ()):
            for household in {row["household_id"] for row in decided} & ties[human].keys():
                found[handler, household] += ties[human][household]
    streams = reading.payments(facts, [household for _, household in found])
    for (handler, household), its in sorted(found.items()):
        of = [row for row in rows[handler] if row["household_id"] == household]
        undeclared = [row for row in of if not _declared(row)]
        if undeclared:
            yield _lead(facts, handler, household, its, undeclared, asked, streams.get(household, []))


def _declared(row: Row) -> bool:
    """Whether a declaration was on record when it was decided."""
    declared, decided = row["declared_on"], row["decided_on"]
    return declared is not None and (decided is None or declared <= decided)


def _lead(
    facts: Facts,
    handler: str,
    household: str,
    ties: list[Tie],
    decided: list[Row],
    asked: bool,
    streams: list[Stream],
) -> Lead:
    tie = min(ties, key=lambda each: (list(TIES).index(each.kind), each.grade, each.person_id, each.record_id or ""))
    days = sorted(row["decided_on"] for row in decided if row["decided_on"])
    since = first_day(days[0]) if days else None
    aid = sums.needs_tested(streams)
    when = span(aid, since) if since else None
    months = sums.since(*when) if when else []
    declaration: Result = "NO" if asked else "UNKNOWN"
    return Lead(
        household_id=household,
        person_ids=(tie.person_id,),
        natural_key=(handler,),
        severity="HIGH" if asked else "MEDIUM",
        grade=tie.grade,
        evidence=(
            Evidence("members", tie.person_id, tie.person_id),
            *(Evidence("handlers", row["record_id"] or handler, "") for row in decided),
            *((Evidence("marriage", tie.record_id, tie.person_id),) if tie.record_id else ()),
        ),
        exceptions=(("declared", declaration), ("namesake", "NO"), ("decided_by_another", "NO")),
        facts={
            **sums.words(aid, months),
            "handler": masking.code(handler),
            "date_zh": days[0].isoformat() if days else reading.UNDATED[0],
            "date_en": days[0].isoformat() if days else reading.UNDATED[1],
            "tie_zh": TIES[tie.kind][0],
            "tie_en": TIES[tie.kind][1],
        },
        amount=(Decimal(0), paid(aid, since)[1] if since else Decimal(0)),
        period=when or (since, None),
        compared=(
            Compared(
                ("回避申报", "declaration of interest"),
                (
                    "决定前无申报" if asked else "名册未载申报",
                    "none before the decision" if asked else "the roster does not say",
                ),
                TIES[tie.kind],
                "handlers",
            ),
        ),
        steps=sums.steps(aid, months),
    )


def _human(number: str | None, name: str | None) -> Human | None:
    read = numbers.read(number) if number else None
    called = payees.folded(name) if name else None
    return (read, called) if read and called and numbers.is_valid(read) else None


def _humans(roster: pl.DataFrame) -> dict[str, set[Human]]:
    """Who each handler is, in every way that the roster's rows say it."""
    found: dict[str, set[Human]] = defaultdict(set)
    rows = roster.select("handler_id", "id_number", "name").unique().sort("handler_id", "id_number", "name")
    for handler, number, name in rows.iter_rows():
        if human := _human(number, name):
            found[handler].add(human)
    return found


def _ties(facts: Facts, handlers: set[Human]) -> dict[Human, dict[str, list[Tie]]]:
    """To which households each handler is related."""
    found: dict[Human, dict[str, list[Tie]]] = {human: defaultdict(list) for human in handlers}
    for human, person, home, grade in _members(facts, handlers):
        found[human][home].append(Tie("MEMBER", person, grade))
    for human, row in _married(facts, handlers):
        found[human][row["household_id"]].append(Tie("SPOUSE", row["person_id"], row["grade"], row["record_id"]))
    own = {home for homes in found.values() for home in homes}
    kin = kinship.edges(facts).filter(pl.col("one").is_in(sorted(own)), pl.col("grade").is_in(SURE))
    near = reading.rows_by(kin, "one")
    firsts = networks.heads(facts)
    for homes in found.values():
        for home, ties in sorted(homes.items()):
            if not any(each.kind == "MEMBER" for each in ties):
                continue
            for edge in near.get(home, ()):
                if edge["other"] in firsts and edge["other"] not in homes:
                    homes[edge["other"]] = [Tie("KIN", firsts[edge["other"]], edge["grade"], edge["record_id"])]
    return found


def _members(facts: Facts, handlers: set[Human]) -> Iterator[tuple[Human, str, str, Grade]]:
    """Handlers who are members of a household, as they stand in the files today."""
    rows = facts.members.filter(_may_be(pl.col("id_number"), handlers))
    for row in rows.iter_rows(named=True):
        for human, grade in _same(row["id_number"], row["name"], handlers):
            yield human, row["person_id"], row["household_id"], grade


def _may_be(number: pl.Expr, handlers: set[Human]) -> pl.Expr:
    """Whether a number as written may be a handler's; what is not eighteen characters long must be read first."""
    read = number.str.strip_chars().str.to_uppercase()
    return read.is_in(sorted({each for each, _ in handlers})) | (read.str.len_bytes() != FULL)


def _same(number: str | None, name: str | None, handlers: set[Human]) -> Iterator[tuple[Human, Grade]]:
    """The handlers that this number and name are."""
    human = _human(number, name)
    if human is None:
        return
    if human in handlers:
        yield human, "G1"
        return
    yield from ((each, "G2") for each in sorted(handlers) if each[0] == human[0] and payees.alike(each[1], human[1]))


def _married(facts: Facts, handlers: set[Human]) -> Iterator[tuple[Human, Row]]:
    """Marriages in force between a member and a handler."""
    if "marriage" not in facts.linked:
        return
    rows = facts.linked["marriage"].filter(pl.col("grade").is_in(SURE))
    last: dict[tuple[str, Human], Row] = {}
    for party, other in (("A", "b"), ("B", "a")):
        some = rows.filter(pl.col("party") == party, _may_be(pl.col(f"{other}_id_number"), handlers))
        for row in some.iter_rows(named=True):
            for human, _ in _same(row[f"{other}_id_number"], row[f"{other}_name"], handlers):
                known = last.get((row["person_id"], human))
                if known is None or _when(known) < _when(row):
                    last[row["person_id"], human] = row
    for (_, human), event in sorted(last.items(), key=lambda item: item[0]):
        if event["event"] != "DIVORCED":
            yield human, event


def _when(event: Row) -> tuple[dt.date, str]:
    return event["event_date"], event["record_id"]


HOME = {"household_id": "H1", "division_code": "410502", "file_opened_on": "2024-04-01"}
CLERK = {"id_number": "410502198501010024", "name": "周红梅"}
HEAD = {
    "person_id": "P1",
    "household_id": "H1",
    "relation": "HEAD",
    "id_number": "410502197505050010",
    "name": "赵国庆",
}
SPOUSE = {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE", **CLERK}
DECIDED = {"handler_id": "JB-700001", "household_id": "H1", "decided_on": "2024-03-30", **CLERK}
OTHERS = {
    "handler_id": "JB-700009", "household_id": "H9", "decided_on": "2024-02-01", "declared_on": "2024-01-20",
    "id_number": "410502199003030035", "name": "吴大勇",
}  # fmt: skip
AID = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-05", "end_month": "2024-08", "amount_yuan": 500}
WEDDING = {
    "person_id": "P1", "party": "A", "event": "MARRIED", "event_date": "2005-10-01", "b_name": "周红梅",
    "b_id_number": "410502198501010024",
}  # fmt: skip
EXAMPLES = (
    Example(
        zh="经办人是该家庭成员，决定前没有回避申报",
        en="The handler is a member of the household, and declared nothing before the decision",
        given={"households": (HOME,), "members": (HEAD, SPOUSE), "handlers": (DECIDED, OTHERS), "aid": (AID,)},
        severity="HIGH",
        amount=("0", "2000"),
    ),
    Example(
        zh="经办人与户主有婚姻登记",
        en="The handler is married to the head",
        given={"households": (HOME,), "members": (HEAD,), "handlers": (DECIDED, OTHERS), "marriage": (WEDDING,)},
        severity="HIGH",
    ),
    Example(
        zh="决定前已申报回避",
        en="Declared before the decision",
        given={
            "households": (HOME,),
            "members": (HEAD, SPOUSE),
            "handlers": ({**DECIDED, "declared_on": "2024-03-01"}, OTHERS),
        },
        severity=None,
    ),
    Example(
        zh="只是同名，号码不同",
        en="A namesake with another number",
        given={
            "households": (HOME,),
            "members": (HEAD, {**SPOUSE, "id_number": "410502198807070046"}),
            "handlers": (DECIDED, OTHERS),
        },
        severity=None,
    ),
    Example(
        zh="此后已离婚",
        en="Divorced since",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "handlers": (DECIDED, OTHERS),
            "marriage": (WEDDING, {**WEDDING, "event": "DIVORCED", "event_date": "2015-03-01"}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="N06",
    version="1",
    title_zh="经办人与当事家庭有亲属关系",
    title_en="Handler's relatives",
    basis="社会救助暂行办法第六十六条：工作人员不得徇私；安政办〔2019〕15号 四：严禁优亲厚友",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={
        "handlers": "handler_id household_id* decided_on declared_on name* id_number*",
        "members": "name* id_number* relation",
    },
    optional={
        "marriage": "event event_date a_name a_id_number b_name b_id_number",
        "population": "household_no",
        "aid": reading.AID,
    },
    minimum_grade="G2",
    only_in_a_scan=True,
    find=find,
    zh="经办人 {handler} 于 {date} 决定了该家庭的档案，而{tie}，此前没有回避申报。请送纪检（监督）部门核实，不要送经办人所在条线。",
    en="Handler {handler} decided the household's file ({date}), and {tie}; no declaration of interest was filed before. For the discipline "
    "office to verify, not for the handler's own line.",
    clears_zh="决定之前的回避申报，实际由他人决定的记录，或关系登记有误的证明。",
    clears_en="A declaration from before the decision, the record that somebody else decided, or proof that the register errs.",
    exceptions={
        "declared": ("决定前是否已申报回避", "a declaration filed before the decision"),
        "namesake": ("是否只是同名", "a namesake only"),
        "decided_by_another": ("是否由他人决定", "decided by somebody else"),
    },
    parameters=("network.booklet_files",),
    examples=EXAMPLES,
)
