"""P03: one person, two numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.identity import contacts, names, numbers
from matcher.identity.rarity import NameShares
from matcher.overlap import Stream, shared
from matcher.rules import masking, own_numbers, reading, sums
from matcher.rules.explaining import count as months_of
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule, Words

DATE = 6, 8
SEX_AT = 16

SHARED: dict[str, Words] = {
    "account": ("收款账户", "the account that is paid into"),
    "phone": ("电话", "the phone"),
    "address": ("住址", "the address"),
}


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two members of one name, birth date and sex with two numbers; what else they share; how many namesakes to expect."""

    one: Row
    other: Row
    shared: tuple[str, ...]
    odds: float


def find(facts: Facts) -> Iterator[Lead]:
    """两名成员的姓名、出生日期、性别相同，公民身份号码都有效而不同，并且收款账户、电话或住址相同：可能是同一人持两个号码，也可能
    是更正过的号码。户籍登记注销了其中一个号码的更正，双胞胎（号码地区、出生日期相同而顺序码相邻）、多户共用的单位电话，以及在本地人数中同名同日属常见巧合的，
    不构成疑点。先核实身份，不停发待遇。

    Two members have one name, birth date and sex, two citizen numbers that are both well formed, and the same account,
    phone or address: they may be one person with two numbers, or one whose number was corrected. A correction on record
    (the population register struck off one of the two numbers), twins (area and birth
    date of the numbers agree, the sequences are neighbours), an office's phone that many households give, and namesakes
    whom so many people are bound to hold by accident are no lead. The identity is settled first; nothing is stopped.
    """
    pairs = list(_pairs(facts))
    household_ids = {side["household_id"] for pair in pairs for side in (pair.one, pair.other)}
    homes, streams = reading.households(facts, household_ids), reading.payments(facts, household_ids)
    for pair in pairs:
        sides = (pair.one, pair.other)
        counted = all(_counted(side, homes[side["household_id"]], facts.as_of) for side in sides)
        if counted and not _corrected(*(_register(side["person_id"], facts) for side in sides)):
            yield _lead(pair, homes, streams, facts)


def _counted(member: Row, home: Row, as_of: dt.date) -> bool:
    return reading.is_member(member, as_of) and reading.last_day(home, as_of) == as_of


def _pairs(facts: Facts) -> Iterator[_Pair]:
    """Each pair once, the larger household id last, in the order of persons."""
    people = _people(facts)
    most = int(facts.policy.value("identity.shared_phone_files", facts.as_of))
    together: dict[tuple[str, str], set[str]] = {}
    for what in SHARED:
        known = people.filter(pl.col(what).is_not_null())
        if what == "phone":
            crowded = (
                known.group_by("phone").agg(pl.col("household_id").n_unique()).filter(pl.col("household_id") >= most)
            )
            known = known.join(crowded.select("phone"), on="phone", how="anti")
        keys = ["born", "male", what]
        known = known.filter(pl.len().over(keys) > 1).select("person_id", "number", *keys)
        both = known.join(known, on=keys, suffix="_other").filter(
            (pl.col("person_id") < pl.col("person_id_other")) & (pl.col("number") != pl.col("number_other"))
        )
        for one, other in both.select("person_id", "person_id_other").iter_rows():
            together.setdefault((one, other), set()).add(what)
    if not together:
        return
    wanted = people.filter(pl.col("person_id").is_in([person for pair in together for person in pair]))
    rows = {row["person_id"]: row for row in wanted.iter_rows(named=True)}
    shares = facts.once("name_shares", _shares)
    limit = facts.policy.value("identity.namesake_odds", facts.as_of)
    for (one, other), what_is_shared in sorted(together.items()):
        left, right = rows[one], rows[other]
        name = _folded(left["name"])
        if name is None or name != _folded(right["name"]) or _like_twins(left["number"], right["number"]):
            continue
        odds = shares.namesakes_born_alike(name)
        if odds <= limit:
            yield _Pair(left, right, tuple(what for what in SHARED if what in what_is_shared), odds)


