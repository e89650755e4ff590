"""The environment, read once: every setting is JIEKUN_SOMETHING."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "JIEKUN_"
DEFAULT_DATABASE_URL = "sqlite+aiosqlite:///jiekun.db"
MIB = 1024 * 1024
ATTACHMENT_BYTES = 20 * MIB
UPLOAD_BYTES = 64 * 1024 * MIB
RESERVE_BYTES = 1024 * MIB
STORE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?")

KNOWN = {
    "DATABASE_URL": "SQLite or PostgreSQL; default: the file jiekun.db here",
    "DATA_DIR": "where feeds and the scans' folders lie; default: jiekun-data here",
    "KEY": "the master key, 32 bytes in base64; or several, each as VERSION:BASE64: the newest seals, all open",
    "KEY_FILE": "a file that holds the key, made where there is none; default: key in the data folder",
    "CRYPTO": "AES (AES-256-GCM, HMAC-SHA-256) or SM (SM4-GCM, HMAC-SM3); default: AES",
    "BULK_PEOPLE_HOUR": "more people whose identity one user sees within an hour raise an alarm; 300 REVIEWER=600",
    "BULK_PEOPLE_DAY": "the same for a day; default: 1200",
    "OIDC_ISSUER": "the identity provider whose access tokens are accepted, as its tokens name it; default: none",
    "OIDC_AUDIENCE": "for whom its tokens have to be",
    "OIDC_JWKS_URL": "where it publishes its keys; default: as its discovery document says",
    "ATTACHMENT_MIB": "how large an attachment may be, in MiB; default: 20",
    "UPLOAD_GIB": "how large a file may be that a department sends, in GiB; default: 64",
    "RESERVE_GIB": "how much room is kept free on the data folder's disk, in GiB: what would take it is refused; default: 1",
    "STORE": "s3://bucket/prefix: where departments' files are kept, sealed; default: the data folder",
    "COST": "how many values the answer of one operation may hold, as far as that is known beforehand; default: 150000",
    "COST_PER_SECOND": "how many values a client may ask for in a second, over time; default: 1000000",
    "COST_BURST": "how many it may ask for at once; default: 10000000",
    "REQUEST_SECONDS": "how long an answer may take; default: 30",
    "TRUSTED_ONLY": "1: only registered documents are answered, whoever asks; default: 0",
    "PURPOSE_REQUIRED": "1: identities are shown whole only where the request names its purpose; default: 0",
    "PUBLIC_NOTICES": "1: /notices shows everybody which notices of a county are up; default: 0",
    "ORIGINS": "sites whose pages may ask from a browser, with commas between; default: only our own",
    "WEBHOOK_HOSTS": "hosts that webhooks may be sent to, with commas between, each with a port unless it is 443; default: none",
    "WORKDAYS_FILE": "days that are off or worked, in TOML or CSV, for years that the calendar does not know; default: none",
    "PG_PROGRAMS": "the folder of pg_dump and pg_restore, for backups; default: those on the path",
    "READER_MEMORY_MIB": "how much memory reading a foreign file may take; default: 4096",
    "READER_SILENCE_SECONDS": "how long reading a foreign file may say nothing; default: 600",
    "READER_ANSWER_SECONDS": "how long a query may go without a row; default: 300",
    "TEST_DATABASE_URL": "the PostgreSQL that the tests may use",
    "REQUIRE_ALL": "tests fail where a database or browser is missing",
}
"""Every setting and what it says."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service is told from outside."""

    database_url: str
    data_dir: Path
    key: str | None = field(repr=False)
    key_file: Path
    crypto: str = "AES"
    bulk_people_hour: str | None = None
    bulk_people_day: str | None = None
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    attachment_mib: float | None = None
    upload_gib: float | None = None
    reserve_gib: float | None = None
    store: str | None = None
    cost: float | None = None
    cost_per_second: float | None = None
    cost_burst: float | None = None
    request_seconds: float | None = None
    trusted_only: bool = False
    public_notices: bool = False
    purpose_required: bool = False
    origins: tuple[str, ...] = ()
    webhook_hosts: str | None = None

    @property
    def attachment_bytes(self) -> int:
        """How large an attachment may be."""
        return ATTACHMENT_BYTES if self.attachment_mib is None else int(self.attachment_mib * MIB)

    @property
    def upload_bytes(self) -> int:
        """How large a file may be that a department sends."""
        return UPLOAD_BYTES if self.upload_gib is None else int(self.upload_gib * 1024 * MIB)

    @property
    def oidc(self) -> tuple[str | None, str | None, str | None]:
        """The identity provider, for whom its tokens have to be, and where it publishes its keys."""
        return self.oidc_issuer, self.oidc_audience, self.oidc_jwks_url

    def environment(self) -> dict[str, str]:
        """The variables that tell another process of ours the same."""
        told = {"DATABASE_URL": self.database_url, "DATA_DIR": str(self.data_dir), "KEY_FILE": str(self.key_file)}
        told["CRYPTO"] = self.crypto
        if self.reserve_gib is not None:
            told["RESERVE_GIB"] = str(self.reserve_gib)
        return {
            PREFIX + name: value for name, value in {**told, "KEY": self.key or "", "STORE": self.store or ""}.items()
        }


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this environment. Raises ValueError for a JIEKUN_ variable that is no setting, which is a slip."""
    known = {f"{PREFIX}{name}" for name in KNOWN}
    if unknown := sorted(name for name in environment if name.startswith(PREFIX) and name not in known):
        raise ValueError(f"{', '.join(unknown)}: no such setting; known are {', '.join(sorted(known))}")

    def setting(name: str) -> str | None:
        return environment.get(PREFIX + name) or None

    def number(name: str) -> float | None:
        said = setting(name)
        try:
            value = float(said) if said else None
        except ValueError:
            value = -1
        if value is not None and not 0 < value < float("inf"):
            raise ValueError(f"{PREFIX}{name} is a number above 0: {KNOWN[name]}")
        return value

    kept_in = data_dir(environment)
    return Settings(
        database_url=setting("DATABASE_URL") or DEFAULT_DATABASE_URL,
        data_dir=kept_in,
        key=setting("KEY"),
        key_file=Path(setting("KEY_FILE") or kept_in / "key"),
        crypto=setting("CRYPTO") or "AES",
        bulk_people_hour=setting("BULK_PEOPLE_HOUR"),
        bulk_people_day=setting("BULK_PEOPLE_DAY"),
        oidc_issuer=setting("OIDC_ISSUER"),
        oidc_audience=setting("OIDC_AUDIENCE"),
        oidc_jwks_url=setting("OIDC_JWKS_URL"),
        attachment_mib=number("ATTACHMENT_MIB"),
        upload_gib=number("UPLOAD_GIB"),
        reserve_gib=number("RESERVE_GIB"),
        store=store(environment),
        cost=number("COST"),
        cost_per_second=number("COST_PER_SECOND"),
        cost_burst=number("COST_BURST"),
        request_seconds=number("REQUEST_SECONDS"),
        trusted_only=_switch("TRUSTED_ONLY", setting("TRUSTED_ONLY")),
        public_notices=_switch("PUBLIC_NOTICES", setting("PUBLIC_NOTICES")),
        purpose_required=_switch("PURPOSE_REQUIRED", setting("PURPOSE_REQUIRED")),
        origins=tuple(filter(None, (part.strip() for part in (setting("ORIGINS") or "").split(",")))),
        webhook_hosts=setting("WEBHOOK_HOSTS"),
    )


def data_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Where feeds, scans' folders and the city's own policy.toml lie."""
    return Path(environment.get(f"{PREFIX}DATA_DIR") or "jiekun-data")


def store(environment: Mapping[str, str] = os.environ) -> str | None:
    """The address of the store for departments' files. Raises ValueError for none that is understood."""
    said = environment.get(f"{PREFIX}STORE") or None
    if said is not None and not STORE.fullmatch(said):
        raise ValueError(f"{PREFIX}STORE is an address like s3://bucket/prefix: {KNOWN['STORE']}")
    return said


def reserve(environment: Mapping[str, str] = os.environ) -> int:
    """How many bytes are kept free on the data folder's disk; what is no number, `read` refuses."""
    written = environment.get(f"{PREFIX}RESERVE_GIB")
    return int(float(written) * 1024 * MIB) if written else RESERVE_BYTES


def workdays_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file of working days before the calendar's own."""
    written = environment.get(f"{PREFIX}WORKDAYS_FILE")
    return Path(written) if written else None


def pg_programs(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder of PostgreSQL's own programs."""
    written = environment.get(f"{PREFIX}PG_PROGRAMS")
    return Path(written) if written else None


def _switch(name: str, said: str | None) -> bool:
    if said not in (None, "0", "1"):
        raise ValueError(f"{PREFIX}{name} is 0 or 1: {KNOWN[name]}")
    return said == "1"
