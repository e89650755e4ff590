"""A verification centre before its first batch: a register, officers, eight departments with their machines, and a webhook's receiver."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from api import intake, matching
from api.database import transaction
from api.domain.accounts import OPERATOR, ClientKind, OrganisationKind
from api.domain.consent import NINE
from api.domain.permissions import Role
from api.models import File
from api.sealing import Vault
from api.services import accounts, clients, organisations
from api.services.clients import Registered
from api.services.organisations import Described

CITY = "410500"
DEPARTMENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "police": ("市公安局", ("population", "vehicles")),
    "social-security": ("市人力资源和社会保障局", ("social_insurance",)),
    "market": ("市市场监督管理局", ("business",)),
    "tax-office": ("市税务局", ("tax",)),
    "civil-affairs": ("市民政局", ("marriage",)),
    "land": ("市自然资源局", ("real_estate",)),
    "housing-fund": ("市住房公积金管理中心", ("housing_fund",)),
    "banks": ("市金融机构", ("finance",)),
}
"""Who keeps which of the policy's nine kinds of data."""

OFFICERS = {
    "clerk": Role.CASEWORKER,
    "reviewer": Role.REVIEWER,
    "second-reviewer": Role.REVIEWER,
    "auditor": Role.AUDITOR,
    "administrator": Role.ADMINISTRATOR,
}
OURS = ("households", "members", "authorisations")


@dataclass(frozen=True)
class Centre:
    """What is known of it outside: where the departments' files lie, tokens by officer, secrets by department."""

    feeds: Mapping[str, Path]
    tokens: Mapping[str, str]
    secrets: Mapping[str, str]


def city(folder: Path) -> Path:
    """A synthetic city of fifty households and nine departments' files in GB18030."""
    size = ("--households", "50", "--records", "2500", "--seed", "3", "--form", "gb18030", "--quiet")
    matching.run(["synth", "--out", str(folder), "--sources", ",".join(NINE), *size])
    return folder


async def founded(engine: AsyncEngine, vault: Vault, written: Path, data_dir: Path, now: dt.datetime) -> Centre:
    """The city's register in the database, with everybody who works with it; nothing that a department keeps has come yet."""
    tables = {path.name.partition("_导出")[0]: path for path in written.glob("*_导出.csv")}
    register = data_dir.parent / "register"
    register.mkdir()
    for name in OURS:
        shutil.copyfile(tables[name], register / f"{name}.csv")
    shutil.copyfile(written / "policy.toml", register / "policy.toml")
    await intake.take_over(engine, vault, register, data_dir, CITY, now)
    secrets, tokens = {}, {}
    async with transaction(engine) as connection:
        await connection.execute(update(File).values(category="DEEP"))  # as the centre's own register would say
        for code, (name, sources) in DEPARTMENTS.items():
            told = Described(name, code, OrganisationKind.DEPARTMENT, CITY, sources)
            organisation = await organisations.save(connection, OPERATOR, told, now, code=code)
            machine = Registered(name, ClientKind.SERVICE, organisation)
            key = await clients.save(connection, OPERATOR, machine, now, client_id=f"{code}-machine")
            _, secrets[code] = await clients.rotate_secret(connection, OPERATOR, key, now)
        for login, role in OFFICERS.items():
            await accounts.add_user(connection, login, login.title(), role, CITY, now)
            tokens[login] = await accounts.issue_token(connection, login, 1, now)
    return Centre({source: tables[source] for source in NINE}, tokens, secrets)
