"""The commands of `jiekun`, run as a newcomer and as an operator run them.

Where a service is made, served or worked for, each command is a process; what only says a word is run `here`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.api.commanding import run as here
from tests.api.commanding import settled

COMMAND = [sys.executable, "-c", "from api.cli import main; main()"]
SHOWN = ("Leads (to be verified by a person)", "findings: precision")
AGAIN = "used again"
PATIENCE = 60


def run(*arguments: str, expect: int = 0, place: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command with these settings."""
    environment = {**os.environ, **(place or {})}
    finished = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, env=environment)
    assert finished.returncode == expect, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished


def demo(folder: Path, households: int = 40) -> subprocess.CompletedProcess[str]:
    size = ["--households", str(households), "--records", "1500"]
    finished = run("demo", "--no-serve", "--lang", "en", "--dir", str(folder), *size)
    assert all(words in finished.stdout for words in SHOWN)
    return finished


def test_the_demo_shows_what_was_found_and_is_used_again_until_it_differs(tmp_path: Path) -> None:
    first = demo(tmp_path)
    assert AGAIN not in first.stderr
    tokens = re.findall(r"jk_[\w-]{40,}", first.stdout)
    assert len(set(tokens)) == 5, "one for each role; one of them stands in the example too"
    with sqlite3.connect(tmp_path / "service" / "jiekun.db") as database:
        (opened,) = database.execute("SELECT count(*) FROM findings WHERE opened_on IS NOT NULL").fetchone()
    assert opened > 0, "there is something to review before any worker runs"
    out = tmp_path / "service" / "scans" / "1" / "out" / "findings.parquet"
    made = out.stat().st_mtime_ns
    assert AGAIN in demo(tmp_path).stderr
    assert out.stat().st_mtime_ns == made
    assert AGAIN not in demo(tmp_path, households=41).stderr


def test_a_demo_that_is_not_whole_begins_anew(tmp_path: Path) -> None:
    demo(tmp_path)
    for name in ("service/scans/1/out/findings.parquet", "service/jiekun.db", "service/key", "city/vehicles.parquet"):
        (tmp_path / name).unlink()
        assert AGAIN not in demo(tmp_path).stderr, name
    (tmp_path / "jiekun-demo.json").write_bytes(b"")
    assert AGAIN not in demo(tmp_path).stderr
    assert AGAIN in demo(tmp_path).stderr


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def ask(port: int, token: str, query: str) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read())["data"]


@contextmanager
def served(port: int, *arguments: str, place: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A server that answers, and is gone afterwards."""
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--port", str(port)],
        env={**os.environ, **(place or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for _ in range(PATIENCE * 10):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def until(true: Callable[[], bool]) -> None:
    """Waits patiently."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes started by this one, whichever of its threads did it."""
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(number) for children in tasks for number in children.read_text().split()]


def gone(number: int) -> bool:
    stat = Path(f"/proc/{number}/stat")
    return not stat.exists() or stat.read_text().split()[2] == "Z"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_demo_serves_scans_and_leaves_no_process_behind(tmp_path: Path, ending: signal.Signals) -> None:
    tokens = dict(re.findall(r"^  (\w+) +(jk_\S+)$", demo(tmp_path).stdout, re.M))
    port = free_port()
    size = ["--households", "40", "--records", "1500"]
    with served(port, "demo", "--dir", str(tmp_path), *size) as process:
        pytest_output = process.stdout
        assert pytest_output is not None
        said = ""
        while "curl" not in said:
            said += pytest_output.readline()
        tokens = dict(re.findall(r"^  (\w+) +(jk_\S+)$", said, re.M))
        assert ask(port, tokens["caseworker"], "{ viewer { role } }") == {"viewer": {"role": "CASEWORKER"}}
        until(lambda: workers_of(process) != [])
        workers = workers_of(process)
        if ending is signal.SIGINT:
            os.kill(workers[0], signal.SIGKILL)  # a worker that dies is followed by another
            until(lambda: workers_of(process) not in ([], workers))
            workers += workers_of(process)
        start = 'mutation { startScan(input: {idempotencyKey: "from-the-test"}) { scan { id } userErrors { code } } }'
        assert ask(port, tokens["auditor"], start)["startScan"]["userErrors"] == []
        done = {"scans": {"nodes": [{"status": "SUCCEEDED"}]}}
        until(lambda: ask(port, tokens["auditor"], "{ scans(first: 1) { nodes { status } } }") == done)
        process.send_signal(ending)
        process.wait(timeout=PATIENCE)
    until(lambda: all(gone(number) for number in workers))


