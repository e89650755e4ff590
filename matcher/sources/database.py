"""Opens a query: one SELECT of PostgreSQL or MariaDB, from one snapshot, in a transaction that only reads, streamed.

What a driver says may quote the URL, the query or a value. So no error of a driver is passed on: ours name the source,
the kind of failure and the driver's code. The account in the URL should have no right but SELECT all the same.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from matcher.errors import InputRefused, UsageError
from matcher.sources.blocks import Misfits, Opened, numbered
from matcher.sources.delivery import Feed
from matcher.sources.headings import layout
from matcher.sources.queries import Query

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROWS_AT_ONCE = 50_000
CONNECT_SECONDS = 10

ANSWER = "JIEKUN_READER_ANSWER_SECONDS"
ANSWER_SECONDS = 300
"""After so long without a row a query is given up; the setting raises it for a database that sorts for longer."""

WAITS_FOR_US_SECONDS = 3600
"""How long MariaDB lets us work at what it sent before it hangs up; PostgreSQL waits for ever."""

SILENT = {"57014", 1969, 3024}
ONLY_READS = {"25006", 1290, 1792}
KILLED = {"57P01", "57P02", 1053, 1317, 1927}
"""Codes for: stopped after too long, would write, ended by an administrator. A number is MariaDB's, a text a SQLSTATE."""

BYTES = {bytes, bytearray, memoryview}
EXACT_IN_FLOAT = 1 << 53
_CHINA = dt.timezone(dt.timedelta(hours=8))
_ENDLESS = {b"infinity": "9999-12-31", b"-infinity": "0001-01-01"}
"""PostgreSQL's open ends, as departments write them."""


def open_query(feed: Feed) -> Iterator[Opened]:
    """The one table that the database answers, in columns of text. Raises InputRefused, here or while it is read, where
    it does not; UsageError where its driver is not installed.
    """
    assert feed.query is not None
    query, last, done = feed.query, 0, False
    with _connected(query) as (connection, at_end):
        try:
            streamed = connection.execution_options(stream_results=True, no_parameters=True)
            result = streamed.exec_driver_sql(query.text).yield_per(ROWS_AT_ONCE)
            at_end.callback(result.close)
            headings = tuple(column[0] for column in result.cursor.description) if result.cursor else ()
        except Exception as error:
            raise _failed(query, error, None) from None
        chosen = layout(feed, query.name, headings)
        places = {column: headings.index(heading) for column, heading in chosen.columns.items()}

        def blocks() -> Iterator[pl.DataFrame]:
            nonlocal last, done
            try:
                for rows in result.partitions():
                    cells = list(zip(*rows, strict=True))
                    block = pl.DataFrame([as_text(cells[place]).alias(column) for column, place in places.items()])
                    yield numbered(block, last)
                    last += len(rows)
            except Exception as error:
                raise _failed(query, error, last + 1) from None
            done = True

        yield Opened(
            name=query.name,
            headings=headings,
            layout=chosen,
            blocks=blocks(),
            misfits=Misfits(),
            has_header_row=False,
            share=lambda: float(done),
        )


def row_count(query: Query) -> int:
    """How many rows the database answers. Raises as `open_query`."""
    with _connected(query) as (connection, _):
        try:
            counting = f"SELECT count(*) FROM ({query.text}\n) AS counted"
            return int(connection.execution_options(no_parameters=True).exec_driver_sql(counting).scalar_one())
        except Exception as error:
            raise _failed(query, error, None) from None


def as_text(cells: Sequence[Any]) -> pl.Series:
    """The values of one column as departments write them; null for null.

    Days and times are ISO, with a zone as they were in China at that moment; numbers are plain, and of a float only as
    many digits as are true; bytes are UTF-8 or GB18030, whichever spoils fewer of these cells, and what cannot be decoded
    is marked; whatever else is JSON.

    >>> as_text([Decimal("1E+3"), 7.0, True, dt.datetime(2024, 3, 14, 20, 30), [1, None], None]).to_list()
    ['1000', '7', 'true', '2024-03-14 20:30:00', '[1,null]', None]
    >>> as_text([b"\\xd4\\xa5E1", b"\\xd5\\xc5\\xce\\xb0"]).to_list()  # the first might be UTF-8, the second not
    ['豫E1', '张伟']
    """
    kinds = {type(cell) for cell in cells} - {str, type(None)}
    if kinds & BYTES:
        encoding = _encoding([bytes(cell) for cell in cells if type(cell) in BYTES])
        cells = [bytes(cell).decode(encoding, "replace") if type(cell) in BYTES else cell for cell in cells]
    if kinds - BYTES:
        cells = [None if cell is None else cell if isinstance(cell, str) else _written(cell) for cell in cells]
    return pl.Series(cells, dtype=pl.String).str.replace_all("\x00", "", literal=True)


def _written(value: Any) -> str:
    return _FORMS.get(type(value), _as_json)(value)


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _float(value: float) -> str:
    exact = value.is_integer() and abs(value) <= EXACT_IN_FLOAT
    return str(int(value)) if exact else repr(value).upper()


def _moment(value: dt.datetime) -> str:
    local = value.astimezone(_CHINA).replace(tzinfo=None) if value.tzinfo else value
    return local.isoformat(" ")


def _encoding(cells: list[bytes]) -> str:
    spoilt = {name: sum("\ufffd" in cell.decode(name, "replace") for cell in cells) for name in ("utf-8", "gb18030")}
    return min(spoilt, key=lambda name: spoilt[name])


def _as_json(value: Any) -> str:
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return str(value)


