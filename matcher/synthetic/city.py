"""A seeded city as a contract folder, with the truth beside it: who the records are about, and which leads are real."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.errors import UsageError
from matcher.progress import Progress, Step, silent
from matcher.sources import contract
from matcher.synthetic import background, consequences, departments, dirt, error_rates, lookalikes, truth
from matcher.synthetic.departments import SHARES, SOURCES
from matcher.synthetic.families import families
from matcher.synthetic.households import IDENTITY, Household, Ledger, Person, Record, live, settle
from matcher.synthetic.lives import files, identity, medical, money, work
from matcher.synthetic.numbering import Issuer
from matcher.synthetic.plants import networks, single_files, two_files, two_homes
from matcher.synthetic.plants.catalogue import PLANTS
from matcher.synthetic.plants.plant import on_file
from matcher.synthetic.writing import Form, Table, feeds_toml

AS_OF = dt.date(2024, 12, 31)
BLOCK_FAMILIES = 40_000
PLANT_SHARE, PLANTED = 0.008, 0.5
"""Of the households, so many bear each kind of plant, and so many any at most."""
UNAUTHORISED, LEAST_UNAUTHORISED, ADULT_AT = 0.015, 3, 19
FORMER_NAME_KNOWN = {"population": 0.6, "members": 0.5}
ADULT = 16
LIVES = (identity.live, work.live, medical.live, money.live)
"""What ordinary households have in the feeds of each family of rules, one after the other."""
ANSWER_SHARE, ANSWERING = 0.01, ("finance", "tax", "housing_fund")


@dataclass(frozen=True, slots=True)
class CityReport:
    """What was written.

    `rows` by table; `leads` planted by rule, `lookalikes` of rules by kind; `links` in the truth by slice, `relations`:
    look-alike links by relation; `errors`: source → kind → rows that bear it, the applicants' own files included.
    """

    rows: dict[str, int]
    leads: dict[str, int]
    lookalikes: dict[str, int]
    links: dict[str, int]
    relations: dict[str, int]
    errors: dict[str, dict[str, int]]


def write_city(
    out: Path,
    *,
    households: int,
    records: int,
    seed: int,
    form: Form = "parquet",
    as_of: dt.date = AS_OF,
    sources: Sequence[str] | None = None,
    progress: Progress = silent,
) -> CityReport:
    """Writes the city into `out`: `households` that applied, `records` department records in all, the truth beside.

    Records about the applicants come first; citizens who never applied fill up the rest. If the applicants alone have
    more records than asked for, there are no others. With `sources` only these feeds are written. The same arguments
    write the same bytes. Raises UsageError for a source that no city has.
    """
    feeds = tuple(sorted(SOURCES if sources is None else set(sources)))
    if unknown := set(feeds) - set(SOURCES):
        raise UsageError(f"no city has the feed {sorted(unknown)[0]!r}; known are {', '.join(sorted(SOURCES))}")
    rng, issuer = np.random.default_rng(seed), Issuer(seed)
    people = families(rng, issuer, households, 0, as_of)
    outside = families(rng, issuer, max(40, households // 3), households, as_of).filter(pl.col("relation") == "HEAD")
    ledger = Ledger(as_of, rng, _outsiders(outside, len(people)), frozenset(feeds))
    homes = settle(people, as_of, rng)
    files.open_files(homes, ledger, files.staff(len(homes), len(outside)))
    _plant(homes, ledger, len(people))
    for home in homes:
        live(home, ledger)
        for life in LIVES:
            life(home, ledger)
    unauthorised = _unauthorised(homes, ledger)
    files.pay_into_accounts(homes, ledger)
    single_files.register(homes, ledger, unauthorised)
    money.register(homes, ledger, unauthorised)
    planted = [person.human for home in homes if home.planted for person in home.people if person.human < len(people)]
    found = lookalikes.invent(rng, issuer, people, as_of, planted)

    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        desks = {source: _Desk(source, stack.enter_context(Table(out, source, form)), rng) for source in feeds}
        about = [_about_applicants(desks[source], ledger, people, homes, outside) for source in feeds]
        strangers = _about_lookalikes(desks, lookalikes.records(rng, found, feeds, as_of))
        _fill_up(desks, records, issuer, households + len(outside), as_of, progress)
    own = _own_tables(out, homes, unauthorised, ledger, form, found.mistaken)
    (out / "feeds.toml").write_text(feeds_toml(list(feeds), as_of), encoding="utf-8")
    (out / "policy.toml").write_text(files.registers(as_of), encoding="utf-8")
    known = pl.concat(about)
    consequences.register(homes, ledger, own, known, found, unauthorised)
    links, alike = truth.write(
        out, homes, people, ledger, known, strangers, own.select("person_id", "kinds"), found, unauthorised
    )
    _answers(out, form, rng, links, own.get_column("person_id"), feeds, as_of)
    errors = {source: desk.errors for source, desk in desks.items()}
    errors[error_rates.OWN_FILES] = dirt.counts(own.get_column("kinds").to_numpy())
    return CityReport(
        rows={source: desk.table.rows for source, desk in desks.items()},
        leads=_tally(row["rule_id"] for row in truth.possible(ledger.findings, ledger.sources)),
        lookalikes=_tally(row["kind"] for row in truth.possible(ledger.lookalikes, ledger.sources)),
        links=_tally(links.get_column("slices").explode().to_list()),
        relations=_tally(alike.get_column("relation").to_list()),
        errors={source: dict(zip(dirt.KINDS, counted.tolist(), strict=True)) for source, counted in errors.items()},
    )


def _outsiders(heads: pl.DataFrame, first_human: int) -> Iterator[Person]:
    """People of the city who are in no applicant's household, each once; cycles when all have been used."""
    while True:
        for index, row in enumerate(heads.iter_rows(named=True)):
            identity = {column: row[column] for column in IDENTITY}
            yield Person(first_human + index, "", "OTHER", identity)


