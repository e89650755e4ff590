"""Dated values by division: every threshold a rule uses, and how programmes of aid stand to one another.

The shipped defaults stand in policies/ beside this file; a folder's own policy.toml stands before them. For a date
and division the value with the longest matching division counts, then the folder's before the shipped, then the
latest `valid_from`. So a replay of an old date uses the values of that date. Whatever a folder's own file changes names
the two people who approved it (safeguard F-16).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from matcher.errors import InputRefused, MatcherError
from matcher.identity.programmes import BY_CODE

Status = Literal["verified", "assumed"]
EVERYWHERE = "*"

Text = tuple[str, str, bool]
"""A policy file: its name, its content, and whether it is the city's own."""

Rank = tuple[bool, int, bool, dt.date]

Kind = Literal["EXCLUSIVE", "COUNTS_AS_INCOME", "NOT_INCOME", "STACK", "ONCE", "COMPATIBLE", "FIRST_DECIDES"]
KINDS: tuple[Kind, ...] = (
    "EXCLUSIVE", "COUNTS_AS_INCOME", "NOT_INCOME", "STACK", "ONCE", "COMPATIBLE", "FIRST_DECIDES",
)  # fmt: skip
"""How a programme that is assessed stands to one that is held: never both for one person and month · it counts as income ·
it does not · both up to the actual cost · once a period or cause · both in full · the first decides on the second."""

SYMMETRIC: frozenset[Kind] = frozenset({"EXCLUSIVE", "STACK", "ONCE", "COMPATIBLE"})
"""Kinds that say the same whichever of the two is assessed."""

HARDSHIP_FILE = "HARDSHIP_FILE"
"""Stands among the assessed for the union's file itself, which is no programme."""

APPROVERS = 2

_COMMON = {"division", "valid_from", "valid_to", "basis", "status", "approved_by"}
_VALUE_KEYS = {"key", "value", "unit"} | _COMMON
_RELATION_KEYS = {"assessed", "held", "relation", "yields"} | _COMMON
_ORDER_KEYS = {"key", "programmes"} | _COMMON
_LISTED_KEYS = {"kind", "value"} | _COMMON
_TABLES = {"value", "relation", "order", "listed", "approved_by"}

Register = Literal["ACCOUNT", "PHONE", "ADDRESS", "DOCUMENT", "DAY"]
REGISTERS: tuple[Register, ...] = ("ACCOUNT", "PHONE", "ADDRESS", "DOCUMENT", "DAY")
"""What a city registers so that sharing it says nothing: collective accounts, offices' telephones, dormitories and shelters,
template pages, days of campaigns. These are institutions' things; a person's own stand on no register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Where and when something holds, on which basis; `own`: it stands in the city's own file, approved by two people."""

    division: str
    valid_from: dt.date
    valid_to: dt.date | None
    basis: str
    status: Status
    own: bool
    approved_by: tuple[str, ...] = ()
    simulated: bool = False

    def holds(self, on: dt.date, division: str | None) -> bool:
        """Whether it is in force on that day in that division (six digits, or None where unknown)."""
        there = self.division == EVERYWHERE or (division is not None and division.startswith(self.division))
        return there and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    @property
    def rank(self) -> Rank:
        """Which of several that hold goes first: what is simulated, the nearer division, the city's own, the later."""
        near = 0 if self.division == EVERYWHERE else len(self.division)
        return (self.simulated, near, self.own, self.valid_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Dated):
    """One threshold and its unit."""

    key: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation(Dated):
    """One cell of the matrix: what holding `held` means when `assessed` is assessed. Of two EXCLUSIVE ones one `yields`."""

    assessed: str
    held: str
    relation: Kind
    yields: str = ""

    @property
    def keeps(self) -> str:
        """Of two that exclude one another the one that stays."""
        return self.held if self.yields == self.assessed else self.assessed

    @property
    def pair(self) -> frozenset[str]:
        """The two programmes, whichever is assessed."""
        return frozenset((self.assessed, self.held))

    @property
    def weight(self) -> tuple[Rank, bool, bool, bool]:
        """Which of several cells goes first: by rank; among equals the stricter and the better founded one, one of a pair."""
        return (
            self.rank,
            self.relation == "EXCLUSIVE",
            self.status == "verified",
            self.assessed < self.held,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Dated):
    """Programmes in the order in which they pay for one cost."""

    key: str
    programmes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Dated):
    """A thing on a register, as it was written there; a day as 2024-05-17."""

    kind: Register
    value: str


