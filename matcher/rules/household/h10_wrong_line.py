"""H10: the file stands in one county, the head is registered in another whose line is a different one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from matcher.identity import contacts
from matcher.overlap import Stream, add_months, first_day, months
from matcher.policy import Policy
from matcher.rules import reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule, Words

COLLECTIVE = ("集体", "人才交流", "人才市场", "宿舍", "公寓")
"""Words of an address or a register that say that nobody need live there."""

CURRENT = ("ACTIVE", None)
YEAR = 12


def find(facts: Facts) -> Iterator[Lead]:
    """档案按所在区划的低保标准计算，而户主户籍登记在另一县区、也住在登记地址，两地标准不同。农民工按工作地标准，不提示；集体户、有成员户籍就在档案区划、登记的
    居住地就在档案区划、户籍已迁出或注销的不提示；两地标准相同的不提示。金额只是已发低保中两地标准之差的部分，少算的不计。

    The file is measured by the line of its own county, and its head is registered, and lives by its own address, in
    another whose line differs. Migrant workers
    are measured by the line of their place of work; nothing is said of collective registers, of households of which a member is registered
    or lives where the file stands, of registers that say moved or cancelled, nor where both lines are the same. The amount is only the
    difference of the lines within the dibao that was paid; a household that got too little is no amount.
    """
    homes = facts.households.filter(
        pl.col("division_code").str.len_chars() >= len("410502"),
        (pl.col("target_group") != "MIGRANT_WORKER").fill_null(True),
        pl.col("file_opened_on").is_not_null(),
        pl.col("file_closed_on").is_null() | (pl.col("file_closed_on") > facts.as_of),
    ).with_columns(ours=pl.col("division_code").str.slice(0, 6))
    lives = pl.col("division_code").str.slice(0, 6)
    heads = (
        facts.members.filter(pl.col("relation") == "HEAD")
        .select("person_id", "household_id", lives=lives)
        .join(homes, on="household_id", how="inner")
        .filter((pl.col("lives") != pl.col("ours")).fill_null(True))
    )
    if heads.is_empty():
        return
    rows = facts.linked["population"].join(homes.select("household_id", "ours"), on="household_id", how="inner")
    register = pl.col("division_code").str.slice(0, 6)
    here = rows.filter(register == pl.col("ours")).get_column("household_id")
    found = rows.join(heads.select("person_id"), on="person_id", how="semi").filter(
        register != pl.col("ours"),
        ~pl.col("household_id").is_in(here.implode()),
        pl.col("status").is_in(CURRENT, nulls_equal=True),
    )
    by_household = reading.rows_by(found.sort("person_id", "record_id"), "household_id")
    ids = sorted(by_household)
    told, families, streams = (
        reading.households(facts, ids),
        reading.members(facts, ids),
        reading.payments(facts, ids),
    )
    for household_id, records in sorted(by_household.items()):
        record = records[-1]
        lines = _lines(facts.policy, facts.as_of, told[household_id]["division_code"], record["division_code"])
        if lines is not None and not _collective(record) and _lives_there(told[household_id], record):
            dibao = [each for each in streams.get(household_id, []) if each.programme == "DIBAO"]
            count = sum(reading.is_member(member, facts.as_of) for member in families[household_id])
            yield _lead(facts, told[household_id], record, lines, dibao, count)


def _collective(record: Row) -> bool:
    said = f"{record['address'] or ''}{record['household_no'] or ''}{record['relation_to_head'] or ''}"
    return any(word in said for word in COLLECTIVE)


def _lives_there(home: Row, record: Row) -> bool:
    """Whether the file's own address is the registered one: who lives elsewhere may be measured by the line of that place."""
    if not home["address"] or not record["address"]:
        return False
    own, registered = contacts.parse(home["address"]), contacts.parse(record["address"])
    return own is not None and registered is not None and contacts.place_level(own, registered) == "equal"


def _lines(policy: Policy, on: dt.date, ours: str, theirs: str) -> tuple[Decimal, Decimal] | None:
    """Both lines on that day; None where they are the same, or one is not in force."""
    one, other = (policy.known("line.dibao", on, code[:6]) for code in (ours, theirs))
    if one is None or other is None or one == other:
        return None
    return Decimal(str(one)), Decimal(str(other))


def _lead(
    facts: Facts, home: Row, record: Row, lines: tuple[Decimal, Decimal], dibao: list[Stream], members: int
) -> Lead:
    ours, theirs = home["division_code"][:6], record["division_code"][:6]
    at_risk, steps, when = _too_much(facts, ours, theirs, dibao, members)
    return Lead(
        household_id=home["household_id"],
        person_ids=(record["person_id"],),
        natural_key=("LINE",),
        severity="LOW",
        grade=record["grade"],
        evidence=(Evidence("population", record["record_id"], record["person_id"]),),
        exceptions=(
            ("collective", "NO" if record["address"] else "UNKNOWN"),
            ("boundary", "UNKNOWN"),
            ("lives_here", "NO"),
        ),
        facts={
            "ours_zh": reading.place(ours)[0],
            "ours_en": reading.place(ours)[1],
            "theirs_zh": reading.place(theirs)[0],
            "theirs_en": reading.place(theirs)[1],
            "our_line": f"{lines[0]:.2f}",
            "their_line": f"{lines[1]:.2f}",
        },
        amount=(Decimal(0), at_risk),
        period=(when[0], when[-1]) if when else (None, None),
        compared=(
            Compared(
                ("区划", "division"), reading.place(ours), reading.place(theirs), "population", record["record_id"]
            ),
        ),
        steps=steps,
    )


