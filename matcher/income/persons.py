"""What each person received in each month, as the departments told it, and of which months they said nothing.

A telling is an interval in yuan. A record whose amount is not stated, a wage that must be there because an employer
insured the month, and a figure for a whole year are open above: they add 0 at least and nobody knows how much at most.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher import frames
from matcher.identity.programmes import BY_CODE
from matcher.income.inputs import COUNTED, GRADES, SOURCES, Known
from matcher.overlap import first_day

INCOMES = frames.schema(
    {
        "person_id": pl.String,
        "household_id": pl.String,
        "month": pl.Date,
        "source": pl.String,
        "kind": pl.String,  # one of KINDS
        "state": pl.String,  # VALUE; for what a source did not tell see ANSWERS
        "low": frames.MONEY,
        "high": frames.MONEY,  # null: open above
        "record_ids": pl.List(pl.String),
    }
)
"""What one source told of one kind of income of a person in a month, in yuan of that month; nothing else has a row.

Sorted by household, person, month, source and kind.
"""

ANSWERS = frames.schema(
    {
        "person_id": pl.String,
        "source": pl.String,
        "state": pl.String,  # VALUE NO_RECORD NO_ANSWER NOT_ASKED
        "until": pl.Date,
    }
)
"""What each source said of each person: up to the month `until` (null: never) a month without a telling is 0, else unknown.

Source by source, in the order of PEOPLE.
"""

KINDS = ("WAGE", "LABOUR", "BUSINESS", "PROPERTY", "PENSION", "UNEMPLOYMENT_BENEFIT", "BENEFIT", "OTHER")

TELLINGS = frames.schema(
    {
        "seat": pl.UInt32,  # the person's row in PEOPLE
        "month": pl.Date,
        "source": pl.Enum(SOURCES),
        "kind": pl.Enum(KINDS),
        "low": pl.Int64,  # fen
        "high": pl.Int64,
        "record_id": pl.String,
    }
)
"""One record's word on one month; what a correction takes back is below zero. Sorted by all but the amounts, month first."""

PEOPLE = frames.schema(
    {
        "seat": pl.UInt32,
        "person_id": pl.String,
        "household_id": pl.String,
        "valid_from": pl.Date,
        "valid_to": pl.Date,
    }
)
"""The members, sorted by household and person; large frames name a person by this row's number."""

TAX_KINDS = (
    ("WAGE", ("工资", "薪金")),
    ("LABOUR", ("劳务", "稿酬")),
    ("BUSINESS", ("经营",)),
    ("PROPERTY", ("租赁", "利息", "股息", "红利", "转让", "特许权")),
)
PENSIONS = ("EMPLOYEE_PENSION", "RESIDENT_PENSION")
NET_ALREADY = ("WAGE", "LABOUR")
"""Kinds whose amount is income as it stands. From receipts of a business or of property costs go off, nobody told which."""

SAME = {
    "tax": ("seat", "kind", "income_month", "tax_year", "income_yuan", "tax_yuan", "payer_name", "payer_uscc"),
    "social_insurance": (
        "seat", "kind", "status", "payer", "employer_name", "employer_uscc", "benefit_yuan", "start_month",
        "end_month", "insured_month",
    ),
    "unemployment_benefit": ("seat", "month", "benefit_yuan"),
    "aid": ("seat", "programme", "start_month", "end_month", "amount_yuan", "division_code", "cause"),
}  # fmt: skip
"""Two records of a source that agree in all of these are one, written twice."""

MONTH_OF = {"tax": "income_month", "social_insurance": "insured_month", "unemployment_benefit": "month"}
"""The column in which a record says that it tells of one month and no other."""

ZERO = pl.lit(0, dtype=pl.Int64)
OPEN = pl.lit(None, dtype=pl.Int64)


