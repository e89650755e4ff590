"""The walk-through for front ends runs as it is printed, request by request, each with what the ones before it answered."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from pathlib import Path
from typing import Any

from api.domain import days
from tests.api.conftest import Service

PAGE = (Path(__file__).parents[2] / "docs" / "walkthrough.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"```graphql\n# by: (?P<by>\S+)\n(?P<query>.*?)```(?:\n\n```json\n(?P<variables>.*?)```)?"
    r"|^curl -X POST \"\$SERVICE(?P<door>/\S+)\" (?P<headers>(?:-H \"[^\"]+\" )+)"
    r"|<!-- the clock: (?P<days>\d+) days -->",
    re.DOTALL | re.MULTILINE,
)
STEPS = list(STEP.finditer(PAGE))


class Known:
    """What the page's variables stand for."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.keys = itertools.count(1)
        self.values: dict[str, Any] = {f"${login}": token for login, token in service.tokens.items()}

    def __getitem__(self, name: str) -> Any:
        today = days.today(self.service.now())
        if name == "$key":
            return f"walk-{next(self.keys):08}"
        if name == "$today":
            return str(today)
        if back := re.fullmatch(r"\$month-(\d+)", name):
            years, month = divmod(today.year * 12 + today.month - 1 - int(back[1]), 12)
            return f"{years}-{month + 1:02}"
        return self.values[name]

    def filled(self, given: Any) -> Any:
        """The variables of a request with every name replaced by what it stands for."""
        if isinstance(given, dict):
            return {key: self.filled(value) for key, value in given.items()}
        if isinstance(given, list):
            return [self.filled(value) for value in given]
        return self[given] if isinstance(given, str) and given.startswith("$") else given

    def note(self, answer: Any) -> None:
        """Keeps the ids and versions of what an answer shows, and the people by their relation."""
        for name, shown in answer.items():
            for each in shown if isinstance(shown, list) else [shown]:
                if not isinstance(each, dict):
                    continue
                if "relation" in each and "id" in each:
                    self.values[f"${each['relation'].lower()}"] = each["id"]
                elif "id" in each:
                    self.values |= {f"${name}": each["id"], f"${name}Version": each.get("version")}
                self.note(each)


async def _asked(service: Service, known: Known, step: re.Match[str]) -> Any:
    variables = known.filled(json.loads(step["variables"] or "{}"))
    data = await service.data(step["query"], variables, by=step["by"])
    for answer in data.values():
        assert answer is not None
        if isinstance(answer, dict):
            assert answer.pop("userErrors", []) == [], step["query"]
    known.note(data)
    return data


async def _handed_in(service: Service, known: Known, step: re.Match[str]) -> None:
    def told(text: str) -> str:
        return re.sub(r"\$\w+", lambda name: str(known[name[0]]), text)

    headers = dict(line.split(": ", 1) for line in re.findall(r'-H "([^"]+)"', told(step["headers"])))
    content = b"%PDF-1.7 " + step["door"].encode()
    answer = await service.client.post(told(step["door"]), content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    known.values["$paper"] = answer.json()["id"]


async def test_the_walk_through_runs_as_it_is_printed(service: Service) -> None:
    known, stages = Known(service), []
    for step in STEPS:
        if step["days"]:
            service.ahead += dt.timedelta(days=int(step["days"]))
        elif step["door"]:
            await _handed_in(service, known, step)
        else:
            data = await _asked(service, known, step)
            stages += re.findall(r"'stage': '(\w+)'", str(data))
    assert stages == [
        "APPLIED", "UNDER_REVIEW", "PUBLIC_NOTICE", "RECORDED", "RECORDED", "GRADUATED", "RECORDED", "RECORDED", "RECORDED",
    ]  # fmt: skip


def test_nothing_of_the_page_is_left_out() -> None:
    told = [step for step in STEPS if step["query"] or step["door"]]
    assert len(told) == PAGE.count("```graphql") + PAGE.count("\ncurl ") >= 20
    assert sum(bool(step["variables"]) for step in told) == PAGE.count("```json")
