"""Whatever is sent, it is refused with a code of the catalogue or answered within the limits; and the next is answered."""

from __future__ import annotations

import re
from typing import Any

import httpx

from api.domain.errors import refusals
from tests.api.conftest import Service
from tests.api.gate.attacks import ATTACKS, Attack

CODES = {kind.code for kind in refusals()}
PYTHON = re.compile(
    r"Traceback|NoneType|object at 0x|<class |\bself\b|KeyError|ValueError|TypeError|RecursionError|\.py\b|"
    r"unpack|positional argument|\b(?:sqlalchemy|strawberry|graphql\.|asyncpg|sqlite3|builtins)\b",
    re.I,
)


async def sent(service: Service, attack: Attack) -> httpx.Response:
    headers = {
        "authorization": f"Bearer {service.tokens['reviewer']}",
        "content-type": "application/json",
        "accept": "application/graphql-response+json",
        "accept-language": "en",
        **attack.headers,
    }
    address = f"/graphql?{attack.address}" if attack.address else "/graphql"
    return await service.client.request(attack.method, address, content=attack.body, headers=headers)


def codes(answer: Any) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


async def test_every_attack_is_refused_or_answered_and_the_next_client_too(service: Service) -> None:
    outcomes = {}
    for attack in ATTACKS:
        answer = await sent(service, attack)
        content = answer.json()
        assert not PYTHON.search(answer.text), (attack.name, answer.text[:300])
        assert codes(content) <= CODES, attack.name
        outcomes[attack.name] = answer.status_code, *codes(content)
        assert (await service.ask("{ viewer { login } }"))["data"] == {"viewer": {"login": "reviewer"}}, attack.name
    expected = {attack.name: (attack.status, *([attack.code] if attack.code else [])) for attack in ATTACKS}
    assert outcomes == expected
