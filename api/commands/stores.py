"""The commands of `jiekun store`: whose the store for departments' files is, and how an installation takes one over."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from api import settings
from api.commands.console import NotReady, messages, now
from api.commands.keys import checked_vault
from api.database import open_engine
from api.depot import Bucket, Depot, Unreachable
from api.sealing import Vault
from api.services import stores as service

store = typer.Typer(no_args_is_help=True, help="The store for departments' files (JIEKUN_STORE).")


def require_ours(told: settings.Settings, vault: Vault) -> None:
    """The store is this installation's; nobody is kept from beginning while it is away. Raises NotReady."""
    if (bucket := Depot.of(told.data_dir, vault, haste=True).bucket) is None:
        return

    try:
        asyncio.run(_between_transactions(told, bucket, service.require_ours))
    except service.OtherOwner as why:
        raise NotReady(str(why)) from None
    except Unreachable:
        messages.print("jiekun: the store (JIEKUN_STORE) cannot be reached; what needs it waits")


@store.command()
def status() -> None:
    """Show whose the store is; exit 1 where it is another installation's."""
    told = settings.read()
    vault = checked_vault(told)
    if _bucket(told, vault).owner() is None:
        messages.print("nobody has used the store yet: it is whose service or worker begins first")
        return
    require_ours(told, vault)
    messages.print("the store is this installation's")


@store.command(name="take-over")
def take_over() -> None:
    """Make the store this installation's: where the one before it has ended for good, after a restore or a move."""
    told = settings.read()
    bucket = _bucket(told, checked_vault(told))

    asyncio.run(_between_transactions(told, bucket, service.take_over))
    messages.print(
        "the store is this installation's: any other that uses it refuses to begin. What no row of this database names is "
        "cleared away a day after it came"
    )


async def _between_transactions(
    told: settings.Settings, bucket: Bucket, act: Callable[[AsyncEngine, Bucket, dt.datetime], Awaitable[None]]
) -> None:
    """Carries out what asks both the database and the store, and hence opens its transactions itself."""
    engine = open_engine(told.database_url)
    try:
        await act(engine, bucket, now())
    finally:
        await engine.dispose()


def _bucket(told: settings.Settings, vault: Vault) -> Bucket:
    bucket = Depot.of(told.data_dir, vault, haste=True).bucket
    if bucket is None:
        raise NotReady("JIEKUN_STORE names no store")
    return bucket
