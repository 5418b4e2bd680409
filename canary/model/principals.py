"""An identity of the canary, and how its credential is read and sent."""

from __future__ import annotations

from typing import Annotated

import msgspec

from canary.model.base import Frozen

BASIC = "basic"
"""The form of a principal that sends a user name and a password."""
ACCEPTED = ("admin",)
"""Principals that are accepted unless they write otherwise: their reason says what they are for."""


class Principal(Frozen, frozen=True, kw_only=True):
    """An identity of the canary: a stored credential, a generated key, or none."""

    # Secrets Manager name or ARN; without it, an entry of `principals_secret` has its credential
    secret: str = ""
    key: str = "api_key"  # JSON key inside the secret; "" when the secret is the bare value
    # how its credential is sent: as each check says, or as a user name and a password
    form: Annotated[str, msgspec.Meta(pattern="^(|basic)$")] = ""
    # of a basic principal: the JSON keys of the two inside the secret
    username_key: Annotated[str, msgspec.Meta(min_length=1)] = "username"
    password_key: Annotated[str, msgspec.Meta(min_length=1)] = "password"  # noqa: S105 - a key's name
    generated: Annotated[str, msgspec.Meta(pattern="^(|malformed|unknown)$")] = ""
    anonymous: bool = False  # sends no credential: for a platform that needs none
    reason: str = ""  # why the platform must refuse it, for people
    refused: bool | None = None  # must be refused; without it: if it is generated or has a reason
