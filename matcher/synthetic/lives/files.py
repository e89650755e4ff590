"""What every household's own file says: its account, its payee, who took it in, who looks after it, where somebody works."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from matcher.synthetic import places
from matcher.synthetic.households import Household, Ledger, Record

HOUSEHOLDS_A_HANDLER = 150
FILES_AN_EMPLOYER = 3
"""Fewer than rule N07 asks about."""

EMPLOYED, PAID_TO_SPOUSE, LONG_NAME = 0.4, 0.15, 6
BURST, BUSY = 32, 20
"""Applications of one day with one handler: more than rule N08's thirty, and fewer."""

BURST_AMONG, BUSY_AMONG, CAMPAIGN_AMONG = 150, 300, 600
"""From how many households on a city has such days."""

BURST_AGO, BUSY_AGO, CAMPAIGN_AGO = 300, 340, 380

OFFICE_PHONES = tuple(f"139037200{number:02d}" for number in range(20))
"""The numbers of offices that people give (families.HUB_PHONE)."""

COLLECTIVE_ACCOUNT = "6217002430000410502"
DORMITORY = ("殷都区", "梅园庄街1号安钢职工公寓7号楼")


def staff(homes: int, outsiders: int) -> int:
    """How many case handlers the city has."""
    return min(outsiders, 3 + homes // HOUSEHOLDS_A_HANDLER)


def open_files(homes: Sequence[Household], ledger: Ledger, handlers: int) -> None:
    """Fills the files of all households, before anything is planted."""
    for home in homes:
        heir = home.having("SPOUSE")
        payee = heir[0] if heir and ledger.chance(PAID_TO_SPOUSE) else home.head
        home.file |= {
            "payee_account": new_account(ledger),
            "payee_name": payee.identity["name"],
            "handler_id": f"HD{ledger.number(1, handlers):04d}",
            "contact_officer": f"GB{ledger.number(1, 400):03d}",
            "updated_on": ledger.before(ledger.as_of, 10, 300),
        }
    employed = [home for home in homes if ledger.chance(EMPLOYED)]
    for place, home in enumerate(employed):
        home.file["employer_uscc"] = f"91410500MA9{place // FILES_AN_EMPLOYER:07d}"
    _crowded_days(homes, ledger)


def new_account(ledger: Ledger) -> str:
    """A bank card's number that nobody else has."""
    return f"6217{ledger.number(10**14, 10**15 - 1)}"


def _crowded_days(homes: Sequence[Household], ledger: Ledger) -> None:
    """A day on which one handler took in very many applications; one with many; one of a campaign."""
    free = [home for home in homes if home.file_opened_on and home.file_closed_on is None]
    for kind, among, count, ago in (
        ("intake_burst", BURST_AMONG, BURST, BURST_AGO),
        ("busy_day", BUSY_AMONG, BUSY, BUSY_AGO),
        ("campaign_day", CAMPAIGN_AMONG, BURST, CAMPAIGN_AGO),
    ):
        if len(homes) < among:
            continue
        crowd, free = free[:count], free[count:]
        day = ledger.as_of - dt.timedelta(days=ago)
        for home in crowd:
            home.applied_on, home.file_opened_on = day, day + dt.timedelta(days=30)
            home.file["handler_id"] = crowd[0].file["handler_id"]
        first = min(crowd, key=lambda home: home.household_id)
        if kind == "intake_burst":
            ledger.lead("N08", first)
        else:
            ledger.innocent(kind, "N08", first, first.head)


def pay_into_accounts(homes: Sequence[Household], ledger: Ledger) -> None:
    """Every row of aid that does not say it goes to the account of its household's file, under the name that the bank has."""
    of = {person.human: home for home in homes for person in home.people}
    for row in ledger.records.get("aid", []):
        home = of.get(row["_humans"]["SELF"])
        if home is not None and "payee_account" not in row:
            row["payee_account"] = home.file["payee_account"]
            row.setdefault("payee_name", _as_the_bank_writes(home.file["payee_name"]))


def _as_the_bank_writes(name: str) -> str:
    """Banks cut names that are too long for their form."""
    bare = name.replace("·", "")
    return bare[:LONG_NAME] if len(bare) > LONG_NAME else name


def registers(as_of: dt.date) -> str:
    """The city's own policy.toml: the registers of telephones, accounts, addresses and campaign days."""
    division = places.COUNTIES[2][0]
    campaign = as_of - dt.timedelta(days=CAMPAIGN_AGO)
    entries: list[Record] = [
        *({"kind": "PHONE", "value": phone, "basis": "市总工会公布的办公电话"} for phone in OFFICE_PHONES),
        {"kind": "ACCOUNT", "value": COLLECTIVE_ACCOUNT, "basis": "经批准的村集体代发账户"},
        {"kind": "ADDRESS", "value": "".join(DORMITORY), "division": division, "basis": "职工公寓名册"},
        {"kind": "DAY", "value": campaign.isoformat(), "basis": "困难职工摸底排查工作通知"},
    ]
    lines = ['approved_by = ["测试甲", "测试乙"]', ""]
    for entry in entries:
        told = entry | {"valid_from": dt.date(2000, 1, 1), "status": "verified"}
        lines.append("[[listed]]")
        lines += [
            f"{key} = {value}" if isinstance(value, dt.date) else f'{key} = "{value}"' for key, value in told.items()
        ]
        lines.append("")
    return "\n".join(lines)