def _plant(homes: list[Household], ledger: Ledger, first_number: int) -> None:
    """Arranges every kind of plant in households of its own, and people in two files."""
    count = max(1, round(min(PLANT_SHARE, PLANTED / len(PLANTS)) * len(homes)), 8 if len(homes) >= 2_000 else 1)
    order = [homes[index] for index in ledger.rng.permutation(len(homes))]
    networks.plant(order, ledger, alone=True)
    next_id = (f"P{number:08d}" for number in range(first_number + 1, 10**8))
    for kind in two_files.KINDS:
        for _ in range(count):
            pair = _pair(order, kind, ledger.as_of)
            if pair:
                two_files.plant(kind, *pair, next_id, ledger)
                for home in pair:
                    home.planted = kind
    two_homes.plant(order, count, next_id, ledger)
    for plant in PLANTS:
        fitting = [home for home in order if home.planted is None and plant.needs(home, ledger.as_of)][:count]
        for home in fitting:
            home.planted = plant.kind
            plant.arrange(home, ledger)
    networks.plant(order, ledger, alone=False)
    networks.template_page(homes, ledger)


def _pair(homes: list[Household], kind: str, as_of: dt.date) -> tuple[Household, Household] | None:
    """Two unplanted households on file for some months: the file opened first, or the child's own home, comes first."""

    def free() -> Iterator[Household]:
        return (home for home in homes if home.planted is None and on_file(home, as_of))

    first = next((home for home in free() if kind != "child_of_both_parents" or home.pupils(as_of)), None)
    second = next((home for home in free() if home is not first), None)
    if first is None or second is None:
        return None
    if kind != "child_of_both_parents" and _opened(second) < _opened(first):
        return second, first
    return first, second


def _opened(home: Household) -> dt.date:
    return home.file_opened_on or dt.date.max


def _unauthorised(homes: list[Household], ledger: Ledger) -> set[str]:
    """Adults of unplanted households without pupils whose authorisation is missing, expired or withdrawn; three at least."""
    adults = [
        person.person_id
        for home in homes
        if home.planted is None and not home.pupils(ledger.as_of)
        for person in home.people
        if person.age(ledger.as_of) >= ADULT_AT
    ]
    chosen = {person for person in adults if ledger.chance(UNAUTHORISED * 2)}
    return chosen if len(chosen) >= LEAST_UNAUTHORISED else {*chosen, *adults[:LEAST_UNAUTHORISED]}


class _Desk:
    """Where a department writes: soils what it is given, numbers it, and counts its errors by kind."""

    def __init__(self, source: str, table: Table, rng: np.random.Generator) -> None:
        self.source, self.table, self.rng = source, table, rng
        self.parties = {"A": "a_", "B": "b_"} if source == "marriage" else {"SELF": ""}
        self.errors = np.zeros(len(dirt.KINDS), dtype=np.int64)

    def write(self, frame: pl.DataFrame) -> tuple[pl.Series, dict[str, dirt.Soiled]]:
        """Appends records; returns their ids and what was done to each party, in the order of the rows."""
        done = {}
        for party, prefix in self.parties.items():
            done[party] = dirt.soil(self.rng, frame, self.source, prefix)
            frame = done[party].rows
            self.errors += dirt.counts(done[party].kinds)
        if self.source == "population":
            frame = _what_is_known(self.rng, frame, done["SELF"].kinds, "population")
            done["SELF"] = replace(done["SELF"], rows=frame)
        first = self.table.rows
        ids = pl.int_range(first, first + len(frame), eager=True).cast(pl.String).str.zfill(10)
        ids = (self.source[:3].upper() + ids).alias("record_id")
        schema = departments.schema(self.source)
        missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
        self.table.write(frame.with_columns(ids, *missing).select("record_id", *schema).cast(pl.Schema(schema)))
        return ids, done


