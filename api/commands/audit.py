"""Who did what to what, and who read whose data: both chains proved, where they end, what was done and who looked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings
from api.commands.console import NotReady, look, messages, now, results
from api.commands.keys import checked_vault
from api.domain.audits import LEFT_OUT
from api.services import audit, chain, reads
from api.services.chain import Proof

TELL_SECONDS = 2.0

trail = typer.Typer(no_args_is_help=True, help="Who did what to what, and who read whose data.")

Most = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most, the latest first.")]


@trail.command()
def verify(
    known: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="CHAIN=NUMBER:HASH",
            help="A head that was kept outside, as `jiekun audit head` printed it: nothing before it was rewritten.",
        ),
    ] = None,
) -> None:
    """Recompute both chains, of acts and of reads; exit 1 where a row was changed, removed or put in."""
    heads = {name: chain.head_of(head) for name, _, head in (each.partition("=") for each in known or ())}
    if unknown := heads.keys() - {"acts", "reads"}:
        raise NotReady(f"{', '.join(sorted(unknown))}: the chains are acts and reads")

    told = settings.read()
    vault = checked_vault(told) if look(told.database_url, reads.is_cut) else None

    async def act(connection: AsyncConnection) -> tuple[Proof, Proof, reads.Tail]:
        acts = await audit.prove(connection, heads.get("acts"), _telling("acts"))
        read = await reads.prove(connection, heads.get("reads"), _telling("reads"), vault)
        return acts, read, await reads.tail(connection)

    acts, read, tail = look(told.database_url, act)
    for name, proof in (("acts", acts), ("reads", read)):
        if proof.broken is not None:
            messages.print(f"{name}: broken at row {proof.broken}: it was changed or put in, or is missing")
        else:
            messages.print(f"{name}: {proof.head.number:,} rows are as they were written")
    if tail.since is not None:
        seconds = (now() - tail.since).total_seconds()
        messages.print(f"reads: {tail.rows:,} more are not sealed yet, the oldest for {seconds:,.0f} s")
    if acts.broken is not None or read.broken is not None:
        raise typer.Exit(1)


@trail.command(name="head")
def show_heads() -> None:
    """Print where both chains end, to be kept outside: `verify --head` proves by it that nothing was rewritten."""

    async def act(connection: AsyncConnection) -> tuple[chain.Head, chain.Head]:
        return await audit.head(connection), await reads.head(connection)

    acts, read = look(settings.read().database_url, act)
    results.print(f"acts={acts}\nreads={read}")


@trail.command(name="reads")
def list_reads(
    person: Annotated[
        str | None, typer.Option(metavar="REFERENCE", help="Whose data: the person's number in the register.")
    ] = None,
    household: Annotated[
        str | None, typer.Option(metavar="REFERENCE", help="Whose data: the household's number in the register.")
    ] = None,
    most: Most = 100,
) -> None:
    """Show who read the data of a person or a household, when, for what, and which fields."""
    if (person is None) == (household is None):
        raise NotReady("name one of --person and --household")

    async def act(connection: AsyncConnection) -> Sequence[Any]:
        return await reads.about(connection, person, household, most)

    shown = Table("when", "who", "role", "division", "purpose", "identity", "fields", "people", "outcome")
    for row in look(settings.read().database_url, act):
        when = row.read_at.astimezone().isoformat(sep=" ", timespec="seconds")
        fields = " ".join(row.fields)
        people = str(len(row.people))
        shown.add_row(
            when,
            row.display_name,
            row.role,
            row.division_code,
            row.purpose,
            row.identity,
            fields,
            people,
            row.outcome,
        )
    results.print(shown)


@trail.command(name="acts")
def list_acts(
    household: Annotated[
        str | None, typer.Option(metavar="REFERENCE", help="About which household: its number in the register.")
    ] = None,
    user: Annotated[str | None, typer.Option(metavar="LOGIN", help="By whom.")] = None,
    most: Most = 100,
) -> None:
    """Show who did what: all of it, to a household, or by somebody; `operator` is whoever runs the commands, and the service."""

    async def act(connection: AsyncConnection) -> Sequence[Any]:
        return await audit.about(connection, household, user, most)

    shown = Table("number", "when", "who", "action", "subject", "detail")
    for row in look(settings.read().database_url, act):
        when = row.happened_at.astimezone().isoformat(sep=" ", timespec="seconds")
        subject = f"{row.subject_type} {row.subject}"
        shown.add_row(str(row.number), when, row.login or "operator", row.action, subject, _told(row.detail))
    results.print(shown)


def _told(detail: Mapping[str, Any]) -> str:
    told = {name: value for name, value in detail.items() if value is not None and name not in LEFT_OUT}
    return " ".join(f"{name}={value}" for name, value in told.items())


def _telling(name: str) -> Callable[[int, int], None]:
    """Tells how far a chain is proved, every so often, where that takes long."""
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            messages.print(f"{name}: {done:,} of {total:,} rows")

    return tell
