"""The one door to the matrix: what is found when aid that is asked for is held against all aid there is, month by month.

Verified exclusions refuse, assumed ones warn; one programme twice in a person's month refuses wherever the matrix does
not let it stack. Nothing here decides: who grants reads this first, and the database keeps what was claimed apart.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from api.domain import money
from api.domain.grants import (
    AidRelation,
    Correction,
    Finding,
    GrantEffect,
    GrantFindingKind,
    GrantPeriod,
    OnceFor,
    ordered,
)
from matcher import compatibility, overlap
from matcher.compatibility import Matrix
from matcher.identity.programmes import STUDENT_AID
from matcher.overlap import Stream, add_months, months
from matcher.policy import EVERYWHERE, Policy, Relation

ASKED = ""
"""The record of what is asked for, among those that are there."""

TEMPORARY = "TEMPORARY_AID"
MEDICAL = "medical"
Span = tuple[dt.date, dt.date]
K, F = GrantFindingKind, GrantEffect
TOLD = {"COUNTS_AS_INCOME": K.COUNTS_AS_INCOME, "FIRST_DECIDES": K.FIRST_DECIDES, "STACK": K.STACKS}
"""Relations that whoever decides should know of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Aid that is asked for: `people` are the humans it is for, each with the months in which they are in the household."""

    programme: str
    first: dt.date
    last: dt.date
    period: GrantPeriod
    amount_fen: int
    people: Mapping[int, Span]
    division: str
    once: OnceFor = OnceFor.MONTH
    cause: str | None = None
    bill: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Aid that somebody has: the key of its enrolment, and the months; without a first month they are unknown.

    `cause` is a code of ours; of another register's words only that they are there is known (`ours` is false).
    """

    key: int
    person: int
    programme: str
    first: dt.date | None
    last: dt.date | None
    amount_fen: int | None
    agency: str | None = None
    period: GrantPeriod = GrantPeriod.MONTH
    cause: str | None = None
    bill: int | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the matrix as it holds somewhere on a day; `yields` is the one of two exclusive ones that gives way."""

    relation: AidRelation
    yields: str | None
    basis: str
    verified: bool
    division: str | None
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(slots=True)
class _Met:
    """What one programme that is held comes to, over all people."""

    months: set[dt.date] = field(default_factory=set)
    people: set[int] = field(default_factory=set)
    held: dict[int, Held] = field(default_factory=dict)

    def take(self, held: Iterable[Held], when: Iterable[dt.date]) -> None:
        for each in held:
            self.people.add(each.person)
            self.held[each.key] = each
        self.months.update(when)


def between(policy: Policy, assessed: str, held: str, on: dt.date, division: str | None) -> Cell | None:
    """What the matrix says of the two as it holds on that day in that division, or None."""
    found = policy.relation(assessed, held, on, division)
    if found is None:
        return None
    return Cell(
        relation=AidRelation(found.relation),
        yields=found.yields or None,
        basis=found.basis,
        verified=found.status == "verified",
        division=None if found.division == EVERYWHERE else found.division,
        valid_from=found.valid_from,
        valid_to=found.valid_to,
    )


def met(policy: Policy, asked: Asked, held: Sequence[Held]) -> tuple[Finding, ...]:
    """All that speaks against what is asked, and that should be known of it; what refuses first."""
    known = [each for each in held if each.first is not None]
    matrix = Matrix.of(policy, asked.division)
    found = [
        *_twice(policy, asked, known),
        *_excluded(policy, matrix, asked, known),
        *_once(policy, asked, known),
        *_told(policy, asked, known),
        *_unknown(matrix, asked, [each for each in held if each.first is None]),
    ]
    return ordered(sorted(found, key=lambda each: (each.kind, each.programme)))


def claims(policy: Policy, asked: Asked) -> list[tuple[int, dt.date, str]]:
    """The person's months that a grant takes up, each in the cells that nobody else's may take up beside it."""
    own = asked.programme if asked.bill is None else f"{asked.programme}#{asked.bill}"
    first_month, taken = _first_month(policy, asked), set()
    again = policy.relation(asked.programme, asked.programme, asked.first, asked.division)
    whole_year = asked.once is OnceFor.SCHOOL_YEAR and _strict(again)
    excluded = {
        month: [
            cell
            for cell in policy.exclusive(month, asked.division)
            if asked.programme in cell.pair and cell.status == "verified"
        ]
        for month in months(asked.first, asked.last)
    }
    for person, (first, last) in asked.people.items():
        here = months(first, last)
        year = _years(here, first_month)
        taken |= {(person, month, own) for month in ({*here, *year} if whole_year else here)}
        for month in here:
            for cell in excluded[month]:
                taken_by = year if cell.pair <= STUDENT_AID else (month,)
                taken |= {(person, each, "+".join(sorted(cell.pair))) for each in taken_by}
    return sorted(taken)


def once_for(policy: Policy, asked: Asked, cause_id: int | None) -> str | None:
    """What this may be given for only once, by a name that the database keeps apart; None where nothing is verified."""
    if not _strict(policy.relation(asked.programme, asked.programme, asked.first, asked.division)):
        return None
    if asked.once is OnceFor.CAUSE and cause_id is not None:
        return f"CAUSE:{cause_id}:{asked.first.year}"
    if asked.once is OnceFor.LIFE and len(asked.people) == 1:
        return f"PERSON:{min(asked.people)}"
    return None


def over_cost(
    policy: Policy, paid: Mapping[str, int], cost_fen: int, on: dt.date, division: str | None
) -> tuple[int, dict[str, int]]:
    """By how much fen what is paid for a bill exceeds it, and what each programme paid too much, in the legal order."""
    order = policy.order(MEDICAL, on, division).programmes
    yuan = {programme: money.yuan(fen) for programme, fen in paid.items()}
    over, shares = compatibility.over_cost(order, yuan, money.yuan(cost_fen))
    return money.fen(over) or 0, {programme: money.fen(share) or 0 for programme, share in shares.items()}


def before(policy: Policy, programme: str, on: dt.date, division: str | None) -> tuple[str, ...]:
    """The programmes that pay for a bill before this one."""
    order = policy.order(MEDICAL, on, division).programmes
    return order[: order.index(programme)] if programme in order else ()


def window(policy: Policy, asked: Asked) -> Span:
    """The months in which aid may matter to what is asked: its own, its school years', and those of the same cause."""
    years = _years(months(asked.first, asked.last), _first_month(policy, asked))
    back = 12 * 150 if asked.once is OnceFor.LIFE else _same_cause_months(policy, asked)
    earliest = min(years[0], add_months(asked.first, -back), dt.date(asked.first.year, 1, 1))
    return earliest, max(years[-1], dt.date(asked.first.year, 12, 1))


