"""Who has to sign, what a signature covers and for how long; and that the matcher, which has the last word, says the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.domain import consent
from api.domain.consent import ALL, NINE, Adult, ConsentPurpose, Emergency, Signed
from api.domain.errors import NotDone
from api.matching.consents import purpose_of, sources_in
from matcher import authorisations
from matcher.sources.contract import load

DAY = dt.date(2026, 11, 27)
CHECK = ConsentPurpose.ECONOMIC_CHECK
WANG, LI, BABY = 1, 2, 3
BORN = {WANG: dt.date(1980, 1, 1), LI: dt.date(1982, 2, 2), BABY: dt.date(2020, 3, 3)}
COUPLE = [Adult(WANG, BORN[WANG]), Adult(LI, BORN[LI])]


def day(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


def signed(
    who: int = WANG,
    where: str = "tax",
    *,
    days: tuple[int, int | None] = (-30, 30),
    purpose: ConsentPurpose | None = CHECK,
    withdrawn: int | None = None,
) -> Signed:
    begins, ends, back = (None if each is None else day(each) for each in (*days, withdrawn))
    return Signed(who, frozenset(where.split(",")), purpose, begins, ends, back)


LI_TOO = signed(LI, ALL)
TABLE: dict[str, tuple[Sequence[Adult], Sequence[Signed], Sequence[int]]] = {
    "both have signed": (COUPLE, [signed(), LI_TOO], []),
    "one spouse is missing": (COUPLE, [signed()], [LI]),
    "it has expired": (COUPLE, [signed(days=(-60, -1)), LI_TOO], [WANG]),
    "its last day is today": (COUPLE, [signed(days=(-60, 0)), LI_TOO], []),
    "it begins tomorrow": (COUPLE, [signed(days=(1, 60)), LI_TOO], [WANG]),
    "it has no end": (COUPLE, [signed(days=(-60, None)), LI_TOO], []),
    "it is for another department": (COUPLE, [signed(where="vehicles,finance"), LI_TOO], [WANG]),
    "it is for this department and others": (COUPLE, [signed(where="vehicles,tax"), LI_TOO], []),
    "it is for another purpose": (COUPLE, [signed(purpose=ConsentPurpose.PUBLICITY), LI_TOO], [WANG]),
    "it is for no purpose of ours": (COUPLE, [signed(purpose=None), LI_TOO], [WANG]),
    "it was withdrawn": (COUPLE, [signed(withdrawn=-3), LI_TOO], [WANG]),
    "it was withdrawn, and signed anew": (COUPLE, [signed(withdrawn=-3), signed(days=(-2, 9)), LI_TOO], []),
    "an older one is left when one was withdrawn": (
        COUPLE,
        [signed(withdrawn=-3), signed(days=(-9, 9)), LI_TOO],
        [WANG],
    ),
    "another department's was withdrawn": (COUPLE, [signed(), signed(where="finance", withdrawn=-3), LI_TOO], []),
    "nobody signs for somebody else": (COUPLE, [signed(LI), signed(LI)], [WANG]),
    "a minor signs nothing": ([*COUPLE, Adult(BABY, BORN[BABY])], [signed(), LI_TOO], []),
    "a day before coming of age": ([Adult(BABY, dt.date(2008, 11, 28))], [], []),
    "came of age today": ([Adult(BABY, dt.date(2008, 11, 27))], [], [BABY]),
    "an unknown birth date is no child's": ([Adult(BABY, None)], [], [BABY]),
    "whose register let them go": ([Adult(WANG, BORN[WANG], day(-1))], [signed()], [WANG]),
}


@pytest.mark.parametrize("case", TABLE)
def test_f_23_who_is_missing(case: str) -> None:
    people, given_, lack = TABLE[case]
    assert consent.missing(people, given_, [], ["tax"], CHECK, DAY) == [(who, ("tax",)) for who in lack]


def test_f_23_it_is_told_who_lacks_what() -> None:
    told = consent.missing(COUPLE, [signed(where="tax,vehicles"), LI_TOO], [], NINE, CHECK, DAY)
    ((who, lacking),) = told
    assert who == WANG
    assert set(lacking) == set(NINE) - {"tax", "vehicles"}


@pytest.mark.parametrize(
    ("exception", "given_", "lack"),
    [
        (Emergency(frozenset({"tax"}), CHECK, day(-2), day(5)), [], []),
        (Emergency(frozenset({ALL}), CHECK, day(0), day(0)), [], []),
        (Emergency(frozenset({"tax"}), CHECK, day(-9), day(-1)), [], [WANG, LI]),
        (Emergency(frozenset({"tax"}), CHECK, day(1), day(5)), [], [WANG, LI]),
        (Emergency(frozenset({"vehicles"}), CHECK, day(-2), day(5)), [], [WANG, LI]),
        (Emergency(frozenset({"tax"}), ConsentPurpose.REFERRAL, day(-2), day(5)), [], [WANG, LI]),
        (Emergency(frozenset({"tax"}), CHECK, day(-2), day(5)), [signed(withdrawn=-3)], [WANG]),
    ],
)
def test_f_23_an_emergency_stands_in_for_a_signature_but_not_for_one_that_was_taken_back(
    exception: Emergency, given_: list[Signed], lack: list[int]
) -> None:
    found = consent.missing(COUPLE, given_, [exception], ["tax"], CHECK, DAY)
    assert [who for who, _ in found] == lack


DAYS = st.one_of(st.none(), st.integers(-3, 3).map(day))
CELLS = st.sampled_from(["tax", "税务、机动车登记", "ALL", "vehicles", "全部部门", "不动产;金融", "别的"])
PURPOSES = st.sampled_from([None, "", "家庭经济状况核对", "ECONOMIC_CHECK", "PUBLICITY", "宣传", "REFERRAL"])
ROWS = st.lists(st.tuples(st.sampled_from([WANG, LI, BABY]), CELLS, PURPOSES, DAYS, DAYS, DAYS), max_size=6)
BIRTHS = st.sampled_from([None, dt.date(1980, 1, 1), dt.date(2008, 11, 27), dt.date(2008, 11, 28), day(2)])
PEOPLE = st.tuples(*[st.tuples(st.just(who), BIRTHS, DAYS) for who in (WANG, LI, BABY)])
SCHEMA = {
    "person_id": pl.Int64, "source": pl.String, "purpose": pl.String, "valid_from": pl.Date, "valid_to": pl.Date,
    "withdrawn_on": pl.Date,
}  # fmt: skip


@given(PEOPLE, ROWS)
@example(
    ((WANG, None, None), (LI, None, None), (BABY, None, None)),
    [(WANG, "tax", None, None, None, None), (WANG, "别的", None, None, None, DAY)],
)
@example(
    ((WANG, None, None), (LI, None, None), (BABY, None, None)),
    [(WANG, "tax", None, None, None, None), (WANG, None, None, None, None, DAY)],
)
def test_f_23_the_matcher_looks_up_exactly_those_who_are_not_missing(
    people: tuple[tuple[int, dt.date | None, dt.date | None], ...],
    rows: list[tuple[int, str | None, str | None, dt.date | None, dt.date | None, dt.date | None]],
) -> None:
    sources = ["tax", "vehicles", "finance"]
    frame = pl.DataFrame(
        people, {"person_id": pl.Int64, "birth_date": pl.Date, "authorised_until": pl.Date}, orient="row"
    )
    names = {source: load(source).names() for source in sources}
    allowed = authorisations.authorised(frame, pl.DataFrame(rows, SCHEMA, orient="row"), names, DAY, None)
    ours = [Signed(row[0], sources_in(row[1]), purpose_of(row[2]), *row[3:]) for row in rows]
    lacking = dict(consent.missing([Adult(*each) for each in people], ours, [], sources, CHECK, DAY))
    for source in sources:
        may = {who for who, _, _ in people if source not in lacking.get(who, ())}
        assert may == set(allowed[source].to_list()), source


@pytest.mark.parametrize(
    ("named", "refused"),
    [(["ALL"], False), (["tax", "tax"], False), ([], True), (["ALL", "tax"], True), (["the neighbours"], True)],
)
def test_sources_are_those_that_departments_keep(named: list[str], refused: bool) -> None:
    if not refused:
        assert consent.check_sources(named, NINE, ()) == (named[0],)
        return
    with pytest.raises(NotDone) as told:
        consent.check_sources(named, NINE, ())
    assert "neighbours" not in told.value.en, "what was written is not repeated"


@pytest.mark.parametrize(("until", "refused"), [(0, False), (9, False), (10, True), (-1, True)])
def test_f_23_an_exception_ends_within_the_days_it_may_last(until: int, refused: bool) -> None:
    if refused:
        with pytest.raises(NotDone):
            consent.check_emergency(DAY, day(until), 10)
    else:
        consent.check_emergency(DAY, day(until), 10)