@dataclass(frozen=True, slots=True)
class Policy:
    """All values in force somewhere at some time."""

    values: tuple[Value, ...]
    relations: tuple[Relation, ...]
    orders: tuple[Order, ...]
    version: str
    texts: tuple[Text, ...] = field(default=(), repr=False)
    listings: tuple[Listed, ...] = ()
    _by_key: dict[str, list[Value]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for value in self.values:
            self._by_key.setdefault(value.key, []).append(value)

    def changed(self, change: Path) -> Policy:
        """The same with the entries of a file before all others, which need no approvers: for simulations alone (F-40)."""
        return _of([*(_File(*text) for text in self.texts), _File(*_own(change), simulated=True)])

    def entry(self, key: str, on: dt.date, division: str | None = None) -> Value:
        """The value of `key` that counts on that day in that division. Raises MatcherError where none is in force."""
        holding = [value for value in self._by_key.get(key, ()) if value.holds(on, division)]
        if not holding:
            raise MatcherError(f"no value of {key} is in force on {on}; add one to policy.toml")
        return max(holding, key=lambda value: value.rank)

    def value(self, key: str, on: dt.date, division: str | None = None) -> float:
        """The number of `entry`."""
        return self.entry(key, on, division).value

    def known(self, key: str, on: dt.date, division: str | None = None) -> float | None:
        """The number of `entry`; None where none is in force, as on a day of which nobody has told any."""
        try:
            return self.value(key, on, division)
        except MatcherError:
            return None

    def at(self, on: dt.date, division: str | None) -> Callable[[str], float]:
        """The numbers in force on that day in that division, by key."""
        return lambda key: self.value(key, on, division)

    def relation(self, assessed: str, held: str, on: dt.date, division: str | None = None) -> Relation | None:
        """The cell that counts on that day in that division; None where nothing is said of the two.

        An exclusion holds both ways. Where the cell is silent, what is said of the two the other way round counts, if it
        is of a kind that says the same both ways.
        """
        pair = frozenset((assessed, held))
        there = [cell for cell in self.relations if cell.pair == pair and cell.holds(on, division)]
        if not there:
            return None
        first = max(there, key=lambda cell: cell.weight)
        if first.relation == "EXCLUSIVE":
            return first
        mild = [cell for cell in there if cell.relation != "EXCLUSIVE"]
        own = [cell for cell in mild if (cell.assessed, cell.held) == (assessed, held)]
        other = [cell for cell in mild if cell.relation in SYMMETRIC]
        return max(own or other, key=lambda cell: cell.weight, default=None)

    def exclusive(self, on: dt.date, division: str | None = None) -> tuple[Relation, ...]:
        """Each excluded pair of programmes once, as it holds on that day in that division."""
        best: dict[frozenset[str], Relation] = {}
        holding = (cell for cell in self.relations if cell.assessed != cell.held and cell.holds(on, division))
        for cell in sorted(holding, key=lambda cell: cell.weight):
            best[cell.pair] = cell
        excluded = [cell for cell in best.values() if cell.relation == "EXCLUSIVE"]
        return tuple(sorted(excluded, key=lambda cell: (cell.keeps, cell.yields)))

    def counts_as_income(self, on: dt.date, division: str | None = None, assessed: str = "DIBAO") -> frozenset[str]:
        """The programmes that count as income when `assessed` (or HARDSHIP_FILE) is assessed on that day."""
        held = sorted({cell.held for cell in self.relations if cell.assessed == assessed})
        cells = (self.relation(assessed, each, on, division) for each in held)
        return frozenset(cell.held for cell in cells if cell is not None and cell.relation == "COUNTS_AS_INCOME")

    def listed(self, kind: Register, on: dt.date) -> tuple[Listed, ...]:
        """What stands on a register on that day, in whichever division."""
        return tuple(
            each
            for each in self.listings
            if each.kind == kind and each.valid_from <= on and (each.valid_to is None or on <= each.valid_to)
        )

    def order(self, key: str, on: dt.date, division: str | None = None) -> Order:
        """The order `key` that counts on that day in that division. Raises MatcherError where none is in force."""
        holding = [order for order in self.orders if order.key == key and order.holds(on, division)]
        if not holding:
            raise MatcherError(f"no order {key} is in force on {on}; add one to policy.toml")
        return max(holding, key=lambda order: order.rank)


def load(own: Path | None = None) -> Policy:
    """The shipped defaults, with a city's own policy.toml before them. Raises InputRefused for a malformed file."""
    folder = files("matcher").joinpath("policies")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    shipped = [(f"policies/{name}", folder.joinpath(name).read_text(encoding="utf-8"), False) for name in names]
    return of_texts([*shipped, *([_own(own)] if own is not None else ())])


def of_texts(texts: Iterable[Text]) -> Policy:
    """The policy whose `texts` these are, as a scan keeps them. Raises InputRefused likewise."""
    return _of([_File(*text) for text in texts])


@dataclass(frozen=True, slots=True)
class _File:
    """A policy file while it is read; `approvers` stand at its top."""

    name: str
    text: str
    own: bool
    simulated: bool = False
    approvers: Any = ()


def _own(path: Path) -> Text:
    try:
        return path.name, path.read_bytes().decode("utf-8-sig"), True
    except OSError as error:
        raise InputRefused("the policy file cannot be opened", file=path, remedy="Check the path") from error
    except UnicodeDecodeError as error:
        raise InputRefused(f"this is not TOML ({error})", file=path.name, remedy="Save it as UTF-8") from error


def _of(contents: Sequence[_File]) -> Policy:
    values: list[Value] = []
    relations: list[Relation] = []
    orders: list[Order] = []
    listings: list[Listed] = []
    for each in contents:
        table = _parse(each)
        file = replace(each, approvers=table.get("approved_by", []))
        values += [_value(entry, file, place) for place, entry in enumerate(table.get("value", []), 1)]
        relations += [_relation(entry, file, place) for place, entry in enumerate(table.get("relation", []), 1)]
        orders += [_order(entry, file, place) for place, entry in enumerate(table.get("order", []), 1)]
        listings += [_listed(entry, file, place) for place, entry in enumerate(table.get("listed", []), 1)]
    entries: list[Value | Order] = [*values, *orders]
    known = {entry.key for entry in entries if not entry.own}
    if strange := sorted({entry.key for entry in entries} - known):
        raise InputRefused(
            f"no rule reads {', '.join(strange)}",
            file=contents[-1].name,
            remedy=f"Known keys are {', '.join(sorted(known))}",
        )
    digest = hashlib.sha256("\0".join(file.text for file in contents).encode("utf-8")).hexdigest()[:12]
    texts = tuple((file.name, file.text, file.own) for file in contents)
    return Policy(tuple(values), tuple(relations), tuple(orders), digest, texts, tuple(listings))


def _parse(file: _File) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        raise InputRefused(f"this is not TOML ({error})", file=file.name) from error
    if unknown := sorted(set(table) - _TABLES):
        raise InputRefused(
            f"it holds {', '.join(unknown)}",
            file=file.name,
            remedy="Known are [[value]], [[relation]], [[order]], [[listed]] and approved_by",
        )
    return table


def _value(entry: dict[str, Any], file: _File, place: int) -> Value:
    where = f"[[value]] {place}"
    common = _common(entry, _VALUE_KEYS, file, where)
    number = entry.get("value")
    if not isinstance(entry.get("key"), str) or isinstance(number, bool) or not isinstance(number, int | float):
        raise InputRefused(f"{where} needs a key and a number as value", file=file.name)
    return Value(key=entry["key"], value=float(number), unit=str(entry.get("unit", "")), **common)


def _relation(entry: dict[str, Any], file: _File, place: int) -> Relation:
    where = f"[[relation]] {place}"
    common = _common(entry, _RELATION_KEYS, file, where)
    assessed, held, kind, yields = (str(entry.get(key, "")) for key in ("assessed", "held", "relation", "yields"))
    for side, code, known in (("assessed", assessed, {*BY_CODE, HARDSHIP_FILE}), ("held", held, {*BY_CODE})):
        if code not in known:
            raise InputRefused(
                f"{where}: {side} is no programme", file=file.name, remedy="Use the codes of the programmes"
            )
    if kind not in KINDS:
        raise InputRefused(
            f"{where}: {kind or 'nothing'} is no relation", file=file.name, remedy=f"Use {', '.join(KINDS)}"
        )
    two = assessed != held
    if (kind == "EXCLUSIVE") != (two and yields in (assessed, held)) or (yields and kind != "EXCLUSIVE"):
        raise InputRefused(
            f"{where}: of two programmes that are EXCLUSIVE one yields, and of no others",
            file=file.name,
            remedy='Add yields = "…" with one of the two, or leave it out',
        )
    return Relation(assessed=assessed, held=held, relation=kind, yields=yields, **common)


def _order(entry: dict[str, Any], file: _File, place: int) -> Order:
    where = f"[[order]] {place}"
    common = _common(entry, _ORDER_KEYS, file, where)
    programmes = entry.get("programmes")
    listed = programmes if isinstance(programmes, list) else []
    if not listed or len(set(map(str, listed))) < len(listed) or not set(map(str, listed)) <= BY_CODE.keys():
        raise InputRefused(
            f"{where} needs programmes, each once", file=file.name, remedy="Use the codes of the programmes"
        )
    return Order(key=str(entry.get("key", "")), programmes=tuple(listed), **common)


def _listed(entry: dict[str, Any], file: _File, place: int) -> Listed:
    where = f"[[listed]] {place}"
    common = _common(entry, _LISTED_KEYS, file, where)
    kind, value = entry.get("kind"), entry.get("value")
    if kind not in REGISTERS or not isinstance(value, str) or not value.strip():
        raise InputRefused(
            f"{where} needs a kind and a value",
            file=file.name,
            remedy=f"Use one of {', '.join(REGISTERS)}, and a text as value",
        )
    if kind == "DAY" and not _is_day(value):
        raise InputRefused(f"{where}: {value} is no day", file=file.name, remedy="Write it as 2024-05-17")
    return Listed(kind=kind, value=value.strip(), **common)


def _is_day(written: str) -> bool:
    try:
        dt.date.fromisoformat(written.strip())
    except ValueError:
        return False
    return True


def _common(entry: dict[str, Any], known: set[str], file: _File, where: str) -> dict[str, Any]:
    if unknown := sorted(set(entry) - known):
        raise InputRefused(
            f"{where} holds {', '.join(unknown)}", file=file.name, remedy=f"Known are {', '.join(sorted(known))}"
        )
    if not entry.get("basis") or entry.get("status") not in ("verified", "assumed"):
        raise InputRefused(f"{where} needs a legal basis and status verified or assumed", file=file.name)
    days = {key: entry.get(key) for key in ("valid_from", "valid_to")}
    if type(days["valid_from"]) is not dt.date or type(days["valid_to"]) not in (dt.date, type(None)):
        raise InputRefused(f"{where} needs valid_from as a date, such as 2024-01-01", file=file.name)
    return {
        **days,
        "division": str(entry.get("division", EVERYWHERE)),
        "basis": entry["basis"],
        "status": entry["status"],
        "own": file.own,
        "approved_by": _approvers(entry.get("approved_by", file.approvers), file.name, where)
        if file.own and not file.simulated
        else (),
        "simulated": file.simulated,
    }


def _approvers(said: Any, name: str, where: str) -> tuple[str, ...]:
    """The two people who answer for a change (safeguard F-16)."""
    known = {each.strip() for each in said if isinstance(each, str)} - {""} if isinstance(said, list) else set()
    if len(known) < APPROVERS:
        raise InputRefused(
            f"{where} changes a shipped value and needs two named approvers",
            file=name,
            remedy='Add approved_by = ["name", "other name"] to it, or once at the top of the file',
        )
    return tuple(sorted(known))