def test_an_operators_day(tmp_path: Path, city: Path) -> None:
    """Tables, a folder taken over, users, a token, a look at the audit trail: each command by itself."""
    place = {"JIEKUN_DATABASE_URL": f"sqlite:///{tmp_path}/jiekun.db", "JIEKUN_DATA_DIR": str(tmp_path / "data")}
    assert "jiekun db upgrade" in run("import", str(city), expect=1, place=place).stderr
    assert "jiekun db upgrade" in run("serve", expect=1, place=place).stderr
    run("db", "upgrade", place=place)
    run("db", "upgrade", place=place)
    assert "250 households" in run("import", str(city), place=place).stderr
    run("user", "add", "li", "--role", "reviewer", "--division", "410502", "--name", "李工", place=place)
    assert "李工" in run("user", "list", place=place).stdout
    token = run("token", "li", place=place).stdout.strip()
    port = free_port()
    with served(port, "serve", "--no-work", place=place):
        assert (
            ask(port, token, "{ viewer { displayName } households { totalCount } }")["viewer"]["displayName"]
            == "李工"
        )
    run("token", "li", "--revoke", place=place)
    run("user", "remove", "li", place=place)
    assert "acts: 5 rows are as they were written" in run("audit", "verify", place=place).stderr
    assert (tmp_path / "data" / "key").stat().st_mode & 0o077 == 0


def test_an_operator_lets_people_and_programs_in(migrated_on_sqlite: str, tmp_path: Path) -> None:
    """The first administrator, a department with its machine, the machine's token, and who is who at a provider."""
    place = settled(migrated_on_sqlite, tmp_path)
    here("user", "first", "chen", "--division", "410500", place=place)
    assert "already" in here("user", "first", "wu", "--division", "410500", expect=1, place=place).stderr
    department = ["--kind", "department", "--division", "410500", "--name-zh", "公安局", "--source", "vehicles"]
    for _ in range(2):  # twice is a change
        here("organisation", "add", "police", *department, place=place)
    assert "vehicles" in here("organisation", "list", place=place).stdout
    belongs_to = ["--organisation", "police"]
    here("user", "add", "li", "--role", "department", "--division", "410500", *belongs_to, place=place)
    here("client", "add", "machine", "--kind", "service", *belongs_to, place=place)
    here("client", "add", "portal", "--kind", "application", "--trusted-only", *belongs_to, place=place)
    first = here("client", "secret", "machine", place=place).stdout.strip()
    secret = here("client", "secret", "machine", "--overlap", "0", place=place).stdout.strip()
    issuer = ["--issuer", "https://idp.example", "--subject", "u-1"]
    here("user", "link", "li", *issuer, place=place)
    assert "another user" in here("user", "link", "chen", *issuer, expect=1, place=place).stderr
    assert "JIEKUN_OIDC_ISSUER" in here("user", "link", "li", "--subject", "x", expect=1, place=place).stderr
    here("user", "unlink", *issuer, place=place)
    here("client", "link", "machine", *issuer, place=place)
    port = free_port()
    with served(port, "serve", "--no-work", place=place):
        assert token_of(port, "machine", first) is None
        token = token_of(port, "machine", secret)
        assert token is not None
        assert ask(port, token, "{ viewer { client sources } }")["viewer"] == {
            "client": "machine",
            "sources": ["vehicles"],
        }
    here("client", "remove", "machine", place=place)
    here("organisation", "remove", "police", place=place)
    assert "machine" in here("client", "list", place=place).stdout


def token_of(port: int, client: str, secret: str) -> str | None:
    """What a machine is given for its secret; None where it is refused."""
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/oauth/token", urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return str(json.loads(answer.read())["access_token"])
    except urllib.error.HTTPError as refused:
        refused.close()
        return None


@pytest.mark.parametrize(
    ("arguments", "expect", "words"),
    [
        (["token", "nobody"], 1, "no such user"),
        (["user", "add", "li", "--role", "reviewer", "--division", "4105"], 1, "six digits"),
        (["user", "add", "li", "--role", "king", "--division", "410500"], 2, "king"),
        (["import", "no-such-folder"], 3, "no such folder"),
    ],
)
def test_what_cannot_be_done_is_said(
    migrated_on_sqlite: str, tmp_path: Path, arguments: list[str], expect: int, words: str
) -> None:
    place = settled(migrated_on_sqlite, tmp_path)
    assert words in here(*arguments, expect=expect, place=place).stderr


