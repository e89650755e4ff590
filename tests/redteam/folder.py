"""The table as a contract folder: what a union's office and the departments would hand in, all cases in one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from matcher.overlap import first_day, months
from matcher.sources.contract import load as contract
from tests.redteam import identities
from tests.redteam.table import AS_OF, OWN, Case, Person, Row

BY_ANSWER = ("finance", "housing_fund", "medical", "social_insurance", "tax")
"""Of income and money only those departments know all that have answered: who is not in a case's `answered` stays unknown."""

MAY_ADD = {"aid": {"employer_uscc"}}
"""Columns that contracts.md names as optional beside a source's own."""

RANGE = ".."
SAME = "="
SHORT, SLIP, MASKED = "short", "slip", "masked"
"""Ways to write one's number: fifteen digits of the old form; one digit wrong, so that the check fails; the middle starred out."""

WHOLE_CASE = "*"
THINGS: Mapping[str, Callable[[str], str]] = {
    "plate": identities.plate, "unit_no": identities.unit_number, "uscc": identities.credit_code,
    "employer_uscc": identities.credit_code, "payer_uscc": identities.credit_code,
    "payee_account": identities.account, "account_no": identities.account,
}  # fmt: skip
ALWAYS = {
    "vehicles": ("plate",), "real_estate": ("unit_no", "certificate_no"), "business": ("uscc",), "marriage": ("certificate_no",),
    "finance": ("account_no",), "injury_cases": ("case_no",),
}  # fmt: skip
"""What a register would not leave out: filled in where a case does not say it."""


def write_folder(cases: Iterable[Case], path: Path) -> None:
    """Writes one contract folder that holds all these cases; ids begin with the case's id, `CASE/h1` and `CASE/head`."""
    path.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[Row]] = defaultdict(list)
    for case in cases:
        for source, rows in _tables(case).items():
            tables[source] += rows
    for source, rows in sorted(tables.items()):
        if rows:
            _write(path / f"{source}.csv", rows)
    feeds = sorted(set(tables) - {"households", "members", "authorisations", "answers", "documents"})
    lines = [f"[{source}]\nas_of = {AS_OF}\ncomplete = true\n" for source in feeds]
    (path / "feeds.toml").write_text("\n".join(lines), encoding="utf-8")


def person_id(case: Case, key: str, home: str | None = None) -> str:
    """The id of a member's row; who stands in a second household has a second row."""
    return f"{case.id}/{key}" if home in (None, case.people[key].home) else f"{case.id}/{key}@{home}"


def household_id(case: Case, key: str) -> str:
    """The id of a household of the case."""
    return f"{case.id}/{key}"


def _tables(case: Case) -> dict[str, list[Row]]:
    tables: dict[str, list[Row]] = defaultdict(list)
    tables["households"] = [_household(case, key, told) for key, told in case.households.items()]
    tables["members"] = list(_members(case))
    signed = [
        row["person_id"] for row in tables["members"] if row["person_id"].split("/")[1] not in case.unauthorised
    ]
    tables["authorisations"] = [
        {"person_id": each, "source": "ALL", "valid_from": "2024-01-01", "valid_to": "2026-12-31"} for each in signed
    ]
    told_of = {row.get("of") for row in case.records.get("population", ())}
    tables["population"] = [
        _on_register(case, person)
        for person in case.people.values()
        if person.key not in case.unregistered and person.key not in told_of
    ]
    tables["aid"] = list(_visits(case)) if case.visited else []
    for source, rows in case.records.items():
        tables[source] += [
            done for place, row in enumerate(_each(case, rows)) for done in _record(case, source, place, row)
        ]
    tables["answers"] = list(_answers(case, tables["members"]))
    return tables


def _household(case: Case, key: str, told: Mapping[str, Any]) -> Row:
    head = next((p for p in case.people.values() if p.home == key and p.relation == "HEAD"), None)
    applied = dt.date(2024, 3, 1) + dt.timedelta(days=identities.draw(f"applied {case.id} {key}", 28))
    identity = head.identity if head else None
    usual = {
        "household_id": household_id(case, key),
        "applied_on": applied.isoformat(),
        "file_opened_on": (applied + dt.timedelta(days=31)).isoformat(),
        "declared_vehicles": 0,
        "declared_homes": 1,
        "declared_businesses": 0,
        "residence": "URBAN",
        "payee_account": identities.account(f"{case.id} {key}"),
        "payee_name": identity.name if identity else None,
        "phone": identity.phone if identity else None,
        "address": identity.address if identity else None,
        "division_code": identity.division_code if identity else "410502",
        "updated_on": max(applied, dt.date(2024, 11, 20)).isoformat(),
        "contact_officer": f"LX-{identities.digits(f'contact {case.id} {key}', 4)}",
        "handler_id": f"JB-{identities.digits(f'handler {case.id} {key}', 4)}",
    }
    return usual | _things(case, told)


def _members(case: Case) -> Iterator[Row]:
    second = [(case.people[row["of"]], row["home"], row.get("relation"), row) for row in case.members]
    first = [(person, person.home, None, person.own) for person in case.people.values() if person.home]
    for person, home, relation, more in [*first, *second]:
        assert home is not None
        yield (
            _written(person, more)
            | {
                "person_id": person_id(case, person.key, home),
                "household_id": household_id(case, home),
                "relation": relation or person.relation,
            }
            | _columns(more)
        )


