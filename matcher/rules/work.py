"""Work and insurance as the departments tell of them, month by month: who insured, who paid a wage, who drew a pension.

A record says it for one month (`insured_month`) or for a span of months. A span whose end is not stated lasts until the
day the extract was cut where somebody is still paying or drawing, and otherwise nobody knows how long it lasted: it tells
of no month. Unless a rule says otherwise, only links that may feed an amount count (never one that needs an identity check).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.frames import MONEY, schema
from matcher.overlap import add_months, first_day, months
from matcher.rules import masking, reading
from matcher.rules.reading import Row
from matcher.rules.rule import Facts, Grade

GRADES = ("G1", "G2", "G4")
ANY_GRADE = (*GRADES, "G5")
"""With links whose identity is still to be checked: for what computes no income, and then it is LOW at most."""

INSURANCE = "kind* status payer employer_name employer_uscc start_month end_month insured_month paid_month"
"""What a rule reads of social insurance to know who was insured when."""

WAGES = "kind payer_name payer_uscc income_yuan tax_yuan income_month"
"""What a rule reads of tax to know wages by month."""

WAGE_WORDS = ("工资", "薪金", "薪酬", "WAGE", "SALARY")
NO_WAGE_WORDS = ("补偿", "一次性", "退职", "离职", "退休")
"""What is paid for leaving is no wage, whatever else its name says."""

OF_WORK = ("EMPLOYEE_PENSION", "UNEMPLOYMENT", "WORK_INJURY")
"""Insurance that only an employer takes out for somebody at work; medical insurance is also paid by funds and offices."""

AGENCIES = (
    "人力资源和社会保障", "人才", "人事代理", "劳动保障事务", "灵活就业", "就业服务", "失业保险", "社会保险", "职业介绍",
)  # fmt: skip
"""Words in the name of an office through which people insure themselves, or that insures those without work or in its posts."""

BEGINNING = 120
"""Months before the reference date that any rule looks back at most."""

_LAID_OFF = "下岗 待岗 下待岗 内退 放假 停薪留职 下岗职工 下岗未再就业"
_JOBLESS = "失业 无业 未就业 待业 登记失业 失无业 无工作 没有工作 没工作 未工作 下岗失业 下岗无业 长期失业 求职 求职中 待就业 零就业 失业待业"
LAID_OFF = frozenset(_LAID_OFF.split())
"""Declared words for having no work while an employment may go on in name: the employer may still pay the insurance."""

JOBLESS = frozenset(_JOBLESS.split()) | LAID_OFF | {"unemployed", "jobless", "laid off", "laidoff"}
"""Declared words for having no work. A word that is not among them says nothing to the rules."""

RETIRED = frozenset(["退休", "离休", "离退休", "已退休", "病退", "retired"])
"""Declared words for being retired."""


def word(text: str | None) -> str:
    """A declared word as the tables write it: without spaces, brackets and what names a group of people.

    >>> word("失（无）业人员")
    '失无业'
    """
    plain = re.sub(r"[\s()/、,.·]", "", unicodedata.normalize("NFKC", text or "")).casefold()
    return re.sub(r"(人员|状态|在家|中)$", "", plain) or plain


def declared(members: pl.DataFrame, words: Collection[str]) -> pl.DataFrame:
    """The members who declared their employment in one of these words."""
    said = members.get_column("declared_employment").drop_nulls().unique().to_list()
    return members.filter(pl.col("declared_employment").is_in([each for each in said if word(each) in words]))


def first_whole_month(day: dt.date) -> dt.date:
    """The first month that lies wholly on or after a day."""
    return day if day.day == 1 else add_months(first_day(day), 1)


def on_file(facts: Facts, members: pl.DataFrame) -> pl.DataFrame:
    """Members with the whole months, `since` to `until`, for which the household's declaration stands and they belong to it.

    Nobody knows the months of a household that states neither the day of its application nor of its file.
    """
    columns = ("household_id", "applied_on", "file_opened_on", "file_closed_on", "target_group", "division_code")
    joined = members.join(facts.households.select(columns), on="household_id", how="inner").with_columns(
        began=pl.max_horizontal(pl.coalesce("applied_on", "file_opened_on"), "valid_from"),
        ended=pl.min_horizontal("file_closed_on", "valid_to", pl.lit(facts.as_of)),
        applied=pl.coalesce("applied_on", "file_opened_on"),
    )
    month = pl.col("began").dt.month_start()
    whole = pl.when(pl.col("began") == month).then(month).otherwise(month.dt.offset_by("1mo"))
    return joined.filter(pl.col("applied").is_not_null()).with_columns(
        since=whole, until=pl.col("ended").dt.month_start()
    )


def cut(facts: Facts, source: str) -> dt.date:
    """The month in which a source's extract was cut: it says nothing of later ones."""
    feed = facts.feeds.get(source)
    return first_day(min(feed.as_of, facts.as_of) if feed and feed.as_of else facts.as_of)


