"""The catalogue of programmes as dated data: who grants what to whom, how often, out of whose money, on which conditions.

The shipped one is programmes.toml beside this file; a city's own entries stand before it, each from its day and in its
division. What it says is checked when it is read, so that a slip stops a service from starting and not a household's aid.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, TypeVar

from api.domain.casework import HardshipCause
from api.domain.grants import GrantPeriod, OnceFor
from api.domain.ledger import FundSource
from api.domain.measures import Measure
from api.domain.responsibilities import MeasureRole

EVERYWHERE = "*"
E = TypeVar("E", bound=StrEnum)


class GrantedTo(StrEnum):
    """To whom a programme is granted."""

    HOUSEHOLD = "HOUSEHOLD"
    PERSON = "PERSON"
    EMPLOYER = "EMPLOYER"


class ConditionKind(StrEnum):
    """What a condition of a programme is held against; STATED is for an officer to state."""

    CATEGORY = "CATEGORY"
    CAUSE = "CAUSE"
    NAMED_CAUSE = "NAMED_CAUSE"
    BILL = "BILL"
    STATED = "STATED"


class Sign(StrEnum):
    """What the register knows of somebody that speaks for a condition which an officer states."""

    AT_SCHOOL = "AT_SCHOOL"
    OUT_OF_WORK = "OUT_OF_WORK"


class ChainLink(StrEnum):
    """A link of the education chain, in its order: 入学救助、在校扶助、就业援助."""

    ADMISSION = "ADMISSION"
    IN_SCHOOL = "IN_SCHOOL"
    EMPLOYMENT = "EMPLOYMENT"


class BadCatalogue(ValueError):
    """A catalogue that cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, in words, and by which codes it is met; `sign` is what speaks for one that an officer states."""

    kind: ConditionKind
    codes: tuple[str, ...]
    zh: str
    en: str
    verified: bool
    sign: Sign | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Where and since when an entry holds, on which basis; `own` where it is the city's."""

    division: str
    valid_from: dt.date
    valid_to: dt.date | None
    basis: str
    verified: bool
    own: bool

    def holds(self, on: dt.date, division: str | None) -> bool:
        """Whether it is in force on that day in that division."""
        there = self.division == EVERYWHERE or (division is not None and division.startswith(self.division))
        return there and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    @property
    def rank(self) -> tuple[int, bool, dt.date]:
        """Which of several that hold goes first: the nearer division, the city's own, the later."""
        return (0 if self.division == EVERYWHERE else len(self.division), self.own, self.valid_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Dated):
    """A programme as it holds somewhere for some time; `season` are the months of the year in which it is on, in their order."""

    code: str
    agency: tuple[MeasureRole, ...]
    measures: tuple[Measure, ...]
    units: tuple[GrantedTo, ...]
    periods: tuple[GrantPeriod, ...]
    once: OnceFor
    funds: tuple[FundSource, ...]
    insured: bool
    conditions: tuple[Condition, ...]
    season: tuple[int, ...] = ()
    chain: tuple[ChainLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Dated):
    """An entry of the service list."""

    code: str
    measure: Measure
    zh: str
    en: str
    agency: MeasureRole
    programmes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy(Dated):
    """Which measures address a cause of hardship; none where nobody can say beforehand."""

    cause: HardshipCause
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All programmes and services, and what addresses which cause, whenever and wherever they hold."""

    entries: tuple[Entry, ...]
    services: tuple[Service, ...]
    remedies: tuple[Remedy, ...] = ()

    def programme(self, code: str, on: dt.date, division: str | None = None) -> Entry | None:
        """The programme as it holds on that day in that division; None where it does not."""
        holding = [entry for entry in self.entries if entry.code == code and entry.holds(on, division)]
        return max(holding, key=lambda entry: entry.rank, default=None)

    def programmes(self, on: dt.date, division: str | None = None) -> dict[str, Entry]:
        """All programmes as they hold on that day in that division, by code, in the order of the list."""
        codes = dict.fromkeys(entry.code for entry in self.entries)
        return {code: entry for code in codes if (entry := self.programme(code, on, division)) is not None}

    def granted_by(self, role: MeasureRole, on: dt.date, division: str | None = None) -> tuple[str, ...]:
        """The programmes that whoever holds this role grants on that day in that division."""
        return tuple(code for code, entry in self.programmes(on, division).items() if role in entry.agency)

    def service_list(self, on: dt.date, division: str | None = None) -> tuple[Service, ...]:
        """The services as they hold on that day in that division, by measure, in the order of the list."""
        best: dict[str, Service] = {}
        for service in sorted(
            (each for each in self.services if each.holds(on, division)), key=lambda each: each.rank
        ):
            best[service.code] = service
        order = {measure: place for place, measure in enumerate(Measure)}
        names = list(dict.fromkeys(each.code for each in self.services))
        return tuple(sorted(best.values(), key=lambda each: (order[each.measure], names.index(each.code))))

    def remedy(self, cause: HardshipCause, on: dt.date, division: str | None = None) -> tuple[Measure, ...]:
        """The measures that address the cause on that day in that division."""
        holding = [each for each in self.remedies if each.cause is cause and each.holds(on, division)]
        best = max(holding, key=lambda each: each.rank, default=None)
        return () if best is None else best.measures

    def with_own(self, text: str, name: str) -> Catalogue:
        """The same with a city's own entries before it. Raises BadCatalogue."""
        own = parse(text, name, own=True)
        strange = {entry.code for entry in own.entries} - {entry.code for entry in self.entries}
        if strange:
            raise BadCatalogue(f"{name}: {', '.join(sorted(strange))} is no programme of the policy's list")
        return Catalogue(
            (*self.entries, *own.entries), (*self.services, *own.services), (*self.remedies, *own.remedies)
        )


