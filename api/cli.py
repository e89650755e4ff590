"""The commands of `jiekun`: results on stdout, messages on stderr.

Exit status: 0 done, 1 not done (with the reason), 2 usage, 3 input refused, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from api import demo as demonstration
from api import intake, matching, migrations, oidc, sealing, settings, sheets, workdays
from api.app import create_app
from api.commands import accounts, audit, documents
from api.commands import agenda as agenda_command
from api.commands import attachments as attachment_commands
from api.commands import backups as backup_commands
from api.commands import forms as form_commands
from api.commands import keys as key_commands
from api.commands import pairs as pair_commands
from api.commands import receipts as receipt_commands
from api.commands import retention as retention_commands
from api.commands import snapshots as snapshot_commands
from api.commands import stores as store_commands
from api.commands import subject as subject_commands
from api.commands.console import NotReady, messages, now, results
from api.commands.keys import checked_vault
from api.database import open_engine
from api.domain import bulk
from api.domain.bulk import AlarmKind
from api.domain.errors import NotDone
from api.domain.hosts import AllowedHosts
from api.gate.passage import Limits
from api.matching import catalogue as programmes
from api.matching import policy
from api.posting import Sender
from api.postman import Postman
from api.schema import catalogue, evolution
from api.schema.root import printed
from api.sealing import Vault
from api.services.registers import TakenOver
from api.worker import Worker

HOST, PORT = "127.0.0.1", 8000
RESTART_SECONDS = 3.0

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
db = typer.Typer(no_args_is_help=True, help="The database's tables.")
app.add_typer(db, name="db")
app.add_typer(accounts.user, name="user")
app.add_typer(documents.documents, name="documents")
app.add_typer(accounts.organisation, name="organisation")
app.add_typer(accounts.client, name="client")
app.command()(accounts.token)
app.add_typer(audit.trail, name="audit")
app.add_typer(receipt_commands.receipt, name="receipt")
app.add_typer(key_commands.keys, name="keys")
app.add_typer(form_commands.form, name="form")
app.add_typer(attachment_commands.attachments, name="attachments")
app.add_typer(backup_commands.backup, name="backup")
app.add_typer(retention_commands.retention, name="retention")
app.add_typer(snapshot_commands.snapshots, name="snapshots")
app.add_typer(pair_commands.pairs, name="pairs")
app.add_typer(store_commands.store, name="store")
app.add_typer(subject_commands.subject, name="subject")
app.command()(agenda_command.agenda)

Host = Annotated[str, typer.Option(help="Where to listen.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="On which port.")]


@app.callback()
def jiekun() -> None:
    """解困: households in hardship, checked against department data; leads for people to decide on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo lives.")] = Path("demo"),
    households: Annotated[int, typer.Option(min=1, help="Households applying or on file.")] = 5_000,
    records: Annotated[int, typer.Option(min=1, help="Department records.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed writes the same city.")] = 2024,
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    port: Port = PORT,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End before the service is started.")] = False,
) -> None:
    """Write a synthetic city, take it over, scan it, show what was found, and serve it."""
    if not no_serve:
        _require_free(HOST, port)  # before the tokens of a demo that runs already are ended
    made = demonstration.prepare(folder, demonstration.Size(households, records, seed), lang)
    if made.used_again:
        messages.print(f"{folder}: used again as it was; delete the folder to begin anew")
    _introduce(made, port)
    if not no_serve:
        os.environ.update(made.settings.environment())  # parameters and working days are looked up by it
        with _worker(made.settings):
            _serve(made.settings, made.vault, HOST, port)


@app.command()
def serve(
    host: Host = HOST,
    port: Port = PORT,
    no_work: Annotated[
        bool, typer.Option("--no-work", help="Start no worker; `jiekun work` is run elsewhere.")
    ] = False,
) -> None:
    """Serve GraphQL, and carry out jobs in a process beside it."""
    told = settings.read()
    _require_parameters()
    vault = checked_vault(told)
    store_commands.require_ours(told, vault)
    _require_free(host, port)
    with contextlib.nullcontext() if no_work else _worker(told):
        _serve(told, vault, host, port)


