"""Income: readable cases, and what must hold whatever the departments say or leave unsaid (safeguards F-7, F-8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import frames, policy
from matcher.income import exits, households, inputs, persons
from matcher.overlap import months
from matcher.rules.rule import Facts
from matcher.sources import contract

SHIPPED = policy.load()
AS_OF = dt.date(2024, 12, 31)
MAY = dt.date(2024, 5, 1)
LINE = Decimal(660)

Row = dict[str, Any]


@dataclass(frozen=True)
class Feed:
    """A feed, complete or not."""

    complete: bool = True


@dataclass(frozen=True)
class World:
    """What is known of a few households, in the shape that the income module asks for."""

    members: pl.DataFrame
    households: pl.DataFrame
    linked: Mapping[str, pl.DataFrame]
    coverage: pl.DataFrame
    feeds: Mapping[str, inputs.Feed]
    reviewed: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    policy: policy.Policy = SHIPPED
    as_of: dt.date = AS_OF


def facts_are_known(facts: Facts) -> inputs.Known:
    """The checker of types says no where a rule's facts would not do."""
    return facts


def cell(value: Any, kind: pl.DataType) -> Any:
    """A date may be written 2024-03, and money as a whole number."""
    if isinstance(value, str) and kind == pl.Date:
        return dt.date.fromisoformat(value if len(value) > 7 else f"{value}-01")
    return Decimal(value) if kind == frames.MONEY and value is not None else value


def table(rows: Sequence[Row], schema: pl.Schema) -> pl.DataFrame:
    assert not {column for row in rows for column in row} - set(schema)
    return pl.DataFrame(
        [{name: cell(row.get(name), kind) for name, kind in schema.items()} for row in rows],
        schema=schema,
        orient="row",
    )


def linked(source: str, rows: Sequence[Row], homes: Mapping[str, str]) -> pl.DataFrame:
    schema = frames.schema({"household_id": pl.String, "grade": pl.String, "person_id": pl.String})
    full = [
        {"record_id": f"{source}-{place}", "grade": "G1", "household_id": homes[row["person_id"]], **row}
        for place, row in enumerate(rows)
    ]
    return table(full, frames.schema({**schema, **contract.load(source).schema()}))


def world(
    records: Mapping[str, Sequence[Row]],
    members: Sequence[Row] = ({"person_id": "P1", "household_id": "H1"},),
    coverage: Mapping[tuple[str, str], str | None] | None = None,
    partial: Sequence[str] = (),
    reviewed: Mapping[str, Sequence[Row]] | None = None,
    changes: Mapping[str, float] | None = None,
    as_of: dt.date = AS_OF,
    cut: dt.date | None = None,
) -> World:
    """A world in which every source answered in full, unless it is told otherwise."""
    homes = {row["person_id"]: row["household_id"] for row in members}
    said: dict[tuple[str, str], str | None] = {
        (person, source): "VALUE"
        if any(row["person_id"] == person for row in records.get(source, ()))
        else "NO_RECORD"
        for person in homes
        for source in inputs.SOURCES
    }
    said.update(coverage or {})
    return World(
        members=table(members, contract.load("members").schema()),
        households=table(
            [{"household_id": home, "division_code": "410502"} for home in sorted(set(homes.values()))],
            contract.load("households").schema(),
        ),
        linked={source: linked(source, rows, homes) for source, rows in records.items()},
        coverage=pl.DataFrame(
            [(person, source, state, cut or as_of) for (person, source), state in said.items() if state],
            schema=frames.COVERAGE,
            orient="row",
        ),
        feeds={source: Feed(source not in partial) for source in inputs.SOURCES},
        reviewed={source: linked(source, rows, homes) for source, rows in (reviewed or {}).items()},
        policy=changed(changes or {}),
        as_of=as_of,
    )


def changed(changes: Mapping[str, float]) -> policy.Policy:
    shipped = SHIPPED
    own = tuple(
        replace(shipped.entry(key, AS_OF), value=value, own=True, valid_from=dt.date(2000, 1, 1))
        for key, value in changes.items()
    )
    return replace(shipped, values=shipped.values + own)


def heads(known: World, when: Sequence[dt.date] = (MAY,), **arguments: Any) -> list[Row]:
    return households.per_capita(known, persons.incomes(known, when, **arguments)).to_dicts()


