"""The red team's table: fixed cases where the right answer is no lead, and for every rule at least one where it is a lead.

One table serves every entry path (safeguards F-36 and F-41). What a case may say is listed in README.md beside this file;
whatever it leaves out is an unremarkable life: on the population register, authorised, on file since spring, visited by
the union in November, with a number, a name, a telephone, a flat and an account of one's own.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from matcher.sources.contract import load as contract
from tests.redteam import identities
from tests.redteam.identities import Identity

AS_OF = dt.date(2024, 12, 31)
CASES = Path(__file__).parent / "cases"
SEXES = {"M": "MALE", "F": "FEMALE"}
RELATIONS = {
    "head": "HEAD",
    "spouse": "SPOUSE",
    "child": "CHILD",
    "parent": "PARENT",
    "father": "PARENT",
    "mother": "PARENT",
}
CASE_KEYS = {
    "id", "zh", "en", "tempts", "because", "people", "household", "households", "members", "crowd", "records", "leads", "may",
    "silent", "answered", "unauthorised", "unregistered", "visited",
}  # fmt: skip
OWN = ("name", "id_number", "sex", "birth_date", "phone", "address", "division_code")
PERSON_KEYS = {
    "born",
    "sex",
    "name",
    "number",
    "sequence",
    "issued_in",
    "phone",
    "address",
    "division",
    "home",
    "relation",
}
ANY_HOUSEHOLD = "any"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a case; `home` is the key of their household, None for an outsider. `own`: further columns of members."""

    key: str
    identity: Identity
    home: str | None
    relation: str
    own: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """A lead that must be raised: exactly one in that household, or for ANY_HOUSEHOLD one or more anywhere in the case."""

    rule: str
    household: str
    severity: str | None = None
    basis: str | None = None


@dataclass(frozen=True)
class Case:
    """One case. `records[source]` are rows as departments would send them, save that `of` names a person.

    `silent`: sources that have not answered about anybody in it; `answered`: sources of income and money that have. `leads` is what the
    scan must raise, and `may` the rules that may speak as well where `leads` is not empty.
    """

    id: str
    zh: str
    en: str
    tempts: tuple[str, ...]
    because: str
    people: Mapping[str, Person]
    households: Mapping[str, Mapping[str, Any]]
    members: tuple[Mapping[str, Any], ...]
    records: Mapping[str, tuple[Mapping[str, Any], ...]]
    leads: tuple[Expected, ...]
    may: frozenset[str]
    silent: frozenset[str]
    answered: frozenset[str]
    unauthorised: frozenset[str]
    unregistered: frozenset[str]
    visited: bool

    @property
    def innocent(self) -> bool:
        """Whether the right answer is no lead."""
        return not self.leads


@cache
def load(folder: Path = CASES) -> tuple[Case, ...]:
    """Every case of every file, by file and place. Raises ValueError for what the table does not know, and for cases that collide."""
    cases = tuple(
        _case(row, path.name)
        for path in sorted(folder.glob("*.toml"))
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    )
    _check_apart(cases)
    return cases


def _case(row: Mapping[str, Any], file: str) -> Case:
    case_id = row.get("id", "?")
    _known(row, CASE_KEYS, f"{file}: {case_id}")
    households: dict[str, Mapping[str, Any]] = {key: dict(told) for key, told in row.get("households", {}).items()}
    if "household" in row:
        households["h1"] = dict(row["household"])
    people = {key: _person(case_id, key, told, households) for key, told in row.get("people", {}).items()}
    if crowd := row.get("crowd"):
        more, theirs = _crowd(case_id, crowd)
        people, households = people | theirs, households | more
    for person in people.values():
        if person.home:
            households.setdefault(person.home, {})
    return Case(
        id=case_id,
        zh=row["zh"],
        en=row["en"],
        tempts=tuple(row["tempts"]),
        because=row.get("because", ""),
        people=people,
        households=households,
        members=tuple(row.get("members", ())),
        records={source: tuple(rows) for source, rows in row.get("records", {}).items()},
        leads=tuple(_expected(each, f"{file}: {case_id}") for each in row["leads"]),
        may=frozenset(row.get("may", ())),
        silent=frozenset(row.get("silent", ())),
        answered=frozenset(row.get("answered", ())),
        unauthorised=frozenset(row.get("unauthorised", ())),
        unregistered=frozenset(row.get("unregistered", ())),
        visited=row.get("visited", True),
    )