def _people(facts: Facts) -> pl.DataFrame:
    """Members with a well-formed number: their birth date, sex, phone, and their household's account and address."""
    valid = own_numbers.of_members(facts).filter(pl.col("form") == "VALID").select("person_id", "number")
    homes = facts.households.select("household_id", account="payee_account", address="address")
    inside = pl.col("number").str.slice(*DATE).str.to_date("%Y%m%d", strict=False)
    odd = pl.col("number").str.slice(SEX_AT, 1).cast(pl.Int64, strict=False) % 2 == 1
    return (
        facts.members.drop("address")
        .join(valid, on="person_id")
        .join(homes, on="household_id")
        .select(
            "person_id", "household_id", "relation", "valid_from", "valid_to", "name", "number", "account",
            born=pl.coalesce("birth_date", inside),
            male=pl.when(pl.col("sex").is_null()).then(odd).otherwise(pl.col("sex") == "MALE"),
            phone=pl.col("phone").replace_strict(_phones(facts), default=None, return_dtype=pl.String),
            address=pl.col("address").replace_strict(_addresses(facts), default=None, return_dtype=pl.String),
        )
        .filter(pl.col("born").is_not_null())
    )  # fmt: skip


def _phones(facts: Facts) -> dict[str, str | None]:
    """Each phone as it is written, with its folded form."""
    written = facts.members.get_column("phone").drop_nulls()
    regular = written.str.contains(contacts.REGULAR_PHONE)
    odd = {each: contacts.phone(each) for each in written.filter(~regular).unique()}
    return {each: each for each in written.filter(regular).unique()} | odd


def _addresses(facts: Facts) -> dict[str, str]:
    """The addresses of households that say a dwelling, as they were written; a road or a building is many people's."""
    written = facts.households.get_column("address").drop_nulls().unique()
    return {each: each for each in written.filter(written.str.contains(r"\d\D*\d"))}


def _shares(whole: Facts) -> NameShares:
    return NameShares.of(folded for written in whole.members.get_column("name") if (folded := _folded(written)))


def _folded(written: str | None) -> str | None:
    clean = names.clean(written) if written else None
    return names.simplify(clean) if clean else None


def _like_twins(one: str, other: str) -> bool:
    return bool(numbers.same_but_sequence(numbers.as_bytes([one]), numbers.as_bytes([other]))[0])


LEAST_ODDS = 0.01
"""Below this, a number of people is told as less than this."""


def _lead(pair: _Pair, homes: dict[str, Row], streams: dict[str, list[Stream]], facts: Facts) -> Lead:
    earlier, later = sorted(
        (pair.one, pair.other), key=lambda side: _since(side, homes[side["household_id"]], facts.as_of)
    )
    sides = (earlier, later)
    paid = [sums.needs_tested(streams.get(side["household_id"], [])) for side in sides]
    amounts, steps = _overlap(paid[0], paid[1], earlier["household_id"] == later["household_id"])
    told = [{row["record_id"] for row in _register(side["person_id"], facts)} for side in sides]
    corrected: Result = "YES" if told[0] & told[1] else "NO" if all(told) else "UNKNOWN"
    what = ("公民身份号码（末四位）", "citizen number (its last four characters)")
    ours, theirs = (masking.code(side["number"]) for side in sides)
    return Lead(
        household_id=later["household_id"],
        person_ids=(later["person_id"], earlier["person_id"]),
        natural_key=("TWO_NUMBERS",),
        severity="LOW" if corrected == "YES" else "MEDIUM",
        grade="G1",
        evidence=tuple(Evidence("members", side["person_id"], side["person_id"]) for side in sides),
        exceptions=(("twins", "NO"), ("corrected", corrected), ("namesake", "NO")),
        facts={
            "shared_zh": "、".join(SHARED[each][0] for each in pair.shared),
            "shared_en": ", ".join(SHARED[each][1] for each in pair.shared),
            "odds_zh": "不足 0.01" if pair.odds < LEAST_ODDS else f"约 {pair.odds:.2f}",
            "odds_en": "fewer than 0.01" if pair.odds < LEAST_ODDS else f"about {pair.odds:.2f}",
            "identity_zh": "两份档案各有有效号码；姓名、出生日期、性别及共有项一致，是否同一人须先核实",
            "identity_en": "each file has a well-formed number; name, birth date, sex and what is shared agree; whether they are "
            "one person is to be settled first",
        },
        amount=(Decimal(0), min(amounts)),
        compared=(Compared(what, (ours, ours), (theirs, theirs), "members"),),
        steps=steps,
    )


def _since(side: Row, home: Row, as_of: dt.date) -> tuple[dt.date, str, str]:
    began = side["valid_from"] or reading.application_date(home, as_of)
    return began, side["household_id"], side["person_id"]


