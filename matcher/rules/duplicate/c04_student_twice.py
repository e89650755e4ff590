"""C04: one student, one school year, two programmes of student aid that may not stand together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

import polars as pl

from matcher.compatibility import Matrix
from matcher.identity.programmes import STUDENT_AID
from matcher.overlap import Stream, add_months, months, paid_in
from matcher.policy import Relation
from matcher.rules import grants, reading, sums
from matcher.rules.reading import Row
from matcher.rules.rule import Evidence, Example, Facts, Lead, Rule

PURPOSES = (("LIVING", ("生活", "伙食", "住宿")), ("TUITION", ("学费", "书本", "杂费")))
LOAN = ("贷款",)


def find(facts: Facts) -> Iterator[Lead]:
    """同一学生在同一学年获得两个助学项目，而当地规定二者不重复享受。各地规定不一，以兼容性矩阵中该区划的一格为准；没有规定的
    不构成疑点。贷款不是资助；一项用于学费、另一项用于生活费的，不算重复；两名学生各得一项的，不算重复。

    One student received two programmes of student aid in one school year where the local rules forbid it. Cities
    differ: the cell of the compatibility matrix for that division decides, and where it says nothing there is no lead.
    A loan is no grant; money for tuition and money for living are not the same; two students with a programme each are
    no lead.
    """
    aid = grants.of_humans(facts, facts.linked["aid"].filter(pl.col("programme").is_in(STUDENT_AID)))
    aid = aid.filter(pl.col("programme").n_unique().over("human") > 1)
    homes = reading.households(facts, aid.get_column("household_id"))
    matrices: dict[str | None, Matrix] = {}
    for _, rows in sorted(reading.rows_by(aid, "human").items()):
        home = homes[rows[0]["household_id"]]
        division = home["division_code"]
        matrix = matrices.setdefault(division, Matrix.of(facts.policy, division))
        first_month = int(facts.policy.value("school_year.first_month", facts.as_of, division))
        standing = [row for row in grants.standing(rows) if not _no_grant(row)]
        for twice in _twice(standing, grants.streams(standing, facts.as_of), matrix, first_month):
            yield _lead(home["household_id"], twice, standing)


@dataclass(frozen=True, slots=True)
class _Twice:
    """Two excluded programmes in the school year that begins with `begun`, and the payments of each in it."""

    cell: Relation
    begun: dt.date
    keeping: tuple[Stream, ...]
    yielding: tuple[Stream, ...]
    purposes_known: bool

    @property
    def year(self) -> list[dt.date]:
        return months(self.begun, add_months(self.begun, 11))


def _no_grant(row: Row) -> bool:
    return grants.says(row, (*LOAN, *grants.RETURNED, *grants.CORRECTED))


def _twice(rows: Sequence[Row], paid: dict[str, Stream], matrix: Matrix, first_month: int) -> Iterator[_Twice]:
    years: dict[tuple[dt.date, str], list[Row]] = {}
    for row in rows:
        for begun in _years(paid.get(row["record_id"]), first_month):
            years.setdefault((begun, row["programme"]), []).append(row)
    for (begun, one), (other_begun, other) in combinations(sorted(years), 2):
        cell = matrix.exclusion(one, other, add_months(begun, 11)) if begun == other_begun else None
        if cell is None:
            continue
        pairs = [
            (mine, yours)
            for mine in years[begun, one]
            for yours in years[begun, other]
            if not (_purpose(mine) and _purpose(yours) and _purpose(mine) != _purpose(yours))
        ]
        if pairs:
            involved = [row for pair in pairs for row in pair]
            sides = {
                code: tuple(sorted({paid[row["record_id"]] for row in involved if row["programme"] == code}))
                for code in (one, other)
            }
            known = all(_purpose(row) for row in involved)
            yield _Twice(cell, begun, sides[cell.keeps], sides[cell.yields], known)


def _years(stream: Stream | None, first_month: int) -> list[dt.date]:
    """The school years that a payment touches, each by its first month; one that begins in the last month is the next one's."""
    if stream is None:
        return []
    return sorted({_year_of(month, first_month) for month in months(stream.first, stream.last)})


def _year_of(month: dt.date, first_month: int) -> dt.date:
    return dt.date(month.year if month.month >= first_month else month.year - 1, first_month, 1)


def _purpose(row: Row) -> str:
    return next((purpose for purpose, words in PURPOSES if grants.says(row, words)), "")


