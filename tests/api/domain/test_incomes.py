"""Income a head as an interval: who counts in which month, what is missing, and that leaving out a source makes nothing surer."""

from __future__ import annotations

import ast
import datetime as dt
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import incomes
from api.domain.incomes import IncomeKind, IncomeSource, Interval, Presence, SourceAnswer, Terms, Told

MAY = dt.date(2026, 5, 1)
TERMS = Terms(line=lambda month: 69_000, counted={"UI_BENEFIT"}, joint={"DIBAO"})
HEAD, CHILD = 1, 2


def of_all(member: int, *but: IncomeSource) -> list[Told]:
    """Every source was asked of somebody, and there is nothing; but for some, which stay silent."""
    return [Told(member, source, SourceAnswer.NO_RECORD, MAY) for source in IncomeSource if source not in but]


def told(
    member: int, source: IncomeSource, yuan: int, kind: IncomeKind = IncomeKind.WAGE, programme: str | None = None
) -> Told:
    return Told(member, source, SourceAnswer.VALUE, MAY, None, kind, programme, yuan * 100)


def month(rows: list[Told], *present: Presence, terms: Terms = TERMS) -> incomes.Month:
    return incomes.months([MAY], present or (Presence(HEAD),), rows, terms)[0]


def test_a_household_of_two_shares_what_one_of_them_earns_and_rounding_decides_nothing() -> None:
    rows = [*of_all(HEAD, IncomeSource.TAX), told(HEAD, IncomeSource.TAX, 1_000), *of_all(CHILD)]
    found = month(rows, Presence(HEAD), Presence(CHILD))
    assert (found.known, found.head) == (True, Interval(50_000, 50_000))
    three = month([*rows, *of_all(3)], Presence(HEAD), Presence(CHILD), Presence(3))
    assert three.head == Interval(33_333, 33_334)


@pytest.mark.parametrize("silent", IncomeSource)
def test_f_08_one_source_that_has_not_spoken_leaves_the_month_open_above(silent: IncomeSource) -> None:
    found = month(of_all(HEAD, silent))
    assert (found.known, found.head) == (False, Interval(0, None))
    assert found.silent == ((HEAD, silent),)


@pytest.mark.parametrize("answer", [SourceAnswer.NO_ANSWER, SourceAnswer.NOT_ASKED])
def test_f_08_no_answer_and_not_asked_are_no_record_of_nothing(answer: SourceAnswer) -> None:
    rows = [*of_all(HEAD, IncomeSource.TAX), Told(HEAD, IncomeSource.TAX, answer, MAY)]
    assert month(rows).head == Interval(0, None)


def test_f_07_a_figure_for_a_year_opens_its_months_and_is_never_divided() -> None:
    year = Told(HEAD, IncomeSource.TAX, SourceAnswer.VALUE, None, 2026, IncomeKind.WAGE, None, 12_000_000)
    found = month([*of_all(HEAD), year])
    assert (found.known, found.unsized, found.head) == (False, (HEAD,), Interval(0, None))
    assert month([*of_all(HEAD), replace(year, year=2025)]).known


def test_what_is_declared_and_on_record_is_one_wage_and_two_departments_may_tell_of_two() -> None:
    rest = of_all(HEAD, IncomeSource.TAX, IncomeSource.DECLARED, IncomeSource.SOCIAL_INSURANCE)
    declared, tax = told(HEAD, IncomeSource.DECLARED, 900), told(HEAD, IncomeSource.TAX, 800)
    nothing = Told(HEAD, IncomeSource.SOCIAL_INSURANCE, SourceAnswer.NO_RECORD, MAY)
    assert month([*rest, declared, tax, nothing]).head == Interval(90_000, 90_000)
    other = told(HEAD, IncomeSource.SOCIAL_INSURANCE, 700)
    assert month([*rest, declared, tax, other]).head == Interval(90_000, 150_000)


def test_aid_counts_by_its_programme_once_for_the_household_and_in_one_of_two_tests_only() -> None:
    rows = [
        *of_all(HEAD, IncomeSource.AID),
        *of_all(CHILD),
        told(HEAD, IncomeSource.AID, 400, IncomeKind.AID, "DIBAO"),
        replace(told(CHILD, IncomeSource.AID, 400, IncomeKind.AID, "DIBAO"), paid=True),
        replace(told(HEAD, IncomeSource.AID, 100, IncomeKind.AID, "WINTER_WARMTH"), member=None, paid=True),
    ]
    both = (Presence(HEAD), Presence(CHILD))
    assert month(rows, *both).head == Interval(0, 0)
    with_aid = replace(TERMS, counted={"DIBAO", "WINTER_WARMTH"})
    assert month(rows, *both, terms=with_aid).total == Interval(50_000, 50_000)


def test_a_payment_of_ours_is_an_amount_and_no_word_on_the_rest() -> None:
    paid = replace(told(HEAD, IncomeSource.AID, 100, IncomeKind.AID, "UI_BENEFIT"), paid=True)
    found = month([*of_all(HEAD, IncomeSource.AID), paid])
    assert (found.known, found.head) == (False, Interval(10_000, None))