def _too_much(
    facts: Facts, ours: str, theirs: str, dibao: list[Stream], members: int
) -> tuple[Decimal, tuple[Words, ...], list[dt.date]]:
    """Of the last year's dibao what the higher line brought, never more than was paid."""
    last, total = first_day(facts.as_of), Decimal(0)
    steps, when = [], []
    for month in months(add_months(last, 1 - YEAR), last):
        lines = _lines(facts.policy, month, ours, theirs)
        paid = sums.paid_in(dibao, [month])
        if lines is None or lines[0] < lines[1] or not paid:
            continue
        counted = min(paid, (lines[0] - lines[1]) * members)
        total += counted
        when.append(month)
        over = lines[0] - lines[1]
        sum_of = f"{lines[0]:.2f} − {lines[1]:.2f} = {over:.2f}"
        times = f"{over:.2f} × {members} = {over * members:.2f}"
        steps.append(
            (
                f"{month:%Y-%m} {sum_of}，{times} 元，当月低保 {paid:.2f} 元，计 {counted:.2f} 元",
                f"{month:%Y-%m} {sum_of}, {times} yuan, dibao {paid:.2f} yuan, counted {counted:.2f} yuan",
            )
        )
    if len(steps) > 1:
        steps.append((f"合计 {total:.2f} 元", f"in all {total:.2f} yuan"))
    return total, tuple(steps), when


HOME = {
    "household_id": "H1",
    "applied_on": "2024-03-01",
    "file_opened_on": "2024-04-01",
    "division_code": "410502",
    "address": "河南省安阳市滑县道口镇文明路12号",
}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
REGISTERED = {
    "person_id": "P1",
    "division_code": "410526",
    "status": "ACTIVE",
    "address": "河南省安阳市滑县道口镇文明路12号",
}
DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-11", "amount_yuan": 600}
EXAMPLES = (
    Example(
        zh="档案在文峰区，户籍在滑县，两地标准不同",
        en="A file in Wenfeng, the head registered in Hua county with a lower line",
        given={"households": (HOME,), "members": (HEAD,), "population": (REGISTERED,), "aid": (DIBAO,)},
        severity="LOW",
        amount=("0", "60"),
    ),
    Example(
        zh="农民工按工作地标准",
        en="A migrant worker: the line of the place of work",
        given={
            "households": ({**HOME, "target_group": "MIGRANT_WORKER"},),
            "members": (HEAD,),
            "population": (REGISTERED,),
        },
        severity=None,
    ),
    Example(
        zh="住在档案所在的文峰区",
        en="Living in Wenfeng, where the file stands",
        given={
            "households": ({**HOME, "address": "河南省安阳市文峰区人民大道12号3号楼2单元501室"},),
            "members": (HEAD,),
            "population": (REGISTERED,),
        },
        severity=None,
    ),
    Example(
        zh="集体户",
        en="A collective register",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "population": ({**REGISTERED, "address": "滑县人才交流中心集体户"},),
        },
        severity=None,
    ),
    Example(
        zh="同城另一区，标准相同",
        en="Another district of the city, with the same line",
        given={"households": (HOME,), "members": (HEAD,), "population": ({**REGISTERED, "division_code": "410503"},)},
        severity=None,
    ),
)

RULE = Rule(
    id="H10",
    version="1",
    title_zh="适用低保标准有误",
    title_en="Wrong line used",
    basis="社会救助暂行办法第十条：低保标准由设区的市或县公布；安政办〔2019〕15号 二（一）：农民工按工作地",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        "households": "division_code* address* target_group file_opened_on file_closed_on",
        "members": "relation division_code valid_from valid_to",
        "population": "division_code* address* household_no relation_to_head status",
    },
    optional={"aid": reading.AID},
    minimum_grade="G4",
    find=find,
    rests_on=("population",),
    zh="档案在{ours}，低保标准 {our_line} 元；户主户籍登记在{theirs}，标准 {their_line} 元。请核对应适用哪一地的标准。",
    en="The file stands in {ours}, where the line is {our_line} yuan; its head is registered in {theirs}, where it is {their_line}. Check "
    "which line applies.",
    clears_zh="居住证、租房合同或社区证明（居住在档案所在地），区划调整文件，集体户证明。",
    clears_en="Proof of residence where the file stands, of a changed boundary, or of a collective register.",
    exceptions={
        "collective": ("是否集体户", "a collective register"),
        "boundary": ("是否区划调整", "a changed boundary"),
        "lives_here": ("是否长期居住在档案所在地", "lives where the file stands"),
    },
    parameters=("line.dibao",),
    examples=EXAMPLES,
)