def _person(case_id: str, key: str, told: str | Mapping[str, Any], households: Mapping[str, Any]) -> Person:
    """Somebody written as "F 1975-03-04", or as a table with what is special about them."""
    if isinstance(told, str):
        sex, born = told.split()
        told = {"sex": sex, "born": born}
    stem = key.rstrip("0123456789")
    home = told.get("home", "h1")
    if home == "none":
        home = None
    own = {name: value for name, value in told.items() if name not in PERSON_KEYS}
    _known(own, set(contract("members").schema()), f"{case_id}: {key}")
    sex, label = SEXES[told["sex"]], f"{case_id} {key}"
    division = told.get("division") or (households.get(home, {}).get("division_code") if home else None) or "410502"
    return Person(
        key=key,
        identity=Identity(
            name=told.get("name") or _name(case_id, key, stem, sex),
            id_number=_number(told, label, sex, division),
            sex=sex,
            birth_date=dt.date.fromisoformat(told["born"]),
            phone=told.get("phone", identities.phone(label)) or None,
            address=told.get("address", identities.address(f"{case_id} {home or key}", division)) or None,
            division_code=division,
        ),
        home=home,
        relation=told.get("relation", RELATIONS.get(stem, "OTHER")),
        own=own,
    )


def _number(told: Mapping[str, Any], label: str, sex: str, division: str) -> str | None:
    if "number" in told:
        return told["number"] or None
    sequence = told.get("sequence", identities.sequence_for(label, sex))
    if sequence % 2 != (sex == "MALE"):
        raise ValueError(f"{label}: an odd sequence is a man's")
    return identities.citizen_number(told.get("issued_in", division), dt.date.fromisoformat(told["born"]), sequence)


def _name(case_id: str, key: str, stem: str, sex: str) -> str:
    """Head, father and children bear one surname; everybody else one of their own."""
    family = case_id if stem in ("head", "father", "child") else f"{case_id} {key}"
    return identities.surname(family) + identities.given_name(f"{case_id} {key}", sex)


def _crowd(case_id: str, told: Mapping[str, Any]) -> tuple[dict[str, Mapping[str, Any]], dict[str, Person]]:
    """Many households of one, who share what `told` says beside its count."""
    homes: dict[str, Mapping[str, Any]] = {}
    people: dict[str, Person] = {}
    for place in range(1, told["count"] + 1):
        home, key = f"c{place}", f"p{place}"
        born = dt.date(1962, 1, 1) + dt.timedelta(days=identities.draw(f"{case_id} {key}", 9_000))
        homes[home] = dict(told.get("household", {}))
        row = {
            "sex": "MF"[identities.draw(f"sex {case_id} {key}", 2)],
            "born": born.isoformat(),
            "home": home,
            "relation": "HEAD",
        }
        people[key] = _person(case_id, key, row | dict(told.get("person", {})), homes)
    return homes, people


def _expected(told: str | Mapping[str, Any], where: str) -> Expected:
    row = {"rule": told} if isinstance(told, str) else dict(told)
    _known(row, {"rule", "household", "severity", "basis"}, where)
    return Expected(row["rule"], row.get("household", "h1"), row.get("severity"), row.get("basis"))


def _known(row: Mapping[str, Any], keys: set[str], where: str) -> None:
    if strange := sorted(set(row) - keys):
        raise ValueError(f"{where}: the table knows no {', '.join(strange)}")


def _check_apart(cases: tuple[Case, ...]) -> None:
    """No two cases share an id, a name, a number or a telephone: what one case holds can never tempt a rule in another."""
    owner: dict[tuple[str, str], str] = {}
    for case in cases:
        mine = {("id", case.id)}
        for person in case.people.values():
            identity = person.identity
            mine |= {("name", identity.name), ("number", identity.id_number or f"none {case.id} {person.key}")}
            mine |= {("phone", identity.phone or f"none {case.id} {person.key}")}
        for thing in mine:
            if owner.setdefault(thing, case.id) != case.id or (
                thing[0] == "id" and thing in owner and owner[thing] != case.id
            ):
                raise ValueError(f"{case.id} and {owner[thing]} share {thing[0]} {thing[1]}")
    ids = [case.id for case in cases]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise ValueError(f"two cases are called {', '.join(twice)}")