def insured(
    facts: Facts, people: pl.Series, *, grades: Collection[str] = GRADES, doubtful: bool = False
) -> pl.DataFrame:
    """Months that were insured for these people: a row a person, month and record.

    Columns: person_id, household_id, month, kind, payer, employer (code or name), employer_name, paid_month, record_id,
    grade, and `late`: it was paid so long afterwards, or with so many others, that nobody need have worked then. A month whose
    contribution is owed is not insured. `doubtful`: also by links that need an identity check or are under review, which may
    withhold a lead and never raise one.
    """
    rows = _rows(facts, "social_insurance", people, grades, doubtful=doubtful)
    unpaid = pl.col("status").is_in(["PAUSED", "ENDED"]) & pl.col("insured_month").is_not_null()
    paying = rows.filter(
        (pl.col("status") != "DRAWING").fill_null(True) & ~(unpaid & pl.col("paid_month").is_null()).fill_null(False)
    )
    spread = _spread(paying, "PAYING", cut(facts, "social_insurance"), facts.as_of)
    late = facts.policy.value("insurance.late_months", facts.as_of)
    gap = _months_apart(pl.col("paid_month"), pl.col("month"))
    made_up = pl.col("month").filter(pl.col("month") < pl.col("paid_month").dt.month_start()).n_unique()
    together = made_up.over("person_id", "kind", "employer", "paid_month") > 1
    return spread.with_columns(
        late=(pl.col("paid_month").is_not_null() & ((gap > late) | (together & (gap > 0)))).fill_null(False)
    )


def by_employer(spread: pl.DataFrame) -> pl.DataFrame:
    """Of `insured`, what an employer paid in time for somebody at work.

    `sure`: the record says who paid. Where it does not, an employer's name or code says that it was one.
    """
    named = pl.col("employer") != ""
    agency = pl.col("employer_name").str.contains_any(list(AGENCIES)).fill_null(False)
    return spread.filter(
        ((pl.col("payer") == "EMPLOYER") | (pl.col("payer").is_null() & named)).fill_null(False),
        (pl.col("kind").is_in(OF_WORK) | pl.col("kind").is_null()),
        ~agency,
        ~pl.col("late"),
    ).with_columns(sure=pl.col("payer").is_not_null() & pl.col("kind").is_not_null())


def drawing(
    facts: Facts,
    people: pl.Series,
    kinds: Collection[str],
    *,
    grades: Collection[str] = GRADES,
    doubtful: bool = False,
) -> pl.DataFrame:
    """Months for which these people drew a benefit of these kinds; columns and `doubtful` as of `insured`, `late` aside."""
    rows = _rows(facts, "social_insurance", people, grades, doubtful=doubtful)
    drawn = rows.filter((pl.col("status") == "DRAWING") & pl.col("kind").is_in(list(kinds)))
    return _spread(drawn, "DRAWING", cut(facts, "social_insurance"), facts.as_of)