@dataclass(frozen=True, slots=True)
class Incomes:
    """The income of all members in `months`, as the needed `sources` told it: PEOPLE, TELLINGS, and ANSWERS for the rest."""

    people: pl.DataFrame
    tellings: pl.DataFrame
    answers: pl.DataFrame
    months: tuple[dt.date, ...]
    sources: tuple[str, ...]

    def told(self, households: Collection[str] | None = None) -> pl.DataFrame:
        """What was told of these households, or of all, with the records behind it (INCOMES)."""
        people = self.people
        if households is not None:
            people = people.filter(pl.col("household_id").is_in(sorted(households)))
        return (
            self.tellings.join(people, on="seat", how="inner", maintain_order="left")
            .group_by("seat", "person_id", "household_id", "month", "source", "kind")
            .agg(pl.col("low", "high").sum(), open=pl.col("high").null_count(), record_ids=pl.col("record_id"))
            .sort("seat", "month", "source", "kind")
            .with_columns(
                state=pl.lit("VALUE"),
                low=yuan(pl.col("low").clip(lower_bound=0)),
                high=yuan(pl.when(pl.col("open") == 0).then("high")),
            )
            .select(INCOMES.names())
            .cast(INCOMES)
        )


def incomes(
    known: Known,
    months: Iterable[dt.date],
    counted: Collection[str] = COUNTED,
    sources: Sequence[str] = SOURCES,
) -> Incomes:
    """What the sources told of every member's income in these months.

    `counted`: the programmes of aid that count as income. `sources`: those that are needed; one that is left out here is
    neither read nor missed. Nothing depends on the order of rows.
    """
    wanted = tuple(sorted({first_day(month) for month in months if first_day(month) <= known.as_of}))
    everything = tuple(sorted({first_day(month) for month in months}))
    people = _people(known)
    told_of = [source for source in sources if source in known.linked and not known.linked[source].is_empty()]
    usable = {source: _usable(known, source, people) for source in told_of}
    spoken = {source: _spoken(known, source, wanted) for source in usable}
    net = bool(known.policy.value("income.net_of_tax", known.as_of))
    tellings: dict[str, pl.DataFrame] = {}
    for source, rows in usable.items():
        match source:
            case "tax":
                tellings[source] = _tax(rows, spoken[source], net=net)
            case "social_insurance":
                tellings[source] = _drawn(rows, spoken[source])
            case "unemployment_benefit":
                tellings[source] = _unemployment(rows, spoken[source])
            case "aid":
                tellings[source] = _aid(rows, spoken[source], counted)
    if "social_insurance" in usable:
        unpaid = _insured(usable["social_insurance"], spoken["social_insurance"], tellings.get("tax"))
        tellings["social_insurance"] = pl.concat([tellings["social_insurance"], unpaid])
    told = [
        rows.with_columns(source=pl.lit(source).cast(pl.Enum(SOURCES))).select(TELLINGS.names())
        for source, rows in tellings.items()
    ]
    together = _in_order(pl.concat([TELLINGS.to_frame(), *told]), len(people))
    return Incomes(people, together, _answers(known, sources, usable, people, everything), everything, tuple(sources))


def _in_order(tellings: pl.DataFrame, people: int) -> pl.DataFrame:
    """Sorted by one number that stands for month, person, source and kind, and only where that is equal by record."""
    if len(tellings) < 2:
        return tellings
    month, person, source, kind = (
        pl.col(name).to_physical().cast(pl.Int64) for name in ("month", "seat", "source", "kind")
    )
    place = ((month * people + person) * len(SOURCES) + source) * len(KINDS) + kind
    numbered = tellings.with_columns(place=place)
    several = numbered.get_column("place").is_duplicated()
    ties = numbered.filter(several).sort("place", "record_id", "low", "high")
    return pl.concat([numbered.filter(~several), ties]).sort("place", maintain_order=True).drop("place")


def _people(known: Known) -> pl.DataFrame:
    columns = [name for name in PEOPLE if name != "seat"]
    return known.members.select(columns).sort("household_id", "person_id").with_row_index("seat").cast(PEOPLE)


