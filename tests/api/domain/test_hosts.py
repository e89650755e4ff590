"""Which addresses something may be sent to: those that the operator named, of the open network, however they are written."""

from __future__ import annotations

import pytest

from api.domain.hosts import LONGEST_URL, NO_HOSTS, AllowedHosts, NotAllowed, reachable

NAMED = AllowedHosts.of("hooks.example, hooks.example:8443, 127.0.0.1:9000, localhost:9001, [::1]:9002")

SENT_TO = {
    "https://hooks.example/a/b?c=d": ("https", "hooks.example", 443, "/a/b?c=d", "hooks.example"),
    "https://HOOKS.example": ("https", "hooks.example", 443, "/", "hooks.example"),
    "https://hooks.example:8443/x": ("https", "hooks.example", 8443, "/x", "hooks.example:8443"),
    "http://127.0.0.1:9000/x": ("http", "127.0.0.1", 9000, "/x", "127.0.0.1:9000"),
    "https://localhost:9001/x": ("https", "localhost", 9001, "/x", "localhost:9001"),
    "http://[::1]:9002/": ("http", "::1", 9002, "/", "[::1]:9002"),
}
NOT_SENT_TO = (
    "http://hooks.example/", "https://hooks.example:444/", "https://other.example/", "https://sub.hooks.example/",
    "https://hooks.example.evil.test/", "https://user@hooks.example/", "https://user:word@hooks.example/",
    "https://hooks.example/#part", "https://hooks.example@evil.test/", "ftp://hooks.example/", "file:///etc/passwd",
    "gopher://hooks.example/", "//hooks.example/", "hooks.example", "", "https://", "https://127.0.0.1/",
    "http://127.0.0.1:9001/", "https://hooks.example/\r\nHost: x", "https://hooks.example/ x", "https://hooks。example/",
    "https://[::1/", "https://hooks.example:port/", f"https://hooks.example/{'x' * LONGEST_URL}",
)  # fmt: skip


@pytest.mark.parametrize("url", SENT_TO)
def test_what_may_be_sent_to_is_taken_apart(url: str) -> None:
    place = NAMED.place(url)
    assert (place.scheme, place.host, place.port, place.target, place.named) == SENT_TO[url]


@pytest.mark.parametrize("url", NOT_SENT_TO)
def test_nothing_else_is_sent_to(url: str) -> None:
    with pytest.raises(NotAllowed):
        NAMED.place(url)


@pytest.mark.parametrize("url", SENT_TO)
def test_where_nothing_is_named_nothing_is_sent_anywhere(url: str) -> None:
    with pytest.raises(NotAllowed):
        NO_HOSTS.place(url)


OPEN = ("93.184.216.34", "1.1.1.1", "2606:4700:4700::1111")
CLOSED = (
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:93.184.216.34", "64:ff9b::a00:1",
    "2002:a00:1::", "2001:0:1::1", "2001:db8::1", "fec0::1", "64:ff9b:1::a00:1", "::10.0.0.1",
    "no address",
)  # fmt: skip


@pytest.mark.parametrize("address", OPEN)
def test_an_address_of_the_open_network_is_reached(address: str) -> None:
    assert reachable("hooks.example", [address, address]) == [address]


@pytest.mark.parametrize("address", CLOSED)
def test_no_other_is_and_one_such_beside_a_good_one_is_enough(address: str) -> None:
    for found in ([address], [OPEN[0], address], [address, OPEN[0]]):
        with pytest.raises(NotAllowed):
            reachable("hooks.example", found)


def test_a_name_without_an_address_is_not_reached() -> None:
    with pytest.raises(NotAllowed):
        reachable("hooks.example", [])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_the_machine_itself_is_reached_where_it_is_named_as_such_and_nowhere_else(host: str) -> None:
    assert reachable(host, ["127.0.0.1"]) == ["127.0.0.1"]
    for address in ("10.0.0.1", OPEN[0]):
        with pytest.raises(NotAllowed):
            reachable(host, [address])


@pytest.mark.parametrize(
    "said", ["*", "*.example", "https://hooks.example", "hooks.example/x", "a@b", "a b", "h:port", "钩"]
)
def test_a_list_of_hosts_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        AllowedHosts.of(said)


def test_an_empty_list_names_nothing() -> None:
    assert AllowedHosts.of(None) == AllowedHosts.of(" , ") == NO_HOSTS
