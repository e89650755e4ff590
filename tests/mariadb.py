"""A MariaDB for the tests, from the machine's own programs: in a folder of its own, on a port of 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACCOUNTS = ("mysql", "nobody")
"""Whom root becomes, since MariaDB refuses to run as root."""

PASSWORD = "Geheim-7391"
START_SECONDS = 60
PROGRAMS = ("/usr/sbin", "/usr/libexec", "/usr/local/sbin")


class NotStarted(Exception):
    """No MariaDB could be started here."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running MariaDB, as an account that may do everything there; stopped afterwards."""
    daemon, installer = _program("mariadbd"), _program("mariadb-install-db")
    if daemon is None or installer is None:
        raise NotStarted("no programs")
    with tempfile.TemporaryDirectory(prefix="jiekun-mariadb-") as name:
        folder = Path(name)
        account = _account()
        if account is not None:
            shutil.chown(folder, account)
        socket_file, port = folder / "socket", _free_port()
        start = folder / "start.sql"
        start.write_text(
            f"CREATE USER tester@'%' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON *.* TO tester@'%' WITH GRANT OPTION;\n",
            encoding="ascii",
        )
        where = ["--no-defaults", f"--datadir={folder / 'data'}", *([f"--user={account}"] if account else [])]
        small = ["--innodb-log-file-size=4M", "--innodb-buffer-pool-size=32M"]
        made = _quietly(installer, *where, *small, "--skip-test-db", "--auth-root-authentication-method=normal")
        if made.wait(START_SECONDS):
            raise NotStarted("mariadb-install-db failed")
        running = _quietly(
            daemon,
            *where,
            *small,
            f"--socket={socket_file}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--pid-file={folder / 'pid'}",
            f"--init-file={start}",
            "--innodb-flush-log-at-trx-commit=0",
            "--skip-log-bin",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
        )
        try:
            _wait(running, port)
            yield f"mariadb://tester:{PASSWORD}@127.0.0.1:{port}/mysql"
        finally:
            running.kill()
            running.wait()


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(PROGRAMS))


def _quietly(*command: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise NotStarted(type(error).__name__) from error


def _wait(running: subprocess.Popen[bytes], port: int) -> None:
    """Until it takes connections, which is after the init file."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise NotStarted("mariadbd does not answer")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _account() -> str | None:
    """The account to run as: our own, unless we are root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ACCOUNTS if name in known), None)