def _spoken(known: Known, source: str, months: tuple[dt.date, ...]) -> tuple[dt.date, ...]:
    """The months up to the day the source's extract was cut: what it said goes no further, even of what has no end."""
    cuts = known.coverage.filter(pl.col("source") == source).get_column("as_of").drop_nulls()
    cut = cuts.max() if len(cuts) else known.as_of
    return tuple(month for month in months if isinstance(cut, dt.date) and month <= cut)


def _usable(known: Known, source: str, people: pl.DataFrame) -> pl.DataFrame:
    """The source's records that may feed an amount, each once, with the seat of the person they are linked to."""
    forbidden = known.coverage.filter((pl.col("source") == source) & (pl.col("state") == "NOT_AUTHORISED"))
    seats = people.select("person_id", "household_id", "seat").join(forbidden, on="person_id", how="anti")
    rows = known.linked[source].filter(pl.col("grade").is_in(GRADES)).drop("household_id")
    rows = rows.join(seats, on="person_id", how="inner")
    repeated = rows.select(SAME[source]).hash_rows().is_duplicated()
    if not repeated.any():
        return rows
    once = rows.filter(repeated).sort("record_id").unique(SAME[source], keep="first", maintain_order=True)
    return pl.concat([rows.filter(~repeated), once])


def _answers(
    known: Known,
    sources: Sequence[str],
    usable: dict[str, pl.DataFrame],
    people: pl.DataFrame,
    months: Sequence[dt.date],
) -> pl.DataFrame:
    lag = int(known.policy.value("income.reporting_days", known.as_of))
    complete = [source for source in sources if source in known.feeds and known.feeds[source].complete]
    said = known.coverage.filter(pl.col("source").is_in(list(sources))).select(
        "person_id", "source", "state", "as_of"
    )
    used = _marked("used", {source: rows for source, rows in usable.items() if source in sources})
    doubt = _marked("doubt", {source: _doubtful(known, source, months) for source in sources})
    cut = pl.col("as_of") - pl.duration(days=lag - 1)
    told = (pl.col("state") == "VALUE") & pl.col("source").is_in(complete)
    whole = (pl.col("state") == "NO_RECORD") | told
    every = pl.DataFrame({"source": sources}, schema={"source": pl.String}).join(people, how="cross")
    for each in (said, used, doubt):
        every = every.join(each, on=["person_id", "source"], how="left", maintain_order="left")
    return (
        every.with_columns(state=_state())
        .select(
            "person_id",
            "source",
            "state",
            until=pl.when(whole & pl.col("doubt").is_null()).then(cut.dt.month_start().dt.offset_by("-1mo")),
        )
        .cast(ANSWERS)
    )


def _state() -> pl.Expr:
    """A record that cannot be used is no answer; one that can is a value, whatever else was said of the person."""
    return (
        pl.when(pl.col("state") == "NOT_AUTHORISED")
        .then(pl.lit("NOT_ASKED"))
        .when(pl.col("state").is_null() & pl.col("used").is_null())
        .then(pl.lit("NOT_ASKED"))
        .when(pl.col("state").is_in(["NO_ANSWER", "NOT_ASKED"]) & pl.col("used").is_null())
        .then("state")
        .when(pl.col("state").is_null() | pl.col("state").is_in(["NO_ANSWER", "NOT_ASKED"]))
        .then(pl.lit("NO_ANSWER"))
        .when(pl.col("used").is_not_null())
        .then(pl.lit("VALUE"))
        .when(pl.col("doubt").is_not_null() | (pl.col("state") == "VALUE"))
        .then(pl.lit("NO_ANSWER"))
        .otherwise("state")
    )


_NOBODY = pl.DataFrame(schema={"person_id": pl.String})


def _doubtful(known: Known, source: str, months: Sequence[dt.date]) -> pl.DataFrame:
    """The records of this source that may be somebody's and may not, so that nobody knows all that it holds of them.

    A record that tells of one month only leaves the others as they are.
    """
    unsure = [
        frame.filter(doubt).select("person_id", *([MONTH_OF[source]] if source in MONTH_OF else []))
        for frames_of, doubt in (
            (known.linked, ~pl.col("grade").is_in(GRADES) | pl.col("grade").is_null()),
            (known.reviewed, pl.lit(value=True)),
        )
        if source in frames_of and not (frame := frames_of[source]).is_empty()
    ]
    if not unsure:
        return _NOBODY
    column = MONTH_OF.get(source)
    rows = pl.concat(unsure)
    if column is None:
        return rows
    return rows.filter(pl.col(column).is_null() | pl.col(column).dt.month_start().is_in(months))


