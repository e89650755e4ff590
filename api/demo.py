"""The demo: a synthetic city taken over, scanned by a job and served, as a real one would be; made once and used again."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from api import intake, matching, migrations, sealing
from api.database import open_engine, transaction
from api.domain import credentials
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.permissions import Role
from api.sealing import Vault
from api.services import accounts, organisations, scans, viewers
from api.services.organisations import Described
from api.settings import Settings
from api.worker import Worker

MARKER = "jiekun-demo.json"
CITY, COUNTY = "410500", "410502"
USERS = (
    ("caseworker", "文峰区帮扶工作人员", Role.CASEWORKER, COUNTY),
    ("reviewer", "市级审核人员", Role.REVIEWER, CITY),
    ("auditor", "审计人员", Role.AUDITOR, CITY),
    ("department", "部门对接人员", Role.DEPARTMENT, CITY),
    ("administrator", "系统管理员", Role.ADMINISTRATOR, CITY),
)
"""A user of each role: login, name, role, division."""

POLICE = Described("公安局", "Police", OrganisationKind.DEPARTMENT, CITY, ("population", "vehicles"))
"""The department of the user of that role, and the data that it keeps."""

TOKEN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Size:
    """What the city is made from; the same size is the same city."""

    households: int
    records: int
    seed: int


@dataclass(frozen=True, slots=True)
class Demo:
    """What its service is told, a token of each user, and whether it was there already."""

    settings: Settings
    vault: Vault
    tokens: dict[str, str]
    used_again: bool


def prepare(folder: Path, size: Size, language: str) -> Demo:
    """A city in FOLDER/city, the database, feeds and scans in FOLDER/service; shows what the scan found.

    All is used again if the size, the program and every file of the city are what they were when it was complete;
    anything else, an interrupted demo included, begins anew. Tokens are new each time. Raises MatcherFailed.
    """
    service, marker = folder / "service", folder / MARKER
    made_from = {**asdict(size), "program": matching.program_hash(), "service": _service_hash()}
    there = marker.is_file() and marker.read_bytes() == _mark(folder, made_from)
    database = service / "jiekun.db"
    if not there:
        marker.unlink(missing_ok=True)
        for path in (database, *service.glob("jiekun.db-*")):
            path.unlink(missing_ok=True)
        for name in ("scans", "feeds"):
            shutil.rmtree(service / name, ignore_errors=True)
        service.mkdir(parents=True, mode=0o700, exist_ok=True)
        options = [part for name, value in asdict(size).items() for part in (f"--{name}", str(value))]
        matching.run(["synth", "--out", str(folder / "city"), *options])
    told = Settings(f"sqlite:///{database}", service, None, service / "key")
    vault = sealing.opened(None, told.key_file, told.crypto)
    tokens = asyncio.run(_fill(folder / "city", told, vault, there))
    out = _first_scan(folder) / "out"
    matching.run(["report", str(out), "--lang", language])
    matching.run(["evaluate", str(out), "--truth", str(folder / "city"), "--brief"])
    if not there:
        marker.write_bytes(_mark(folder, made_from))
    return Demo(told, vault, tokens, there)


async def _fill(city: Path, told: Settings, vault: Vault, there: bool) -> dict[str, str]:
    """The database filled where it is not there yet, and new tokens by login."""
    engine = open_engine(told.database_url)
    try:
        now = dt.datetime.now(dt.UTC)
        if not there:
            await migrations.upgrade(engine)
            await intake.take_over(engine, vault, city, told.data_dir, CITY, now)
        tokens = {}
        async with transaction(engine) as connection:
            if await organisations.known(connection, "police") is None:
                await organisations.save(connection, OPERATOR, POLICE, now, code="police")
            for login, name, role, division in USERS:
                belongs_to = "police" if role is Role.DEPARTMENT else None
                await accounts.add_user(connection, login, name, role, division, now, belongs_to)
                await accounts.revoke_tokens(connection, login, now)
                tokens[login] = await accounts.issue_token(connection, login, TOKEN_DAYS, now)
        if not there:  # once there are reviewers, for whom leads are opened
            await _scan(engine, vault, tokens["auditor"], told.data_dir)
    finally:
        await engine.dispose()
    return tokens


async def _scan(engine: AsyncEngine, vault: Vault, token: str, service: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    async with transaction(engine) as connection:
        auditor = await viewers.of_token(connection, credentials.digest(token), now)
        assert auditor is not None
        await scans.request(connection, auditor, None, None, (), now)
    await Worker(engine, vault, service).step()


def _first_scan(folder: Path) -> Path:
    """The demo's own scan: the first of the database, whatever its users have scanned since."""
    return min((folder / "service" / "scans").iterdir(), key=lambda path: int(path.name))


def _service_hash() -> str:
    """SHA-256 of the service's own code, upon which what the database holds depends."""
    found = hashlib.sha256()
    package = Path(__file__).parent
    for path in sorted(package.rglob("*.py")):
        found.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def _mark(folder: Path, made_from: dict[str, object]) -> bytes:
    """The marker as it is to be: what the demo was made from, the city's files, and whether the service's are there."""
    files = {}
    for path in sorted(path for path in (folder / "city").rglob("*") if path.is_file()):
        with path.open("rb") as opened:
            files[path.relative_to(folder).as_posix()] = hashlib.file_digest(opened, "sha256").hexdigest()
    for path in (folder / "service" / "jiekun.db", folder / "service" / "key"):
        files[path.name] = str(path.is_file() and os.path.getsize(path) > 0)
    if (folder / "service" / "scans").is_dir() and any((folder / "service" / "scans").iterdir()):
        for path in sorted((_first_scan(folder) / "out").glob("*")):
            files[path.relative_to(folder).as_posix()] = str(path.stat().st_size)
    return json.dumps({**made_from, "files": files}, indent=1).encode()
