"""The least CPU time in which one side answers, driven in its own process without a socket: python -m … SIDE TASK NAME."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.types import Message

from benchmarks.graphql import task
from benchmarks.graphql.page import POINT, QUERY, ROWS

TIMES = {"page": 60, "point": 400}


async def ask(app: Starlette, token: str, query: str, variables: Mapping[str, Any]) -> Any:
    """The data of one answer."""
    content = json.dumps({"query": query, "variables": variables}).encode()
    said: list[Message] = []
    headers = [(b"content-type", b"application/json"), (b"authorization", b"Bearer " + token.encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    return b"".join(message.get("body", b"") for message in said)


async def answer(app: Starlette, token: str, query: str, variables: Mapping[str, Any]) -> Any:
    """The data of one answer, read."""
    content = json.loads(await ask(app, token, query, variables))
    assert "errors" not in content, content
    return content["data"]


async def least(side: str, given: task.Task, name: str) -> float:
    """The least CPU seconds of many."""
    app, query, variables = task.app(side, given), QUERY, {"first": ROWS}
    page = await answer(app, given.token, QUERY, variables)
    if name == "point":
        query, variables = POINT, {"id": page["households"]["nodes"][0]["id"]}
        await answer(app, given.token, query, variables)
    used = []
    for _ in range(TIMES[name]):
        began = time.process_time()
        await ask(app, given.token, query, variables)
        used.append(time.process_time() - began)
    await app.state.engine.dispose()
    return min(used)


async def page_of(side: str, given: task.Task) -> Any:
    """The page's data."""
    app = task.app(side, given)
    data = await answer(app, given.token, QUERY, {"first": ROWS})
    await app.state.engine.dispose()
    return data


if __name__ == "__main__":
    _, side, path, name = sys.argv
    print(asyncio.run(least(side, task.read(Path(path)), name)))  # noqa: T201
