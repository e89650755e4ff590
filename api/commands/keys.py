"""The commands of `jiekun keys`: what is sealed under which key, a new key, values sealed anew, and an old key laid down."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import sealing, settings
from api.attachments_store import COLUMN, Damaged, Missing, Store
from api.commands.console import NotReady, look, messages, now, require_current, results, run
from api.database import open_engine, reading, transaction
from api.depot import Bucket, Depot, bucket
from api.sealing import KeyLost, Keyring, NotOurs, Vault
from api.services import keys as service
from api.services import rotation
from api.services.retention.extracts import FEEDS

TELL_SECONDS = 2.0
PASSES = 3

keys = typer.Typer(no_args_is_help=True, help="The keys that personal values are sealed with.")

Version = Annotated[int, typer.Argument(min=1, metavar="VERSION", help="The key's version, as `status` shows it.")]


def checked_vault(told: settings.Settings) -> Vault:
    """The vault, if its keys are those that the database was filled with; a lost one is told of. Raises NotReady."""
    run(told.database_url, require_current)
    vault = _vault(told)

    async def check(connection: AsyncConnection) -> list[int]:
        return await service.check(connection, vault, now())

    try:
        lost = run(told.database_url, check)
    except KeyLost as error:
        raise NotReady(
            f"key {error.version}, with which this database is sealed, is not in {_source(told)}; name the right keys with "
            f"JIEKUN_KEY or JIEKUN_KEY_FILE; if it is lost for good: jiekun keys lost {error.version}"
        ) from None
    except NotOurs:
        raise NotReady(
            f"the key in {_source(told)} is not the one that this database was filled with; name the right one "
            "with JIEKUN_KEY or JIEKUN_KEY_FILE"
        ) from None
    for version in lost:
        messages.print(
            f"jiekun: key {version} is not in {_source(told)}: what it sealed cannot be read (jiekun keys status)"
        )
    return vault


@keys.command()
def status() -> None:
    """Show which keys there are and how many values need each."""
    told = settings.read()
    vault = _vault(told)
    headers = _headers(told.data_dir, vault)

    async def act(connection: AsyncConnection) -> tuple[list[service.Known], int]:
        stuck = sum(row["stuck"] for row in (await rotation.progress(connection, vault)).values())
        return await service.status(connection, vault, headers), stuck

    known, stuck = look(told.database_url, act)
    shown = Table("key", "state", "since", "values and indexes", "columns")
    for each in known:
        since = each.created_at.astimezone().isoformat(sep=" ", timespec="seconds")
        shown.add_row(
            str(each.version), _state(each), since, f"{sum(each.needed_by.values()):,}", str(len(each.needed_by))
        )
    results.print(shown)
    if stuck:
        messages.print(f"{stuck:,} rows could not be sealed anew: their key is lost, or somebody changed them")
    for each in known:
        if not each.here and each.needed_by:
            columns = ", ".join(f"{column} {count:,}" for column, count in sorted(each.needed_by.items()))
            messages.print(f"key {each.version} is not here; what cannot be read: {columns}")


@keys.command()
def rotate(
    no_reseal: Annotated[bool, typer.Option("--no-reseal", help="Add the key only; `reseal` is run later.")] = False,
) -> None:
    """Add a key, which seals from now on, and seal all values anew with it; the service may go on serving."""
    told = settings.read()
    vault = checked_vault(told)

    async def next_version(connection: AsyncConnection) -> int:
        return await service.next_version(connection, vault)

    ring = vault.keys.rotated(look(told.database_url, next_version))
    if told.key is not None:
        messages.print(
            f"jiekun: set JIEKUN_KEY to the following for every process of the service and start them again, then run: "
            f"jiekun keys reseal. Key {ring.newest} seals from then on; the file of JIEKUN_KEY_FILE would need no start."
        )
        results.print(ring.written().replace("\n", " "), markup=False)
        return
    sealing.replace(told.key_file, ring)

    async def remember(connection: AsyncConnection) -> None:
        await service.remember(connection, vault, now())

    run(told.database_url, remember)
    messages.print(f"key {ring.newest} seals from now on; it is in {told.key_file}: keep a copy of it elsewhere")
    if not no_reseal:
        _reseal(told, vault)


@keys.command()
def reseal() -> None:
    """Seal all values anew with the newest key and the suite of JIEKUN_CRYPTO; interrupted, it goes on where it stood."""
    told = settings.read()
    _reseal(told, checked_vault(told))


@keys.command()
def retire(version: Version) -> None:
    """Lay down a key that nothing needs any more; refused while a value does."""
    told = settings.read()
    vault = checked_vault(told)
    headers = _headers(told.data_dir, vault)  # a store is not asked within a transaction: it may be away

    async def act(connection: AsyncConnection) -> None:
        await service.retire(connection, vault, version, headers, now())

    run(told.database_url, act)
    ring = vault.keys.without(version) if version in vault.keys.masters else vault.keys
    _keep(told, ring, f"key {version} is retired")


@keys.command()
def lost(
    version: Version,
    anew: Annotated[
        bool,
        typer.Option("--anew", help="No key is left: begin with a new one. Ids that clients keep are void then."),
    ] = False,
) -> None:
    """Say that a key is lost for good: what it sealed can never be read; the service begins without it."""
    told = settings.read()

    async def act(connection: AsyncConnection) -> None:
        await service.give_up(connection, version, now())

    run(told.database_url, act)
    messages.print(f"key {version} is given up: what it sealed is told as lost, everything else goes on")
    if anew:
        _keep(told, Keyring.anew(version + 1), f"key {version + 1} is new")


def _reseal(told: settings.Settings, vault: Vault) -> None:
    data_dir = told.data_dir

    async def act() -> int:
        engine = open_engine(told.database_url)
        try:
            for _ in range(PASSES):
                await _pass(engine, vault)
                _files(data_dir, vault)
                if not (old := await _old(engine, data_dir, vault)):
                    break
                async with transaction(engine) as connection:
                    await rotation.again(connection)
            return old
        finally:
            await engine.dispose()

    if old := asyncio.run(act()):
        messages.print(f"jiekun: {old:,} values are as they were; see: jiekun keys status")
        raise typer.Exit(1)
    messages.print(f"everything is sealed with key {vault.keys.newest}, {vault.suite.name}")


async def _pass(engine: AsyncEngine, vault: Vault) -> None:
    """Every table once, telling how far it is."""
    async with reading(engine) as connection:
        total = await rotation.rows(connection)
    done, began, told = 0, time.monotonic(), time.monotonic()
    for each in rotation.tables():
        after: int | None = 0
        while after is not None:
            async with transaction(engine) as connection:
                lot = await rotation.step(connection, vault, each, now())
            done, after = done + lot.seen, lot.after
            if time.monotonic() - told > TELL_SECONDS and done:
                told = time.monotonic()
                left = (told - began) / done * max(total - done, 0)
                messages.print(f"{each.table.name}: {done:,} of {total:,} rows, {left:,.0f} s left")


def _files(data_dir: Path, vault: Vault) -> None:
    """Attachments and what lies in the store are sealed anew, each file at once; what cannot be opened is left as it is."""
    store = Store(data_dir, vault)
    for stored in store.headers():
        try:
            store.reseal(stored)
        except (Missing, Damaged) as error:
            messages.print(f"attachment {stored} is {type(error).__name__.lower()}")
    for away in _buckets(data_dir, vault):
        for name in away.headers(FEEDS):
            try:
                away.reseal(name)
            except (bucket.Missing, bucket.Damaged) as error:
                messages.print(f"{name} is {type(error).__name__.lower()}")


def _headers(data_dir: Path, vault: Vault) -> dict[str, list[bytes]]:
    """How the files begin that are sealed, by what they hold: with the suite and the key."""
    away = [header for each in _buckets(data_dir, vault) for header in each.headers(FEEDS).values()]
    return {COLUMN: list(Store(data_dir, vault).headers().values()), bucket.COLUMN: away}


def _buckets(data_dir: Path, vault: Vault) -> list[Bucket]:
    """The store, if there is one."""
    there = Depot.of(data_dir, vault).bucket
    return [] if there is None else [there]


async def _old(engine: AsyncEngine, data_dir: Path, vault: Vault) -> int:
    """How many values, indexes and files are not made with what seals now."""
    async with reading(engine) as connection:
        usage = await rotation.usage(connection, vault)
    begin = [header for some in _headers(data_dir, vault).values() for header in some]
    files = sum(not vault.current_header(header) for header in begin)
    return files + sum(
        count for headers in usage.values() for header, count in headers.items() if not vault.current_header(header)
    )


def _keep(told: settings.Settings, ring: Keyring, said: str) -> None:
    """The ring is kept: in its file, or by whoever sets JIEKUN_KEY."""
    if told.key is None:
        sealing.replace(told.key_file, ring)
        messages.print(f"{said}; {told.key_file} holds what is left")
        return
    messages.print(f"jiekun: {said}; JIEKUN_KEY is from now on:")
    results.print(ring.written().replace("\n", " "), markup=False)


def _state(known: service.Known) -> str:
    if known.seals:
        return "seals"
    if known.retired_at is not None:
        return "lost" if known.needed_by else "retired"
    return "opens" if known.here else "NOT HERE"


def _vault(told: settings.Settings) -> Vault:
    if told.key is None:
        told.key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return sealing.opened(told.key, told.key_file, told.crypto)


def _source(told: settings.Settings) -> str:
    return "JIEKUN_KEY" if told.key else str(told.key_file)
