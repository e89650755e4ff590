"""What a request asks for, read strictly: JSON in UTF-8, one operation, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from api.domain.errors import BadRequest

NUL = b"\\u0000"
"""As JSON and GraphQL write it; PostgreSQL cannot keep it."""

MOST_NAME = 200
DOCUMENT_ID = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation: by its text, or by the hash of a registered document's, with its variables."""

    text: str | None = None
    digest: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    in_address: bool = False
    """Whether it came as an address, which proxies and histories keep."""


def in_body(body: bytes) -> Asked:
    """What a POST asks for. Raises BadRequest."""
    if not body:
        raise BadRequest("请求体为空：须为 JSON。", "The body is empty: send JSON with `query` or `documentId`.")
    content = strict(body)
    if isinstance(content, list):
        raise BadRequest("不支持批量请求：一次一个操作。", "Batches are not taken: send one operation at a time.")
    if not isinstance(content, dict):
        raise BadRequest("请求体须为 JSON 对象。", "The body is a JSON object.")
    return of(content)


def in_address(query_string: bytes) -> Asked:
    """What a GET asks for. Raises BadRequest."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10)
    except ValueError:
        raise BadRequest("地址参数无法读取。", "The parameters in the address cannot be read.") from None
    given: dict[str, Any] = dict(pairs)
    if len(given) != len(pairs):
        raise BadRequest("地址参数重复。", "A parameter stands twice in the address.")
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = strict(given[name].encode())
    return of(given, in_address=True)


def of(content: Mapping[str, Any], *, in_address: bool = False) -> Asked:
    """What a mapping asks for, as it came over any transport. Raises BadRequest."""
    text, digest = _text(content, "query"), _digest(content)
    if not text and not digest:
        raise BadRequest(
            "缺少 query 或 documentId。", "Send the text of an operation as `query`, or the `documentId` of one."
        )
    name = _text(content, "operationName") or None
    if name is not None and len(name) > MOST_NAME:
        raise BadRequest("operationName 过长。", f"An operationName has up to {MOST_NAME} characters.")
    _mapping(content, "extensions")
    return Asked(text or None, digest, name, _mapping(content, "variables"), in_address)


def strict(text: bytes) -> Any:
    """JSON in UTF-8, without the character NUL. Raises BadRequest, whose words repeat nothing of the text."""
    if NUL in text:
        raise BadRequest("不允许空字符（NUL）。", "The character NUL is not allowed.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            f"不是有效的 UTF-8 JSON（第 {error.lineno} 行第 {error.colno} 列）。",
            f"This is no JSON in UTF-8 (line {error.lineno}, column {error.colno}).",
        ) from None


def _text(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} 须为字符串。", f"`{name}` is a string.")
    return value


def _digest(content: Mapping[str, Any]) -> str | None:
    """The hash that a document id holds."""
    document_id = _text(content, "documentId")
    if not document_id:
        return None
    form = DOCUMENT_ID.fullmatch(document_id)
    if form is None:
        raise BadRequest(
            "documentId 须为 sha256: 加 64 位小写十六进制。",
            "A documentId is `sha256:` and 64 lower-case hexadecimal digits.",
        )
    return form[1]


def _mapping(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"{name} 须为 JSON 对象。", f"`{name}` is a JSON object.")
    return value
