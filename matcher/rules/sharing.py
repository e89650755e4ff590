"""What a file holds that another may hold as well: telephones, dwellings, accounts that are paid into, documents."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection

import polars as pl

from matcher import columnwise
from matcher.identity import contacts, divisions
from matcher.policy import EVERYWHERE, Register
from matcher.rules import networks, reading
from matcher.rules.rule import Facts

HELD = pl.Schema({"household_id": pl.String, "key": pl.String})
"""A household and a thing that it holds, in the form in which things are compared."""

EMPTY_FILE = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no byte at all: an upload that failed is nobody's evidence."""

DAYS_A_YEAR = 365.25
ADULT = 18
_MASKED = r"[*＊]|[XxＸｘ]{2}"
_SCIENTIFIC = r"^[0-9.]+E\+?[0-9]+$"
_CUT_BY_A_SPREADSHEET = r"^[0-9]{15}0{2,}$"
"""Spreadsheets keep fifteen digits of a number; the rest become zeros, and unlike accounts become equal."""
_NUMERALS = r"[〇零一二两三四五六七八九十百]+(?:号|栋|幢|座|排|单元|层|楼|室|弄|#|组)|[层(（\[【附]"
_RUN = re.compile("[0-9]+")
_NOT_A_DWELLING = re.compile(
    r"宿舍|集体户|集体宿舍|救助|收容|庇护|福利院|敬老|养老|光荣院|护理院|托养|招待所|旅馆|宾馆|酒店|工棚|板房|安置点|人才交流|人才市场"
)


def phones(facts: Facts) -> pl.DataFrame:
    """The telephones of files that are open (HELD), without those of case handlers and on the register of telephones.

    Left out are households of old people alone: they leave a neighbour's, a doctor's or an officer's number.
    """
    return facts.once("sharing.phones", _phones)


def _phones(facts: Facts) -> pl.DataFrame:
    held = networks.on_file(facts).select("household_id", "division_code", key=_phone(pl.col("phone")))
    held = _unregistered(facts, "PHONE", held, contacts.phone)
    handlers = facts.tables.get("handlers")
    if handlers is not None:
        officers = handlers.select(key=_phone(pl.col("phone"))).drop_nulls()
        held = held.join(officers, on="key", how="anti")
    old = elderly(facts, networks.candidates(held, 2))
    return held.filter(~pl.col("household_id").is_in(sorted(old))).select(HELD.names())


def _phone(column: pl.Expr) -> pl.Expr:
    """Telephones folded; what is a mobile in good form stays as it is."""
    return column.map_batches(
        lambda written: columnwise.read(written, contacts.REGULAR_PHONE, contacts.phone), return_dtype=pl.String
    )


def elderly(facts: Facts, households: pl.Series) -> set[str]:
    """Those of these households of which every adult member is old."""
    years = facts.policy.value("network.elderly_age", facts.as_of)
    old = set()
    for household, members in reading.members(facts, households).items():
        born = [reading.birth_date(each) for each in members if reading.is_member(each, facts.as_of)]
        ages = [(facts.as_of - day).days / DAYS_A_YEAR if day else None for day in born]
        adults = [age for age in ages if age is None or age >= ADULT]
        if adults and all(age is not None and age >= years for age in adults):
            old.add(household)
    return old


def dwellings(facts: Facts) -> pl.DataFrame:
    """The dwellings of files that are open (HELD), down to the door; an address without one is none.

    Dormitories, shelters, homes and collective registers are no dwellings, nor what stands on the register of addresses.
    Only addresses whose digits occur often enough are read, which takes long.
    """
    return facts.once("sharing.dwellings", _dwellings)


def _dwellings(facts: Facts) -> pl.DataFrame:
    least = facts.policy.value("network.address_files", facts.as_of)
    told = networks.on_file(facts).select("household_id", "division_code", "address").drop_nulls("address")
    digits = pl.col("address").str.normalize("NFKC").str.replace_all(r"[^0-9]+", " ").str.strip_chars()
    odd = pl.col("address").str.contains(_NUMERALS)
    told = told.with_columns(digits=pl.when(odd).then(_each(pl.when(odd).then("address"), _digits)).otherwise(digits))
    told = told.filter(pl.len().over("digits") >= least, pl.col("digits").str.len_bytes() > 0)
    listed = [
        (parts, each.division)
        for each in facts.policy.listed("ADDRESS", facts.as_of)
        if (parts := contacts.parse(each.value))
    ]
    rows = []
    for household, code, address in told.select("household_id", "division_code", "address").iter_rows():
        parts = None if _NOT_A_DWELLING.search(address) else contacts.parse(address)
        if parts is None or not _is_door(parts):
            continue
        if any(_within(parts, place) and _there(code, where) for place, where in listed):
            continue
        county = divisions.name(code[:6]) if code else None
        key = (county or parts.division, parts.road, parts.number, parts.building, parts.unit, parts.room)
        rows.append((household, "|".join(key)))
    return pl.DataFrame(rows, schema=HELD, orient="row")