def _what_is_known(
    rng: np.random.Generator, frame: pl.DataFrame, kinds: npt.NDArray[np.uint64], source: str
) -> pl.DataFrame:
    """Keeps former names where the office knows them: in some cases, never where it still has the old name."""
    known = (rng.random(len(frame)) < FORMER_NAME_KNOWN[source]) & ((kinds & dirt.BIT["name_former"]) == 0)
    return frame.with_columns(pl.when(pl.Series(known)).then("former_name").alias("former_name"))


def _about_applicants(
    desk: _Desk, ledger: Ledger, people: pl.DataFrame, homes: list[Household], outside: pl.DataFrame
) -> pl.DataFrame:
    """Writes a source's records about applicants; returns whom they are about (truth.ABOUT)."""
    source, rng = desk.source, desk.rng
    frame = _typed(source, ledger.records.pop(source, []))
    if source == "handlers":
        frame = pl.concat([frame, _fitted(_handlers(homes, outside, len(people)), frame.schema)])
    frame = frame[rng.permutation(len(frame))]
    ids, done = desk.write(frame)
    parts = []
    for party, soiled in done.items():
        humans = frame.get_column(f"_{party}")
        given = pl.Series(soiled.givers)
        parts.append(
            pl.DataFrame(
                {
                    "human": humans,
                    "source": pl.repeat(source, len(frame), eager=True),
                    "record_id": ids,
                    "party": pl.repeat(party, len(frame), eager=True),
                    "kinds": soiled.kinds,
                    "giver": humans.gather(given.clip(0)).zip_with(
                        given >= 0, pl.repeat(None, len(given), dtype=pl.Int64, eager=True)
                    )
                    if len(given)
                    else humans,
                    "recorded": soiled.rows.get_column("former_name").is_not_null()
                    if source == "population"
                    else pl.repeat(value=False, n=len(frame), eager=True),
                },
                schema=truth.ABOUT,
            )
        )
    return pl.concat(parts)


def _typed(source: str, rows: list[Record]) -> pl.DataFrame:
    """Rows with the source's columns, the names people bore before, and who they are about, a column a party."""
    schema: dict[str, pl.DataType] = dict(departments.schema(source))
    before = ("a_former_name", "b_former_name") if source == "marriage" else ("former_name",)
    parties = ("A", "B") if source == "marriage" else ("SELF",)
    schema |= {name: pl.String() for name in before} | {f"_{party}": pl.Int64() for party in parties}
    values = [
        {name: row.get(name) for name in schema} | {f"_{party}": human for party, human in row["_humans"].items()}
        for row in rows
    ]
    return pl.DataFrame(values, schema=schema)


