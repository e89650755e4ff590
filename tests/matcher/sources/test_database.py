"""A query as a feed, on a real PostgreSQL and a real MariaDB: the same rows as from a file, nothing written, nothing told."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from matcher.engines import local
from matcher.engines.workspace import ChunkResult, Counts, Workspace
from matcher.errors import InputRefused, UsageError
from matcher.frames import PROPOSED, REJECTS
from matcher.plan import PERSONS
from matcher.progress import Step, silent
from matcher.sources import chunking, database, feeds
from matcher.sources.chunking import Chunk
from matcher.sources.delivery import Feed, open_folder
from tests.postgresql import ASKS_PASSWORD

moment = dt.datetime.fromisoformat
POSTGRESQL, MARIADB = "postgresql", "mariadb"
PASSWORD, CANARY = "Geheim-7391", "王绝密"
URL_ENV = "TEST_VEHICLES_URL"


@dataclass(frozen=True)
class Server:
    """A database of our own on one of the two servers: `admin` may do everything, `url` is the account that is asked."""

    kind: str
    admin: Engine
    url: str

    def run(self, *statements: str) -> None:
        """Runs statements as the administrator."""
        with self.admin.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))

    def count(self, table: str) -> int:
        """How many rows a table holds."""
        with self.admin.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    def numbers(self, last: int) -> str:
        """A table of the numbers n from 1 on."""
        return (
            f"(SELECT generate_series(1, {last}) AS n) AS s"
            if self.kind == POSTGRESQL
            else f"(SELECT seq AS n FROM seq_1_to_{last}) AS s"
        )

    def end_connections(self) -> None:
        """Ends what the asked account has open, as an administrator would."""
        with self.admin.begin() as connection:
            if self.kind == POSTGRESQL:
                found = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ASKS_PASSWORD}'"
                assert connection.execute(text(found)).all()
                return
            found = f"SELECT id FROM information_schema.processlist WHERE user = '{ASKS_PASSWORD}'"
            ids = connection.execute(text(found)).scalars().all()
            assert ids
            for number in ids:
                connection.exec_driver_sql(f"KILL {number}")


@pytest.fixture(scope="module")
def postgresql(postgresql_server: str) -> Iterator[Server]:
    at = make_url(postgresql_server).set(drivername="postgresql+psycopg")
    name = f"test_{uuid.uuid4().hex[:12]}"
    above = create_engine(at, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with above.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        connection.exec_driver_sql(f"CREATE ROLE {ASKS_PASSWORD} LOGIN PASSWORD '{PASSWORD}'")
    own = at.set(database=name)
    server = Server(POSTGRESQL, create_engine(own, poolclass=NullPool), shown(own))
    server.run(
        *(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON {kind} TO {ASKS_PASSWORD}" for kind in ("TABLES", "SEQUENCES"))
    )
    yield server
    with above.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        connection.exec_driver_sql(f"DROP ROLE {ASKS_PASSWORD}")


@pytest.fixture(scope="module")
def mariadb(mariadb_server: str) -> Iterator[Server]:
    at = make_url(mariadb_server).set(drivername="mysql+pymysql")
    above = Server(MARIADB, create_engine(at, poolclass=NullPool), "")
    name = f"test_{uuid.uuid4().hex[:12]}"
    above.run(
        f"CREATE DATABASE {name} CHARACTER SET utf8mb4",
        f"CREATE USER {ASKS_PASSWORD}@'%' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT ALL ON {name}.* TO {ASKS_PASSWORD}@'%'",
    )
    own = at.set(database=name)
    yield Server(MARIADB, create_engine(own, poolclass=NullPool), shown(own))
    above.run(f"DROP DATABASE {name}", f"DROP USER {ASKS_PASSWORD}@'%'")


@pytest.fixture(params=[POSTGRESQL, MARIADB])
def server(request: pytest.FixtureRequest) -> Server:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Server)
    return found


@pytest.fixture(autouse=True)
def told_nothing(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever happens: neither the password nor a value comes out, here or from the process apart."""
    yield
    out, err = capfd.readouterr()
    assert not err
    assert not any(secret in out for secret in (PASSWORD, CANARY))


def shown(url: URL) -> str:
    """The URL as an operator writes it, of the account that is asked."""
    plain = url.set(drivername=url.drivername.split("+")[0].replace("mysql", MARIADB))
    return plain.set(username=ASKS_PASSWORD, password=PASSWORD).render_as_string(hide_password=False)


