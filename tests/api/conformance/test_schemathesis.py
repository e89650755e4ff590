"""Operations made at random from the schema by schemathesis, for users of every role: no fault of ours, no Python."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes

from tests.api.conformance.conftest import SCHEMA
from tests.api.conftest import USERS, Service
from tests.api.gate.answers import faults
from tests.api.test_subscriptions import serving

CASES = int(os.environ.get("JIEKUN_CONFORMANCE_CASES", "60"))
SCALARS = {
    "Date": st.dates().map(str) | st.text(),
    "DateTime": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | st.text(),
    "Decimal": st.decimals(allow_nan=False).map(str) | st.text(),
    "Month": st.dates().map(lambda day: str(day)[:7]) | st.text(),
    "BigInt": st.integers().map(str) | st.text(),
}
for scalar, values in SCALARS.items():
    schemathesis.graphql.scalar(scalar, values.map(nodes.String))


async def test_whatever_the_schema_permits_is_answered_without_a_fault_of_ours(service: Service) -> None:
    schema = schemathesis.graphql.from_path(SCHEMA)

    async with serving(service) as address:

        @settings(
            max_examples=CASES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(schema.as_strategy(), st.sampled_from(sorted(USERS)))
        def ask(case: schemathesis.Case[Any], login: str) -> None:
            headers = {"Authorization": f"Bearer {service.tokens[login]}", "Accept-Language": "en"}
            answer = case.call(base_url=f"http://{address}/graphql", headers=headers)
            assert answer.status_code in (200, 400, 403, 429), case.body
            assert faults(answer.json()) == [], case.body

        await asyncio.to_thread(ask)