def _columns(row: Mapping[str, Any]) -> Row:
    """What a row says of itself, without the names of people and without the ways to write a number, which `_written` has heeded."""
    return {
        name: value
        for name, value in row.items()
        if name not in ("of", "a", "b", "home", "relation")
        and not (name.endswith("id_number") and value in (SHORT, SLIP, MASKED))
    }


def _written(person: Person, row: Mapping[str, Any], prefix: str = "") -> Row:
    """The identity columns of a row about somebody, the number in the way that the row asks for."""
    mine = {column: getattr(person.identity, column) for column in OWN}
    full, way = mine["id_number"] or "", row.get(f"{prefix}id_number")
    if way == SHORT:
        mine["id_number"] = full[:6] + full[8:17]
    elif way == SLIP:
        mine["id_number"] = full[:16] + str((int(full[16]) + 6) % 10) + full[17:]
    elif way == MASKED:
        mine["id_number"] = full[:4] + "*" * 10 + full[14:]
    columns = set(OWN) if not prefix else {"name", "id_number", "birth_date"}
    return {f"{prefix}{column}": value for column, value in mine.items() if column in columns}


def _on_register(case: Case, person: Person) -> Row:
    return _written(person, {}) | {
        "record_id": f"{case.id}/population-{person.key}",
        "household_no": f"HK-{identities.digits(f'hukou {case.id} {person.home or person.key}', 8)}",
        "status": "ACTIVE",
        "updated_on": "2024-10-01",
    }


def _visits(case: Case) -> Iterator[Row]:
    """What the union brings to every household in November."""
    for key in case.households:
        head = next((p for p in case.people.values() if p.home == key and p.relation == "HEAD"), None)
        if head:
            row = {
                "of": head.key,
                "programme": "WINTER_WARMTH",
                "start_month": "2024-11",
                "end_month": "2024-11",
                "amount_yuan": 500,
            }
            yield from _record(case, "aid", f"visit-{key}", row)


def _each(case: Case, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows, those of the whole case once a head or a household, those of several months once a month."""
    for row in rows:
        heads = [p for p in case.people.values() if p.relation == "HEAD" and p.home]
        if row.get("of") == WHOLE_CASE:
            some = [{**row, "of": person.key} for person in heads]
        elif row.get("household_id") == WHOLE_CASE:
            some = [{**row, "household_id": key} for key in case.households]
        else:
            some = [dict(row)]
        for one in some:
            column = next((name for name, value in one.items() if isinstance(value, str) and RANGE in value), None)
            if column is None:
                yield one
                continue
            first, last = (dt.date.fromisoformat(f"{month}-01") for month in one[column].split(RANGE))
            for month in months(first_day(first), first_day(last)):
                yield {
                    name: f"{month:%Y-%m}" if name == column or value == SAME else value
                    for name, value in one.items()
                }


def _record(case: Case, source: str, place: int | str, row: Mapping[str, Any]) -> Iterator[Row]:
    """One row as the department sends it."""
    schema = contract(source).schema()
    done: Row = {"record_id": f"{case.id}/{source}-{place}"} if "record_id" in schema else {}
    for column in ALWAYS.get(source, ()):
        done[column] = _thing(column, f"{case.id} {source} {place} {column}")
    if source == "marriage":
        for side in ("a", "b"):
            if row.get(side):
                done |= _written(case.people[row[side]], row, f"{side}_")
    elif "of" in row:
        person = case.people[row["of"]]
        done |= _written(person, row)
        if source == "aid" and person.home:
            home = _household(case, person.home, case.households[person.home])
            done |= {
                "payee_account": home["payee_account"],
                "payee_name": home["payee_name"],
                "division_code": home["division_code"],
            }
    told = _columns(row)
    if "household_id" in told:
        told["household_id"] = household_id(case, told["household_id"])
    strange = sorted(set(told) - set(schema) - MAY_ADD.get(source, set()))
    assert not strange, f"{case.id}: {source} has no column {', '.join(strange)}"
    yield done | _things(case, told)


def _thing(column: str, label: str) -> str:
    """What stands in this column for the thing of that label."""
    make = THINGS.get(column)
    return make(label) if make else identities.digits(label, 12)


def _things(case: Case, told: Mapping[str, Any]) -> Row:
    """Values with a label as "@flat" become the number, plate or code of that thing in this case."""
    return {
        name: _thing(name, f"{case.id} {value}") if isinstance(value, str) and value.startswith("@") else value
        for name, value in told.items()
    }


def _answers(case: Case, members: Iterable[Row]) -> Iterator[Row]:
    """The answer lists: who has not answered about this case. Where they did send a record, that stands."""
    for row in members:
        for source in sorted(case.silent | (set(BY_ANSWER) - case.answered)):
            yield {
                "source": source,
                "person_id": row["person_id"],
                "answer": "NO_ANSWER",
                "answered_on": "2024-12-20",
            }


def _write(path: Path, rows: list[Row]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = [{column: _text(row.get(column)) for column in columns} for row in rows]
    pl.DataFrame(text, schema=dict.fromkeys(columns, pl.String), orient="row").write_csv(path)


def _text(value: Any) -> str | None:
    """As a spreadsheet writes it; "" and None are empty cells."""
    if value is None or value == "":
        return None
    return value.isoformat() if isinstance(value, dt.date) else str(value)
