"""Registered documents: what front ends and departments' machines may ask, given by their builds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings
from api.commands.console import NotReady, look, messages, now, results, run
from api.domain.errors import BadRequest
from api.gate.documents import Documents, Invalid
from api.schema.root import schema
from api.services import documents as service

documents = typer.Typer(no_args_is_help=True, help="Documents that clients have registered.")

Client = Annotated[str, typer.Option(help="The program's client id; default: registered for every client.")]


@documents.command()
def add(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A .graphql file, or the JSON that a front end's build writes: a list of texts, or a map to texts.",
        ),
    ],
    client: Client = service.EVERY_CLIENT,
) -> None:
    """Register documents; each is asked for as `documentId: "sha256:…"` from then on. None is, where one is not valid."""
    texts = _texts(file)
    checked = Documents(schema._schema)
    for place, text in texts.items():
        try:
            checked.of(text)
        except BadRequest as refused:
            reasons = [error.message for error in refused.errors] if isinstance(refused, Invalid) else [refused.en]
            raise NotReady(f"{file}, document {place}: {' '.join(reasons)}") from None

    async def act(connection: AsyncConnection) -> int:
        return await service.register(connection, client, texts.values(), None, now())

    added = run(settings.read().database_url, act)
    messages.print(f"{file}: {len(texts)} documents, {added} of them new")


@documents.command()
def withdraw(client: Client = service.EVERY_CLIENT) -> None:
    """Remove all documents of a client; within half a minute they are refused."""

    async def act(connection: AsyncConnection) -> int:
        return await service.withdraw(connection, client, None, now())

    messages.print(f"{run(settings.read().database_url, act)} documents are withdrawn")


@documents.command(name="list")
def list_documents() -> None:
    """Show how many documents each client has registered."""
    shown = Table("client", "documents")
    for name, count in look(settings.read().database_url, service.counts).items():
        shown.add_row(name or "every client", str(count))
    results.print(shown)


def _texts(file: Path) -> dict[str, str]:
    """The documents of a file by their place in it. Raises NotReady."""
    content = file.read_bytes()
    if file.suffix != ".json":
        return {"1": content.decode("utf-8")}
    try:
        read: Any = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise NotReady(f"{file}: no JSON (line {error.lineno}, column {error.colno})") from None
    pairs = read.items() if isinstance(read, dict) else enumerate(read, 1) if isinstance(read, list) else ()
    texts = {str(place): text for place, text in pairs if isinstance(text, str)}
    if not texts or len(texts) != len(read):
        raise NotReady(f"{file}: a list of texts, or a map from hashes to texts, is expected")
    return texts