def test_going_to_work_costs_what_it_costs_of_a_wage_and_never_more_than_it() -> None:
    costly = replace(TERMS, cost=lambda month: 20_000)
    rows = [*of_all(HEAD, IncomeSource.TAX), told(HEAD, IncomeSource.TAX, 150)]
    assert month(rows, terms=costly).head == Interval(0, 0)
    pension = [*of_all(HEAD, IncomeSource.TAX), told(HEAD, IncomeSource.TAX, 150, IncomeKind.PENSION)]
    assert month(pension, terms=costly).head == Interval(15_000, 15_000)


@pytest.mark.parametrize(
    ("since", "until", "there"),
    [
        (None, None, True),
        (dt.date(2026, 5, 31), None, True),  # born on the month's last day
        (dt.date(2026, 6, 1), None, False),
        (None, dt.date(2026, 5, 2), True),  # left, or died, after a day of it
        (None, dt.date(2026, 5, 1), False),  # the first day no longer in the household
        (dt.date(2026, 5, 10), dt.date(2026, 5, 11), True),
    ],
)
def test_a_member_counts_in_every_month_of_which_they_saw_a_day(
    since: dt.date | None, until: dt.date | None, there: bool
) -> None:
    found = month([], Presence(HEAD), Presence(CHILD, since, until))
    assert found.members == ((HEAD, CHILD) if there else (HEAD,))


def test_nobody_there_is_not_known_to_have_nothing() -> None:
    found = incomes.months([MAY], [], [], TERMS)[0]
    assert (found.known, found.head.high) == (False, None)


amounts = st.integers(0, 500_000)
rows_of = st.builds(
    Told,
    member=st.sampled_from([HEAD, CHILD]),
    source=st.sampled_from(list(IncomeSource)),
    answer=st.just(SourceAnswer.VALUE),
    month=st.just(MAY),
    year=st.none(),
    kind=st.sampled_from([kind for kind in IncomeKind if kind is not IncomeKind.AID]),
    programme=st.none(),
    fen=amounts,
)
aid_of = st.builds(
    Told,
    member=st.sampled_from([HEAD, CHILD, None]),
    source=st.just(IncomeSource.AID),
    answer=st.just(SourceAnswer.VALUE),
    month=st.just(MAY),
    year=st.none(),
    kind=st.just(IncomeKind.AID),
    programme=st.sampled_from(["UI_BENEFIT", "DIBAO"]),
    fen=amounts,
    paid=st.booleans(),
)
silent_of = st.builds(
    Told,
    member=st.sampled_from([HEAD, CHILD]),
    source=st.sampled_from(list(IncomeSource)),
    answer=st.sampled_from([SourceAnswer.NO_RECORD, SourceAnswer.NO_ANSWER, SourceAnswer.NOT_ASKED]),
    month=st.just(MAY),
)


@given(
    rows=st.lists(st.one_of(rows_of, aid_of, silent_of), max_size=14),
    heard=st.booleans(),
    gone=st.sampled_from(list(IncomeSource)),
)
def test_f_08_deleting_a_source_can_only_widen_an_interval(rows: list[Told], heard: bool, gone: IncomeSource) -> None:
    everything = [*rows, *(of_all(HEAD) + of_all(CHILD) if heard else [])]
    both = (Presence(HEAD), Presence(CHILD))
    before = month(everything, *both)
    after = month([each for each in everything if each.source is not gone], *both)
    assert after.total.holds(before.total)
    assert after.head.holds(before.head)
    assert not after.known


@given(rows=st.lists(st.one_of(rows_of, aid_of, silent_of), max_size=12), seed=st.randoms())
def test_the_order_in_which_things_were_told_does_not_matter(rows: list[Told], seed: Random) -> None:
    shuffled = list(rows)
    seed.shuffle(shuffled)
    both = (Presence(HEAD), Presence(CHILD))
    one, other = month(rows, *both), month(shuffled, *both)
    assert (one.total, one.head, one.known) == (other.total, other.head, other.known)


ROOT = Path(__file__).parents[3]
OF_INCOMES = (
    "api/domain/incomes.py",
    "api/domain/income_statements.py",
    "api/domain/exits.py",
    "api/loaders/incomes.py",
    "api/matching/income.py",
    "api/services/incomes.py",
    "api/services/guards/exits.py",
)


def divisions_by_twelve(source: str) -> list[int]:
    """Lines on which something is divided by twelve, however it is written, or averaged."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv):
            found += [
                node.lineno for each in ast.walk(node.right) if isinstance(each, ast.Constant) and each.value == 12
            ]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "divmod":
            found += [node.lineno] if "fen" in ast.unparse(node) or "amount" in ast.unparse(node) else []
        elif isinstance(node, ast.Attribute) and node.attr in ("mean", "fmean", "avg", "median"):
            found.append(node.lineno)
    return found


def test_f_07_the_lint_can_fail() -> None:
    assert divisions_by_twelve("a = fen / 12\nb = x // (3 * 12)\nc = func.avg(column)") == [1, 2, 3]


@pytest.mark.parametrize("path", OF_INCOMES)
def test_f_07_no_amount_is_divided_by_twelve_or_averaged(path: str) -> None:
    assert divisions_by_twelve((ROOT / path).read_text(encoding="utf-8")) == []