def _twice(policy: Policy, asked: Asked, held: Sequence[Held]) -> Iterator[Finding]:
    cell = policy.relation(asked.programme, asked.programme, asked.first, asked.division)
    if cell is not None and cell.relation == "STACK" and asked.bill is not None:
        held = [each for each in held if each.bill == asked.bill]
    same = _Met()
    for each, both in _together(asked, [each for each in held if each.programme == asked.programme]):
        same.take([each], both)
    if same.months:
        when = tuple(sorted(same.months))
        basis = None if cell is None else cell.basis
        right = Correction(asked.programme, when, _asked_in(asked, when))
        yield _finding(K.SAME_PROGRAMME, F.REFUSES, asked.programme, same, when, basis, True, right)


def _excluded(policy: Policy, matrix: Matrix, asked: Asked, held: Sequence[Held]) -> Iterator[Finding]:
    first_month = _first_month(policy, asked)
    found: dict[str, _Met] = defaultdict(_Met)
    by_person: dict[int, list[Held]] = defaultdict(list)
    for each in held:
        if each.programme != asked.programme:
            by_person[each.person].append(each)
    for person, theirs in by_person.items():
        for school in (False, True):
            mine = _stream(ASKED, asked.programme, *_span(asked.people[person], school, first_month))
            others: dict[str, Held] = {}
            streams = [mine]
            for each in theirs:
                if ({asked.programme, each.programme} <= STUDENT_AID) != school:
                    continue
                record = f"{each.key}:{len(others)}"
                told = _stream(record, each.programme, *_span(_until(each, mine.last), school, first_month))
                both = overlap.shared(mine, told)
                if both is not None:
                    others[record] = each
                    streams.append(_stream(record, each.programme, *both))
            for conflict in compatibility.conflicts(streams, matrix):
                if asked.programme in conflict.cell.pair:
                    (other,) = conflict.cell.pair - {asked.programme}
                    involved = [others[each.record_id] for each in conflict.streams if each.record_id != ASKED]
                    found[other].take(involved, conflict.months)
    for other, together in found.items():
        yield _exclusion(asked, other, together, matrix)


