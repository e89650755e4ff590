"""Made-up people and things, the same at every run: numbers with their check, names, telephones, addresses, plates, codes.

Everything follows from a label (the case and the person or thing in it), so that adding a case changes no other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from matcher.identity import numbers

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
COUNTIES = {
    "410502": "文峰区", "410503": "北关区", "410505": "殷都区", "410506": "龙安区", "410522": "安阳县", "410523": "汤阴县",
    "410526": "滑县", "410527": "内黄县", "410581": "林州市",
}  # fmt: skip
ROADS = (
    "人民大道",
    "文明大道",
    "中华路",
    "彰德路",
    "朝阳路",
    "东风路",
    "健康路",
    "光明路",
    "德隆街",
    "永明路",
    "铁西路",
    "安钢大道",
)
COMMON = 60
"""Surnames and characters are drawn from the commonest: our people bear names like anybody's."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as every register should have it."""

    name: str
    id_number: str | None
    sex: str
    birth_date: dt.date
    phone: str | None
    address: str | None
    division_code: str


def draw(label: str, below: int) -> int:
    """A number from 0 to below that always belongs to this label."""
    return int.from_bytes(hashlib.blake2b(label.encode("utf-8"), digest_size=8).digest()) % below


def digits(label: str, count: int) -> str:
    """So many digits that always belong to this label."""
    return f"{draw(label, 10**count):0{count}d}"


def citizen_number(division: str, born: dt.date, sequence: int) -> str:
    """A number by GB 11643-1999 with its check character."""
    seventeen = f"{division}{born:%Y%m%d}{sequence:03d}"
    return seventeen + numbers.check_character(seventeen)


def sequence_for(label: str, sex: str) -> int:
    """A sequence that tells the sex: odd for men; below those kept for people born before 1900."""
    return 2 * draw(f"sequence {label}", 480) + (11 if sex == "MALE" else 10)


def surname(label: str) -> str:
    """One of the commonest surnames of one character."""
    return _surnames()[draw(f"surname {label}", COMMON)]


def given_name(label: str, sex: str) -> str:
    """Two characters as people of that sex bear them."""
    pool = _given()[sex]
    return pool[draw(f"first {label}", COMMON)] + pool[draw(f"second {label}", COMMON)]


def phone(label: str) -> str:
    """A mobile number."""
    return f"13{4 + draw(f'block {label}', 6)}{digits(f'phone {label}', 8)}"


def address(label: str, division: str) -> str:
    """A flat in a county of Anyang."""
    road = ROADS[draw(f"road {label}", len(ROADS))]
    house, block, stairs, flat = (
        1 + draw(f"{part} {label}", most)
        for part, most in (("house", 180), ("block", 30), ("stairs", 5), ("flat", 6))
    )
    county = COUNTIES.get(division, COUNTIES["410502"])
    return f"河南省安阳市{county}{road}{house}号院{block}号楼{stairs}单元{flat}0{1 + draw(f'door {label}', 3)}室"


def account(label: str) -> str:
    """A bank card."""
    return "6217002470" + digits(f"account {label}", 9)


def plate(label: str) -> str:
    """A number plate of Anyang."""
    return "豫E" + digits(f"plate {label}", 5)


def credit_code(label: str, head: str = "91") -> str:
    """A unified social credit code with its check character (GB 32100-2015)."""
    seventeen = f"{head}410500MA" + "".join(USCC_ALPHABET[draw(f"{place} uscc {label}", 31)] for place in range(7))
    total = sum(USCC_ALPHABET.index(char) * weight for char, weight in zip(seventeen, USCC_WEIGHTS, strict=True))
    return seventeen + USCC_ALPHABET[(31 - total % 31) % 31]


def unit_number(label: str) -> str:
    """A real-estate unit."""
    return f"410502{digits(f'zone {label}', 6)}GB{digits(f'parcel {label}', 5)}F{digits(f'unit {label}', 8)}"


@cache
def _surnames() -> list[str]:
    lines = _lines("surname_shares.txt")
    return [name for name in (line.split()[0] for line in lines) if len(name) == 1][:COMMON]


@cache
def _given() -> dict[str, list[str]]:
    pools = {
        kind: characters.split()
        for kind, characters in (line.split(maxsplit=1) for line in _lines("given_names.txt")[:2])
    }
    return {
        "MALE": list(dict.fromkeys(pools["men"]))[:COMMON],
        "FEMALE": list(dict.fromkeys(pools["women"]))[:COMMON],
    }


def _lines(name: str) -> list[str]:
    text = files("matcher.identity.tables").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