_FORMS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _float,
    Decimal: _decimal,
    dt.date: dt.date.isoformat,
    dt.datetime: _moment,
}


@contextmanager
def _connected(query: Query) -> Iterator[tuple[Connection, ExitStack]]:
    """A connection in a transaction that only reads one snapshot, and what to do when it ends; what the database has not
    sent by then is not waited for.
    """
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        _quiet()
        postgresql = (query.url or "").startswith("postgresql")
        seconds = int(os.environ.get(ANSWER, ANSWER_SECONDS))
        limits = {"connect_timeout": CONNECT_SECONDS} | ({} if postgresql else {"read_timeout": seconds})
        engine = create_engine(
            query.url or "",
            poolclass=NullPool,
            hide_parameters=True,
            isolation_level="REPEATABLE READ",
            connect_args=limits,
        )
    except ImportError:
        raise UsageError(
            f"{query.name}: the driver of this database is not installed; install the extra sql (jiekun[sql])"
        ) from None
    except Exception:
        raise UsageError(
            f"{query.name}: {query.url_env} holds no URL that can be understood; write "
            "postgresql://user:password@host:port/database, with %40 for an @ in the password"
        ) from None
    try:
        connection = engine.connect()
    except Exception as error:
        raise _unreachable(query, error) from None
    driver: Any = connection.connection.driver_connection
    at_end = ExitStack()
    try:
        try:
            _prepare_postgresql(connection, driver, seconds) if postgresql else _prepare_mariadb(connection)
        except Exception as error:
            raise _failed(query, error, None) from None
        yield connection, at_end
    finally:
        _stop_sending(driver)
        at_end.close()
        connection.invalidate()
        connection.close()


def _stop_sending(driver: Any) -> None:
    """PyMySQL reads an answer to its end before it closes, which may take hours."""
    if (unread := getattr(driver, "_result", None)) is not None:
        unread.unbuffered_active = False


def _prepare_postgresql(connection: Connection, driver: Any, seconds: int) -> None:
    """What the sessions of the two databases have in common afterwards: the time of China, days as ISO, no haste of theirs."""
    from psycopg.adapt import Loader
    from psycopg.types.string import TextLoader

    class Day(Loader):
        """A day or a moment as it is written: Python knows neither an open end nor a year before the first."""

        def load(self, data: Any) -> str:
            written = bytes(data)
            return _ENDLESS.get(written) or written.decode().removesuffix("+08")

    for name in ("date", "timestamp", "timestamptz"):
        driver.adapters.register_loader(name, Day)
    for name in ("time", "timetz", "interval", "json", "jsonb"):
        driver.adapters.register_loader(name, TextLoader)
    connection.execution_options(postgresql_readonly=True)
    for setting in (
        "TIME ZONE INTERVAL '+08:00' HOUR TO MINUTE",
        "DateStyle = 'ISO, YMD'",
        f"statement_timeout = {seconds * 1000}",
        "idle_in_transaction_session_timeout = 0",
    ):
        connection.exec_driver_sql(f"SET LOCAL {setting}")


def _prepare_mariadb(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET SESSION time_zone = '+08:00', net_write_timeout = {WAITS_FOR_US_SECONDS}")
    connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def _code(error: Exception) -> str | int | None:
    """The SQLSTATE of PostgreSQL or the number of MariaDB; never the text."""
    cause: Any = getattr(error, "orig", None) or error
    first, state = cause.args[0] if cause.args else None, getattr(cause, "sqlstate", None)
    if isinstance(first, int) and first:
        return first
    return state if isinstance(state, str) else None


def _shown(code: str | int | None) -> str:
    return "" if code is None else f" ({'SQLSTATE' if isinstance(code, str) else 'error'} {code})"


def _unreachable(query: Query, error: Exception) -> InputRefused:
    cause: Any = getattr(error, "orig", None) or error
    code, socket = _code(error), getattr(cause, "pgconn", None)
    asked = socket is not None and (socket.used_password or socket.needs_password)
    if asked or isinstance(code, str) or (isinstance(code, int) and not 2000 <= code < 3000):
        return InputRefused(
            f"the database refuses the login{_shown(code)}",
            file=query.name,
            remedy=f"Check user, password and database in {query.url_env}",
        )
    return InputRefused(
        f"the database cannot be reached{_shown(code)}",
        file=query.name,
        remedy=f"Check host, port, user and database in {query.url_env}, and whether the database runs",
    )


def _failed(query: Query, error: Exception, row: int | None) -> InputRefused:
    cause: Any = getattr(error, "orig", None) or error
    code = _code(error)
    if code in SILENT or isinstance(cause.__context__, TimeoutError):
        what = "the database has not answered for too long"
        remedy = f"Make the query quicker, or allow more than {ANSWER_SECONDS} seconds with {ANSWER}"
    elif code in KILLED or getattr(error, "connection_invalidated", False):
        what, remedy = "the connection was lost", "Run it again: the query is then read from its beginning"
    elif code in ONLY_READS:
        what, remedy = "the query would write", "It is read in a transaction that only reads: let it read alone"
    elif code is None:
        what, remedy = f"its answer cannot be read ({type(cause).__name__})", "Try the query by hand"
    else:
        what = "the database refuses the query"
        remedy = f"Try the query of [{query.source}] in {query.file} by hand, with the same account"
    return InputRefused(f"{what}{_shown(code)}", file=query.name, row=row, remedy=remedy)


def _quiet() -> None:
    """What libraries log may quote the URL or a value."""
    for name in ("sqlalchemy", "psycopg", "pymysql"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