@cache
def shipped() -> Catalogue:
    """The catalogue that comes with the service."""
    return parse(files("api.domain").joinpath("programmes.toml").read_text(encoding="utf-8"), "programmes.toml")


def parse(text: str, name: str, *, own: bool = False) -> Catalogue:
    """A catalogue from TOML. Raises BadCatalogue."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadCatalogue(f"{name}: this is not TOML ({error})") from error
    if unknown := sorted(set(table) - {"programme", "service", "cause"}):
        raise BadCatalogue(f"{name} holds {', '.join(unknown)}; known are [[programme]], [[service]] and [[cause]]")
    entries = [
        _entry(each, f"{name}, [[programme]] {place}", own)
        for place, each in enumerate(table.get("programme", []), 1)
    ]
    services = [
        _service(each, f"{name}, [[service]] {place}", own) for place, each in enumerate(table.get("service", []), 1)
    ]
    remedies = [
        _remedy(each, f"{name}, [[cause]] {place}", own) for place, each in enumerate(table.get("cause", []), 1)
    ]
    return Catalogue(tuple(entries), tuple(services), tuple(remedies))


def _entry(given: Mapping[str, Any], where: str, own: bool) -> Entry:
    known = {
        "code",
        "agency",
        "measures",
        "units",
        "periods",
        "once",
        "funds",
        "insured",
        "conditions",
        "season",
        "chain",
    }
    dated = _dated(given, known, where, own)
    return Entry(
        code=_word(given, "code", where),
        agency=_several(MeasureRole, given.get("agency"), where, least=1),
        measures=_several(Measure, given.get("measures"), where, least=1),
        units=_several(GrantedTo, given.get("units"), where, least=1),
        periods=_several(GrantPeriod, given.get("periods"), where),
        once=_several(OnceFor, [given.get("once", "MONTH")], where)[0],
        funds=_several(FundSource, given.get("funds"), where),
        insured=bool(given.get("insured", False)),
        conditions=tuple(_condition(each, where) for each in given.get("conditions", ())),
        season=_season(given.get("season", []), where),
        chain=_several(ChainLink, given.get("chain"), where),
        **dated,
    )


def _season(given: Any, where: str) -> tuple[int, ...]:
    """Months that follow one another, over the turn of the year, too: [12, 1, 2]. Raises BadCatalogue."""
    listed = given if isinstance(given, list) else [None]
    months = [each for each in listed if type(each) is int and 1 <= each <= 12]
    follow = all(after == before % 12 + 1 for before, after in pairwise(months))
    if len(months) != len(listed) or not follow or len(months) > 11:
        raise BadCatalogue(f"{where}: a season is months of the year that follow one another, such as [12, 1, 2]")
    return tuple(months)


def _condition(given: Mapping[str, Any], where: str) -> Condition:
    if unknown := sorted(set(given) - {"kind", "any", "sign", "zh", "en", "status"}):
        raise BadCatalogue(f"{where}: a condition holds {', '.join(unknown)}")
    (kind,) = _several(ConditionKind, [given.get("kind")], where)
    codes = tuple(str(each) for each in given.get("any", ()))
    if bool(codes) != (kind in (ConditionKind.CATEGORY, ConditionKind.CAUSE)):
        raise BadCatalogue(f"{where}: a condition of category or cause names what meets it, and no other does")
    signs = _several(Sign, [given["sign"]] if "sign" in given else [], where)
    if signs and kind is not ConditionKind.STATED:
        raise BadCatalogue(f"{where}: a sign speaks for a condition that is stated, and for no other")
    words = (_word(given, "zh", where), _word(given, "en", where), _verified(given, where))
    return Condition(kind, codes, *words, next(iter(signs), None))


def _service(given: Mapping[str, Any], where: str, own: bool) -> Service:
    dated = _dated(given, {"code", "measure", "zh", "en", "agency", "programmes"}, where, own)
    return Service(
        code=_word(given, "code", where),
        measure=_several(Measure, [given.get("measure")], where)[0],
        zh=_word(given, "zh", where),
        en=_word(given, "en", where),
        agency=_several(MeasureRole, [given.get("agency")], where)[0],
        programmes=tuple(str(each) for each in given.get("programmes", ())),
        **dated,
    )


def _remedy(given: Mapping[str, Any], where: str, own: bool) -> Remedy:
    dated = _dated(given, {"code", "measures"}, where, own)
    (cause,) = _several(HardshipCause, [given.get("code")], where)
    return Remedy(cause=cause, measures=_several(Measure, given.get("measures"), where), **dated)


def _dated(given: Mapping[str, Any], known: Iterable[str], where: str, own: bool) -> dict[str, Any]:
    unknown = sorted(set(given) - {*known, "division", "valid_from", "valid_to", "basis", "status"})
    if unknown:
        raise BadCatalogue(f"{where} holds {', '.join(unknown)}")
    begins, ends = given.get("valid_from"), given.get("valid_to")
    if type(begins) is not dt.date or type(ends) not in (dt.date, type(None)):
        raise BadCatalogue(f"{where} needs valid_from as a date, such as 2024-01-01")
    return {
        "division": str(given.get("division", EVERYWHERE)),
        "valid_from": begins,
        "valid_to": ends,
        "basis": _word(given, "basis", where),
        "verified": _verified(given, where),
        "own": own,
    }


def _verified(given: Mapping[str, Any], where: str) -> bool:
    if given.get("status") not in ("verified", "assumed"):
        raise BadCatalogue(f"{where} needs status verified or assumed")
    return bool(given["status"] == "verified")


def _word(given: Mapping[str, Any], key: str, where: str) -> str:
    word = given.get(key)
    if not isinstance(word, str) or not word.strip():
        raise BadCatalogue(f"{where} needs {key}")
    return word


def _several(kind: type[E], given: Any, where: str, least: int = 0) -> tuple[E, ...]:
    listed = given if isinstance(given, list) else []
    try:
        found = tuple(kind(each) for each in listed)
    except ValueError as error:
        raise BadCatalogue(f"{where}: {error}; known are {', '.join(kind)}") from error
    if len(found) < least:
        raise BadCatalogue(f"{where} needs one of {', '.join(kind)}")
    return found