def _fitted(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
    return frame.with_columns(*missing).select(list(schema)).cast(schema)


def _handlers(homes: list[Household], outside: pl.DataFrame, first: int) -> pl.DataFrame:
    """Who decided on each household's file: a few people of the city, each many times."""
    decided = [home for home in homes if home.file_opened_on and "handlers" not in home.settled]
    numbers = [int(home.file["handler_id"].removeprefix("HD")) for home in decided]
    who = len(outside) - np.array(numbers, dtype=np.int64)
    return outside[who].with_columns(
        pl.Series("_SELF", first + who),
        pl.Series("handler_id", [home.file["handler_id"] for home in decided], dtype=pl.String),
        pl.Series("household_id", [home.household_id for home in decided], dtype=pl.String),
        pl.Series("decided_on", [home.file_opened_on for home in decided], dtype=pl.Date),
    )


def _about_lookalikes(desks: dict[str, _Desk], frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Writes the look-alikes' records; returns whom they look like (truth.STRANGERS)."""
    parts = [pl.DataFrame(schema=truth.STRANGERS)]
    for source, frame in frames.items():
        ids, _ = desks[source].write(frame)
        parts.append(
            frame.select(
                human="of", source=pl.lit(source), record_id=ids, party=pl.lit("SELF"), relation="relation_to"
            )
        )
    return pl.concat(parts)


def _fill_up(
    desks: dict[str, _Desk], records: int, issuer: Issuer, first_family: int, as_of: dt.date, progress: Progress
) -> None:
    """Writes the records of citizens who never applied, until there are as many as asked for."""
    done = sum(desk.table.rows for desk in desks.values())
    kept = [source for source in desks if source in SHARES]
    while kept and done < records:
        count = min(BLOCK_FAMILIES, background.families_needed(records - done, kept) + 20)
        rng = desks[kept[0]].rng
        for source, frame in background.block(rng, issuer, count, first_family, as_of, kept).items():
            rows = frame.head(records - done)
            desks[source].write(rows)
            done += len(rows)
        first_family += count
        progress(Step("synth", done, records, "records"))


def _own_tables(
    out: Path,
    homes: list[Household],
    unauthorised: set[str],
    ledger: Ledger,
    form: Form,
    mistaken: dict[int, str],
) -> pl.DataFrame:
    """Writes households, members, authorisations and documents; returns the rows of members with their `kinds`."""
    rng = ledger.rng
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
            **home.file,
        }
        for home in homes
    ]
    member_rows = [
        {
            **{
                column: person.identity[column]
                for column in ("name", "id_number", "sex", "birth_date", "former_name")
            },
            "person_id": person.person_id,
            "household_id": home.household_id,
            "relation": person.relation,
            "declared_marital_status": person.marital,
            "phone": person.identity["phone"] if person.age(ledger.as_of) >= 16 else None,
            "valid_from": person.valid_from,
            "valid_to": person.valid_to,
            **person.file,
        }
        for home in homes
        for person in home.people
    ]
    document_rows = [
        {"household_id": home.household_id, "document_hash": f"{number:016x}"}
        for home, number in zip(homes, rng.integers(0, 1 << 63, len(homes)).tolist(), strict=True)
    ] + [{"household_id": household, "document_hash": page} for household, page in ledger.documents]
    frames = {}
    for source, rows in (
        ("households", home_rows),
        ("members", member_rows),
        ("authorisations", _signed(homes, unauthorised, ledger)),
        ("documents", document_rows),
    ):
        schema = {
            name: kind for name, kind in contract.load(source).schema().items() if any(name in row for row in rows)
        }
        frames[source] = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    humans = [person.human for home in homes for person in home.people]
    frames["members"], kinds = _soil_members(rng, frames["members"], humans, mistaken)
    for source, frame in frames.items():
        with Table(out, source, form) as table:
            table.write(frame)
    return frames["members"].with_columns(kinds=kinds)


def _soil_members(
    rng: np.random.Generator, members: pl.DataFrame, humans: list[int], mistaken: dict[int, str]
) -> tuple[pl.DataFrame, npt.NDArray[np.uint64]]:
    """The applicants' own rows with their errors, some with the number of somebody else; and the kinds of each row."""
    soiled = dirt.soil(rng, members, error_rates.OWN_FILES)
    wrong = [row for row, human in enumerate(humans) if human in mistaken]
    numbers = soiled.rows.get_column("id_number").scatter(wrong, [mistaken[humans[row]] for row in wrong])
    kinds = soiled.kinds
    kinds[wrong] &= ~dirt.OF_NUMBERS
    kinds[wrong] |= dirt.BIT["number_of_another"]
    return _what_is_known(rng, soiled.rows.with_columns(numbers), kinds, "members"), kinds


def _answers(
    out: Path,
    form: Form,
    rng: np.random.Generator,
    links: pl.DataFrame,
    persons: pl.Series,
    feeds: Sequence[str],
    as_of: dt.date,
) -> None:
    """Writes what some departments answered about a few persons one by one; true, or no answer."""
    parts = []
    for source in sorted(set(ANSWERING) & set(feeds)):
        asked = persons.filter(pl.Series(rng.random(len(persons)) < ANSWER_SHARE))
        there = links.filter(pl.col("source") == source).get_column("person_id").unique()
        silent_ones = pl.Series(rng.random(len(asked)) < 0.1)
        answer = (
            pl.when(silent_ones).then(pl.lit("NO_ANSWER"))
            .when(asked.is_in(there.implode())).then(pl.lit("RECORD"))
            .otherwise(pl.lit("NO_RECORD"))
        )  # fmt: skip
        parts.append(
            pl.DataFrame({"person_id": asked}).select(
                "person_id", source=pl.lit(source), answer=answer, answered_on=pl.lit(as_of)
            )
        )
    if parts and (frame := pl.concat(parts)).height:
        with Table(out, "answers", form) as table:
            table.write(frame.select("source", "person_id", "answer", "answered_on"))


def _signed(homes: list[Household], unauthorised: set[str], ledger: Ledger) -> list[dict[str, Any]]:
    """Authorisations of the adults; those of the unauthorised are missing, expired or withdrawn, in turn."""
    rows, ways = [], cycle(("missing", "valid_to", "withdrawn_on"))
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
                how = next(ways)
                if how == "missing":
                    continue
                row[how] = ledger.as_of - dt.timedelta(days=30)
            rows.append(row)
    return rows


def _tally(values: Iterator[str] | list[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