class Asking:
    """An operator's file with one query, and the feed that it makes."""

    def __init__(self, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self.file, self.folder = server, folder / "databases.toml", folder / "in"
        self.folder.mkdir()
        monkeypatch.setenv(URL_ENV, server.url)

    def feed(self, query: str) -> Feed:
        """The feed of vehicles."""
        said = f'[vehicles]\nurl_env = "{URL_ENV}"\nquery = {json.dumps(query, ensure_ascii=False)}'
        self.file.write_text(said, encoding="utf-8")
        return open_folder(self.folder, self.file).feeds["vehicles"]

    def chunks(self, query: str, rows: int = 1000) -> list[Chunk]:
        """The query's rows, read as in a process apart, but here: that process takes a second to start."""
        feed = self.feed(query)
        assert feed.query is not None
        armed = dataclasses.replace(feed, query=feed.query.with_url())
        return [chunk for chunk in chunking.chunks(armed, rows) if isinstance(chunk, Chunk)]

    def refused(self, query: str) -> str:
        """What is said of a query that fails."""
        with pytest.raises(InputRefused) as caught:
            self.chunks(query)
        message = str(caught.value)
        assert message.startswith("file sql:vehicles")
        assert not any(secret in message for secret in (PASSWORD, CANARY, "SELECT"))
        return message


@pytest.fixture
def asking(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asking:
    return Asking(server, tmp_path, monkeypatch)


ROWS: tuple[tuple[object, ...], ...] = (
    ("张伟", 110105194912310020, "豫E123张".encode("gb18030"), Decimal("85000.00"), dt.date(2020, 5, 6), moment("2024-03-14 20:30"), "正常", 1.5),
    ("李娜 100% :x", None, "豫E22222".encode("gb18030"), Decimal("12000.50"), None, moment("2019-03-04 00:00"), "飞船", 85000.0),
    (None, 410502198001011234, None, Decimal("-0.10"), dt.date(1850, 1, 1), None, "转移", None),
    ("王芳", None, b"\xff", None, dt.date(2018, 7, 1), moment("2024-01-01 00:00:00.005"), None, 1e17),
)  # fmt: skip
COLUMNS = ("name", "id_number", "plate", "value_yuan", "registered_on", "ended_on", "status", "vin")
CSV = """姓名,公民身份号码,plate,价值,注册日期,ended_on,状态,vin
张伟,110105194912310020,豫E123张,85000.00,2020-05-06,2024-03-14 20:30:00,正常,1.5
李娜 100% :x,,豫E22222,12000.50,,2019-03-04 00:00:00,飞船,85000
,410502198001011234,,-0.10,1850-01-01,,转移,
王芳,,�,,2018-07-01,2024-01-01 00:00:00.005000,,1E+17
"""


def test_typed_columns_give_the_same_rows_as_a_text_file(asking: Asking, tmp_path: Path) -> None:
    server, kinds = asking.server, ("bytea", "timestamp", "double precision")
    if server.kind == MARIADB:
        kinds = ("varbinary(40)", "datetime(6)", "double")
    server.run(
        "CREATE TABLE typed (place int, name varchar(40), id_number bigint, plate {}, value_yuan numeric(12,2), "
        "registered_on date, ended_on {}, status varchar(9), vin {})".format(*kinds)
    )
    with server.admin.begin() as connection:
        for place, row in enumerate(ROWS):
            named = dict(zip(COLUMNS, row, strict=True)) | {"place": place}
            columns = ", ".join(named)
            connection.execute(text(f"INSERT INTO typed ({columns}) VALUES (:{columns.replace(', ', ', :')})"), named)
    local_names = "name AS 姓名, id_number AS 公民身份号码, plate, value_yuan AS 价值, registered_on AS 注册日期, ended_on, status AS 状态, vin"
    (chunk,) = feeds.chunks(asking.feed(f"SELECT place, {local_names} FROM typed ORDER BY place -- %s :name"), 1000)
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "vehicles.csv").write_text(CSV, encoding="utf-8")
    (same,) = feeds.chunks(open_folder(tmp_path / "csv").feeds["vehicles"], 1000)
    assert_frame_equal(chunk.frame, same.frame)
    assert_frame_equal(chunk.rejects.drop("file"), same.rejects.drop("file"))
    assert (chunk.rows_in, chunk.nulled) == (same.rows_in, same.nulled)
    assert chunk.rows_in == 4
    assert chunk.nulled
    assert set(chunk.rejects.get_column("file")) == {"sql:vehicles"}
    assert feeds.row_count(asking.feed(f"SELECT {local_names} FROM typed -- all")) == 4
    assert feeds.sample(asking.feed(f"SELECT {local_names} FROM typed"), 2).rows == 4


@pytest.mark.parametrize(
    ("kind", "query", "day", "end"),
    [
        (POSTGRESQL, "SELECT '张' AS name, '-infinity'::date AS registered_on, 'infinity'::timestamp AS ended_on", None, None),
        (POSTGRESQL, "SELECT '张' AS name, '2024-03-14 20:00+00'::timestamptz AS registered_on, '1987-07-01 15:30+00'::timestamptz AS ended_on", "2024-03-15", "1987-07-01"),
        (POSTGRESQL, "SELECT '张' AS name, '44-03-15 BC'::date AS registered_on, 'NaN'::numeric AS value_yuan", "broken", None),
        (POSTGRESQL, "SELECT '张' AS name, '[1]'::jsonb AS vin, '24:00'::time AS plate, interval '1 year' AS status", None, None),
        (MARIADB, "SELECT '张' AS name, '0000-00-00' + INTERVAL 0 DAY AS registered_on, from_unixtime(1710446400) AS ended_on", None, "2024-03-15"),
        (MARIADB, "SELECT '张' AS name, d AS registered_on, concat('a', char(0), 'b') AS vin FROM zero", None, None),
        (MARIADB, "SELECT '张' AS name, '25:00:00' + INTERVAL 0 SECOND AS plate, b'1' AS vin, json_array(1) AS status", None, None),
    ],
)  # fmt: skip
def test_what_python_has_no_value_for_still_comes(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    kind: str, query: str, day: str | None, end: str | None,
) -> None:  # fmt: skip
    server = request.getfixturevalue(kind)
    if "zero" in query:
        server.run(
            "SET sql_mode = ''; ".rstrip("; "), "CREATE TABLE zero (d date)", "INSERT INTO zero VALUES ('0000-00-00')"
        )
    (chunk,) = Asking(server, tmp_path, monkeypatch).chunks(query)
    row = chunk.frame.row(0, named=True)
    assert (str(row["registered_on"]), str(row["ended_on"])) == (str(None if day == "broken" else day), str(end))
    assert chunk.nulled.get("registered_on", 0) == (day == "broken")
    assert row["vin"] in (None, "[1]", "ab", "\x01")


def test_a_long_answer_comes_in_chunks_of_the_size_that_is_asked_for(asking: Asking) -> None:
    query = (
        f"SELECT concat('人', n) AS name, concat('P', n) AS plate FROM {asking.server.numbers(120_000)} ORDER BY n"
    )
    found = asking.chunks(query, 32_000)
    assert [len(chunk.frame) for chunk in found] == [32_000, 32_000, 32_000, 24_000]
    every = pl.concat(chunk.frame for chunk in found)
    assert every.get_column("row_number").to_list() == list(range(1, 120_001))
    assert every.get_column("plate").to_list() == [f"P{n}" for n in range(1, 120_001)]
    assert all(chunk.rejects.is_empty() and chunk.bytes_read == 0 for chunk in found)


def test_no_row_is_an_answer_too(asking: Asking) -> None:
    (chunk,) = asking.chunks("SELECT '张' AS name, 'a' AS plate FROM (SELECT 1 AS n) AS one WHERE n = 2")
    assert (len(chunk.frame), chunk.rows_in, chunk.headings) == (0, 0, ("name", "plate"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (f"SELECT '{CANARY}' FROM nowhere", r"refuses the query \((SQLSTATE 42P01|error 1146)\).*by hand"),
        (f"SELECT '{CANARY}' AND OR", r"refuses the query \((SQLSTATE 42601|error 1064)\)"),
        (f"SELECT '{CANARY}' AS plate", r"the column name .* is not there.*databases.toml"),
        (f"SELECT '{CANARY}' AS name, 'a' AS name", r"the heading name stands there 2 times"),
    ],
)
def test_a_query_that_fails_is_told_by_its_code(asking: Asking, query: str, said: str) -> None:
    assert re.search(said, asking.refused(query))


def test_a_query_that_fails_in_the_process_apart_is_told_the_same(asking: Asking) -> None:
    feed = asking.feed(f"SELECT '{CANARY}' FROM nowhere")
    with pytest.raises(InputRefused, match=r"^file sql:vehicles: the database refuses the query") as caught:
        list(feeds.chunks(feed, 10))
    assert CANARY not in str(caught.value)


def test_a_database_that_cannot_be_reached_or_refuses(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    query, url = f"SELECT '{CANARY}' AS name", make_url(asking.server.url)
    away = url.set(host="127.0.0.1", port=1, query={})
    for changed, said in (
        (away, r"cannot be reached.*Check host"),
        (
            url.set(password="wrong-Geheim-7391"),
            r"refuses the login.*Check user, password and database in TEST_VEHICLES_URL",
        ),
        (url.set(database="nowhere"), r"refuses the login"),
    ):
        monkeypatch.setenv(URL_ENV, changed.render_as_string(hide_password=False))
        assert re.search(said, asking.refused(query))
    monkeypatch.setenv(URL_ENV, asking.server.url.replace(url.drivername, f"{url.drivername}://a:b@c:d:e/", 1))
    with pytest.raises((UsageError, InputRefused)) as caught:
        asking.chunks(query)
    assert PASSWORD not in str(caught.value)


def test_a_password_is_asked_for_no_earlier_than_needed(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = asking.feed("SELECT 'a' AS name")
    monkeypatch.delenv(URL_ENV)
    with pytest.raises(UsageError, match=URL_ENV):
        list(feeds.chunks(feed, 10))


def test_a_query_that_writes_changes_nothing(asking: Asking) -> None:
    server = asking.server
    if server.kind == POSTGRESQL:
        body = "RETURNS text LANGUAGE plpgsql AS $$BEGIN INSERT INTO written VALUES (1); RETURN 'a'; END$$"
        attempts = {
            "SELECT writes() AS name": "would write",
            "WITH w AS (INSERT INTO written VALUES (2) RETURNING n) SELECT n::text AS name FROM w": "refuses the query",
            "SELECT nextval('counted')::text AS name": "would write",
        }
        server.run("CREATE SEQUENCE counted")
    else:
        body = "RETURNS varchar(9) BEGIN INSERT INTO written VALUES (1); RETURN 'a'; END"
        attempts = {"SELECT writes() AS name": "would write"}
    server.run("CREATE TABLE written (n int)", f"CREATE FUNCTION writes() {body}")
    for query, said in attempts.items():
        assert said in asking.refused(query)
    assert server.count("written") == 0
    with server.admin.begin() as connection:  # the function itself would
        connection.exec_driver_sql("SELECT writes()").all()
    assert server.count("written") == 1


def test_a_connection_that_ends_in_the_middle_is_told_with_its_row(asking: Asking) -> None:
    query = f"SELECT '{CANARY}' AS name, repeat('x', 200) AS plate FROM {asking.server.numbers(150_000)}"
    coming = feeds.chunks(asking.feed(query), 10_000)
    assert next(coming).rows_in == 10_000
    asking.server.end_connections()
    with pytest.raises(InputRefused) as caught:
        for _ in coming:
            pass
    assert re.fullmatch(
        r"file sql:vehicles, row \d+: the connection was lost( \(.*\))?\. Run it again.*", str(caught.value)
    )
    assert caught.value.row is not None
    assert 10_000 < caught.value.row < 150_000


def test_an_answer_that_is_not_wanted_to_its_end_is_not_waited_for(asking: Asking) -> None:
    feed = asking.feed(f"SELECT 'a' AS name, repeat('x', 200) AS plate FROM {asking.server.numbers(150_000)}")
    coming = feeds.chunks(feed, 10_000)
    assert next(coming).rows_in == 10_000
    coming.close()
    assert feeds.sample(feed, 100).drawn == 100


def test_a_database_that_does_not_answer_is_given_up(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(database.ANSWER, "1")
    sleep = "pg_sleep(20)::text" if asking.server.kind == POSTGRESQL else "sleep(20)"
    assert "has not answered for too long" in asking.refused(f"SELECT 'a' AS name, {sleep} AS plate")


def test_a_resumed_scan_asks_again_from_the_beginning(asking: Asking, tmp_path: Path) -> None:
    server = asking.server
    server.run("CREATE TABLE changing (n int)", "INSERT INTO changing VALUES (1), (2), (3), (4), (5)")
    feed = asking.feed("SELECT concat('人', n) AS name FROM changing ORDER BY n")

    def work(chunk: Chunk) -> ChunkResult:
        counts = Counts(chunk.rows_in, len(chunk.frame), {}, {})
        pairs = pl.DataFrame(schema={"applicant": pl.UInt32, "blocks": pl.UInt32})
        return ChunkResult(
            pairs, chunk.frame.select("name"), REJECTS.to_frame(), pl.DataFrame(schema=PROPOSED), counts
        )

    workspace = Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=False)
    assert local.run(feed, 2, work, workspace, silent).rows_in == 5
    assert len(workspace.places("vehicles")) == 3
    server.run("DELETE FROM changing WHERE n <> 4")
    again = Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=True)
    steps: list[Step] = []
    assert local.run(feed, 2, work, again, steps.append).rows_in == 1
    assert again.places("vehicles") == {(0, 0)}
    assert [frame.to_series().to_list() for frame in again.read("vehicles", "records")] == [["人4"]]
    assert steps == [Step("match vehicles", 1, None), Step("match vehicles", 1, 1)]


def matcher(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matcher", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def move(source: str, folder: Path, server: Server) -> str:
    """Takes the table out of the folder into the database; returns the section of databases.toml that asks for it."""
    table = pl.read_parquet(folder / f"{source}.parquet")
    (folder / f"{source}.parquet").unlink()
    kinds = {pl.String: "varchar(200)", pl.Date: "date"}
    columns = [f"{name} {kinds.get(type(kind), 'numeric(20,4)')}" for name, kind in table.schema.items()]
    marks = ", ".join(f":{name}" for name in table.columns)
    server.run(f"CREATE TABLE {source} ({', '.join(columns)})")
    with server.admin.begin() as connection:
        connection.execute(text(f"INSERT INTO {source} VALUES ({marks})"), table.to_dicts())
    variable = f"TEST_{source.upper()}_URL"
    return (
        f'[{source}]\nurl_env = "{variable}"\nquery = "SELECT * FROM {source}"\nas_of = 2024-12-31\ncomplete = true\n'
    )


def speak_of(folder: Path, sources: Collection[str]) -> None:
    """Leaves in feeds.toml only the sections of these sources."""
    file = folder / "feeds.toml"
    said = re.split(r"(?m)^(?=\[)", file.read_text(encoding="utf-8"))
    file.write_text("".join(part for part in said if part[1:].partition("]")[0] in sources), encoding="utf-8")


def test_a_scan_of_both_databases_equals_the_scan_of_the_same_files(
    postgresql: Server, mariadb: Server, tmp_path: Path
) -> None:
    city, mixed = tmp_path / "city", tmp_path / "mixed"
    moved = {"vehicles": postgresql, "business": mariadb, "members": mariadb}
    made = matcher("synth", "--out", city, "--households", "60", "--records", "1500", "--seed", "3", "--quiet")
    assert made.returncode == 0, made.stderr
    for path in city.glob("*.parquet"):
        if path.stem not in ("households", "authorisations", "deaths", *moved):
            path.unlink()
    speak_of(city, ("deaths", *moved))
    shutil.copytree(city, mixed)
    sections = "".join(move(source, mixed, server) for source, server in moved.items())
    (tmp_path / "databases.toml").write_text(sections, encoding="utf-8")
    speak_of(mixed, ("deaths",))
    urls = {f"TEST_{source.upper()}_URL": server.url for source, server in moved.items()}
    asking = ("--databases", tmp_path / "databases.toml")
    plain = matcher("scan", city, "--out", tmp_path / "plain", "--quiet")
    asked = matcher("scan", mixed, "--out", tmp_path / "asked", *asking, **urls)
    assert (plain.returncode, asked.returncode) == (0, 0), plain.stderr + asked.stderr
    assert "match vehicles" in asked.stderr
    assert not any(secret in asked.stdout + asked.stderr for secret in (PASSWORD, "Traceback"))
    for name in ("links", "findings", "coverage", "rejects"):
        frames = [pl.read_parquet(tmp_path / out / f"{name}.parquet") for out in ("plain", "asked")]
        assert_frame_equal(*(frame.drop("file", strict=False) for frame in frames))
    summary = json.loads((tmp_path / "asked" / "summary.json").read_text(encoding="utf-8"))
    assert {"sql:vehicles", "sql:business", "sql:members"} <= summary["input_sha256"].keys()
    assert PASSWORD not in json.dumps(summary)
    indexed = matcher("index", mixed, "--out", tmp_path / "index", *asking, "--json", **urls)
    assert indexed.returncode == 0, indexed.stderr
    assert json.loads(indexed.stdout)["sources"]["vehicles"] == postgresql.count("vehicles")
