"""Receipts of scans: what went in, by what it was judged and what came out, by hashes, in one form, signed.

Whoever has the receipt and the folder can tell, without the service, that the folder is the one that was told of; and
whoever knows the service's public key, that the service told so.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ALGORITHM = "Ed25519"
VERSION = 1
SUMMARY = "summary.json"

Sign = Callable[[bytes], bytes]
Proves = Callable[[bytes, bytes, bytes], bool]
"""Whether a signature is by this public key over this content: key, signature, content."""


class NoReceipt(ValueError):
    """This is no receipt, or not one as the service writes it."""


def canonical(value: Any) -> bytes:
    """The one way in which this is written: names in order, nothing between, UTF-8, and no fractions, which have several.

    >>> canonical({"b": 1, "a": ["甲", None, True]}).decode()
    '{"a":["甲",null,true],"b":1}'
    """
    if any(isinstance(each, float) for each in _leaves(value)):
        raise NoReceipt("a receipt has no fractions")
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def outputs(folder: Path) -> dict[str, dict[str, Any]]:
    """What a scan wrote for others: by name its SHA-256 and how many bytes; not the page made of it, nor what is kept beside."""
    return {
        path.name: {"sha256": _digest(path), "bytes": path.stat().st_size}
        for path in sorted(folder.iterdir())
        if path.is_file() and (path.suffix == ".parquet" or path.name == SUMMARY)
    }


def written(content: Mapping[str, Any], public_key: bytes, sign: Sign) -> bytes:
    """The receipt as it is given out."""
    signed = {"algorithm": ALGORITHM, "key": _text(public_key), "value": _text(sign(canonical(content)))}
    return canonical({"receipt": dict(content), "signature": signed})


def key_of(receipt: bytes) -> str:
    """The public key that a receipt names, in base64. Raises NoReceipt."""
    return str(_parts(receipt)[1]["key"])


def problems(receipt: bytes, proves: Proves, folder: Path | None = None, known: str | None = None) -> list[str]:
    """What is wrong, each with its file; nothing where all is as it was told. `known` is the key that it has to be by."""
    try:
        content, signature = _parts(receipt)
        key, value = (base64.b64decode(signature[name], validate=True) for name in ("key", "value"))
    except (NoReceipt, binascii.Error) as error:
        return [f"receipt: {error}"]
    found = []
    if not proves(key, value, canonical(content)):
        found.append("receipt: its signature is not over what stands in it")
    if known is not None and known != signature["key"]:
        found.append("receipt: it is signed by another key than the one that is known")
    return found if folder is None else found + list(_differing(content, folder))


def _differing(content: Mapping[str, Any], folder: Path) -> Iterator[str]:
    told = content["outputs"]
    there = outputs(folder) if folder.is_dir() else {}
    for name in sorted(told.keys() | there.keys()):
        if name not in there:
            yield f"{name}: it is not in the folder"
        elif name not in told:
            yield f"{name}: the receipt does not tell of it"
        elif told[name] != there[name]:
            yield f"{name}: it is not, to the byte, what the receipt tells of"


def _parts(receipt: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        read = json.loads(receipt.decode())
        content, signature = read["receipt"], read["signature"]
        fits = canonical(read) == receipt.removesuffix(b"\n") and read.keys() == {"receipt", "signature"}
        fits = fits and signature.keys() == {"algorithm", "key", "value"} and signature["algorithm"] == ALGORITHM
        fits = fits and all(_same(signature[name]) for name in ("key", "value"))
        fits = fits and content["version"] == VERSION and isinstance(content["outputs"], dict)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NoReceipt("this is no receipt as the service writes it") from None
    if not fits:
        raise NoReceipt("this is no receipt as the service writes it")
    return content, signature


def _same(text: str) -> bool:
    return _text(base64.b64decode(text, validate=True)) == text


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)
    else:
        yield value
