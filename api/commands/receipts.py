"""Receipts of scans: proved without a service or a database, and the public key by which they are."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer

from api import settings
from api.commands.console import NotReady, messages, results
from api.commands.keys import checked_vault
from api.domain import receipts
from api.sealing import signing

KEY_BYTES = 32

receipt = typer.Typer(no_args_is_help=True, help="Receipts of scans, which anybody can prove.")


@receipt.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt, as GET /receipts/SCAN gave it.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", help="What the scan wrote: each file is held against the receipt.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="The service's public key, as `jiekun receipt key` printed it on that machine, or a file of it.",
        ),
    ] = None,
) -> None:
    """Prove a receipt, and the files it tells of, with nothing but these; exit 1 where anything is not as it was told."""
    try:
        told = file.read_bytes()
    except OSError as error:
        raise NotReady(f"{file}: it cannot be read ({error.strerror})") from None
    known = None if key is None else _key(key)
    found = receipts.problems(told, signing.proves, folder, known)
    for problem in found:
        messages.print(problem, markup=False, highlight=False)
    if found:
        raise typer.Exit(1)
    messages.print(
        "the receipt is as it was signed" + ("" if folder is None else ", and so is every file it tells of")
    )
    if key is None:
        messages.print(
            f"signed by {receipts.key_of(told)}: hold this against the service's own, or give it with --key"
        )


@receipt.command(name="key")
def show_key() -> None:
    """Print the public key of this service, to be kept by whoever proves receipts."""
    results.print(base64.b64encode(checked_vault(settings.read()).signer.public_key).decode(), highlight=False)


def _key(given: str) -> str:
    """The public key that is given, or stands in the file of that name. Raises NotReady for what is neither."""
    path = Path(given)
    try:
        written = path.read_text(encoding="ascii") if path.is_file() else given
        if len(base64.b64decode(written.strip(), validate=True)) == KEY_BYTES:
            return written.strip()
    except (OSError, ValueError):
        pass
    raise NotReady(
        "--key: this is neither a public key nor a file of one; `jiekun receipt key` prints it at the service"
    )