WAGE = {"person_id": "P1", "kind": "工资薪金所得", "income_month": "2024-05", "income_yuan": 3000, "payer_uscc": "A"}
PENSION = {
    "person_id": "P1", "kind": "EMPLOYEE_PENSION", "status": "DRAWING", "benefit_yuan": 500, "start_month": "2020-01",
}  # fmt: skip
INSURED = {
    "person_id": "P1", "kind": "EMPLOYEE_PENSION", "status": "PAYING", "payer": "EMPLOYER", "start_month": "2024-01",
}  # fmt: skip
UI = {"person_id": "P1", "month": "2024-05", "benefit_yuan": 900}
AID = {
    "person_id": "P1",
    "programme": "UI_BENEFIT",
    "start_month": "2024-04",
    "end_month": "2024-06",
    "amount_yuan": 900,
}
YEAR = {"person_id": "P1", "kind": "工资薪金所得", "tax_year": 2024, "income_yuan": 99999}

CASES: list[tuple[str, Mapping[str, Sequence[Row]], Mapping[str, Any], tuple[int, int | None, str]]] = [
    # what is told, records by source, how the world differs, the bounds in May and the standing
    ("asked, nothing on record", {}, {}, (0, 0, "BELOW")),
    ("a wage", {"tax": [WAGE]}, {}, (3000, 3000, "ABOVE")),
    ("exactly the line is not above", {"tax": [{**WAGE, "income_yuan": 660}]}, {}, (660, 660, "CANNOT_TELL")),
    ("a wage of another month", {"tax": [{**WAGE, "income_month": "2024-04"}]}, {}, (0, 0, "BELOW")),
    ("two employers", {"tax": [WAGE, {**WAGE, "payer_uscc": "B"}]}, {}, (6000, 6000, "ABOVE")),
    ("one wage delivered twice", {"tax": [WAGE, WAGE]}, {}, (3000, 3000, "ABOVE")),
    ("a wage without an amount", {"tax": [{**WAGE, "income_yuan": None}]}, {}, (0, None, "CANNOT_TELL")),
    ("a wage taken back", {"tax": [WAGE, {**WAGE, "income_yuan": -3000}]}, {}, (0, None, "CANNOT_TELL")),
    ("a kind not stated", {"tax": [{**WAGE, "kind": None}]}, {}, (3000, 3000, "ABOVE")),
    ("receipts of a business", {"tax": [{**WAGE, "kind": "经营所得"}]}, {}, (0, 3000, "CANNOT_TELL")),
    ("a flat sold", {"tax": [{**WAGE, "kind": "财产转让所得"}]}, {}, (0, 3000, "CANNOT_TELL")),
    ("a figure for the year", {"tax": [YEAR]}, {}, (0, None, "CANNOT_TELL")),
    ("a figure for another year", {"tax": [{**YEAR, "tax_year": 2023}]}, {}, (0, 0, "BELOW")),
    ("a figure for no time", {"tax": [{**YEAR, "tax_year": None}]}, {}, (0, None, "CANNOT_TELL")),
    ("a year and a month", {"tax": [YEAR, WAGE]}, {}, (3000, None, "ABOVE")),
    ("a pension below the line", {"social_insurance": [PENSION]}, {}, (500, 500, "BELOW")),
    ("a pension of unknown size", {"social_insurance": [{**PENSION, "benefit_yuan": None}]}, {}, (0, None, "CANNOT_TELL")),
    ("a pension from June on", {"social_insurance": [{**PENSION, "start_month": "2024-06"}]}, {}, (0, 0, "BELOW")),
    ("a pension that ended", {"social_insurance": [{**PENSION, "end_month": "2024-04"}]}, {}, (0, 0, "BELOW")),
    ("a pension since nobody knows when", {"social_insurance": [{**PENSION, "start_month": None, "benefit_yuan": 900}]}, {},
     (0, 900, "CANNOT_TELL")),
    ("one row a month", {"social_insurance": [{**PENSION, "start_month": None, "insured_month": "2024-05"}]}, {},
     (500, 500, "BELOW")),
    ("medical insurance pays no income", {"social_insurance": [{**PENSION, "kind": "MEDICAL"}]}, {}, (0, 0, "BELOW")),
    ("care after an injury", {"social_insurance": [{**PENSION, "kind": "WORK_INJURY", "benefit_yuan": 900}]}, {},
     (0, 900, "CANNOT_TELL")),
    ("insured by an employer, no wage", {"social_insurance": [INSURED]}, {}, (0, None, "CANNOT_TELL")),
    ("insured by an employer, taxed", {"social_insurance": [INSURED], "tax": [WAGE]}, {}, (3000, 3000, "ABOVE")),
    ("insured later", {"social_insurance": [{**INSURED, "start_month": "2024-06"}]}, {}, (0, 0, "BELOW")),
    ("insured by oneself", {"social_insurance": [{**INSURED, "payer": "FLEXIBLE"}]}, {}, (0, 0, "BELOW")),
    ("a benefit", {"unemployment_benefit": [UI]}, {}, (900, 900, "ABOVE")),
    ("one benefit told by two", {"unemployment_benefit": [UI], "aid": [AID]}, {}, (900, 900, "ABOVE")),
    ("one benefit told by three", {"unemployment_benefit": [UI], "aid": [AID], "social_insurance":
     [{**PENSION, "kind": "UNEMPLOYMENT", "benefit_yuan": None}]}, {}, (900, 900, "ABOVE")),
    ("a post that may be the wage taxed", {"aid": [{**AID, "programme": "PUBLIC_WELFARE_POST"}], "tax": [WAGE]}, {},
     (3000, 3900, "ABOVE")),
    ("dibao is no income", {"aid": [{**AID, "programme": "DIBAO"}]}, {}, (0, 0, "BELOW")),
    ("nor a fee paid to an employer", {"aid": [{**AID, "programme": "PLACEMENT_SUBSIDY"}]}, {}, (0, 0, "BELOW")),
    ("aid without an amount", {"aid": [{**AID, "amount_yuan": None}]}, {}, (0, None, "CANNOT_TELL")),
    ("aid without an end", {"aid": [{**AID, "end_month": None}]}, {}, (900, 900, "ABOVE")),
    ("no answer", {}, {"coverage": {("P1", "tax"): "NO_ANSWER"}}, (0, None, "CANNOT_TELL")),
    ("not asked", {}, {"coverage": {("P1", "aid"): None}}, (0, None, "CANNOT_TELL")),
    ("not authorised", {"tax": [WAGE]}, {"coverage": {("P1", "tax"): "NOT_AUTHORISED"}}, (0, None, "CANNOT_TELL")),
    ("what is there counts without an answer", {"tax": [WAGE]}, {"coverage": {("P1", "tax"): "NO_ANSWER"}}, (3000, None, "ABOVE")),
    ("an extract that is not complete", {"tax": [WAGE]}, {"partial": ["tax"]}, (3000, None, "ABOVE")),
    ("no record in an answer list", {}, {"partial": ["tax"]}, (0, 0, "BELOW")),
    ("a pair to look at beside it", {"tax": [WAGE]}, {"reviewed": {"tax": [WAGE]}}, (3000, None, "ABOVE")),
    ("a slip in the number", {"tax": [{**WAGE, "grade": "G4"}]}, {}, (3000, 3000, "ABOVE")),
    ("another name", {"tax": [{**WAGE, "grade": "G3"}]}, {}, (0, None, "CANNOT_TELL")),
    ("no identity check yet", {"tax": [{**WAGE, "grade": "G5"}]}, {}, (0, None, "CANNOT_TELL")),
    ("no grade", {"tax": [{**WAGE, "grade": None}]}, {}, (0, None, "CANNOT_TELL")),
    ("cut before the month was reported", {"tax": [WAGE]}, {"cut": dt.date(2024, 6, 14)}, (3000, None, "ABOVE")),
    ("cut when it was", {"tax": [WAGE]}, {"cut": dt.date(2024, 6, 15)}, (3000, 3000, "ABOVE")),
    ("an old extract says nothing of today", {"social_insurance": [PENSION]}, {"cut": dt.date(2024, 4, 30)}, (0, None, "CANNOT_TELL")),
    ("the cost of going to work", {"tax": [WAGE]}, {"changes": {"income.employment_cost": 2500}}, (500, 500, "BELOW")),
    ("net of tax", {"tax": [{**WAGE, "tax_yuan": 40}]}, {"changes": {"income.net_of_tax": 1}}, (2960, 2960, "ABOVE")),
    ("net of an unknown tax", {"tax": [WAGE]}, {"changes": {"income.net_of_tax": 1}}, (0, 3000, "CANNOT_TELL")),
    ("a couple", {"tax": [WAGE]}, {"members": [{"person_id": "P1", "household_id": "H1"}, {"person_id": "P2", "household_id": "H1"}]},
     (1500, 1500, "ABOVE")),
    ("who left does not count", {"tax": [WAGE]}, {"members": [
        {"person_id": "P1", "household_id": "H1"}, {"person_id": "P2", "household_id": "H1", "valid_to": "2024-05-01"}]},
     (3000, 3000, "ABOVE")),
    ("nor what they earn", {"tax": [WAGE]}, {"members": [
        {"person_id": "P2", "household_id": "H1"}, {"person_id": "P1", "household_id": "H1", "valid_from": "2024-06-01"}]},
     (0, 0, "BELOW")),
]  # fmt: skip