def _overlap(
    left: list[Stream], right: list[Stream], one_home: bool
) -> tuple[tuple[Decimal, Decimal], tuple[Words, ...]]:
    """What each side was paid in the months that both were; in one household nothing was paid twice that we know of."""
    if one_home:
        return (Decimal(0), Decimal(0)), ()
    both = {
        month for a in left for b in right if (common := shared(a, b)) is not None for month in sums.since(*common)
    }
    amounts = sums.paid_in(left, both), sums.paid_in(right, both)
    count = len(both)
    return amounts, (
        (f"共同发放的 {count} 个月：较早一户 {amounts[0]:.2f} 元，较晚一户 {amounts[1]:.2f} 元，取较小者 {min(amounts):.2f} 元",
         f"in the {months_of(count, 'month')} paid to both: the earlier household {amounts[0]:.2f} yuan, the later {amounts[1]:.2f}; the smaller "
         f"counts: {min(amounts):.2f} yuan"),
    ) if count else ()  # fmt: skip


def _register(person_id: str, facts: Facts) -> list[Row]:
    """The records by which the population register knows a member, whatever number they bear."""
    population = facts.linked.get("population")
    if population is None:
        return []
    return list(population.filter(pl.col("person_id") == person_id).sort("record_id").iter_rows(named=True))


def _corrected(one: list[Row], other: list[Row]) -> bool:
    """Whether the register has struck off the one number and keeps the other: then the number was corrected."""
    struck = [bool(rows) and all(row["status"] == "CANCELLED" for row in rows) for rows in (one, other)]
    return struck[0] != struck[1] and bool(one) and bool(other)


EARLIER = {
    "household_id": "H1",
    "file_opened_on": "2024-01-10",
    "division_code": "410502",
    "payee_account": "6217000000000012345",
}
LATER = {**EARLIER, "household_id": "H2", "file_opened_on": "2024-05-10"}
ONE = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "name": "欧阳建国", "sex": "MALE", "birth_date": "1975-01-01",
       "id_number": "410502197501011233"}  # fmt: skip
OTHER = {**ONE, "person_id": "P2", "household_id": "H2", "id_number": "410503197501014510"}
EXAMPLES = (
    Example(
        zh="两户的同名、同日生、同性别的户主号码不同，收款账户相同",
        en="Two heads of one name, birth date and sex with two numbers, paid into one account",
        given={"households": (EARLIER, LATER), "members": (ONE, OTHER)},
        severity="MEDIUM",
    ),
    Example(
        zh="除姓名和生日外没有任何共同之处",
        en="They share nothing but name and birth date",
        given={"households": (EARLIER, {**LATER, "payee_account": "6217000000000099999"}), "members": (ONE, OTHER)},
        severity=None,
    ),
    Example(
        zh="双胞胎，名字不同",
        en="Twins of different given names",
        given={
            "households": (EARLIER,),
            "members": (ONE, {**ONE, "person_id": "P2", "name": "欧阳建军", "id_number": "41050219750101125X"}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P03",
    version="1",
    title_zh="一人两号",
    title_en="One person, two numbers",
    basis="居民身份证法第三条：一人一号；安政办〔2019〕15号 三（一）防止重复救助",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "members": "name* id_number* sex birth_date phone relation valid_from valid_to",
        "households": "payee_account address",
    },
    optional={"aid": reading.AID, "population": "status"},
    minimum_grade="G1",
    only_in_a_scan=True,
    find=find,
    zh="两名成员姓名、出生日期、性别相同，公民身份号码均有效而不同，且{shared}相同（同名同日同性别的巧合，在本地预期{odds} 人）。",
    en="Two members have one name, birth date and sex and two well-formed citizen numbers, and share {shared} (people expected here "
    "by accident with that name, day and sex: {odds}).",
    clears_zh="户籍登记的号码更正记录，或证明两人并非同一人的证件（如双胞胎、同名者）。",
    clears_en="The register's record of a corrected number, or papers that show the two to be two people (twins, namesakes).",
    exceptions={
        "twins": ("是否为双胞胎", "twins"),
        "corrected": ("是否为已更正的号码", "a corrected number"),
        "namesake": ("是否可能为同名巧合", "namesakes by accident"),
    },
    parameters=("identity.namesake_odds", "identity.shared_phone_files"),
    examples=EXAMPLES,
)
