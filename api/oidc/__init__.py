"""Tokens of an identity provider, verified by the keys that it publishes: OpenID Connect as far as an API needs it."""