@pytest.mark.parametrize(("records", "differs", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_month(
    records: dict[str, list[Row]], differs: dict[str, Any], expected: tuple[int, int | None, str]
) -> None:
    (row,) = heads(world(records, **differs))
    assert (row["low"], row["high"], row["standing"]) == expected
    assert row["line"] == LINE
    assert row["known"] == (row["high"] is not None)


def test_an_employer_that_stopped_without_a_date_may_still_have_paid() -> None:
    ended = {**INSURED, "status": "ENDED"}
    assert heads(world({"social_insurance": [ended]}))[0]["high"] is None
    assert heads(world({"social_insurance": [{**ended, "end_month": "2024-04"}]}))[0]["high"] == 0


def test_where_two_sources_differ_the_one_that_told_most_counts() -> None:
    (row,) = heads(world({"unemployment_benefit": [UI], "aid": [{**AID, "amount_yuan": 1000}]}))
    assert (row["low"], row["high"]) == (1000, 1000)


def test_what_aid_counts_is_the_callers_choice() -> None:
    members = [{"person_id": person, "household_id": "H1"} for person in ("P1", "P2")]
    dibao = {**AID, "programme": "DIBAO"}
    known = world({"aid": [dibao, {**dibao, "person_id": "P2"}]}, members)  # one payment, under both names
    assert heads(known)[0]["high"] == 0
    assert heads(known, counted=inputs.RELIEVED)[0]["low"] == 450


def test_a_source_that_is_not_needed_is_neither_read_nor_missed() -> None:
    known = world({"unemployment_benefit": [UI]}, coverage={("P1", "aid"): None})
    (row,) = heads(known, sources=("tax",))
    assert (row["low"], row["high"], row["known"]) == (0, 0, True)


def test_each_month_has_its_own_line() -> None:
    known = world({}, as_of=dt.date(2025, 6, 30))
    rows = heads(known, [dt.date(2017, 12, 1), dt.date(2018, 1, 1), dt.date(2024, 12, 1), dt.date(2025, 1, 1)])
    assert [row["line"] for row in rows] == [None, 460, 660, 690]
    assert [row["standing"] for row in rows] == ["CANNOT_TELL", "BELOW", "BELOW", "BELOW"]


def test_the_low_income_line_is_a_multiple() -> None:
    known = world({"tax": [{**WAGE, "income_yuan": 800}]})
    told = persons.incomes(known, [MAY])
    (row,) = households.per_capita(known, told, times="line.low_income").to_dicts()
    assert (row["line"], row["standing"]) == (990, "BELOW")


def test_it_says_who_kept_silent() -> None:
    members = [{"person_id": person, "household_id": "H1"} for person in ("P1", "P2", "P3")]
    silence: dict[tuple[str, str], str | None] = {
        ("P1", "tax"): "NO_ANSWER",
        ("P2", "tax"): "NOT_ASKED",
        ("P3", "aid"): "NOT_AUTHORISED",
    }
    (row,) = heads(world({"social_insurance": [INSURED]}, members, silence))
    assert row["silent"] == {"tax": 2, "social_insurance": 0, "unemployment_benefit": 0, "aid": 1}
    assert row["unsized"] == 1


def test_bounds_are_rounded_outwards() -> None:
    members = [{"person_id": person, "household_id": "H1"} for person in ("P1", "P2", "P3")]
    (row,) = heads(world({"tax": [{**WAGE, "income_yuan": "100.00"}]}, members))
    assert (row["low"], row["high"]) == (Decimal("33.33"), Decimal("33.34"))


def test_the_reporting_lag_bounds_the_months() -> None:
    assert inputs.reported_until(dt.date(2024, 6, 14), 15) == dt.date(2024, 4, 1)
    assert inputs.reported_until(dt.date(2024, 6, 15), 15) == dt.date(2024, 5, 1)
    assert inputs.reported_until(dt.date(2024, 5, 31), 0) == dt.date(2024, 5, 1)
    known = world({})
    until = persons.incomes(known, [MAY]).answers.get_column("until").unique().to_list()
    assert until == [inputs.reported_until(AS_OF, 15)] == [inputs.reported_months(known, 6)[-1]]


def test_the_sheet_says_how_it_came_about() -> None:
    members = [{"person_id": person, "household_id": "H1"} for person in ("P1", "P2")]
    records = {"tax": [WAGE], "unemployment_benefit": [UI], "aid": [AID]}
    known = world(records, members, {("P2", "tax"): "NO_ANSWER"}, changes={"income.employment_cost": 200})
    sheet = households.sheet(known, persons.incomes(known, [MAY]), "H1", MAY)
    assert sheet is not None
    told: list[tuple[Any, ...]] = [
        (step.person_id, step.source, step.kind, step.state, step.low, step.high) for step in sheet.steps
    ]
    assert told == [
        ("P1", "tax", "WAGE", "VALUE", 3000, 3000),
        ("P1", "social_insurance", None, "NO_RECORD", 0, 0),
        ("P1", "unemployment_benefit", "UNEMPLOYMENT_BENEFIT", "VALUE", 900, 900),
        ("P1", "aid", "UNEMPLOYMENT_BENEFIT", "VALUE", 900, 900),
        ("P2", "tax", None, "NO_ANSWER", 0, None),
        ("P2", "social_insurance", None, "NO_RECORD", 0, 0),
        ("P2", "unemployment_benefit", None, "NO_RECORD", 0, 0),
        ("P2", "aid", None, "NO_RECORD", 0, 0),
        ("P1", None, "EMPLOYMENT_COST", "COMPUTED", -200, -200),
        ("P1", None, "TOLD_TWICE", "COMPUTED", -900, -900),
    ]
    assert sheet.steps[0].record_ids == ("tax-0",)
    assert (sheet.total_low, sheet.members, sheet.low) == (Decimal(3700), 2, Decimal(1850))
    assert sheet.total_high is sheet.high is None
    assert households.sheet(known, persons.incomes(known, [MAY]), "H9", MAY) is None


# What must hold whatever is told.

WHEN = months(dt.date(2024, 4, 1), dt.date(2024, 6, 1))
PEOPLE = ("P1", "P2", "P3")
amount = st.sampled_from([None, 0, 300, 700, 1500, 4000])
month = st.sampled_from([None, "2024-03", "2024-05", "2024-06"])
person = st.sampled_from(PEOPLE)
grade = st.sampled_from(["G1", "G1", "G1", "G2", "G4", "G3", "G5", None])
RECORDS = {
    "tax": st.fixed_dictionaries({
        "person_id": person, "grade": grade, "income_yuan": amount, "tax_yuan": st.sampled_from([None, 0]), "income_month": month,
        "kind": st.sampled_from(["工资薪金所得", "劳务报酬所得", "经营所得", "偶然所得", None]),
        "tax_year": st.sampled_from([None, 2023, 2024]),
    }),
    "social_insurance": st.fixed_dictionaries({
        "person_id": person, "grade": grade, "benefit_yuan": amount, "start_month": month, "end_month": month, "insured_month": month,
        "kind": st.sampled_from(["EMPLOYEE_PENSION", "UNEMPLOYMENT", "MEDICAL", "WORK_INJURY", None]),
        "status": st.sampled_from(["PAYING", "DRAWING", "DRAWING", "ENDED", None]),
        "payer": st.sampled_from(["EMPLOYER", "FLEXIBLE", None]),
    }),
    "unemployment_benefit": st.fixed_dictionaries({"person_id": person, "grade": grade, "month": month, "benefit_yuan": amount}),
    "aid": st.fixed_dictionaries({
        "person_id": person, "grade": grade, "start_month": month, "end_month": month, "amount_yuan": amount,
        "programme": st.sampled_from(["UI_BENEFIT", "PUBLIC_WELFARE_POST", "DIBAO", "STARTUP_GRANT"]),
    }),
}  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Three people in one or two households, some records, and whatever the sources said of the rest."""
    homes = {name: draw(st.sampled_from(["H1", "H1", "H2"])) for name in PEOPLE}
    records = {source: draw(st.lists(rows, max_size=4)) for source, rows in RECORDS.items()}
    said: dict[tuple[str, str], str | None] = {}
    for name in PEOPLE:
        for source in inputs.SOURCES:
            has = any(row["person_id"] == name for row in records[source])
            said[name, source] = draw(
                st.sampled_from(
                    ["VALUE", "VALUE", "NO_ANSWER"] if has else ["NO_RECORD"] * 4 + ["NO_ANSWER", "NOT_ASKED"]
                )
            )
    return world(
        records,
        [{"person_id": name, "household_id": home} for name, home in homes.items()],
        said,
        partial=draw(st.sampled_from([(), (), ("tax",)])),
        changes={
            "income.employment_cost": draw(st.sampled_from([0, 400])),
            "income.net_of_tax": draw(st.sampled_from([0, 1])),
        },
        cut=draw(st.sampled_from([AS_OF, AS_OF, dt.date(2024, 6, 20)])),
    )


def silenced(known: World, source: str, who: str | None, state: str) -> World:
    here = (pl.col("source") == source) & (pl.lit(True) if who is None else pl.col("person_id") == who)
    said = known.coverage.with_columns(state=pl.when(here).then(pl.lit(state)).otherwise("state"))
    return replace(known, coverage=said)


def without_rows(known: World, source: str, keep: pl.DataFrame) -> World:
    return replace(known, linked={**known.linked, source: keep})


def assert_only_wider(before: World, after: World, counted: frozenset[str] = inputs.COUNTED) -> None:
    rows = zip(heads(before, WHEN, counted=counted), heads(after, WHEN, counted=counted), strict=True)
    for old, new in rows:
        assert (old["household_id"], old["month"], old["members"]) == (
            new["household_id"],
            new["month"],
            new["members"],
        )
        assert new["low"] <= old["low"]
        assert new["high"] is None or (old["high"] is not None and old["high"] <= new["high"])
        assert new["standing"] in (old["standing"], "CANNOT_TELL")


EXAMPLES = settings(max_examples=25, deadline=None)


@EXAMPLES
@given(worlds(), st.sampled_from(inputs.SOURCES), st.sampled_from(["NO_ANSWER", "NOT_ASKED", "NOT_AUTHORISED", None]))
def test_deleting_a_source_only_widens(known: World, source: str, state: str | None) -> None:
    rest = {name: rows for name, rows in known.linked.items() if name != source}
    if state is None:  # as if it had never been there
        said = known.coverage.filter(pl.col("source") != source)
        feeds = {name: feed for name, feed in known.feeds.items() if name != source}
        assert_only_wider(known, replace(known, linked=rest, coverage=said, feeds=feeds))
    else:
        assert_only_wider(known, silenced(replace(known, linked=rest), source, None, state))
        assert_only_wider(known, silenced(known, source, None, state))


@EXAMPLES
@given(worlds(), st.data())
def test_deleting_a_record_only_widens(known: World, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(inputs.SOURCES))
    rows = known.linked[source]
    if len(rows):
        place = data.draw(st.integers(0, len(rows) - 1))
        lost = rows.row(place, named=True)
        left = without_rows(known, source, rows.filter(pl.col("record_id") != lost["record_id"]))
        assert_only_wider(known, silenced(left, source, lost["person_id"], "NO_ANSWER"))
        counted = inputs.RELIEVED
        assert_only_wider(known, silenced(left, source, lost["person_id"], "NO_ANSWER"), counted)
        if rows.filter(pl.col("person_id") == lost["person_id"]).height == 1:
            assert_only_wider(known, left)  # a value nobody can see any more is no zero


@EXAMPLES
@given(worlds(), st.data())
def test_what_a_record_does_not_say_only_widens(known: World, data: st.DataObject) -> None:
    source, column = data.draw(
        st.sampled_from(
            [
                ("tax", "income_yuan"), ("social_insurance", "benefit_yuan"), ("unemployment_benefit", "benefit_yuan"),
                ("aid", "amount_yuan"), ("tax", "grade"), ("aid", "grade"), ("unemployment_benefit", "month"),
                ("tax", "income_month"), ("aid", "start_month"),
            ]
        )
    )  # fmt: skip
    rows = known.linked[source]
    if column == "income_month":  # a month that becomes its year
        rows = rows.with_columns(tax_year=pl.coalesce(pl.col("income_month").dt.year(), "tax_year"))
    if source == "social_insurance":
        rows = rows.filter(pl.col("status") == "DRAWING")
        known = without_rows(known, source, rows)
    if source == "aid" and column == "start_month":
        rows = rows.filter(pl.col("end_month") >= pl.col("start_month"))
        known = without_rows(known, source, rows)
    assert_only_wider(
        known, without_rows(known, source, rows.with_columns(pl.lit(None).cast(rows.schema[column]).alias(column)))
    )


@EXAMPLES
@given(worlds(), st.sampled_from(inputs.SOURCES), person)
def test_no_record_that_becomes_no_answer_only_widens(known: World, source: str, who: str) -> None:
    here = (pl.col("source") == source) & (pl.col("person_id") == who)
    if known.coverage.filter(here & (pl.col("state") == "NO_RECORD")).height:
        after = silenced(known, source, who, "NO_ANSWER")
        assert_only_wider(known, after)
        home = known.members.filter(pl.col("person_id") == who).item(0, "household_id")
        assert all(row["high"] is None for row in heads(after, WHEN) if row["household_id"] == home)


@EXAMPLES
@given(worlds(), person, st.sampled_from([0, 1, 8000, 10**9, None]))
def test_a_yearly_figure_never_decides_a_month(known: World, who: str, yuan: int | None) -> None:
    home = known.members.filter(pl.col("person_id") == who).item(0, "household_id")
    year = {"person_id": who, "kind": "工资薪金所得", "tax_year": 2024, "income_yuan": yuan, "record_id": "year"}
    more = pl.concat([known.linked["tax"], linked("tax", [year], {who: home})])
    for old, new in zip(heads(known, WHEN), heads(without_rows(known, "tax", more), WHEN), strict=True):
        assert new["low"] == old["low"]
        assert new["standing"] in (old["standing"], "CANNOT_TELL")
        if old["household_id"] == home:
            assert new["high"] is None
            assert not new["known"]


@EXAMPLES
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(known: World, random: Any) -> None:
    def mixed(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1, shuffle=True, seed=random.randrange(10**6))

    other = replace(
        known,
        members=mixed(known.members),
        households=mixed(known.households),
        coverage=mixed(known.coverage),
        linked={source: mixed(rows) for source, rows in known.linked.items()},
    )
    one, two = (persons.incomes(each, WHEN) for each in (known, other))
    assert one.tellings.equals(two.tellings)
    assert one.told().equals(two.told())
    assert one.answers.equals(two.answers)
    assert households.per_capita(known, one).equals(households.per_capita(other, two))


@EXAMPLES
@given(worlds())
def test_bounds_are_in_order_and_the_sheet_adds_up(known: World) -> None:
    told = persons.incomes(known, WHEN)
    assert told.told().schema == persons.INCOMES
    assert told.told().filter((pl.col("high") < pl.col("low")) | (pl.col("low") < 0)).is_empty()
    rows = households.per_capita(known, told)
    assert rows.schema == households.PER_CAPITA
    assert rows.height == len(WHEN) * known.members.get_column("household_id").n_unique()
    for row in rows.iter_rows(named=True):
        sheet = households.sheet(known, told, row["household_id"], row["month"])
        assert sheet is not None
        assert (sheet.low, sheet.high, sheet.line, sheet.standing) == (
            row["low"],
            row["high"],
            row["line"],
            row["standing"],
        )
        assert row["high"] is None or row["low"] <= row["high"]
        assert sheet.total_low == sum(step.low for step in sheet.steps)
        assert 0 <= sheet.total_low - sheet.low * sheet.members < Decimal("0.01") * sheet.members
        if sheet.total_high is not None and all(step.high is not None for step in sheet.steps):
            assert sheet.total_high == sum(step.high or 0 for step in sheet.steps)
        assert {step.person_id for step in sheet.steps} <= set(PEOPLE)
        gone = [step for step in sheet.steps if step.state == "VALUE" and not step.record_ids]
        assert not gone


# The test for leaving: months in a row.

LAST = dt.date(2024, 10, 1)


def row(month: dt.date, low: int, high: int | None, line: int | None = 660) -> Row:
    return {"household_id": "H1", "month": month, "low": low, "high": high, "known": high is not None, "line": line}


SIX = months(dt.date(2024, 5, 1), LAST)
EXIT_CASES = [
    ("six above", [row(month, 700, 700) for month in SIX], "EXIT_DUE"),
    ("each against its own line", [row(SIX[0], 700, 700, 660), *(row(month, 700, 700, 690) for month in SIX[1:])], "EXIT_DUE"),
    ("one on the line", [*(row(month, 700, 700) for month in SIX[:5]), row(LAST, 660, 660)], "NOT_ABOVE"),
    ("one unknown breaks the run", [*(row(month, 700, 700) for month in SIX[:5]), row(LAST, 0, None)], "INSUFFICIENT_DATA"),
    ("above at least, the rest unknown", [*(row(month, 700, 700) for month in SIX[:5]), row(LAST, 700, None)], "INSUFFICIENT_DATA"),
    ("perhaps above", [*(row(month, 700, 700) for month in SIX[:5]), row(LAST, 600, 700)], "INSUFFICIENT_DATA"),
    ("a month is missing", [row(month, 700, 700) for month in SIX[:5]], "INSUFFICIENT_DATA"),
    ("no line", [*(row(month, 700, 700) for month in SIX[:5]), row(LAST, 700, 700, None)], "INSUFFICIENT_DATA"),
    ("unknown and below", [row(SIX[0], 0, None), row(SIX[1], 10, 10), *(row(month, 700, 700) for month in SIX[2:])], "NOT_ABOVE"),
    ("poor before", [row(dt.date(2024, 4, 1), 0, 0), *(row(month, 700, 700) for month in SIX)], "EXIT_DUE"),
    ("nothing", [], "INSUFFICIENT_DATA"),
]  # fmt: skip
OF_EXITS = frames.schema(
    {
        "household_id": pl.String, "month": pl.Date, "low": frames.MONEY, "high": frames.MONEY, "known": pl.Boolean,
        "line": frames.MONEY,
    }
)  # fmt: skip


def both(rows: Sequence[Row], count: int = 6) -> tuple[str, str]:
    """The outcome of one household's rows, and of the frame of them; without a row, the frame has no household."""
    found = exits.assess(table(rows, OF_EXITS), LAST, count)
    return exits.six_months_above(rows, LAST, count).outcome, found.item(
        0, "outcome"
    ) if rows else "INSUFFICIENT_DATA"


@pytest.mark.parametrize(("rows", "outcome"), [pytest.param(*case[1:], id=case[0]) for case in EXIT_CASES])
def test_six_months_in_a_row(rows: list[Row], outcome: str) -> None:
    assert both(rows) == (outcome, outcome)


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        (row(LAST, 660, 660), "EXIT_DUE"),  # at the line is lifted to it, if not above it
        (row(LAST, 660, 900), "EXIT_DUE"),
        (row(LAST, 659, 659), "NOT_ABOVE"),
        (row(LAST, 659, 660), "INSUFFICIENT_DATA"),
        (row(LAST, 660, None), "INSUFFICIENT_DATA"),
        (row(LAST, 700, 700, None), "INSUFFICIENT_DATA"),
    ],
)
def test_whether_aid_lifts_a_household_to_the_line(last: Row, outcome: str) -> None:
    rows = [*(row(month, 700, 700) for month in SIX[:5]), last]
    assert exits.six_months_above(rows, LAST, 6, reaching=True).outcome == outcome


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 600, 660, 700]), st.sampled_from([None, 660, 700, 900]), st.sampled_from([None, 660, 690])),
        max_size=8,
    ),
    st.integers(1, 6),
)  # fmt: skip
def test_row_by_row_and_all_at_once_agree(drawn: list[tuple[int, int | None, int | None]], count: int) -> None:
    first = dt.date(2024, 3, 1)
    rows = [
        row(month, low, None if high is None else max(low, high), line)
        for month, (low, high, line) in zip(months(first, LAST), drawn, strict=False)
    ]
    one, many = both(rows, count)
    assert one == many
    blind = [{**each, "high": None, "known": False} for each in rows]
    assert not rows or both(blind, count)[0] == "INSUFFICIENT_DATA"


def test_what_was_told_names_its_records_and_null_stays_open() -> None:
    known = world({"tax": [WAGE, {**WAGE, "payer_uscc": "B", "income_yuan": None}]})
    told = persons.incomes(known, [MAY]).told(["H1"])
    assert told.drop("household_id", "state").rows() == [("P1", MAY, "tax", "WAGE", 3000, None, ["tax-0", "tax-1"])]
    assert persons.incomes(known, [MAY]).told(["H9"]).is_empty()
