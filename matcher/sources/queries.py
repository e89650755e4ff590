"""databases.toml: the operator's word on which sources are asked of a database, and with which query.

A department's folder can hold no query and name no database. The file holds no secret either: `url_env` names the
environment variable that holds the URL with user and password.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from matcher.errors import InputRefused, UsageError
from matcher.sources import mapping
from matcher.sources.mapping import Section

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
}
"""How a URL may begin, and the dialect and driver that answer it."""

OWN = ("url_env", "query")
"""What a section holds besides what one of feeds.toml may."""

SQL = "sql:"
"""Begins the name of a query."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEME = re.compile(r"([a-z0-9]{1,20}(?:\+[a-z0-9_]{1,20})?)://")
_NO_WORD = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*(?!M?!).*?\*/)*", re.S)
"""What may stand before the first word of a statement; a comment that MariaDB executes is none."""


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT that stands for a source's files, from the section of that name of `file`.

    `url` is there only while a process apart is asked (`with_url`), and never shown.
    """

    source: str
    file: str
    url_env: str
    text: str
    url: str | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """As messages, rejects and hashes call it."""
        return SQL + self.source

    @property
    def sha256(self) -> str:
        """Of the query's text, in hexadecimal."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    def with_url(self) -> Query:
        """The same with its URL, driver included, as the environment says now. Raises UsageError, without the URL."""
        where, url = f"{self.file} [{self.source}]", os.environ.get(self.url_env, "").strip()
        if not url:
            raise UsageError(
                f"{where}: the environment variable {self.url_env} is not set; put the database's URL there, such as "
                "postgresql://user:password@host/database"
            )
        scheme = _SCHEME.match(url)
        if scheme is None or scheme[1] not in DRIVERS:
            named = f"begins with {scheme[1]}://" if scheme else "holds no URL"
            raise UsageError(f"{where}: {self.url_env} {named}; asked can be {', '.join(DRIVERS)}")
        return replace(self, url=f"{DRIVERS[scheme[1]]}://{url[scheme.end() :]}")


def read(path: Path, folder: Path) -> dict[str, tuple[Query, Section]]:
    """The queries of a databases.toml by source, each with what it says of the columns as feeds.toml would.

    Raises InputRefused, naming section and key, for whatever is not known or cannot be meant, and for a file that lies
    in `folder`: that is a department's.
    """
    if not path.is_file():
        raise InputRefused("there is no such file", file=path, remedy="Check the path given with --databases")
    if path.resolve().is_relative_to(folder.resolve()) or path.absolute().is_relative_to(folder.absolute()):
        raise InputRefused(
            "it lies in the folder of feeds, and what lies there may come from a department",
            file=path,
            remedy="Keep it where only the operator can write",
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise InputRefused("this is not TOML", file=path.name, remedy="Mend it, and save it as UTF-8") from None
    return {source: _asked(source, entry, path.name) for source, entry in content.items()}


def _asked(source: str, entry: Any, file: str) -> tuple[Query, Section]:
    known = sorted({*OWN, *Section.__dataclass_fields__} - {"files", "encoding"})
    held = entry if isinstance(entry, dict) else {}
    if unknown := sorted(set(held) - set(known)):
        raise _refused(
            f"[{source}] holds {', '.join(unknown)}",
            file,
            f"Known are {', '.join(known)}; URL and password stand in the environment variable that url_env names",
        )
    try:
        section = mapping.section(source, {key: held[key] for key in held if key not in OWN} if held else entry)
    except InputRefused as error:
        raise _refused(error.what, file, error.remedy or "Mend it") from None
    return Query(source, file, _variable(source, held, file), _one_select(source, held, file)), section


def _variable(source: str, held: Mapping[str, Any], file: str) -> str:
    name = held.get("url_env")
    if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
        raise _refused(
            f"[{source}] `url_env` is no name of an environment variable",
            file,
            'Write url_env = "VEHICLES_DATABASE_URL", and put the URL into that variable, never into this file',
        )
    return name


def _one_select(source: str, held: Mapping[str, Any], file: str) -> str:
    """The statement without its last semicolon. That nothing is written is the read-only transaction's work, not this."""
    text = held.get("query")
    if not isinstance(text, str) or not text.strip():
        raise _refused(f"[{source}] `query` is no text", file, 'Write query = "SELECT … FROM …"')
    bare = text.strip().rstrip(";").rstrip()
    if ";" in bare:
        raise _refused(
            f"[{source}] `query` holds a semicolon",
            file,
            "Write a single statement; a semicolon that stands in a text is chr(59) in PostgreSQL, char(59) in MariaDB",
        )
    begins = _NO_WORD.match(bare)
    rest = bare[begins.end() :] if begins else bare
    if not re.match(r"(?:select|with)\b", rest, re.I):
        raise _refused(f"[{source}] `query` is no SELECT", file, "Write a single SELECT, or WITH … SELECT")
    return bare


def _refused(what: str, file: str, remedy: str) -> InputRefused:
    return InputRefused(what, file=file, remedy=remedy)
