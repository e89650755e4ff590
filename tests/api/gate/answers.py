"""What an answer may never say, whatever was asked: a code of our own making, or how the server is made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from api.domain.errors import Internal, UserErrorCode, refusals

CODES = {kind.code for kind in refusals()}
PYTHON = re.compile(
    r"Traceback|NoneType|object at 0x|<class |\bself\b|\w+Error\b|\.py\b|unpack|positional argument|"
    r"\b(?:sqlalchemy|strawberry|graphql\.|asyncpg|sqlite3|builtins)\b",
    re.I,
)


def codes(answer: Any) -> set[str]:
    """The codes of an answer's errors."""
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


def faults(answer: Any) -> list[str]:
    """What is wrong with an answer's errors: a code outside the catalogue, a fault of ours, Python's own words."""
    found = [code for code in codes(answer) if code not in CODES or code == Internal.code]
    for error in [*answer.get("errors", ()), *_user_errors(answer.get("data"))]:
        if PYTHON.search(error.get("message", "")):
            found.append(error["message"])
        if "extensions" not in error and error.get("code") not in {None, *UserErrorCode}:
            found.append(error["code"])
    return found


def _user_errors(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        for name, value in content.items():
            if isinstance(value, list) and "userErrors" in name:
                yield from value
            else:
                yield from _user_errors(value)
    elif isinstance(content, list):
        for each in content:
            yield from _user_errors(each)