@app.command()
def work(
    attached: Annotated[
        bool, typer.Option("--attached", hidden=True, help="End when standard input does: with whoever started it.")
    ] = False,
) -> None:
    """Carry out jobs, until it is stopped."""
    told = settings.read()
    _require_parameters()
    vault, sender = checked_vault(told), Sender(AllowedHosts.of(told.webhook_hosts))
    store_commands.require_ours(told, vault)

    async def until_stopped() -> None:
        engine = open_engine(told.database_url)
        postman = Postman(engine, vault, sender)
        task = asyncio.ensure_future(_both(Worker(engine, vault, told.data_dir).run(), postman.run()))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        if attached:
            loop.add_reader(sys.stdin.fileno(), task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await engine.dispose()

    asyncio.run(until_stopped())


@app.command(name="import")
def take_over(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Households, members, authorisations and feeds.")],
    division: Annotated[
        str | None,
        typer.Option(help="To whom a household belongs that names no division; default: the lowest that holds all."),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys",
            metavar="FILE",
            help="The public keys of departments that sign their batches, by source; a file outside DIR.",
        ),
    ] = None,
    decided_by: Annotated[
        str | None,
        typer.Option(
            metavar="LOGIN",
            help="The officer who answers for files that the register tells to be closed; else they stay open, with a task.",
        ),
    ] = None,
) -> None:
    """Take a folder over: its register into the database, its feeds beside it. Twice is as good as once."""
    told = settings.read()
    vault = checked_vault(told)

    async def act() -> TakenOver:
        engine = open_engine(told.database_url)
        try:
            return await intake.take_over(engine, vault, folder, told.data_dir, division, now(), keys, decided_by)
        finally:
            await engine.dispose()

    taken = asyncio.run(act())
    messages.print(
        f"{folder}: {taken.households:,} households, {taken.people:,} people, {taken.enrolments:,} enrolments, "
        f"{taken.payments:,} payments, {taken.feeds} feeds; {taken.set_aside:,} rows set aside"
    )
    if taken.followed or taken.differing:
        messages.print(
            f"{folder}: {taken.followed:,} households followed the register to another stage; of {taken.differing:,} it says "
            "what was not taken over: a task tells of each"
        )


@app.command()
def schema(
    diff: Annotated[
        Path | None,
        typer.Option(help="Print what changed since this schema instead; fails where clients would break."),
    ] = None,
) -> None:
    """Print the GraphQL schema."""
    if diff is None:
        sys.stdout.write(printed())
        return
    old = diff.read_text(encoding="utf-8")
    sys.stdout.write(evolution.told(old, printed()))
    if any(effect is evolution.Effect.BREAKING for effect, _ in evolution.changes(old, printed())):
        raise typer.Exit(1)


@app.command()
def errors(language: Annotated[str, typer.Option(help="zh or en.")] = "en") -> None:
    """Print the catalogue of error codes: docs/errors.md, docs/errors.zh.md."""
    if language not in catalogue.LANGUAGES:
        raise typer.BadParameter("zh or en")
    sys.stdout.write(catalogue.printed(language))


@app.command()
def key() -> None:
    """Print a new master key for JIEKUN_KEY."""
    results.print(sealing.new_key())


@db.command()
def upgrade() -> None:
    """Make the tables, or bring them to the newest step."""
    url = settings.read().database_url

    async def act() -> None:
        engine = open_engine(url)
        await migrations.upgrade(engine)
        await engine.dispose()

    asyncio.run(act())


