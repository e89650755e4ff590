"""Keys are rotated under a service that goes on serving; nothing sealed is forgotten, nobody is lost, nobody is doubled."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import LargeBinary, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import sealing
from api.app import create_app
from api.database import reading, transaction
from api.domain.errors import NotDone
from api.models import AuditEvent, Base, Household, Human, Member, table
from api.models.base import SealedBytes
from api.sealing import KeyLost, NotOurs, Vault
from api.services import audit, keys, rotation
from tests.api.conftest import KEY, Service

NOW = dt.datetime(2026, 11, 27, 9, tzinfo=dt.UTC)
HASHES = {
    "client_secrets.digest": "a digest of 256 random bits",
    "tokens.digest": "a digest of 256 random bits",
    "idempotency_keys.digest": "a hash of a client's own words, kept three days",
    "idempotency_keys.request_digest": "likewise",
    "notices.digest": "the vault's digest",
    "reads.document": "the vault's digest",
    "key_checks.sealed": "sealed under the key of its row, and never anew",
    "resealings.goal": "names a suite and a key",
}
"""Columns of bytes that no rotation has to do with, each with its reason."""


async def step_through(service: Service, vault: Vault, most: int = 10_000) -> int:
    """Lots until everything is sealed anew, or so many; how many there were."""
    lots = 0
    for each in rotation.tables():
        after: int | None = 0
        while after is not None:
            if lots == most:
                return lots
            async with transaction(service.engine) as connection:
                after = (await rotation.step(connection, vault, each, NOW)).after
            lots += 1
    return lots


async def old_values(service: Service, vault: Vault) -> dict[str, int]:
    """By column how many values or indexes are not made with what seals now."""
    async with reading(service.engine) as connection:
        usage = await rotation.usage(connection, vault)
    found = {
        column: sum(count for header, count in headers.items() if not vault.current_header(header))
        for column, headers in usage.items()
    }
    return {column: count for column, count in found.items() if count}


async def opened(service: Service, vault: Vault) -> dict[str, dict[int, list[str | None]]]:
    """Everything that is sealed, in plain words, by table and row."""
    found: dict[str, dict[int, list[str | None]]] = {}
    async with reading(service.engine) as connection:
        for each in rotation.tables():
            rows = (await connection.execute(select(each.key.label("key"), *each.sealed))).mappings()
            found[each.table.name] = {
                row["key"]: [vault.open(str(column), row[column.name]) for column in each.sealed] for row in rows
            }
    return found


def test_no_column_of_bytes_is_forgotten() -> None:
    """Whatever is kept as bytes is sealed anew, indexed anew, a digest that lasts, or named with its reason."""
    known = {str(column) for each in rotation.tables() for column in (*each.sealed, *each.indexes)}
    for each in Base.metadata.sorted_tables:
        for column in each.columns:
            if isinstance(column.type, LargeBinary) and str(column) not in HASHES:
                digest = isinstance(column.type, SealedBytes) and column.name == rotation.DIGEST
                assert digest or str(column) in known, column


def test_every_index_is_known_by_what_it_is_made_of() -> None:
    indexes = {str(column) for each in rotation.tables() for column in each.indexes}
    assert indexes == {*rotation.INDEXES, *rotation.OF_MEMBERS}
    sealed = {str(column) for each in rotation.tables() for column in each.sealed}
    for index, (source, _) in rotation.INDEXES.items():
        assert f"{index.split('.')[0]}.{source}" in sealed
    assert {f"members.{source}" for source, _ in rotation.OF_MEMBERS.values()} <= sealed


def test_rows_are_walked_through_by_one_number() -> None:
    for each in rotation.tables():
        assert each.key.type.python_type is int, each.table.name


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(KEY, encoding="ascii")
    return path


@pytest.fixture
async def served(service: Service, key_file: Path) -> AsyncIterator[Service]:
    """The service once more, with its keys in a file."""
    vault = sealing.opened(None, key_file)
    app = create_app(service.url, vault)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client,
    ):
        yield Service(service.url, service.engine, vault, service.data_dir, service.tokens, client)


HOUSEHOLDS = (
    "query ($f: HouseholdFilter) { households(filter: $f, first: 100) { totalCount nodes { id members { %s } } } }"
)


async def somebody(service: Service) -> dict[str, Any]:
    """People with all that they are searched by, and their household's id."""
    page = await service.data(HOUSEHOLDS % "id name idNumber phone")
    return {
        household["id"]: person
        for household in page["households"]["nodes"]
        for person in household["members"]
        if all(person.values())
    }


async def found(service: Service, person: dict[str, Any], household: str) -> bool:
    """Whether the household is found by number, by telephone and by name of its member."""
    for name in ("idNumber", "phone", "name"):
        page = await service.data(HOUSEHOLDS % "name", {"f": {name: person[name]}})
        if household not in [each["id"] for each in page["households"]["nodes"]]:
            return False
    return True


