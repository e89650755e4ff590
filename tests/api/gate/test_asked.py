"""What a request asks for is read strictly, and a refusal repeats nothing of it."""

from __future__ import annotations

from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.errors import BadRequest
from api.gate import asked
from api.gate.asked import Asked

QUERY = "{ viewer { login } }"
SECRET = "王小明11010519491231002X"
GOOD = [
    ({"query": QUERY}, Asked(QUERY)),
    ({"query": QUERY, "variables": None, "operationName": None, "extensions": None}, Asked(QUERY)),
    ({"query": QUERY, "operationName": ""}, Asked(QUERY)),
    ({"query": QUERY, "variables": {"a": [1, {"b": None}]}}, Asked(QUERY, variables={"a": [1, {"b": None}]})),
    ({"documentId": "sha256:" + "0" * 64}, Asked(digest="0" * 64)),
    ({"query": QUERY, "somethingElse": 1}, Asked(QUERY)),
]
BAD = [
    b"", b"{", b"null", b"1", b'"query"', b"[]", b'[{"query": "{a}"}]', b"{}", b'{"query": null}', b'{"query": ""}',
    b'{"query": 1}', b'{"query": ["a"]}', b'{"query": "{a}", "variables": []}', b'{"query": "{a}", "variables": "{}x"}',
    b'{"query": "{a}", "operationName": {}}', b'{"query": "{a}", "extensions": 7}', b'{"query": "{a}", "extensions": "7"}',
    b'{"documentId": "abc"}', b'{"documentId": "sha256:' + b"0" * 63 + b'"}', b'{"documentId": 5}',
    b'{"query": "{a}", "variables": {"a": NaN}}', b'{"query": "{a}", "variables": {"a": 1e999}}',
    b'{"query": "{a}", "variables": {"a": "\\u0000"}}', b'{"query": "\xff"}', b'{"query": "\\ud800"}',
    b"\xef\xbb\xbf{}", b"[" * 50_000, b'{"query": "{a}", "variables": ' + b'{"a":' * 5_000,
    b'{"query": "{a}", "operationName": "' + b"a" * 201 + b'"}',
]  # fmt: skip


@pytest.mark.parametrize(("content", "meant"), GOOD)
def test_a_body_is_read_as_it_is_meant(content: dict[str, object], meant: Asked) -> None:
    assert asked.in_body(orjson.dumps(content)) == meant


@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:40].decode("latin-1"))
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        asked.in_body(body)
    assert refused.value.zh
    assert refused.value.en


@given(st.binary(max_size=200))
def test_no_bytes_bring_anything_but_a_request_or_a_refusal(body: bytes) -> None:
    for read in (asked.in_body, asked.in_address):
        with suppress(BadRequest):
            assert isinstance(read(body), Asked)


@pytest.mark.parametrize(
    "body", [f'{{"query": {SECRET}', f'{{"{SECRET}": 1}}', f'{{"query": "{{a}}", "variables": "{SECRET}"}}']
)
def test_a_refusal_repeats_nothing(body: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked.in_body(body.encode())
    assert SECRET not in refused.value.zh + refused.value.en


def test_an_address_is_read_too() -> None:
    read = asked.in_address(b"query=%7Ba%7D&variables=%7B%22b%22%3A1%7D&operationName=")
    assert read == Asked("{a}", variables={"b": 1}, in_address=True)


@pytest.mark.parametrize(
    "address", [b"query=a&query=b", b"query=%ff", b"query=a&variables=[]", b"", b"&".join([b"a=1"] * 11)]
)
def test_an_address_that_is_no_request_is_refused(address: bytes) -> None:
    with pytest.raises(BadRequest):
        asked.in_address(address)