def _marked(mark: str, rows: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Of each source the people of these rows, each once, with a mark."""
    schema = {"person_id": pl.String, "source": pl.String, mark: pl.Boolean}
    parts = [
        found.select("person_id", pl.lit(source).alias("source"), pl.lit(value=True).alias(mark))
        for source, found in rows.items()
        if not found.is_empty()
    ]
    return pl.concat(parts).unique() if parts else pl.DataFrame(schema=schema)


def _tax(rows: pl.DataFrame, months: tuple[dt.date, ...], *, net: bool) -> pl.DataFrame:
    """Monthly rows are amounts of their month; a row of a year, or of no time at all, only opens its months."""
    kind = pl.lit("OTHER")
    for name, words in reversed(TAX_KINDS):
        kind = pl.when(pl.col("kind").str.contains_any(list(words))).then(pl.lit(name)).otherwise(kind)
    surely = pl.col("kind").is_null() | kind.is_in(NET_ALREADY)
    gross, tax = fen("income_yuan"), fen("tax_yuan")
    least, most = (gross - tax.fill_null(gross), gross - tax.fill_null(0)) if net else (gross, gross)
    told = rows.with_columns(
        kind=kind,
        month=pl.col("income_month").dt.month_start(),
        low=pl.when(surely | (gross < 0)).then(least).otherwise(ZERO),
        high=most,
    )
    calendar = pl.DataFrame({"month": months, "tax_year": [month.year for month in months]}, schema=_CALENDAR)
    loose = told.filter(pl.col("month").is_null()).drop("month").with_columns(
        pl.col("tax_year").cast(pl.Int64), low=ZERO, high=OPEN
    )  # fmt: skip
    of_a_year = loose.join(calendar, on="tax_year", how="inner")
    undated = loose.filter(pl.col("tax_year").is_null()).join(calendar.drop("tax_year"), how="cross")
    dated = told.filter(pl.col("month").is_in(months))
    return pl.concat([_tellings(part) for part in (dated, of_a_year, undated)])


_CALENDAR = frames.schema({"month": pl.Date, "tax_year": pl.Int64})


def _drawn(rows: pl.DataFrame, months: tuple[dt.date, ...]) -> pl.DataFrame:
    """Pensions and benefits drawn. Care after a work injury is no income, so that kind is one at most."""
    kind = (
        pl.when(pl.col("kind").is_in(PENSIONS))
        .then(pl.lit("PENSION"))
        .when(pl.col("kind") == "UNEMPLOYMENT")
        .then(pl.lit("UNEMPLOYMENT_BENEFIT"))
        .when(pl.col("kind") == "WORK_INJURY")
        .then(pl.lit("BENEFIT"))
        .otherwise(pl.lit("OTHER"))
    )
    drawing = (pl.col("status") == "DRAWING").fill_null(False)
    drawn = rows.filter(
        (pl.col("kind") != "MEDICAL").fill_null(True) & (drawing | pl.col("benefit_yuan").is_not_null())
    ).with_columns(
        kind=kind,
        low=pl.when(drawing & kind.is_in(["PENSION", "UNEMPLOYMENT_BENEFIT"]))
        .then(fen("benefit_yuan"))
        .otherwise(ZERO),
        high=fen("benefit_yuan"),
        first=pl.coalesce("insured_month", "start_month"),
        last=pl.coalesce("insured_month", "end_month"),
    )
    return _every_month(drawn, months)


def _insured(rows: pl.DataFrame, months: tuple[dt.date, ...], tax: pl.DataFrame | None) -> pl.DataFrame:
    """Months that an employer insured and of which no wage of a known size was taxed: a wage of unknown size."""
    by_employer = (pl.col("payer") == "EMPLOYER").fill_null(
        pl.col("employer_uscc").is_not_null() | pl.col("employer_name").is_not_null()
    )
    insured = rows.filter(by_employer & (pl.col("status") != "DRAWING").fill_null(True)).with_columns(
        kind=pl.lit("WAGE"),
        low=ZERO,
        high=OPEN,
        first=pl.coalesce("insured_month", "start_month"),
        last=pl.coalesce("insured_month", "end_month"),
    )
    owed = _every_month(insured, months)
    if tax is None:
        return owed
    earned = pl.col("kind").is_in([*NET_ALREADY, "OTHER"]) & pl.col("high").is_not_null()
    return owed.join(tax.filter(earned), on=["seat", "month"], how="anti")


def _unemployment(rows: pl.DataFrame, months: tuple[dt.date, ...]) -> pl.DataFrame:
    paid = rows.with_columns(
        kind=pl.lit("UNEMPLOYMENT_BENEFIT"),
        low=fen("benefit_yuan"),
        high=fen("benefit_yuan"),
        first="month",
        last="month",
    )
    return _every_month(paid.drop("month"), months)


def _aid(rows: pl.DataFrame, months: tuple[dt.date, ...], counted: Collection[str]) -> pl.DataFrame:
    """Aid that counts as income; what a household gets as one is counted once, under whichever member it is written."""
    jointly = [code for code in counted if code in BY_CODE and BY_CODE[code].unit == "HOUSEHOLD"]
    kind = pl.col("programme").replace_strict(
        {"UI_BENEFIT": "UNEMPLOYMENT_BENEFIT", "PUBLIC_WELFARE_POST": "WAGE"}, default="BENEFIT"
    )
    paid = rows.filter(pl.col("programme").is_in(sorted(counted)))
    joint = pl.col("programme").is_in(jointly)
    once = ["household_id", *(column for column in SAME["aid"] if column != "seat")]
    paid = pl.concat(
        [paid.filter(~joint), paid.filter(joint).sort("seat", "record_id").unique(once, keep="first")]
    ).with_columns(kind=kind, low=fen("amount_yuan"), high=fen("amount_yuan"), first="start_month", last="end_month")
    return _every_month(paid, months)


def _every_month(rows: pl.DataFrame, months: tuple[dt.date, ...]) -> pl.DataFrame:
    """A telling for each of the months from `first` to `last`; where the first is not stated, it may be any earlier month."""
    if rows.is_empty() or not months:
        return TELLINGS.to_frame()
    first, last = pl.col("first").dt.month_start(), pl.col("last").dt.month_start()
    return (
        rows.select(
            "seat",
            "kind",
            "high",
            "record_id",
            low=pl.when(first.is_null()).then(ZERO).otherwise("low"),
            first=pl.max_horizontal(first, pl.lit(months[0])),
            last=pl.min_horizontal(last, pl.lit(months[-1])),
        )
        .filter(pl.col("first") <= pl.col("last"))
        .with_columns(month=pl.date_ranges("first", "last", interval="1mo"))
        .explode("month")
        .filter(pl.col("month").is_in(months))
        .pipe(_tellings)
    )


def _tellings(rows: pl.DataFrame) -> pl.DataFrame:
    """An amount that is not stated is 0 at least; one below zero corrects another, and nobody knows how far."""
    return rows.select(
        "seat",
        "month",
        pl.lit(None, dtype=pl.String).alias("source"),
        "kind",
        pl.when(pl.col("high").is_null()).then(ZERO).otherwise("low").alias("low"),
        pl.when(pl.col("high") >= 0).then("high"),
        "record_id",
    ).cast(TELLINGS)


def fen(column: str) -> pl.Expr:
    """An amount of yuan as whole fen."""
    return (pl.col(column) * 100).cast(pl.Int64)


def yuan(amount: pl.Expr) -> pl.Expr:
    """Fen as yuan, exactly."""
    return (amount.cast(pl.Decimal(22, 2)) * pl.lit(Decimal("0.01"))).cast(frames.MONEY)