def _exclusion(asked: Asked, other: str, together: _Met, matrix: Matrix) -> Finding:
    cells = {month: matrix.exclusion(asked.programme, other, month) for month in sorted(together.months)}
    strict = [month for month, cell in cells.items() if _strict(cell)]
    when = tuple(strict or cells)
    cell = cells[when[-1]]
    assert cell is not None
    yields = (
        _asked_in(asked, when)
        if cell.yields == asked.programme
        else sum(_held_in(each, when) for each in together.held.values())
    )
    right = Correction(cell.yields, when, yields)
    effect = F.REFUSES if strict else F.WARNS
    return _finding(K.EXCLUSIVE, effect, other, together, when, cell.basis, bool(strict), right)


def _once(policy: Policy, asked: Asked, held: Sequence[Held]) -> Iterator[Finding]:
    """What was given already of what is given once: for a cause, in a school year, or in a life."""
    first_month, apart = _first_month(policy, asked), _same_cause_months(policy, asked)
    since, until = add_months(asked.first, -apart), add_months(asked.first, apart)
    inside, latest = set(months(asked.first, asked.last)), window(policy, asked)[1]
    found: dict[tuple[GrantFindingKind, str, bool], tuple[_Met, Relation]] = {}
    for each in held:
        cell = policy.relation(asked.programme, each.programme, asked.first, asked.division)
        if cell is None or cell.relation != "ONCE":
            continue
        theirs = months(*_until(each, latest))
        same = each.programme == asked.programme
        if same and inside & set(theirs):
            continue  # told already as twice in a month
        kind, sure = None, True
        if OnceFor.CAUSE is asked.once:
            near = any(since < month < until for month in theirs)
            sure = each.ours and each.cause is not None
            kind = K.SAME_CAUSE if near and (not sure or each.cause == asked.cause) else None
        elif same and asked.once is OnceFor.SCHOOL_YEAR:
            mine = _years(sorted(inside), first_month)
            kind = K.SAME_SCHOOL_YEAR if set(theirs) & set(mine) else None
        elif same and asked.once is OnceFor.LIFE:
            kind = K.ONCE_ONLY
        if kind is not None:
            strict = sure and _strict(cell)
            found.setdefault((kind, each.programme, strict), (_Met(), cell))[0].take([each], theirs)
    for (kind, programme, strict), (all_of_it, cell) in found.items():
        right = Correction(asked.programme, tuple(sorted(inside)), _asked_in(asked, inside))
        when = tuple(sorted(all_of_it.months))
        effect = F.REFUSES if strict else F.WARNS
        yield _finding(kind, effect, programme, all_of_it, when, cell.basis, strict, right if strict else None)
    yield from _too_often(policy, asked, held)


def _too_often(policy: Policy, asked: Asked, held: Sequence[Held]) -> Iterator[Finding]:
    if asked.programme != TEMPORARY:
        return
    entry = policy.entry("temporary.grants_a_year", asked.first, asked.division)
    year = _Met()
    for each in held:
        if each.programme == TEMPORARY and _months_of(each)[0].year == asked.first.year:
            year.take([each], [_months_of(each)[0]])
    if len(year.held) >= entry.value:
        strict = entry.status == "verified"
        right = Correction(asked.programme, (asked.first,), asked.amount_fen)
        yield _finding(
            K.TOO_OFTEN, F.REFUSES if strict else F.WARNS, TEMPORARY, year, tuple(sorted(year.months)), entry.basis,
            strict, right,
        )  # fmt: skip


