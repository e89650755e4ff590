"""Tokens of an identity provider: which are accepted, which are not and why; keys that change, and a provider that is away."""

from __future__ import annotations

import asyncio
import hmac
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from api import oidc
from api.oidc import fetching
from api.oidc.fetching import NotFetched
from api.oidc.keys import FRESH, PAUSE, RETRY, USED, Keys
from api.oidc.tokens import LEEWAY, Issuer, NotAccepted
from tests.api.identity_provider import AUDIENCE, Provider, key_pair, running


@pytest.fixture(scope="module")
def shared() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(shared: Provider) -> Provider:
    """The same provider, as it is in the beginning."""
    shared.rotate("first")
    shared.asked, shared.away, shared.elsewhere, shared.spoilt, shared.named = 0, False, None, None, None
    return shared


class Clock:
    """Seconds, as the test has them go by."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def issuer(provider: Provider, clock: Callable[[], float] = time.monotonic) -> Issuer:
    return Issuer(Keys(provider.url, clock=clock), AUDIENCE)


async def test_a_good_token_says_who_it_is(provider: Provider) -> None:
    known = issuer(provider)
    claims = await known.read(provider.token(azp="portal"))
    assert (claims.issuer, claims.subject, claims.program) == (provider.url, "u-1", "portal")
    assert (await known.read(provider.token(client_id="other"))).program == "other"
    assert (await known.read(provider.token(aud=["else", AUDIENCE]))).program is None
    assert provider.asked == 1, "the keys are asked for once"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
async def test_algorithms_with_two_keys_are_accepted(provider: Provider, algorithm: str) -> None:
    provider.rotate("of-its-kind", algorithm)
    claims = await issuer(provider).read(signed(provider, algorithm))
    assert claims.subject == "u-1"


def signed(provider: Provider, algorithm: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc would rather sign with the newer name
        return provider.token(header={"alg": algorithm})


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS512", "ES384", "HS256", "HS512"])
async def test_others_are_not(provider: Provider, algorithm: str) -> None:
    key: Any = None
    if algorithm.startswith("ES"):
        key = ECKey.generate_key("P-384")
    if algorithm.startswith("HS"):
        key = OctKey.generate_key(512)
    with pytest.raises(NotAccepted, match="algorithm"):
        await issuer(provider).read(provider.token(header={"alg": algorithm}, key=key))


def with_public_key(provider: Provider) -> Callable[[bytes], bytes]:
    """Signs as who mistakes the public key for a secret would check it."""
    key: Any = next(iter(provider.keys.values()))
    return lambda said: hmac.digest(key.as_pem(private=False), said, "sha256")


HOUR = 3_600
WRONG: dict[str, Callable[[Provider], str]] = {
    "another audience": lambda p: p.token(aud="somebody-else"),
    "another of several audiences": lambda p: p.token(aud=["a", "b"]),
    "no audience": lambda p: p.token(aud=None),
    "another issuer": lambda p: p.token(iss="https://idp.example"),
    "the issuer with a slash": lambda p: p.token(iss=p.url + "/"),
    "no issuer": lambda p: p.token(iss=None),
    "run out": lambda p: p.token(exp=int(time.time()) - LEEWAY - 1),
    "no end": lambda p: p.token(exp=None),
    "an end that is no number": lambda p: p.token(exp="tomorrow"),
    "an end that is true": lambda p: p.token(exp=True),
    "not yet good": lambda p: p.token(nbf=int(time.time()) + HOUR),
    "issued in the future": lambda p: p.token(iat=int(time.time()) + HOUR),
    "no time of issue": lambda p: p.token(iat=None),
    "nobody": lambda p: p.token(sub=None),
    "an empty somebody": lambda p: p.token(sub=""),
    "somebody who is a number": lambda p: p.token(sub=7),
    "a program that is a list": lambda p: p.token(azp=["a"]),
    "bound to a key of its bearer": lambda p: p.token(cnf={"jkt": "x"}),
    "a logout token": lambda p: p.token(header={"typ": "logout+jwt"}),
    "a type that is a number": lambda p: p.forged(alg="RS256", typ=1),
    "an extension that must be known": lambda p: p.token(header={"crit": ["b64"], "b64": True}),
    "a key's id that nobody knows": lambda p: p.token(header={"kid": "unknown"}),
    "a key of another's": lambda p: p.token(key=key_pair("RS256", "first")),
    "none as its algorithm": lambda p: p.forged(alg="none"),
    "None as its algorithm": lambda p: p.forged(alg="None"),
    "the public key as a secret": lambda p: p.forged(with_public_key(p), alg="HS256"),
    "the public key as a secret, under another name": lambda p: p.forged(with_public_key(p), alg="RS256"),
    "no token at all": lambda p: "a.b.c",
    "a token without its signature": lambda p: p.token().rpartition(".")[0] + ".",
    "a token with other claims": lambda p: ".".join(
        [p.token().split(".")[0], p.token(sub="u-2").split(".")[1], p.token().split(".")[2]]
    ),
    "too long": lambda p: p.token(padding="x" * 20_000),
    "not in ASCII": lambda p: "é.é.é",
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_token_that_is_not_good_is_not_accepted(provider: Provider, what: str) -> None:
    with pytest.raises(NotAccepted) as refused:
        await issuer(provider).read(WRONG[what](provider))
    assert "u-1" not in str(refused.value), "why tells nothing of whom"


async def test_clocks_may_differ_a_little(provider: Provider) -> None:
    now = int(time.time())
    shifted: list[dict[str, Any]] = [
        {"exp": now - LEEWAY + 10},
        {"nbf": now + LEEWAY - 10},
        {"iat": now + LEEWAY - 10},
    ]
    for claims in shifted:
        await issuer(provider).read(provider.token(**claims))


async def test_new_keys_are_known_without_a_restart(provider: Provider) -> None:
    clock = Clock()
    known = issuer(provider, clock)
    old = provider.token()
    await known.read(old)
    provider.rotate("second")
    with pytest.raises(NotAccepted):
        await known.read(provider.token())  # the issuer was asked a moment ago
    clock.seconds += PAUSE
    await known.read(provider.token())
    with pytest.raises(NotAccepted):
        await known.read(old)


async def test_a_key_that_was_withdrawn_is_forgotten_in_time(provider: Provider) -> None:
    clock = Clock()
    known = issuer(provider, clock)
    old = provider.token()
    await known.read(old)
    provider.rotate("second")
    clock.seconds += FRESH + 1
    with pytest.raises(NotAccepted):
        await known.read(old)


async def test_a_flood_of_unknown_keys_does_not_hammer_the_issuer(provider: Provider) -> None:
    clock = Clock()
    known = issuer(provider, clock)
    await known.read(provider.token())
    clock.seconds += PAUSE
    provider.asked = 0
    floods = [known.read(provider.token(header={"kid": f"made-up-{number}"})) for number in range(200)]
    refused = await asyncio.gather(*floods, return_exceptions=True)
    assert {type(each) for each in refused} == {NotAccepted}
    assert provider.asked == 1
    await known.read(provider.token())


async def test_many_who_come_first_wait_for_the_same_answer(provider: Provider) -> None:
    known = issuer(provider)
    assert len(await asyncio.gather(*[known.read(provider.token()) for _ in range(50)])) == 50
    assert provider.asked == 1


async def test_while_the_issuer_is_away_its_keys_are_used_for_a_day(provider: Provider) -> None:
    clock = Clock()
    known = issuer(provider, clock)
    await known.read(provider.token())
    provider.away = True
    clock.seconds += USED - 1
    await known.read(provider.token())
    clock.seconds += 2
    with pytest.raises(NotFetched):
        await known.read(provider.token())
    provider.away = False
    clock.seconds += PAUSE
    await known.read(provider.token())


async def test_an_issuer_that_was_never_there_is_asked_again_soon(provider: Provider) -> None:
    clock = Clock()
    known = issuer(provider, clock)
    provider.away = True
    for _ in range(5):
        with pytest.raises(NotFetched):
            await known.read(provider.token())
    provider.away = False
    clock.seconds += RETRY
    await known.read(provider.token())


async def test_a_token_that_names_no_key_is_of_the_only_one(provider: Provider) -> None:
    await issuer(provider).read(provider.token(header={"kid": None}))
    provider.keys["second"] = key_pair("RS256", "second")
    with pytest.raises(NotAccepted):
        await issuer(provider).read(provider.token(header={"kid": None}))


async def test_keys_that_are_weak_or_for_something_else_are_not_used(provider: Provider) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    provider.keys = {
        "first": key_pair("RS256", "first"),
        "weak": weak,
        "enc": RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"}),
        "curve": ECKey.generate_key("P-384", {"kid": "curve"}),
        "other": RSAKey.generate_key(2048, {"kid": "other", "alg": "PS256"}),
    }
    known = issuer(provider)
    await known.read(provider.token())
    for key_id in ("weak", "enc", "other"):
        token = provider.token(key=unlabelled(provider.keys[key_id]), header={"kid": key_id})
        with pytest.raises(NotAccepted):
            await known.read(token)


def unlabelled(key: Any) -> Any:
    """The same key without what it says that it is for, so that it signs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RSAKey.import_key(key.as_pem(private=True))


