"""A seeded city as a contract folder, with the truth beside it: who the records are about, and which leads are real."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from matcher.frames import MONEY
from matcher.progress import Progress, Step, silent
from matcher.sources import contract
from matcher.synthetic import background, dirt
from matcher.synthetic.families import families, namesakes
from matcher.synthetic.households import IDENTITY, Household, Ledger, Person, live, settle
from matcher.synthetic.numbering import Issuer
from matcher.synthetic.plants import two_files
from matcher.synthetic.plants.catalogue import PLANTS
from matcher.synthetic.plants.plant import on_file
from matcher.synthetic.writing import Form, Table, feeds_toml

AS_OF = dt.date(2024, 12, 31)
BLOCK_FAMILIES = 25_000
PLANT_SHARE = 0.008
UNAUTHORISED = 0.015
NAMESAKES = 0.01
LINK_COLUMNS = {"person_id": pl.String, "source": pl.String, "record_id": pl.String, "party": pl.String}


@dataclass(frozen=True, slots=True)
class CityReport:
    """What was written: rows by table, leads planted by rule, look-alikes by kind."""

    rows: dict[str, int]
    leads: dict[str, int]
    lookalikes: dict[str, int]


def write_city(
    out: Path,
    *,
    households: int,
    records: int,
    seed: int,
    form: Form = "parquet",
    as_of: dt.date = AS_OF,
    progress: Progress = silent,
) -> CityReport:
    """Writes the city into `out`: `households` that applied, `records` department records in all, the truth beside.

    Records about the applicants come first; citizens who never applied fill up the rest. If the applicants alone have
    more records than asked for, there are no others. The same arguments write the same bytes.
    """
    rng, issuer = np.random.default_rng(seed), Issuer(seed)
    people = families(rng, issuer, households, 0, as_of)
    outside = families(rng, issuer, max(40, households // 3), households, as_of).filter(pl.col("relation") == "HEAD")
    ledger = Ledger(as_of, rng, _outsiders(outside, len(people)))
    homes = settle(people, as_of, rng)
    _plant(homes, ledger, len(people))
    for home in homes:
        live(home, ledger)
    unauthorised = _unauthorised(homes, ledger)
    others = _namesakes(rng, issuer, people)

    out.mkdir(parents=True, exist_ok=True)
    sources = sorted(background.SHARES)
    with ExitStack() as stack:
        tables = {source: stack.enter_context(Table(out, source, form)) for source in sources}
        truth = [_about_applicants(source, ledger, tables[source], rng) for source in sources]
        for source, frame in others.items():
            _append(tables[source], source, frame, rng)
        _fill_up(tables, records, rng, issuer, households + len(outside), as_of, progress)
    _own_tables(out, homes, unauthorised, ledger, form, rng)
    (out / "feeds.toml").write_text(feeds_toml(sources, as_of), encoding="utf-8")
    _truth(out, homes, ledger, pl.concat(truth), unauthorised)
    return CityReport(
        rows={source: table.rows for source, table in tables.items()},
        leads=_tally(ledger.findings, "rule_id"),
        lookalikes=_tally(ledger.lookalikes, "kind"),
    )


def _outsiders(heads: pl.DataFrame, first_human: int) -> Iterator[Person]:
    """People of the city who are in no applicant's household, each once; cycles when all have been used."""
    while True:
        for index, row in enumerate(heads.iter_rows(named=True)):
            identity = {column: row[column] for column in IDENTITY}
            yield Person(first_human + index, "", "OTHER", identity)


def _plant(homes: list[Household], ledger: Ledger, first_number: int) -> None:
    """Arranges every kind of plant in households of its own, and people in two files."""
    count = max(1, round(PLANT_SHARE * len(homes)), 8 if len(homes) >= 2_000 else 1)
    order = [homes[index] for index in ledger.rng.permutation(len(homes))]
    next_id = (f"P{number:08d}" for number in range(first_number + 1, 10**8))
    for kind in two_files.KINDS:
        for _ in range(count):
            pair = _pair(order, kind, ledger.as_of)
            if pair:
                two_files.plant(kind, *pair, next_id, ledger)
                for home in pair:
                    home.planted = kind
    for plant in PLANTS:
        fitting = [home for home in order if home.planted is None and plant.needs(home, ledger.as_of)][:count]
        for home in fitting:
            home.planted = plant.kind
            plant.arrange(home, ledger)


def _pair(homes: list[Household], kind: str, as_of: dt.date) -> tuple[Household, Household] | None:
    """Two unplanted households on file for some months: the file opened first, or the child's own home, comes first."""
    free = [home for home in homes if home.planted is None and on_file(home, as_of)]
    first = next((home for home in free if kind != "child_of_both_parents" or home.pupils(as_of)), None)
    second = next((home for home in free if home is not first), None)
    if first is None or second is None:
        return None
    if kind != "child_of_both_parents" and _opened(second) < _opened(first):
        return second, first
    return first, second