def _told(policy: Policy, asked: Asked, held: Sequence[Held]) -> Iterator[Finding]:
    found: dict[tuple[GrantFindingKind, str], tuple[_Met, Relation]] = {}
    for each, both in _together(asked, held):
        for pair in ((asked.programme, each.programme), (each.programme, asked.programme)):
            cell = policy.relation(*pair, asked.first, asked.division)
            if cell is not None and (kind := TOLD.get(cell.relation)):
                found.setdefault((kind, each.programme), (_Met(), cell))[0].take([each], both)
    for (kind, programme), (all_of_it, cell) in found.items():
        when, verified = tuple(sorted(all_of_it.months)), cell.status == "verified"
        yield _finding(kind, F.INFORMS, programme, all_of_it, when, cell.basis, verified, None)


def _unknown(matrix: Matrix, asked: Asked, held: Sequence[Held]) -> Iterator[Finding]:
    """Aid of which no month is known, where it would matter: unknown is not never."""
    found: dict[str, _Met] = defaultdict(_Met)
    for each in held:
        if each.programme == asked.programme or any(
            matrix.exclusion(asked.programme, each.programme, month) for month in months(asked.first, asked.last)
        ):
            found[each.programme].take([each], [])
    for programme, all_of_it in found.items():
        yield _finding(K.MONTHS_UNKNOWN, F.WARNS, programme, all_of_it, (), None, False, None)


def _finding(
    kind: GrantFindingKind,
    effect: GrantEffect,
    programme: str,
    together: _Met,
    when: tuple[dt.date, ...],
    basis: str | None,
    verified: bool,
    right: Correction | None,
) -> Finding:
    agencies = sorted({each.agency for each in together.held.values() if each.agency})
    return Finding(
        kind=kind,
        effect=effect,
        programme=programme,
        months=when,
        people=tuple(sorted(together.people)),
        enrolments=tuple(sorted(together.held)),
        agency="、".join(agencies) or None,
        basis=basis,
        verified=verified,
        correction=right,
    )


def _strict(cell: Relation | None) -> bool:
    return cell is not None and cell.status == "verified" and cell.relation in ("EXCLUSIVE", "ONCE")


def _together(asked: Asked, held: Iterable[Held]) -> Iterator[tuple[Held, list[dt.date]]]:
    for each in held:
        mine = _stream(ASKED, asked.programme, *asked.people[each.person])
        both = overlap.shared(mine, _stream(str(each.key), each.programme, *_months_of(each)))
        if both is not None:
            yield each, months(*both)


def _months_of(held: Held) -> Span:
    """The months of aid whose first is known; without a last it goes on."""
    assert held.first is not None
    return held.first, max(held.last or dt.date.max.replace(day=1), held.first)


def _until(held: Held, last: dt.date) -> Span:
    """Its months up to this one, and its first in any case."""
    first, end = _months_of(held)
    return first, max(min(end, last), first)


def _span(span: Span, school: bool, first_month: int) -> Span:
    """The same, or the whole school years that it touches."""
    if not school:
        return span
    years = _years(months(*span), first_month)
    return years[0], years[-1]


def _stream(record: str, programme: str, first: dt.date, last: dt.date) -> Stream:
    return Stream(first, last, programme, record, "", None, None)


def _years(when: Sequence[dt.date], first_month: int) -> list[dt.date]:
    """All months of the school years that these touch."""
    begun = sorted({dt.date(each.year - (each.month < first_month), first_month, 1) for each in when})
    return [month for each in begun for month in months(each, add_months(each, 11))]


def _asked_in(asked: Asked, when: Collection[dt.date]) -> int:
    return _paid(asked.first, asked.last, asked.period, asked.amount_fen, when)


def _held_in(held: Held, when: Collection[dt.date]) -> int:
    first, last = _months_of(held)
    return _paid(first, min(last, max(when)), held.period, held.amount_fen or 0, when)


def _paid(first: dt.date, last: dt.date, period: GrantPeriod, fen: int, when: Collection[dt.date]) -> int:
    """What is paid in these months; a quarter's sum in its first."""
    step = 3 if period is GrantPeriod.QUARTER else 1
    return sum(fen for month in months(first, last)[::step] if month in when)


def _first_month(policy: Policy, asked: Asked) -> int:
    return int(policy.value("school_year.first_month", asked.first, asked.division))


def _same_cause_months(policy: Policy, asked: Asked) -> int:
    return int(policy.value("temporary.same_cause_months", asked.first, asked.division))