@pytest.mark.parametrize(
    "spoilt",
    [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": [1, {"kty": "oct", "k": "AA"}]}', b"[" * 100_000, b" " * 300_000],
)
async def test_a_spoilt_set_of_keys_is_no_set_of_keys(provider: Provider, spoilt: bytes) -> None:
    provider.spoilt = spoilt
    with pytest.raises(NotFetched):
        await issuer(provider).read(provider.token())


async def test_nobody_is_followed_elsewhere_or_mistaken_for_another(provider: Provider) -> None:
    provider.elsewhere = f"{provider.url}/.well-known/openid-configuration"
    with pytest.raises(NotFetched, match="not known"):
        await issuer(provider).read(provider.token())
    provider.elsewhere, provider.named = None, "https://another.example"
    with pytest.raises(NotFetched):
        await issuer(provider).read(provider.token())


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://idp.example/realms/x", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost/x", True),
        ("http://[::1]/x", True),
        ("http://idp.example", False),
        ("http://127.0.0.1.example", False),
        ("file:///etc/passwd", False),
        ("ftp://127.0.0.1/x", False),
        ("https://", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_an_issuer_is_asked_over_tls_or_on_this_machine(url: str, fits: bool) -> None:
    if fits:
        assert fetching.allowed(url) == url
    else:
        with pytest.raises(NotFetched):
            fetching.allowed(url)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((None, "x", None), "OIDC_ISSUER"),
        (("https://idp.example", None, None), "OIDC_AUDIENCE"),
        (("http://idp.example", "x", None), "https"),
        (("https://idp.example", "x", "http://idp.example/keys"), "https"),
    ],
)
def test_half_a_setting_is_told(said: tuple[str | None, str | None, str | None], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        oidc.issuer(*said)


def test_no_setting_is_no_issuer_and_a_whole_one_is() -> None:
    assert oidc.issuer(None, None, None) is None
    whole = oidc.issuer("https://idp.example", "x", "https://keys.example/jwks")
    assert whole is not None
    assert whole.keys.jwks_url == "https://keys.example/jwks"