def _lead(household_id: str, twice: _Twice, rows: Sequence[Row]) -> Lead:
    cell, year = twice.cell, twice.year
    involved = (*twice.keeping, *twice.yielding)
    grades = {row["record_id"]: row["grade"] for row in rows}
    verified = cell.status == "verified"
    return Lead(
        household_id=household_id,
        person_ids=tuple(sorted({each.person_id for each in involved})),
        natural_key=(cell.keeps, cell.yields, f"{twice.begun:%Y}"),
        severity="LOW" if verified else "INFO",
        grade=reading.weakest(grades[each.record_id] for each in involved),
        evidence=tuple(Evidence("aid", each.record_id, each.person_id) for each in involved),
        exceptions=(("other_purpose", "NO" if twice.purposes_known else "UNKNOWN"), ("loan", "NO")),
        facts={
            **sums.words(twice.yielding, year),
            **grants.names(cell.keeps, "keeps"),
            **grants.names(cell.yields, "yields"),
            "year": f"{twice.begun.year}–{twice.begun.year + 1}",
            "cell": cell.basis,
            "status_zh": "已核实" if verified else "尚待主管部门核实，仅供参考",
            "status_en": "verified" if verified else "assumed, to be verified by the authority in charge",
        },
        amount=(Decimal(0), paid_in(twice.yielding, year)),
        period=(year[0], year[-1]),
        compared=sums.beside(twice.keeping, twice.yielding),
        steps=sums.steps(twice.yielding, year),
    )


THERE = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "429006"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
CHILD = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "birth_date": "2005-08-25"}
STATE = {
    "person_id": "P2", "programme": "STATE_STUDENT_AID", "start_month": "2024-10", "end_month": "2024-10", "amount_yuan": 1650,
}  # fmt: skip
AUTUMN = {
    **STATE,
    "programme": "GOLDEN_AUTUMN",
    "start_month": "2024-08",
    "end_month": "2024-08",
    "amount_yuan": 3000,
}
EXAMPLES = (
    Example(
        zh="天门：国家助学金与金秋助学同学年享受",
        en="Tianmen: state student aid and Golden Autumn in one school year",
        given={"households": (THERE,), "members": (HEAD, CHILD), "aid": (STATE, AUTUMN)},
        severity="LOW",
        amount=("0", "3000"),
    ),
    Example(
        zh="安阳没有不重复的规定",
        en="In Anyang, where no rule forbids it",
        given={
            "households": ({**THERE, "division_code": "410502"},),
            "members": (HEAD, CHILD),
            "aid": (STATE, AUTUMN),
        },
        severity=None,
    ),
    Example(
        zh="两名学生各得一项",
        en="Two students, a programme each",
        given={
            "households": (THERE,),
            "members": (HEAD, CHILD, {**CHILD, "person_id": "P3"}),
            "aid": (STATE, {**AUTUMN, "person_id": "P3"}),
        },
        severity=None,
    ),
    Example(
        zh="一项用于学费，一项用于生活费",
        en="One for tuition, the other for living",
        given={
            "households": (THERE,),
            "members": (HEAD, CHILD),
            "aid": ({**STATE, "cause": "生活费补助"}, {**AUTUMN, "cause": "学费"}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="C04",
    version="1",
    title_zh="同一学年重复助学",
    title_en="Same student, same school year",
    basis="安政办〔2019〕15号 一：避免重复救助；各地助学办法的不重复规定见正文",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"aid": reading.AID},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{year} 学年，同一学生获得{keeps}与{yields}，当地规定二者不重复享受（“{cell}”；{status}）。",
    en="In the school year {year} one student received both {keeps} and {yields}, which the local rules forbid (“{cell}”; {status}).",
    correction=(
        "本学年保留{keeps}，{yields}不再续发；已发部分按当地规定处理。",
        "keep {keeps} for this school year and grant no further {yields}; what was paid follows the local rules.",
    ),
    clears_zh="两项用途不同（学费、生活费）的证明，或属于不同学生的证明。",
    clears_en="Proof that the two served different purposes (tuition, living) or different students.",
    exceptions={
        "other_purpose": ("是否用途不同（学费、生活费）", "different purposes (tuition, living)"),
        "loan": ("是否为助学贷款", "a student loan"),
    },
    parameters=("school_year.first_month",),
    examples=EXAMPLES,
)