def main() -> None:
    """The console script: runs a command and turns what went wrong into messages and exit statuses."""
    try:
        app()
    except matching.MatcherFailed as error:
        sys.exit(error.exit_status)
    except matching.MatcherError as error:
        messages.print(f"jiekun: {error}", markup=False)
        sys.exit(error.exit_status)
    except sheets.SheetRefused as error:
        messages.print(f"jiekun: {error}", markup=False)
        sys.exit(3)
    except ArgumentError:
        messages.print(
            "jiekun: JIEKUN_DATABASE_URL is no address of a database, such as postgresql://user@host/jiekun"
        )
        sys.exit(2)
    except (NotDone, NotReady, ValueError) as error:
        messages.print(f"jiekun: {error}", markup=False)
        sys.exit(1)
    except ModuleNotFoundError as error:
        messages.print(
            f"jiekun: the package {error.name} is not installed; for PostgreSQL: pip install -r locks/postgres.txt",
            markup=False,
        )
        sys.exit(1)
    except (OSError, SQLAlchemyError) as error:
        # its text may hold an address with a password, so only its kind is said
        messages.print(f"jiekun: the database or a file cannot be reached ({type(error).__name__})", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _require_parameters() -> None:
    """Reads the city's parameters, programmes and working days before anybody needs them. Raises MatcherError or ValueError."""
    policy.in_force()
    programmes.in_force()
    workdays.current()


def _require_free(host: str, port: int) -> None:
    """Raises NotReady where something listens there already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            raise NotReady(f"port {port} is taken or not allowed; name another with --port") from None


def _serve(told: settings.Settings, vault: Vault, host: str, port: int) -> None:
    said = {AlarmKind.PEOPLE_AN_HOUR: told.bulk_people_hour, AlarmKind.PEOPLE_A_DAY: told.bulk_people_day}
    thresholds = bulk.thresholds(said)
    messages.print(
        f"jiekun: GraphQL on http://{host}:{port}/graphql, the page on http://{host}:{port}/", highlight=False
    )
    service = create_app(
        told.database_url,
        vault,
        Limits.of(told),
        trusted_only=told.trusted_only,
        public_notices=told.public_notices,
        purpose_required=told.purpose_required,
        origins=told.origins,
        thresholds=thresholds,
        issuer=oidc.issuer(*told.oidc),
        data_dir=told.data_dir,
        attachment_bytes=told.attachment_bytes,
        webhook_hosts=AllowedHosts.of(told.webhook_hosts),
        upload_bytes=told.upload_bytes,
    )
    gc.collect()
    gc.freeze()  # what was built once is not walked through again whenever a large request leaves garbage
    uvicorn.run(
        service,
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        ws_max_size=256 * 1024,
    )


async def _both(*tasks: Coroutine[Any, Any, None]) -> None:
    """Works until it is cancelled, or until one of these fails: then the others end too."""
    async with asyncio.TaskGroup() as group:
        for each in tasks:
            group.create_task(each)


@contextlib.contextmanager
def _worker(told: settings.Settings) -> Iterator[None]:
    """A process that carries out jobs, started again should it die; it ends with this one, however this one ends."""
    command = [sys.executable, "-P", "-c", "from api.cli import main; main()", "work", "--attached"]
    ending = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def keep() -> None:
        while not ending.is_set():
            running[:] = [subprocess.Popen(command, env={**os.environ, **told.environment()}, stdin=subprocess.PIPE)]
            running[0].wait()
            if not ending.wait(RESTART_SECONDS):
                messages.print("jiekun: the worker has ended; another is started")

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        for process in running:
            process.terminate()
        keeper.join()


def _introduce(made: demonstration.Demo, port: int) -> None:
    """Where to look, a token of each role, and a query that works."""
    address = f"http://{HOST}:{port}"
    results.print(f"\nGraphQL  {address}/graphql   试用页 page  {address}/\n")
    for login, token in made.tokens.items():
        results.print(f"  {login:<14} {token}")
    query = "{ households(first: 2) { totalCount nodes { reference stage members { name relation } } } }"
    results.print(
        f"\ncurl -s {address}/graphql -H 'Content-Type: application/json' \\\n"
        f"  -H 'Authorization: Bearer {made.tokens['caseworker']}' \\\n"
        f'  -d \'{{"query": "{query}"}}\'\n',
        markup=False,
    )
