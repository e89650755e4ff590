"""One request or one step of a job is one transaction, on SQLite and on PostgreSQL alike; dialects differ here alone.

Services never commit: the block that `transaction` opens commits when it ends, and leaves nothing behind when it
fails. On SQLite a transaction takes the write lock at once, so that two writers wait for each other rather than fail;
`reading` takes none, and sees one state of the database however many statements it runs.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVarTuple
from weakref import WeakKeyDictionary

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    event,
    func,
    literal,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import Select
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
BUSY_SECONDS = 30
SETTINGS = {"jit": "off", "work_mem": "16MB"}
"""PostgreSQL would compile what it takes for a large statement, for longer than any of ours takes; and sort a city's households on disk."""

CONNECTIONS = 15
"""That a process has to PostgreSQL at most. None is closed while it lasts: to open one takes longer than what is asked over it."""

Columns = TypeVarTuple("Columns")
READING, USED_AT = "jiekun_reading", "jiekun_used_at"
IDLE_SECONDS = 1.0
FROM_HEX = "jiekun_from_hex"
"""Bytes of hexadecimal digits, for SQLite, which had no such function before 3.41."""

Write = Callable[[AsyncConnection, list[Any]], Awaitable[None]]
_waiting: WeakKeyDictionary[AsyncConnection, dict[int, tuple[Write, list[Any]]]] = WeakKeyDictionary()
"""What a transaction writes when it ends, by its place in the order."""

_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
OUTBOX_LOCK = 4_105_001
"""The advisory lock under which PostgreSQL's outbox is written, so that ids become visible in their order."""

Key = BigInteger().with_variant(Integer(), "sqlite")
"""A row's key: SQLite counts by itself only in a column that is exactly INTEGER."""

Json = JSON().with_variant(JSONB(), "postgresql")
Code = String().with_variant(String(collation="C"), "postgresql")
"""Text compared by its bytes, on both databases: division codes, references."""


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A moment in UTC, on SQLite too, which knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuses a moment without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """In UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


Item = type[TypeEngine[Any]]


class Keys(TypeDecorator[Sequence[Any]]):
    """Many keys as one parameter, or in one column: an array on PostgreSQL, a JSON text on SQLite."""

    impl = String
    cache_ok = True

    def __init__(self, item: Item = BigInteger) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """An array of the item, or text."""
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """As the driver takes it."""
        if value is None or dialect.name == "postgresql":
            return value
        return json.dumps([each.hex() if isinstance(each, bytes) else each for each in value])

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """As a list again."""
        return value if value is None or dialect.name == "postgresql" else json.loads(value)


class among(FunctionElement[bool]):
    """Whether the column is one of many keys, which are one parameter: the statement stays the same for any number."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str, item: Item = BigInteger) -> None:
        super().__init__(column, bindparam(name, type_=Keys(item)))


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: Any, **words: Any) -> str:
    column, keys = element.clauses
    return f"{compiler.process(column, **words)} = ANY ({compiler.process(keys, **words)})"


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: Any, **words: Any) -> str:
    column, keys = element.clauses
    value = f"{FROM_HEX}(value)" if isinstance(keys.type, Keys) and keys.type.item is LargeBinary else "value"
    return (
        f"{compiler.process(column, **words)} IN (SELECT {value} FROM json_each({compiler.process(keys, **words)}))"
    )


class listed(among):
    """The same of many keys asked after in very many rows: PostgreSQL looks them up by hash, whichever plan it has kept."""

    inherit_cache = True


@compiles(listed, "postgresql")
def _listed_postgresql(element: listed, compiler: Any, **words: Any) -> str:
    column, keys = element.clauses
    return f"{compiler.process(column, **words)} IN (SELECT unnest({compiler.process(keys, **words)}))"


class holds(FunctionElement[bool]):
    """Whether a column of many keys holds any of those in one parameter."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=Keys()))


@compiles(holds, "postgresql")
def _holds_postgresql(element: holds, compiler: Any, **words: Any) -> str:
    column, keys = element.clauses
    return f"{compiler.process(column, **words)} && {compiler.process(keys, **words)}"


@compiles(holds, "sqlite")
def _holds_sqlite(element: holds, compiler: Any, **words: Any) -> str:
    column, keys = (compiler.process(each, **words) for each in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({column}) AS held WHERE held.value IN (SELECT value FROM json_each({keys})))"


class rests_on(FunctionElement[bool]):
    """Whether a column of evidence names a record of a source, whose number another column has."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, evidence: ColumnElement[Any], source: str, record: ColumnElement[str]) -> None:
        super().__init__(evidence, literal(source, String()), record)