async def test_f_31_keys_are_rotated_while_everybody_is_found(served: Service, key_file: Path) -> None:
    """Before, halfway and after, by whoever runs since before the key was added; the old key is then laid down."""
    before, people = await opened(served, served.vault), await somebody(served)
    household, person = next(iter(people.items()))
    async with transaction(served.engine) as connection:
        await keys.check(connection, served.vault, NOW)
    with pytest.raises(NotDone, match="seals"):
        async with transaction(served.engine) as connection:
            await keys.retire(connection, served.vault, 1, {}, NOW)
    sealing.replace(key_file, served.vault.keys.rotated())
    async with transaction(served.engine) as connection:
        await keys.remember(connection, served.vault, NOW)
    all_of_it = sum((await old_values(served, served.vault)).values())
    assert all_of_it > 1_000
    assert await found(served, person, household)
    assert await step_through(served, served.vault, most=5) == 5
    half = sum((await old_values(served, served.vault)).values())
    assert 0 < half < all_of_it
    for household, person in list(people.items())[:3]:
        assert await found(served, person, household)
    with pytest.raises(NotDone, match="still needed"):
        async with transaction(served.engine) as connection:
            await keys.retire(connection, served.vault, 1, {}, NOW)
    await step_through(served, served.vault)
    assert await old_values(served, served.vault) == {}
    async with transaction(served.engine) as connection:
        await keys.retire(connection, served.vault, 1, {}, NOW)
        await keys.check(connection, served.vault, NOW)
    sealing.replace(key_file, served.vault.keys.without(1))
    assert served.vault.keys.versions == [2]
    assert await opened(served, served.vault) == before
    household, person = next(iter(people.items()))
    assert await found(served, person, household)
    again = await served.data("query ($id: ID!) { node(id: $id) { id } }", {"id": household})
    assert again["node"]["id"] == household, "what clients keep stays good"
    async with reading(served.engine) as connection:
        assert (await audit.prove(connection)).broken is None
        acts = select(AuditEvent.action).where(AuditEvent.subject_type == "Key").order_by(AuditEvent.number)
        told = (await connection.scalars(acts)).all()
    assert told == ["key.added", "key.retired"]


async def test_another_suite_is_taken_up_in_the_same_way(service: Service) -> None:
    before, domestic = await opened(service, service.vault), sealing.vault(KEY, "SM")
    await step_through(service, domestic)
    assert await old_values(service, domestic) == {}
    assert await opened(service, service.vault) == before, "who still runs with the other suite opens it, too"
    async with reading(service.engine) as connection:
        usage = await rotation.usage(connection, domestic)
    assert {header for headers in usage.values() for header in headers} == {domestic.header, domestic.header[1:]}


async def test_a_pass_that_was_interrupted_goes_on_and_one_with_another_goal_begins_anew(service: Service) -> None:
    second = Vault(service.vault.keys.rotated())
    whole = len(rotation.tables())
    most = await step_through(service, second, most=whole)
    assert most == whole, "some tables take several steps, so that not all are done"
    async with reading(service.engine) as connection:
        done = {name for name, row in (await rotation.progress(connection, second)).items() if row["finished_at"]}
    assert done
    for each in (each for each in rotation.tables() if each.table.name in done):
        async with transaction(service.engine) as connection:
            assert (await rotation.step(connection, second, each, NOW)).seen == 0
    third = Vault(second.keys.rotated())
    assert await step_through(service, third) >= whole
    assert await old_values(service, third) == {}


async def test_nobody_is_doubled_while_keys_change(service: Service) -> None:
    """Whoever is added under the new key is the one who is there under the old: a search tries both."""
    second = Vault(service.vault.keys.rotated())
    async with transaction(service.engine) as connection:
        columns = table(Human).c
        there = (await connection.execute(select(*columns).where(columns.number_index.is_not(None)).limit(1))).one()
        member = (
            await connection.execute(select(Member.id_number, Member.name).where(Member.person_id == there.id))
        ).first()
        assert member is not None
        number, name = (
            normal(second.open(f"members.{column}", sealed))
            for (column, (_, normal)), sealed in zip(rotation.OF_MEMBERS.values(), member, strict=True)
        )
        assert there.number_index in second.indexes("id_number", number)
        made = {"number_index": second.index("id_number", number), "name_index": second.index("name", name)}
        await connection.execute(insert(Human).values(**made, created_at=NOW))
    people = next(each for each in rotation.tables() if each.table is table(Human))
    async with transaction(service.engine) as connection:
        await rotation.step(connection, second, people, NOW)
        kept = (await rotation.progress(connection, second))["people"]
    assert kept["stuck"] == 1, "somebody who was doubled nevertheless is left for a person to see"


