"""Tokens of an identity provider, verified by the keys that it publishes: OpenID Connect as far as an API needs it."""

from __future__ import annotations

from api.oidc.fetching import allowed
from api.oidc.keys import Keys
from api.oidc.tokens import Issuer


def issuer(name: str | None, audience: str | None, jwks_url: str | None) -> Issuer | None:
    """The identity provider that the settings name, if they name one. Raises ValueError."""
    if name is None:
        if audience or jwks_url:
            raise ValueError("JIEKUN_OIDC_AUDIENCE and JIEKUN_OIDC_JWKS_URL need JIEKUN_OIDC_ISSUER")
        return None
    if audience is None:
        raise ValueError("JIEKUN_OIDC_AUDIENCE has to say for whom the tokens of JIEKUN_OIDC_ISSUER are")
    try:
        return Issuer(Keys(allowed(name), jwks_url and allowed(jwks_url)), audience)
    except OSError as reason:
        raise ValueError(f"JIEKUN_OIDC_ISSUER or JIEKUN_OIDC_JWKS_URL: {reason}") from None