@compiles(rests_on, "postgresql")
def _rests_on_postgresql(element: rests_on, compiler: Any, **words: Any) -> str:
    evidence, source, record = (compiler.process(each, **words) for each in element.clauses)
    return f"{evidence} @> jsonb_build_array(jsonb_build_object('source', {source}::text, 'record_id', {record}))"


@compiles(rests_on, "sqlite")
def _rests_on_sqlite(element: rests_on, compiler: Any, **words: Any) -> str:
    evidence, source, record = (compiler.process(each, **words) for each in element.clauses)
    return (
        f"EXISTS (SELECT 1 FROM json_each({evidence}) AS piece WHERE json_extract(piece.value, '$.source') = {source}"
        f" AND json_extract(piece.value, '$.record_id') = {record})"
    )


class days_between(FunctionElement[int]):
    """How many days from one to another; null where either is."""

    type = Integer()
    inherit_cache = True

    def __init__(self, first: ColumnElement[Any], last: ColumnElement[Any]) -> None:
        super().__init__(first, last)


@compiles(days_between, "postgresql")
def _days_between_postgresql(element: days_between, compiler: Any, **words: Any) -> str:
    first, last = (compiler.process(each, **words) for each in element.clauses)
    return f"({last} - {first})"


@compiles(days_between, "sqlite")
def _days_between_sqlite(element: days_between, compiler: Any, **words: Any) -> str:
    first, last = (compiler.process(each, **words) for each in element.clauses)
    return f"CAST(julianday({last}) - julianday({first}) AS INTEGER)"


class month_of(FunctionElement[dt.date]):
    """The first day of a day's month."""

    type = Date()
    inherit_cache = True

    def __init__(self, day: ColumnElement[Any]) -> None:
        super().__init__(day)


@compiles(month_of, "postgresql")
def _month_of_postgresql(element: month_of, compiler: Any, **words: Any) -> str:
    return f"CAST(date_trunc('month', {compiler.process(element.clauses, **words)}) AS DATE)"


@compiles(month_of, "sqlite")
def _month_of_sqlite(element: month_of, compiler: Any, **words: Any) -> str:
    return f"date({compiler.process(element.clauses, **words)}, 'start of month')"


class day_in_china(FunctionElement[dt.date]):
    """On which day a moment lies in China."""

    type = Date()
    inherit_cache = True

    def __init__(self, moment: ColumnElement[Any]) -> None:
        super().__init__(moment)


@compiles(day_in_china, "postgresql")
def _day_in_china_postgresql(element: day_in_china, compiler: Any, **words: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **words)} AT TIME ZONE 'Asia/Shanghai' AS DATE)"


@compiles(day_in_china, "sqlite")
def _day_in_china_sqlite(element: day_in_china, compiler: Any, **words: Any) -> str:
    return f"date({compiler.process(element.clauses, **words)}, '+8 hours')"


class whole_days(FunctionElement[int]):
    """How many whole days lie between two moments, the earlier one first."""

    type = Key
    inherit_cache = True

    def __init__(self, earlier: ColumnElement[Any], later: ColumnElement[Any]) -> None:
        super().__init__(earlier, later)


@compiles(whole_days, "postgresql")
def _whole_days_postgresql(element: whole_days, compiler: Any, **words: Any) -> str:
    earlier, later = (compiler.process(each, **words) for each in element.clauses)
    return f"CAST(floor(extract(epoch FROM {later} - {earlier}) / 86400) AS BIGINT)"


@compiles(whole_days, "sqlite")
def _whole_days_sqlite(element: whole_days, compiler: Any, **words: Any) -> str:
    earlier, later = (compiler.process(each, **words) for each in element.clauses)
    return f"((CAST(strftime('%s', {later}) AS INTEGER) - CAST(strftime('%s', {earlier}) AS INTEGER)) / 86400)"


def open_engine(database_url: str) -> AsyncEngine:
    """An engine for a URL of SQLite or PostgreSQL; its errors never show parameters. Raises ValueError for another."""
    url = _with_driver(make_url(database_url))
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    engine = create_async_engine(
        url,
        connect_args={"server_settings": SETTINGS},
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_use_lifo=True,  # the one that was used last is warm, and needs no trying
    )
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _ping_if_idle)
    return engine


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    async with engine.begin() as connection:
        yield connection
        await conclude(connection)


def at_last(connection: AsyncConnection, place: int, write: Write, row: Any) -> None:
    """Has the row written when the transaction ends, with all of its place together, and in the order of the places.

    What everybody waits for is taken last, always in one order, and held for a moment: two transactions that took such
    locks and the rows of a household in turns would wait for each other for ever.
    """
    _waiting.setdefault(connection, {}).setdefault(place, (write, []))[1].append(row)


