"""Where the service may send something of its own accord: hosts that the operator has named, at addresses of the open network.

A name is looked up, every address that it has is held against this, and the connection is made to one of these very
addresses: a name that answers otherwise a moment later leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

HTTPS, HTTP = "https", "http"
USUAL_PORT = 443
LONGEST_URL = 500
LOCALHOST = "localhost"
HOST = re.compile(r"[a-z0-9.:-]+")
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""Addresses that lead to those of IPv4, whichever they are."""

OF_EVERYBODY = ipaddress.ip_network("2000::/3")
"""What is given out of IPv6; beyond it are sites of old (fec0::) and local translations."""


class NotAllowed(ValueError):
    """Nothing is sent there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is sent: the parts of an address that may be sent to."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def named(self) -> str:
        """The host as HTTP's header names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == USUAL_PORT and self.scheme == HTTPS
        return host if usual else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts that the operator has named, each with its port."""

    hosts: frozenset[tuple[str, int]] = frozenset()

    @staticmethod
    def of(text: str | None) -> AllowedHosts:
        """Hosts with commas between, each with a port where it is not 443. Raises ValueError.

        >>> sorted(AllowedHosts.of("hooks.example, Other.example:8443").hosts)
        [('hooks.example', 443), ('other.example', 8443)]
        """
        parts = (part.strip() for part in (text or "").split(","))
        return AllowedHosts(frozenset(_named(part) for part in parts if part))

    def place(self, url: str) -> Place:
        """The address, if something may be sent there: over TLS, and over none to this machine alone. Raises NotAllowed."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise NotAllowed("this is no address") from None
        if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise NotAllowed("this is no address")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise NotAllowed("an address names nobody, and no part of a page")
        if not (parts.scheme == HTTPS or (parts.scheme == HTTP and is_here(host))):
            raise NotAllowed("it is no address of https")
        port = port or (USUAL_PORT if parts.scheme == HTTPS else 80)
        if (host, port) not in self.hosts:
            raise NotAllowed("the operator has not named this host")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Place(parts.scheme, host, port, target)


NO_HOSTS = AllowedHosts()


def is_here(host: str) -> bool:
    """Whether this names the machine itself: as a number, or as localhost."""
    try:
        return host == LOCALHOST or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reachable(host: str, addresses: Iterable[str]) -> list[str]:
    """The addresses of a host, if all of them are of the open network, or the host names this machine. Raises NotAllowed.

    >>> reachable("hooks.example", ["93.184.216.34"])
    ['93.184.216.34']
    """
    found = list(dict.fromkeys(addresses))
    if not found or not all(_fits(host, each) for each in found):
        raise NotAllowed("it has no address, or one that nothing is sent to")
    return found


def _fits(host: str, text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if is_here(host):
        return address.is_loopback
    if isinstance(address, ipaddress.IPv6Address) and (
        address not in OF_EVERYBODY
        or address.ipv4_mapped
        or address.sixtofour
        or address.teredo
        or address in TRANSLATED
    ):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _named(part: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{part}")
        host, port = (parts.hostname or "").lower(), parts.port or USUAL_PORT
    except ValueError:
        host, port = "", 0
    if not HOST.fullmatch(host) or parts.netloc != part or "@" in part:
        raise ValueError(f"{part} is no host: write hooks.example, or hooks.example:8443")
    return host, port