def test_a_wrong_key_or_setting_is_said(migrated_on_sqlite: str, tmp_path: Path) -> None:
    place = settled(migrated_on_sqlite, tmp_path)
    assert "32 bytes" in run("serve", expect=1, place=place | {"JIEKUN_KEY": "short"}).stderr
    other = run("key").stdout.strip()
    here("import", "no-such-folder", expect=3, place=place)
    assert "not the one" in run("serve", expect=1, place=place | {"JIEKUN_KEY": other}).stderr
    assert "JIEKUN_PORT" in here("db", "upgrade", expect=1, place=place | {"JIEKUN_PORT": "1"}).stderr
    assert "mysql" in here("db", "upgrade", expect=1, place={"JIEKUN_DATABASE_URL": "mysql://localhost/x"}).stderr


def test_parameters_programmes_and_working_days_that_cannot_be_read_are_said_before_anything_begins(
    migrated_on_sqlite: str, tmp_path: Path, city: Path
) -> None:
    place = settled(migrated_on_sqlite, tmp_path)
    (days := tmp_path / "days.csv").write_text("day,kind\nsoon,off\n", encoding="utf-8")
    assert "days.csv" in run("serve", expect=1, place=place | {"JIEKUN_WORKDAYS_FILE": str(days)}).stderr
    shutil.copytree(city, folder := tmp_path / "folder")
    (folder / "policy.toml").write_text('[[value]]\nkey = "line.dibao"\n', encoding="utf-8")
    assert "policy.toml" in run("import", str(folder), expect=3, place=place).stderr
    assert not (tmp_path / "data" / "policy.toml").exists()
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "programmes.toml").write_text('[[programme]]\ncode = "DIBAO"\n', encoding="utf-8")
    for service in ("serve", "work"):
        assert "programmes.toml, [[programme]] 1" in run(service, expect=1, place=place).stderr


def test_the_schema_and_keys_are_printed(tmp_path: Path) -> None:
    assert run("schema").stdout == (Path(__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8")
    assert run("key").stdout != run("key").stdout


@pytest.mark.parametrize(
    ("arguments", "url", "expect", "words"),
    [
        (
            ("user", "add", "li", "--role", "REVIEWER", "--division", "410502"),
            "sqlite:///{0}/none.db",
            1,
            "db upgrade",
        ),
        (("token", "li"), "sqlite:///{0}/none.db", 1, "db upgrade"),
        (("user", "list"), "sqlite:///{0}/none.db", 1, "db upgrade"),
        (("audit", "verify"), "sqlite:///{0}/none.db", 1, "db upgrade"),
        (("serve",), "sqlite:///{0}/none.db", 1, "db upgrade"),
        (("user", "list"), "postgresql://nobody:secret@127.0.0.1:9/none", 1, "cannot be reached"),
        (("user", "list"), "no address", 2, "JIEKUN_DATABASE_URL"),
        (("token", "li", "--days", "99999999"), "sqlite:///{0}/none.db", 2, "days"),
    ],
)
def test_what_stands_in_the_way_is_said_in_a_line(
    tmp_path: Path, arguments: tuple[str, ...], url: str, expect: int, words: str
) -> None:
    place = {"JIEKUN_DATABASE_URL": url.format(tmp_path), "JIEKUN_DATA_DIR": str(tmp_path)}
    if arguments == ("serve",):
        said = run(*arguments, expect=expect, place=place).stderr
    else:
        said = here(*arguments, expect=expect, place=place).stderr
    assert words in said
    assert "secret" not in said
    assert not (tmp_path / "none.db").exists()


def test_a_division_that_never_was_is_refused(migrated_on_sqlite: str, tmp_path: Path) -> None:
    place = settled(migrated_on_sqlite, tmp_path)
    said = here("user", "add", "li", "--role", "REVIEWER", "--division", "999999", expect=1, place=place).stderr
    assert "999999" in said
    here("user", "add", "li", "--role", "REVIEWER", "--division", "410504", place=place)  # abolished in 2002


def test_a_demo_keeps_what_its_users_did_and_shows_its_own_scan(tmp_path: Path) -> None:
    demo(tmp_path)
    later = tmp_path / "service" / "scans" / "2" / "out"
    later.mkdir(parents=True)
    (later / "summary.json").write_text("{}", encoding="utf-8")
    assert AGAIN in demo(tmp_path).stderr
    (tmp_path / "jiekun-demo.json").write_bytes(b"")
    assert AGAIN not in demo(tmp_path).stderr
    assert [path.name for path in (tmp_path / "service" / "scans").iterdir()] == ["1"]


def test_a_taken_port_is_said_before_anything_is_done(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = run("demo", "--dir", str(tmp_path / "demo"), "--port", str(taken.getsockname()[1]), expect=1).stderr
    assert "--port" in said
    assert not (tmp_path / "demo").exists()
