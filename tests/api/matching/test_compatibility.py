"""The whole matrix, each cell both ways: as it is shipped, where what is assumed warns, and as a city would have verified it."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import catalogue
from api.domain.grants import AidRelation, Finding, GrantEffect, GrantFindingKind, GrantPeriod, OnceFor
from api.matching import compatibility
from api.matching.compatibility import Asked, Held
from matcher import policy
from matcher.identity.programmes import BY_CODE, PROGRAMMES, STUDENT_AID
from matcher.policy import HARDSHIP_FILE, Policy, Relation

JANUARY, FEBRUARY, MARCH, APRIL = (dt.date(2026, month, 1) for month in range(1, 5))
HERE, PERSON, OTHER = "410502", 7, 8
K, E = GrantFindingKind, GrantEffect


@cache
def rules(verified: bool) -> Policy:
    """The shipped policy; or the same, as if somebody in charge had verified every cell of the matrix."""
    shipped = policy.load()
    if not verified:
        return shipped
    return policy.of_texts(
        (name, text.replace('status = "assumed"', 'status = "verified"') if "matrix" in name else text, own)
        for name, text, own in shipped.texts
    )


CELLS = [cell for cell in policy.load().relations if cell.assessed != HARDSHIP_FILE]
NAMES = [f"{cell.assessed}-{cell.held}-{cell.division}" for cell in CELLS]


def once_of(programme: str) -> OnceFor:
    entry = catalogue.shipped().programme(programme, JANUARY)
    assert entry is not None
    return entry.once


def asked(programme: str, **given: Any) -> Asked:
    told: dict[str, Any] = {
        "first": JANUARY, "last": MARCH, "period": GrantPeriod.MONTH, "amount_fen": 500_00, "division": HERE,
        "once": once_of(programme), **given,
    }  # fmt: skip
    told.setdefault("people", {PERSON: (told["first"], told["last"])})
    return Asked(programme=programme, **told)


def held(programme: str, first: dt.date | None = FEBRUARY, last: dt.date | None = APRIL, **given: Any) -> Held:
    told: dict[str, Any] = {"key": 1, "person": PERSON, "amount_fen": 300_00, "agency": "民政局", **given}
    return Held(programme=programme, first=first, last=last, **told)


def of_kind(found: tuple[Finding, ...], kind: GrantFindingKind) -> Finding:
    (one,) = [each for each in found if each.kind is kind]
    return one


@pytest.mark.parametrize("turned", [False, True], ids=["as said", "turned"])
@pytest.mark.parametrize("verified", [False, True], ids=["shipped", "verified"])
@pytest.mark.parametrize("cell", CELLS, ids=NAMES)
def test_each_cell_both_ways(cell: Relation, verified: bool, turned: bool) -> None:
    mine, theirs = (cell.held, cell.assessed) if turned else (cell.assessed, cell.held)
    division = HERE if cell.division == "*" else cell.division
    request = asked(mine, division=division, cause="SEVERE_ILLNESS")
    beside = held(theirs, cause="SEVERE_ILLNESS", ours=True)
    found = compatibility.met(rules(verified), request, [beside])
    strict = verified or cell.status == "verified"
    ours, others = (
        compatibility.claims(rules(verified), asked(code, division=division, first=FEBRUARY, last=MARCH))
        for code in (mine, theirs)
    )
    if mine == theirs:
        twice = of_kind(found, K.SAME_PROGRAMME)
        assert (twice.effect, twice.months) == (E.REFUSES, (FEBRUARY, MARCH)), "whatever the matrix says"
        assert twice.correction is not None
        assert (twice.correction.programme, twice.correction.amount_fen) == (mine, 2 * 500_00)
        assert set(ours) == set(others)
    elif cell.relation == "EXCLUSIVE":
        excluded = of_kind(found, K.EXCLUSIVE)
        assert (excluded.effect, excluded.programme) == (E.REFUSES if strict else E.WARNS, theirs)
        assert {FEBRUARY, MARCH} <= set(excluded.months)
        assert excluded.correction is not None
        assert excluded.correction.programme == cell.yields
        of_students = {mine, theirs} <= STUDENT_AID
        least = (3 if of_students else 2) * (500_00 if cell.yields == mine else 300_00)
        assert excluded.correction.amount_fen == least
        assert excluded.agency == "民政局"
        assert bool(set(ours) & set(others)) is strict, "the database keeps apart what is verified, and nothing else"
    else:
        again = [each for each in found if each.kind is K.SAME_CAUSE]
        refuses = cell.relation == "ONCE" and strict and OnceFor.CAUSE is request.once
        assert all(each.effect is (E.REFUSES if refuses else E.WARNS) for each in again)
        assert [each for each in found if each.effect is E.REFUSES and each not in again] == []
        assert not set(ours) & set(others)
    if cell.relation in compatibility.TOLD and mine != theirs:
        told = of_kind(found, compatibility.TOLD[cell.relation])
        assert (told.effect, told.programme) == (E.INFORMS, theirs)


@pytest.mark.parametrize("programme", [each.code for each in PROGRAMMES])
def test_one_programme_is_never_given_twice_in_a_persons_month(programme: str) -> None:
    found = compatibility.met(rules(False), asked(programme), [held(programme)])
    assert of_kind(found, K.SAME_PROGRAMME).effect is E.REFUSES


def test_what_does_not_meet_in_a_month_or_a_person_excludes_nothing() -> None:
    two = asked("UI_BENEFIT", people={PERSON: (JANUARY, MARCH), OTHER: (JANUARY, JANUARY)})
    after = held("PUBLIC_WELFARE_POST", APRIL, None)
    once_out = held("PUBLIC_WELFARE_POST", FEBRUARY, None, key=2, person=OTHER)
    assert compatibility.met(rules(False), two, [after, once_out]) == ()
    meeting = held("PUBLIC_WELFARE_POST", JANUARY, None, key=3, person=OTHER)
    excluded = of_kind(compatibility.met(rules(False), two, [after, once_out, meeting]), K.EXCLUSIVE)
    assert (excluded.months, excluded.people, excluded.enrolments) == ((JANUARY,), (OTHER,), (3,))


def test_a_single_shared_month_is_too_many_before_it_is_granted() -> None:
    touching = held("PUBLIC_WELFARE_POST", MARCH, None)
    excluded = of_kind(compatibility.met(rules(False), asked("UI_BENEFIT"), [touching]), K.EXCLUSIVE)
    assert (excluded.effect, excluded.months) == (E.REFUSES, (MARCH,))
    assert excluded.correction is not None
    assert (excluded.correction.programme, excluded.correction.months) == ("UI_BENEFIT", (MARCH,))
    assert excluded.correction.amount_fen == 500_00, "the first two months stay as they are asked for"


def test_only_verified_months_refuse_where_a_cell_is_verified_later() -> None:
    own = (
        '[[relation]]\nassessed = "TEKUN"\nheld = "DIBAO"\nrelation = "EXCLUSIVE"\nyields = "DIBAO"\n'
        'valid_from = 2026-03-01\nbasis = "市民政局核实"\nstatus = "verified"\napproved_by = ["甲", "乙"]\n'
    )
    city = policy.of_texts([*rules(False).texts, ("policy.toml", own, True)])
    excluded = of_kind(compatibility.met(city, asked("TEKUN"), [held("DIBAO", JANUARY)]), K.EXCLUSIVE)
    assert (excluded.effect, excluded.months, excluded.basis) == (E.REFUSES, (MARCH,), "市民政局核实")
    assert {month for _, month, cell in compatibility.claims(city, asked("TEKUN")) if "+" in cell} == {MARCH}


def test_aid_of_which_no_month_is_known_warns_where_it_would_matter() -> None:
    unknown = [held("PUBLIC_WELFARE_POST", None, None), held("DIBAO", None, None)]
    (only,) = compatibility.met(rules(False), asked("UI_BENEFIT"), unknown)
    assert (only.kind, only.effect, only.programme) == (K.MONTHS_UNKNOWN, E.WARNS, "PUBLIC_WELFARE_POST")


def test_a_quarter_and_a_month_of_it_are_never_both_paid() -> None:
    quarter = asked("LIVING_SUBSIDY", period=GrantPeriod.QUARTER, amount_fen=900_00)
    twice = of_kind(
        compatibility.met(rules(False), quarter, [held("LIVING_SUBSIDY", MARCH, MARCH)]), K.SAME_PROGRAMME
    )
    assert (twice.effect, twice.months) == (E.REFUSES, (MARCH,))


TEMPORARY: dict[str, Any] = {"first": MARCH, "last": MARCH, "period": GrantPeriod.ONCE, "cause": "ACCIDENT"}


@pytest.mark.parametrize(
    ("before", "cause", "ours", "effect"),
    [
        (dt.date(2025, 11, 1), "ACCIDENT", True, E.REFUSES),
        (dt.date(2025, 11, 1), "SEVERE_ILLNESS", True, None),
        (dt.date(2025, 3, 1), "ACCIDENT", True, None),
        (dt.date(2025, 4, 1), "ACCIDENT", True, E.REFUSES),
        (dt.date(2025, 11, 1), "因病", False, E.WARNS),
    ],
    ids=["the same cause", "another", "a year ago", "just not a year ago", "another register's words"],
)
def test_temporary_aid_is_given_once_for_a_cause(
    before: dt.date, cause: str, ours: bool, effect: GrantEffect | None
) -> None:
    earlier = held("TEMPORARY_AID", before, before, cause=cause, ours=ours)
    found = compatibility.met(rules(False), asked("TEMPORARY_AID", **TEMPORARY), [earlier])
    assert [each.effect for each in found if each.kind is K.SAME_CAUSE] == ([effect] if effect else [])


@pytest.mark.parametrize(("times", "refused"), [(1, False), (2, True)])
def test_temporary_aid_is_given_so_often_a_year_and_no_more(times: int, refused: bool) -> None:
    causes = ("SEVERE_ILLNESS", "SCHOOLING")
    earlier = [
        held("TEMPORARY_AID", month, month, key=key, cause=cause, ours=True)
        for key, (month, cause) in enumerate(zip((JANUARY, FEBRUARY), causes, strict=True), start=1)
    ][:times]
    found = compatibility.met(rules(False), asked("TEMPORARY_AID", **TEMPORARY), earlier)
    assert [each.effect for each in found if each.kind is K.TOO_OFTEN] == ([E.REFUSES] if refused else [])


@pytest.mark.parametrize("verified", [False, True], ids=["shipped", "verified"])
def test_a_student_is_aided_once_in_a_school_year(verified: bool) -> None:
    autumn = held("STATE_STUDENT_AID", dt.date(2025, 9, 1), dt.date(2025, 9, 1))
    again = asked("STATE_STUDENT_AID", first=MARCH, last=MARCH, period=GrantPeriod.ONCE)
    found = compatibility.met(rules(verified), again, [autumn])
    assert of_kind(found, K.SAME_SCHOOL_YEAR).effect is (E.REFUSES if verified else E.WARNS)
    next_year = asked("STATE_STUDENT_AID", first=dt.date(2026, 8, 1), last=dt.date(2026, 8, 1))
    assert compatibility.met(rules(verified), next_year, [autumn]) == ()


def test_where_a_city_does_not_repeat_student_aid_two_programmes_meet_in_the_school_year() -> None:
    autumn = held("STATE_STUDENT_AID", dt.date(2025, 9, 1), dt.date(2025, 9, 1))
    request = asked("GOLDEN_AUTUMN", first=MARCH, last=MARCH, period=GrantPeriod.ONCE, division="429006")
    excluded = of_kind(compatibility.met(rules(False), request, [autumn]), K.EXCLUSIVE)
    assert (excluded.effect, len(excluded.months)) == (E.REFUSES, 12)
    assert excluded.correction is not None
    assert (excluded.correction.programme, excluded.correction.amount_fen) == ("GOLDEN_AUTUMN", 500_00)


@pytest.mark.parametrize("verified", [False, True], ids=["shipped", "verified"])
def test_a_start_up_grant_is_given_once_in_a_life(verified: bool) -> None:
    long_ago = held("STARTUP_GRANT", dt.date(2009, 5, 1), dt.date(2009, 5, 1))
    request = asked("STARTUP_GRANT", first=MARCH, last=MARCH, period=GrantPeriod.ONCE)
    found = of_kind(compatibility.met(rules(verified), request, [long_ago]), K.ONCE_ONLY)
    assert found.effect is (E.REFUSES if verified else E.WARNS)
    assert compatibility.once_for(rules(verified), request, None) == (f"PERSON:{PERSON}" if verified else None)


def test_bills_stack_and_one_bill_does_not() -> None:
    request = asked("MEDICAL_AID", bill=3)
    other = held("MEDICAL_AID", bill=4, ours=True)
    assert [each.effect for each in compatibility.met(rules(False), request, [other])] == [E.INFORMS]
    same = compatibility.met(rules(False), request, [held("MEDICAL_AID", bill=3, ours=True)])
    assert of_kind(same, K.SAME_PROGRAMME).effect is E.REFUSES


fen = st.integers(min_value=1, max_value=10_000_00)
paid = st.dictionaries(st.sampled_from(policy.load().order("medical", JANUARY).programmes), fen, min_size=1)


@given(paid=paid, cost=fen)
def test_what_is_paid_too_much_of_a_bill_is_what_the_last_in_order_paid(paid: dict[str, int], cost: int) -> None:
    over, shares = compatibility.over_cost(rules(False), paid, cost, JANUARY, HERE)
    assert over == sum(shares.values()) == max(sum(paid.values()) - cost, 0)
    assert all(0 < share <= paid[programme] for programme, share in shares.items())
    order = [each for each in rules(False).order("medical", JANUARY).programmes if each in paid]
    assert set(shares) <= set(order[len(order) - len(shares) :]), "nobody gives way to one who pays later"


codes = st.sampled_from(sorted(BY_CODE))
month = st.integers(min_value=0, max_value=17).map(lambda count: dt.date(2026 + count // 12, count % 12 + 1, 1))


@given(st.tuples(codes, month, month), st.tuples(codes, month, month), st.booleans())
def test_two_grants_claim_one_cell_exactly_where_one_refuses_the_other(
    one: tuple[str, dt.date, dt.date], other: tuple[str, dt.date, dt.date], verified: bool
) -> None:
    spans = [(code, min(two), max(two)) for code, *two in (one, other)]
    mine, theirs = (asked(code, first=first, last=last) for code, first, last in spans)
    taken = set(compatibility.claims(rules(verified), mine)) & set(compatibility.claims(rules(verified), theirs))
    beside = held(theirs.programme, theirs.first, theirs.last)
    refused = [
        each
        for each in compatibility.met(rules(verified), mine, [beside])
        if each.effect is E.REFUSES and each.kind in (K.SAME_PROGRAMME, K.EXCLUSIVE, K.SAME_SCHOOL_YEAR)
    ]
    assert bool(taken) is bool(refused)


def test_every_kind_of_relation_has_a_word() -> None:
    assert {*policy.KINDS} == {*AidRelation}