def wages(facts: Facts, people: pl.Series) -> pl.DataFrame:
    """Taxed wages of these people, a row a record, each told once; nothing of a source that was not asked.

    Columns: person_id, household_id, month, employer, payer_name, gross, net (less the tax, where it is told), record_id,
    grade, and `sure`: the record says that it is a wage. Figures of a year, of no month, and of nothing are none.
    """
    frame = facts.linked.get("tax")
    if frame is None:
        return pl.DataFrame(schema=_WAGES)
    kind = pl.col("kind").str.to_uppercase()
    wage = kind.str.contains_any(list(WAGE_WORDS)) & ~kind.str.contains_any(list(NO_WAGE_WORDS))
    return (
        frame.filter(
            pl.col("person_id").is_in(people.implode()),
            pl.col("grade").is_in(GRADES),
            (pl.col("kind").is_null() | wage),
            pl.col("income_month").is_not_null(),
            (pl.col("income_yuan") > 0).fill_null(False),
            pl.col("income_month").dt.month_start() <= cut(facts, "tax"),
        )
        .sort("person_id", "record_id")
        .unique(_ONE_WAGE, keep="first", maintain_order=True)
        .select(
            "person_id",
            "household_id",
            month=pl.col("income_month").dt.month_start(),
            employer=pl.coalesce("payer_uscc", "payer_name", pl.lit("")),
            payer_name="payer_name",
            gross="income_yuan",
            net=pl.col("income_yuan") - pl.col("tax_yuan").clip(lower_bound=0).fill_null(0),
            record_id="record_id",
            grade="grade",
            sure=pl.col("kind").is_not_null(),
        )
        .cast(_WAGES)
        .sort("person_id", "month", "record_id")
    )