async def test_what_a_lost_key_sealed_is_told_as_lost_and_all_else_works(service: Service) -> None:
    second = Vault(service.vault.keys.rotated())
    async with transaction(service.engine) as connection:
        await keys.check(connection, second, NOW)
        for column in ("name", "phone"):
            await connection.execute(
                update(Member).where(Member.id == 1).values({column: second.seal(f"members.{column}", "金丝雀")})
            )
        await connection.execute(update(Household).values(address=second.seal("households.address", "金丝雀路")))
    async with transaction(service.engine) as connection:
        with pytest.raises(KeyLost) as lost:
            await keys.check(connection, service.vault, NOW)
        assert lost.value.version == 2
        await keys.give_up(connection, 2, NOW)
        assert await keys.check(connection, service.vault, NOW) == []
    asked = await service.ask("{ households(first: 100) { totalCount nodes { address } } viewer { login } }")
    assert asked["errors"][0]["extensions"]["code"] == "KEY_LOST"
    assert "cannot be read" in asked["errors"][0]["message"]
    assert asked["data"]["viewer"]["login"] == "reviewer"
    rest = await service.data("{ households(first: 100) { totalCount nodes { reference stage phone } } }")
    assert len(rest["households"]["nodes"]) == 100
    audited = await service.data("{ reads(first: 5) { nodes { fields { name } } } }", by="auditor")
    assert audited["reads"]["nodes"]
    async with reading(service.engine) as connection:
        (told, kept) = await keys.status(connection, service.vault, {})
        households = (await connection.execute(select(func.count()).select_from(Household))).scalar_one()
    assert (told.version, told.here, told.needed_by["households.address"]) == (2, False, households)
    assert (kept.version, kept.seals) == (1, True)
    third = Vault(service.vault.keys.rotated(3))
    await step_through(service, third)
    left = await old_values(service, third)
    lost_of_one = ("members.name", "members.name_index", "members.phone", "members.phone_index", "people.name_index")
    assert left == {"households.address": households} | dict.fromkeys(lost_of_one, 1)
    async with reading(service.engine) as connection:
        stuck = {
            name: row["stuck"] for name, row in (await rotation.progress(connection, third)).items() if row["stuck"]
        }
    assert stuck == {"households": households, "members": 1, "people": 1}


async def test_a_key_of_another_database_begins_nothing(service: Service) -> None:
    async with transaction(service.engine) as connection:
        await keys.check(connection, service.vault, NOW)
        with pytest.raises(NotOurs):
            await keys.check(connection, sealing.vault(sealing.new_key()), NOW)
        with pytest.raises(NotOurs):
            await keys.check(connection, Vault(sealing.Keyring.anew(7)), NOW)


async def test_what_is_written_meanwhile_is_neither_lost_nor_undone(service: Service) -> None:
    """Somebody changes rows all the time while they are sealed anew: the last word is theirs."""
    second = Vault(service.vault.keys.rotated())
    written: dict[int, str] = {}
    going = True

    async def write() -> None:
        number = 0
        while going:
            number += 1
            key = number % 40 + 1
            async with transaction(service.engine) as connection:
                sealed = service.vault.seal("households.address", f"第{number}号")
                changed = update(Household).where(Household.id == key).values(address=sealed)
                if (await connection.execute(changed)).rowcount:
                    written[key] = f"第{number}号"

    writing = asyncio.create_task(write())
    try:
        await step_through(service, second)
    finally:
        going = False
        await writing
    assert written
    async with transaction(service.engine) as connection:
        await rotation.again(connection)
    await step_through(service, second)
    assert await old_values(service, second) == {}
    async with reading(service.engine) as connection:
        rows = await connection.execute(select(Household.id, Household.address).where(Household.id.in_(written)))
        assert {row.id: second.open("households.address", row.address) for row in rows} == written


async def test_f_31_the_database_alone_does_not_tell_who_has_a_number(service: Service) -> None:
    """Every index of the register against every hash without the key, and with another key: none is met."""
    other = sealing.vault(sealing.new_key())
    async with reading(service.engine) as connection:
        kept = {bytes(each)[-16:] for each in await _indexes(connection)}
        numbers = [
            service.vault.open("members.id_number", sealed)
            for sealed in await connection.scalars(select(Member.id_number).where(Member.id_number.is_not(None)))
        ]
    assert len(numbers) > 100
    ours = {
        index[-16:] for number in numbers for index in service.vault.indexes("id_number", rotation.NUMBER[1](number))
    }
    theirs = {index[-16:] for number in numbers for index in other.indexes("id_number", rotation.NUMBER[1](number))}
    assert kept & ours
    assert not kept & theirs


async def _indexes(connection: AsyncConnection) -> list[bytes]:
    found: list[bytes] = []
    for name in rotation.INDEXES:
        of_table, column = name.split(".")
        found += (await connection.scalars(text(f"SELECT {column} FROM {of_table} WHERE {column} IS NOT NULL"))).all()
    return found