async def conclude(connection: AsyncConnection) -> None:
    """Writes what waits for the end of the transaction, which is near: what is locked now stays so until then."""
    for _, (write, rows) in sorted(_waiting.pop(connection, {}).items()):
        await write(connection, rows)


@asynccontextmanager
async def single(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """For one statement that is a transaction by itself: on PostgreSQL it costs one message instead of three."""
    if engine.dialect.name != "postgresql":
        async with transaction(engine) as connection:
            yield connection
        return
    async with engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One unchanging view of the database, in which nothing is written."""
    async with engine.connect() as connection:
        await connection.execution_options(
            **(
                {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                if connection.dialect.name == "postgresql"
                else {READING: True}
            )
        )
        yield connection


def glance(engine: AsyncEngine) -> AbstractAsyncContextManager[AsyncConnection]:
    """For one statement that only reads: it sees one state of the database by itself."""
    return single(engine) if engine.dialect.name == "postgresql" else reading(engine)


async def planned_anew(connection: AsyncConnection) -> None:
    """Until the transaction ends PostgreSQL plans each statement for what it is given.

    It would else keep one plan for a county and for a whole city, which costs a statement that counts three times as much;
    for one that reads a page, planning costs more than that saves.
    """
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


def each_of(connection: AsyncConnection, column: Any) -> Any:
    """The keys in a column of many, one a row, in `value`: to be joined to the column's own table."""
    if connection.dialect.name == "postgresql":
        return func.unnest(column).table_valued("value", name="held").render_derived()
    return func.json_each(column).table_valued("value", name="held")


def inserting(dialect: str, table: Table) -> Any:
    """An insert that can say what is to be done where there is a row with the same keys."""
    return insert_postgresql(table) if dialect == "postgresql" else insert_sqlite(table)


def upsert(
    connection: AsyncConnection,
    table: Table,
    keys: Iterable[str],
    columns: Iterable[str],
    also: Mapping[str, Any] | None = None,
    unless_equal: str | None = None,
) -> Any:
    """An insert that changes the row with the same keys instead, where there is one.

    `also` is set only then; a row that is equal in the column `unless_equal` stays as it is.
    """
    statement = inserting(connection.dialect.name, table)
    kept = set(keys)
    changed = {name: statement.excluded[name] for name in columns if name not in kept} | dict(also or {})
    differs = None if unless_equal is None else table.c[unless_equal] != statement.excluded[unless_equal]
    return statement.on_conflict_do_update(index_elements=sorted(kept), set_=changed, where=differs)


def skip_locked(statement: Select[*Columns], connection: AsyncConnection) -> Select[*Columns]:
    """Rows that no other worker holds; on SQLite the transaction holds the whole database already."""
    return statement.with_for_update(skip_locked=True) if connection.dialect.name == "postgresql" else statement


def locked(statement: Select[*Columns], connection: AsyncConnection, of: Any) -> Select[*Columns]:
    """Rows of this model that nobody else changes until this transaction ends."""
    return statement.with_for_update(of=of) if connection.dialect.name == "postgresql" else statement


def stilled(statement: Select[*Columns], connection: AsyncConnection, of: Any) -> Select[*Columns]:
    """The same, while others may write rows that name these: who does so waits for nobody, and nobody for them in turns."""
    return statement.with_for_update(of=of, key_share=True) if connection.dialect.name == "postgresql" else statement


def unmoved(statement: Select[*Columns], connection: AsyncConnection) -> Select[*Columns]:
    """Rows that nobody changes until this transaction ends; others may hold them so at the same time."""
    return statement.with_for_update(read=True) if connection.dialect.name == "postgresql" else statement


async def one_writer(connection: AsyncConnection, lock: int) -> None:
    """Waits until this transaction is the only one that holds this lock; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(_LOCK, {"lock": lock})


def _with_driver(url: URL) -> URL:
    backend = url.get_backend_name()
    if backend not in DRIVERS:
        raise ValueError(f"{backend} is not supported; use SQLite or PostgreSQL")
    return url.set(drivername=DRIVERS[backend])


def _note_use(connection: Any, record: Any) -> None:
    record.info[USED_AT] = time.monotonic()


def _ping_if_idle(connection: Any, record: Any, proxy: Any) -> None:
    """A connection that lay idle may be gone: it is tried before it is used, and another is opened where it is."""
    if time.monotonic() - record.info.get(USED_AT, 0.0) < IDLE_SECONDS or USED_AT not in record.info:
        return
    try:
        connection.ping()
    except Exception as gone:
        raise DisconnectionError from gone


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the begin event speaks for the driver
    connection.create_function(FROM_HEX, 1, bytes.fromhex, deterministic=True)
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    reads = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