def _opened(home: Household) -> dt.date:
    return home.file_opened_on or dt.date.max


def _unauthorised(homes: list[Household], ledger: Ledger) -> set[str]:
    """Adults of unplanted households without pupils whose authorisation is missing, expired or withdrawn."""
    return {
        person.person_id
        for home in homes
        if home.planted is None and not home.pupils(ledger.as_of)
        for person in home.people
        if person.age(ledger.as_of) >= 19 and ledger.chance(UNAUTHORISED * 2)
    }


def _namesakes(rng: np.random.Generator, issuer: Issuer, people: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Namesakes born the same day as an applicant, with a car and an entry in the population register."""
    chosen = people.filter(pl.Series(rng.random(len(people)) < NAMESAKES)).unique(
        ["name", "birth_date", "sex"], maintain_order=True
    )
    others = namesakes(rng, issuer, chosen).unique("id_number", maintain_order=True).select(IDENTITY)
    plates = pl.Series(rng.integers(10_000, 99_999, len(others))).cast(pl.String)
    return {
        "population": others.with_columns(status=pl.lit("ACTIVE")),
        "vehicles": others.with_columns(
            plate="豫E" + plates,
            vehicle_kind=pl.lit("CAR"),
            value_yuan=pl.lit(80_000).cast(MONEY),
            registered_on=pl.lit(dt.date(2020, 5, 1)),
            status=pl.lit("ACTIVE"),
        ),
    }


def _about_applicants(source: str, ledger: Ledger, table: Table, rng: np.random.Generator) -> pl.DataFrame:
    """Writes a source's records about applicants; returns who they are about: human, source, record_id, party."""
    rows = ledger.records.get(source, [])
    humans = [row.pop("_humans") for row in rows]
    order = rng.permutation(len(rows))
    frame = _typed(source, [rows[index] for index in order])
    written = _append(table, source, frame, rng)
    about = [
        (human, source, record_id, party)
        for record_id, index in zip(written, order, strict=True)
        for party, human in humans[index].items()
    ]
    return pl.DataFrame(about, schema={"human": pl.Int64, **dict(list(LINK_COLUMNS.items())[1:])}, orient="row")


def _typed(source: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows with the columns that the source has in this city; months stay text, as departments write them."""
    schema = {
        column.name: pl.String() if column.kind == "month" else contract.TYPES[column.kind]
        for column in contract.load(source).columns
        if column.name in COLUMNS[source]
    }
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _append(table: Table, source: str, frame: pl.DataFrame, rng: np.random.Generator) -> list[str]:
    """Soils and writes records; returns their ids, in the order of the rows."""
    for prefix in ("a_", "b_") if source == "marriage" else ("",):
        frame = dirt.soil(rng, frame, prefix=prefix)
    ids = pl.Series(
        "record_id",
        [f"{source[:3].upper()}{table.rows + number:010d}" for number in range(len(frame))],
        dtype=pl.String,
    )
    schema = _typed(source, []).schema
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
    ready = frame.with_columns(ids, *missing).select("record_id", *schema).cast(schema)
    table.write(ready)
    return ids.to_list()


def _fill_up(
    tables: dict[str, Table],
    records: int,
    rng: np.random.Generator,
    issuer: Issuer,
    first_family: int,
    as_of: dt.date,
    progress: Progress,
) -> None:
    """Writes the records of citizens who never applied, until there are as many as asked for."""
    done = sum(table.rows for table in tables.values())
    while done < records:
        count = min(BLOCK_FAMILIES, background.families_needed(records - done) + 20)
        for source, frame in background.block(rng, issuer, count, first_family, as_of).items():
            frame = frame.head(records - done)
            _append(tables[source], source, frame, rng)
            done += len(frame)
        first_family += count
        progress(Step("synth", done, records, "records"))


def _own_tables(
    out: Path, homes: list[Household], unauthorised: set[str], ledger: Ledger, form: Form, rng: np.random.Generator
) -> None:
    """Writes households, members and authorisations, cleaner than the departments' tables."""
    home_rows = [
        {
            "household_id": home.household_id,
            "applied_on": home.applied_on,
            "file_opened_on": home.file_opened_on,
            "file_closed_on": home.file_closed_on,
            "residence": "URBAN",
            "declared_vehicles": home.declared["vehicles"],
            "declared_homes": home.declared["homes"],
            "declared_businesses": home.declared["businesses"],
            "address": home.head.identity["address"],
            "phone": home.head.identity["phone"],
            "division_code": home.head.identity["division_code"],
        }
        for home in homes
    ]
    member_rows = [
        {
            **{column: person.identity[column] for column in ("name", "id_number", "sex", "birth_date")},
            "person_id": person.person_id,
            "household_id": home.household_id,
            "relation": person.relation,
            "declared_marital_status": person.marital,
            "phone": person.identity["phone"] if person.age(ledger.as_of) >= 16 else None,
            "valid_from": person.valid_from,
            "valid_to": person.valid_to,
        }
        for home in homes
        for person in home.people
    ]
    for source, rows in (
        ("households", home_rows),
        ("members", member_rows),
        ("authorisations", _signed(homes, unauthorised, ledger)),
    ):
        schema = {
            name: kind for name, kind in contract.load(source).schema().items() if any(name in row for row in rows)
        }
        frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
        if source == "members":
            frame = dirt.soil(rng, frame, dirt.APPLICANTS)
        with Table(out, source, form) as table:
            table.write(frame)


def _signed(homes: list[Household], unauthorised: set[str], ledger: Ledger) -> list[dict[str, Any]]:
    """Authorisations of the adults; those of the unauthorised are missing, expired or withdrawn."""
    rows = []
    for home in homes:
        for person in home.people:
            row = {
                "person_id": person.person_id,
                "source": "ALL",
                "purpose": "家庭经济状况核对",
                "valid_from": home.applied_on - dt.timedelta(days=3),
                "valid_to": ledger.as_of + dt.timedelta(days=365),
                "withdrawn_on": None,
            }
            if person.person_id in unauthorised:
                how = ledger.number(0, 2)
                if how == 0:
                    continue
                row["valid_to" if how == 1 else "withdrawn_on"] = ledger.as_of - dt.timedelta(days=30)
            rows.append(row)
    return rows


def _truth(out: Path, homes: list[Household], ledger: Ledger, about: pl.DataFrame, unauthorised: set[str]) -> None:
    """Writes who every record is about, which leads are real, what only looks like one, and who may not be looked up."""
    members = pl.DataFrame(
        [
            (person.human, person.person_id)
            for home in homes
            for person in home.people
            if person.person_id not in unauthorised
        ],
        schema={"human": pl.Int64, "person_id": pl.String},
        orient="row",
    )
    links = about.join(members, on="human").select(list(LINK_COLUMNS)).sort(list(LINK_COLUMNS))
    links.write_parquet(out / "truth_links.parquet")
    pl.DataFrame(
        ledger.findings,
        schema={
            "rule_id": pl.String,
            "household_id": pl.String,
            "person_ids": pl.List(pl.String),
            "basis": pl.String,
        },
    ).sort("rule_id", "household_id").write_parquet(out / "truth_findings.parquet")
    pl.DataFrame(
        ledger.lookalikes, schema=dict.fromkeys(("kind", "rule_id", "household_id", "person_id"), pl.String)
    ).write_parquet(out / "truth_lookalikes.parquet")
    pl.DataFrame({"person_id": sorted(unauthorised)}, schema={"person_id": pl.String}).write_parquet(
        out / "truth_unauthorised.parquet"
    )


def _tally(rows: list[dict[str, Any]], key: str) -> dict[str, int]:
    return {value: sum(row[key] == value for row in rows) for value in sorted({row[key] for row in rows})}


_PERSON = set(IDENTITY)
COLUMNS: dict[str, set[str]] = {
    "population": _PERSON | {"household_no", "relation_to_head", "marital_status", "status"},
    "deaths": _PERSON | {"death_date", "register"},
    "social_insurance": _PERSON
    | {"kind", "status", "payer", "employer_uscc", "wage_base_yuan", "benefit_yuan", "start_month", "end_month"},
    "business": _PERSON
    | {"uscc", "company_name", "role", "share_percent", "capital_yuan", "status", "established_on", "ended_on",
       "turnover_yuan", "employees"},
    "marriage": {"certificate_no", "event", "event_date", "a_name", "a_id_number", "a_birth_date", "b_name", "b_id_number",
                 "b_birth_date"},
    "real_estate": _PERSON
    | {"certificate_no", "unit_no", "share_percent", "use", "area_m2", "property_address", "status", "acquired_on",
       "ended_on"},
    "vehicles": _PERSON | {"plate", "vin", "vehicle_kind", "value_yuan", "registered_on", "status", "ended_on"},
    "aid": _PERSON | {"programme", "agency", "start_month", "end_month", "amount_yuan"},
    "school": _PERSON | {"school", "stage", "term_start", "term_end", "fee_yuan", "status"},
}  # fmt: skip
"""The columns that this city's departments keep, beside `record_id`."""
