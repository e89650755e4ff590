"""Whatever is sent, it is refused with a code of the catalogue or answered within the limits; and the next is answered."""

from __future__ import annotations

import httpx

from tests.api.conftest import Service
from tests.api.gate.answers import codes, faults
from tests.api.gate.attacks import ATTACKS, Attack


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


async def test_every_attack_is_refused_or_answered_and_the_next_client_too(service: Service) -> None:
    outcomes = {}
    for attack in ATTACKS:
        answer = await sent(service, attack)
        content = answer.json()
        assert faults(content) == [], attack.name
        outcomes[attack.name] = answer.status_code, *codes(content)
        assert (await service.ask("{ viewer { login } }"))["data"] == {"viewer": {"login": "reviewer"}}, attack.name
    expected = {attack.name: (attack.status, *([attack.code] if attack.code else [])) for attack in ATTACKS}
    assert outcomes == expected
