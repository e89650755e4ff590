"""What an officer may write down of incomes: months that say the same, one answer a source, and nothing made of a year."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from api.domain.errors import NotDone
from api.domain.income_statements import Statement, entries
from api.domain.incomes import IncomeKind, IncomeSource, SourceAnswer

TODAY = dt.date(2026, 11, 27)
PROGRAMMES = {"DIBAO", "UI_BENEFIT"}
WAGE = Statement(
    (IncomeSource.TAX,),
    SourceAnswer.VALUE,
    dt.date(2026, 5, 1),
    dt.date(2026, 10, 1),
    kind=IncomeKind.WAGE,
    fen=300_000,
)


def test_a_statement_of_six_months_says_its_amount_of_each() -> None:
    rows = entries([WAGE], PROGRAMMES, TODAY)
    assert [row.month and row.month.month for row in rows] == [5, 6, 7, 8, 9, 10]
    assert {row.fen for row in rows} == {300_000}


def test_months_go_over_the_end_of_a_year() -> None:
    winter = replace(WAGE, first=dt.date(2025, 11, 1), last=dt.date(2026, 2, 1))
    assert [str(row.month)[:7] for row in entries([winter], PROGRAMMES, TODAY)] == [
        "2025-11", "2025-12", "2026-01", "2026-02",
    ]  # fmt: skip


def test_several_sources_may_say_alike_and_one_may_tell_of_two_employers() -> None:
    nothing = replace(
        WAGE, sources=(IncomeSource.AID, IncomeSource.DECLARED), answer=SourceAnswer.NO_RECORD, kind=None, fen=None
    )
    assert len(entries([nothing, WAGE, replace(WAGE, fen=50_000)], PROGRAMMES, TODAY)) == 24


def test_f_07_a_year_stays_one_row() -> None:
    (row,) = entries([replace(WAGE, first=None, last=None, year=2025)], PROGRAMMES, TODAY)
    assert (row.month, row.year, row.fen) == (None, 2025, 300_000)


def test_a_figure_for_a_year_is_taken_back() -> None:
    (row,) = entries([Statement((IncomeSource.TAX,), SourceAnswer.NOT_ASKED, year=2025)], PROGRAMMES, TODAY)
    assert (row.month, row.year, row.answer, row.fen) == (None, 2025, SourceAnswer.NOT_ASKED, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": ()},
        {"first": None},
        {"last": None},
        {"year": 2026},
        {"first": dt.date(2026, 11, 1), "last": dt.date(2026, 10, 1)},
        {"last": dt.date(2026, 12, 1)},  # to come
        {"first": dt.date(2020, 1, 1)},  # too many
        {"fen": None},
        {"kind": None},
        {"fen": -1},
        {"answer": SourceAnswer.NO_RECORD},  # with an amount
        {"answer": SourceAnswer.NO_ANSWER, "fen": 0},
        {"kind": IncomeKind.AID},  # without its programme
        {"kind": IncomeKind.AID, "programme": "NONE_SUCH"},
        {"programme": "DIBAO"},  # of a wage
        {"first": None, "last": None, "year": 1901},
        {"first": None, "last": None, "year": 2025, "answer": SourceAnswer.NO_RECORD, "kind": None, "fen": None},
    ],
)
def test_what_cannot_be_is_refused_and_the_statement_named(changes: dict[str, Any]) -> None:
    with pytest.raises(NotDone) as refused:
        entries([WAGE, replace(WAGE, **changes)], PROGRAMMES, TODAY)
    assert refused.value.path == ("input", "statements", "1")


@pytest.mark.parametrize("statements", [[], [WAGE] * 61])
def test_there_is_something_to_write_down_and_not_too_much(statements: list[Statement]) -> None:
    with pytest.raises(NotDone):
        entries(statements, PROGRAMMES, TODAY)


def test_a_source_does_not_tell_an_amount_and_that_there_is_none() -> None:
    nothing = replace(WAGE, answer=SourceAnswer.NO_RECORD, kind=None, fen=None)
    with pytest.raises(NotDone):
        entries([WAGE, nothing], PROGRAMMES, TODAY)