_ONE_WAGE = ("person_id", "kind", "income_month", "income_yuan", "tax_yuan", "payer_name", "payer_uscc")
_WAGES = schema({
    "person_id": pl.String, "household_id": pl.String, "month": pl.Date, "employer": pl.String, "payer_name": pl.String,
    "gross": MONEY, "net": MONEY, "record_id": pl.String, "grade": pl.String, "sure": pl.Boolean,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worked:
    """One month in which somebody worked by some record: who insured, who paid what."""

    month: dt.date
    insured: tuple[Row, ...]
    wages: tuple[Row, ...]

    @property
    def employers(self) -> frozenset[str]:
        """The employers of that month."""
        return frozenset(row["employer"] for row in (*self.insured, *self.wages))

    @property
    def grades(self) -> list[Grade]:
        """The grades of all links it rests on."""
        return [row["grade"] for row in (*self.insured, *self.wages)]

    @property
    def sure(self) -> bool:
        """Whether some record says that an employer insured, or that a wage was paid."""
        return any(row["sure"] for row in (*self.insured, *self.wages))

    @property
    def wage(self) -> Decimal:
        """The wages told of it."""
        return sum((row["gross"] for row in self.wages), Decimal(0))


def worked(insured: Iterable[Row], paid: Iterable[Row]) -> dict[dt.date, Worked]:
    """The months worked by these rows of `by_employer` and of `wages`, of one person, in order."""
    found: dict[dt.date, tuple[list[Row], list[Row]]] = {}
    for row in insured:
        found.setdefault(row["month"], ([], []))[0].append(row)
    for row in paid:
        found.setdefault(row["month"], ([], []))[1].append(row)
    return {month: Worked(month, tuple(found[month][0]), tuple(found[month][1])) for month in sorted(found)}


def runs(when: Iterable[dt.date]) -> list[list[dt.date]]:
    """Months without a gap between them, run by run.

    >>> [len(run) for run in runs([dt.date(2024, 1, 1), dt.date(2024, 2, 1), dt.date(2024, 5, 1)])]
    [2, 1]
    """
    found: list[list[dt.date]] = []
    for month in sorted(set(when)):
        if found and add_months(found[-1][-1], 1) == month:
            found[-1].append(month)
        else:
            found.append([month])
    return found


def in_a_row(frame: pl.DataFrame, least: int) -> pl.Series:
    """The people of a frame (person_id, month) who have so many months in a row."""
    index = pl.col("month").dt.year().cast(pl.Int64) * 12 + pl.col("month").dt.month()
    return (
        frame.select("person_id", index=index)
        .unique()
        .sort("person_id", "index")
        .with_columns(run=pl.col("index") - pl.int_range(pl.len()).over("person_id"))
        .group_by("person_id", "run")
        .len()
        .filter(pl.col("len") >= least)
        .get_column("person_id")
        .unique()
        .sort()
    )


def spans(when: Iterable[dt.date]) -> str:
    """Months as a clerk writes them.

    >>> spans([dt.date(2024, 1, 1), dt.date(2024, 2, 1), dt.date(2024, 5, 1)])
    '2024-01–2024-02, 2024-05'
    """
    return ", ".join(f"{run[0]:%Y-%m}" + (f"–{run[-1]:%Y-%m}" if len(run) > 1 else "") for run in runs(when))


def told(facts: Facts, source: str) -> frozenset[str]:
    """Of whom a source says all that it has: no record, or records in an extract that is complete."""
    complete = source in facts.feeds and facts.feeds[source].complete
    states = ["NO_RECORD", "VALUE"] if complete else ["NO_RECORD"]
    found = facts.coverage.filter(pl.col("source") == source, pl.col("state").is_in(states))
    return frozenset(found.get_column("person_id").to_list())


def _rows(
    facts: Facts, source: str, people: pl.Series, grades: Collection[str], *, doubtful: bool = False
) -> pl.DataFrame:
    frame = facts.linked[source]
    if doubtful:
        frame = pl.concat([frame, reading.under_review(facts, source)])
    usable = frame.filter(pl.col("person_id").is_in(people.implode()))
    usable = usable if doubtful else usable.filter(pl.col("grade").is_in(list(grades)))
    return usable.with_columns(employer=pl.coalesce("employer_uscc", "employer_name", pl.lit("")))


def _spread(rows: pl.DataFrame, still: str, last: dt.date, as_of: dt.date) -> pl.DataFrame:
    """A row for each month that a record tells of, none before BEGINNING, none after the extract was cut."""
    beginning = add_months(first_day(as_of), -BEGINNING)
    open_end = pl.when(pl.col("status") == still).then(pl.lit(last))
    first = pl.coalesce("insured_month", "start_month").dt.month_start()
    until = pl.coalesce("insured_month", "end_month", open_end).dt.month_start()
    return (
        rows.with_columns(first=first, until=until)
        .filter(pl.col("first").is_not_null(), pl.col("until").is_not_null())
        .with_columns(
            first=pl.max_horizontal("first", pl.lit(beginning)), until=pl.min_horizontal("until", pl.lit(last))
        )
        .filter(pl.col("first") <= pl.col("until"))
        .with_columns(month=pl.date_ranges("first", "until", interval="1mo"))
        .explode("month")
        .select(_TOLD)
        .sort("person_id", "month", "record_id")
    )


_TOLD = (
    "person_id", "household_id", "month", "kind", "payer", "employer", "employer_name", "paid_month", "record_id", "grade",
)  # fmt: skip


def _months_apart(later: pl.Expr, earlier: pl.Expr) -> pl.Expr:
    years = later.dt.year().cast(pl.Int64) - earlier.dt.year().cast(pl.Int64)
    return years * 12 + later.dt.month().cast(pl.Int64) - earlier.dt.month().cast(pl.Int64)


def months_of(streams: Iterable[tuple[dt.date, dt.date]]) -> frozenset[dt.date]:
    """All months of some spans."""
    return frozenset(month for first, last in streams for month in months(first, last))


def sure_where_enough(rows: list[Row], least: int) -> list[Row]:
    """The rows whose identity needs no check where they tell of so many months, else all: a doubtful one makes no lead weaker."""
    sure = [row for row in rows if row["grade"] in GRADES]
    return sure if len({row["month"] for row in sure}) >= least else rows


def employer(key: str) -> str:
    """An employer's code or name as it may be printed: the end of the code, nothing of a name."""
    return masking.code(key) if key.isascii() else masking.code(None)


def by_person(frame: pl.DataFrame) -> Mapping[str, list[Row]]:
    """The rows of a frame by person."""
    return reading.rows_by(frame, "person_id")
