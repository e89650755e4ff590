"""A document of an issuer, fetched with limits: over TLS unless from this machine, never from where it redirects to."""

from __future__ import annotations

import ipaddress
import json
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

SECONDS = 5.0
MOST_BYTES = 256 * 1024
CHUNK = 16 * 1024


class NotFetched(OSError):
    """The document cannot be had; the message says why, and names no address."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def document(url: str) -> dict[str, Any]:
    """The JSON object at this address. Blocks: to be run in a thread. Raises NotFetched."""
    allowed(url)
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if _is_here(url):
        handlers.append(urllib.request.ProxyHandler({}))
    until = time.monotonic() + SECONDS
    request = urllib.request.Request(url, headers={"Accept": "application/json"})
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS) as answer:
            content = bytearray()
            while chunk := answer.read1(CHUNK):
                content += chunk
                if len(content) > MOST_BYTES:
                    raise NotFetched("the document is too large")
                if time.monotonic() > until:
                    raise NotFetched("the document takes too long")
        found = json.loads(bytes(content))
    except urllib.error.HTTPError as refused:
        refused.close()
        raise NotFetched(f"the issuer answers with status {refused.code}") from None
    except NotFetched:
        raise
    except (OSError, HTTPException):
        raise NotFetched("the issuer cannot be reached") from None
    except (ValueError, RecursionError):
        raise NotFetched("the document is no JSON") from None
    if not isinstance(found, dict):
        raise NotFetched("the document is no JSON object")
    return found


def allowed(url: str) -> str:
    """The same, if a document may be fetched from there. Raises NotFetched."""
    try:
        parts = urlsplit(url)
        fits = bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(url)))
    except ValueError:
        fits = False
    if not fits:
        raise NotFetched("an issuer is asked over https, or over http on this machine alone")
    return url


def _is_here(url: str) -> bool:
    """Whether the address is this machine's loopback, written as a number or as localhost."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