def _digits(address: str) -> str:
    """The digits of an address that counts in Chinese numerals, or says floors or asides: those that are compared, in their order."""
    parts = contacts.parse(address)
    return " ".join(_RUN.findall(f"{parts.number} {parts.building} {parts.unit} {parts.room}")) if parts else ""


def _is_door(parts: contacts.Address) -> bool:
    """Whether an address goes down to one dwelling: a room of a building, or a house of a village's group."""
    house = parts.unit.endswith("组") and parts.number and not parts.building
    return bool(parts.road and (house or (parts.room and (parts.building or parts.unit or parts.number))))


def _within(parts: contacts.Address, place: contacts.Address) -> bool:
    """Whether an address lies in a place of the register, which may be a building or a whole estate."""
    said = ("road", "number", "building", "unit", "room")
    return all(getattr(place, name) in ("", getattr(parts, name)) for name in said)


def account(written: pl.Expr) -> pl.Expr:
    """An account's digits and letters; null where it is masked, cut by a spreadsheet or filled with one digit."""
    text = written.str.normalize("NFKC")
    bare = text.str.replace_all(r"[^0-9A-Za-z]+", "").str.to_uppercase()
    damaged = text.str.contains(_MASKED) | text.str.to_uppercase().str.contains(_SCIENTIFIC)
    filler = bare.str.strip_chars(bare.str.slice(0, 1)) == ""
    sound = (bare.str.len_bytes() >= 8) & ~damaged & ~filler & ~bare.str.contains(_CUT_BY_A_SPREADSHEET)
    return pl.when(sound).then(bare)


def accounts(facts: Facts) -> pl.DataFrame:
    """The rows of aid that say which account they were paid into, as its `key`, without those on the register of accounts."""
    return facts.once("sharing.accounts", _accounts)


def _accounts(facts: Facts) -> pl.DataFrame:
    return unregistered_accounts(facts, facts.linked["aid"]).drop_nulls("key").sort("person_id", "party", "record_id")


def unregistered_accounts(facts: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with a payee_account, with its `key`, save those whose account is on the register of that household's division."""
    homes = facts.households.select("household_id", home_division="division_code")
    rows = rows.with_columns(key=account(pl.col("payee_account"))).join(homes, on="household_id", how="left")
    return _unregistered(facts, "ACCOUNT", rows, one_account, "home_division").drop("home_division")


def one_account(written: str | None) -> str | None:
    """The key of one account as written."""
    key: str | None = pl.select(account(pl.lit(written, pl.String))).item()
    return key


def documents(facts: Facts) -> pl.DataFrame:
    """The documents of files (HELD): by their content or by the number of the certificate."""
    return facts.once("sharing.documents", _documents)


def _documents(facts: Facts) -> pl.DataFrame:
    table = facts.tables["documents"].join(
        facts.households.select("household_id", "division_code"), on="household_id"
    )
    content = pl.col("document_hash").str.strip_chars().str.to_lowercase()
    number = (
        pl.col("certificate_no").str.normalize("NFKC").str.replace_all(r"[^0-9A-Za-z\p{Han}]+", "").str.to_uppercase()
    )
    common = ("household_id", "division_code")
    held = pl.concat(
        [
            table.select(
                *common, key=pl.when(content.str.len_bytes() > 0, content != EMPTY_FILE).then("#" + content)
            ),
            table.select(*common, key=pl.when(number.str.len_bytes() >= 6).then("N" + number)),
        ]
    )
    held = _unregistered(facts, "DOCUMENT", held, lambda written: "#" + written.strip().lower())
    return held.drop_nulls("key").select(HELD.names()).unique().sort(HELD.names())


def _each(column: pl.Expr, fold: Callable[[str], str | None]) -> pl.Expr:
    """A column folded, every distinct value once."""

    def folded(written: pl.Series) -> pl.Series:
        distinct = written.unique().drop_nulls()
        read = pl.Series([fold(value) for value in distinct.to_list()], dtype=pl.String)
        return written.replace_strict(distinct, read, default=None, return_dtype=pl.String)

    return column.map_batches(folded, return_dtype=pl.String)


def _unregistered(
    facts: Facts, kind: Register, held: pl.DataFrame, fold: Callable[[str], str | None], where: str = "division_code"
) -> pl.DataFrame:
    """What is left of `held` without the things that stand on a register of the policy."""
    for each in facts.policy.listed(kind, facts.as_of):
        listed = pl.col("key") == fold(each.value)
        if each.division != EVERYWHERE:
            listed &= pl.col(where).str.starts_with(each.division)
        held = held.filter(~listed.fill_null(False))
    return held


def _there(code: str | None, where: str) -> bool:
    return where == EVERYWHERE or (code is not None and code.startswith(where))


def open_campaign(facts: Facts, day: dt.date, division: str | None) -> bool:
    """Whether a day stands on the register of campaigns (摸底) of that division."""
    return any(
        each.value == day.isoformat() and _there(division, each.division)
        for each in facts.policy.listed("DAY", facts.as_of)
    )


def kept(held: pl.DataFrame, households: Collection[str]) -> pl.DataFrame:
    """The rows of these households."""
    return held.filter(pl.col("household_id").is_in(sorted(households)))
