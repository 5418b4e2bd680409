"""Read the credentials of principals from Secrets Manager, and keep them."""

from __future__ import annotations

import base64
import json
import secrets as randomness
import string
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from canary.model import Credential, Environment, Principal
from canary.model.principals import BASIC
from canary.probes.base.api import Clock, CredentialMissingError
from canary.redaction.forms import SHORTEST

FAILURE_KEPT_S = 20.0
"""Seconds without another try after a failed one, so that a missing secret costs one call."""
ALPHABET = string.ascii_letters + string.digits
KEY_LENGTH = 32
LEAST_USER = 8
"""Characters of a user's name that is masked."""


@dataclass
class _Text:
    """A secret's text as it was last read: one call serves all principals that are in it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    text: str | None = None
    read: int = 0  # how often it was read: which text a principal's value came from
    failed_at: float = -FAILURE_KEPT_S
    why: str = ""


class Secrets:
    """Principal -> credential. Thread-safe; values stay across warm invocations."""

    def __init__(self, client: Callable[[], Any], environment: Environment, clock: Clock) -> None:
        self._client, self._environment, self._clock = client, environment, clock
        self._values: dict[str, Credential] = {}
        self._old: dict[str, Credential] = {}  # forgotten, and not yet read again
        self._failures: dict[str, tuple[float, str]] = {}
        self._texts = {secret: _Text() for secret in environment.own_secrets}
        self._from: dict[str, int] = {}  # principal -> which text of its secret it had
        # one thread at a time reads a secret: the others then find it here
        self._locks = {name: threading.Lock() for name in environment.principals}

    def credential(self, principal: str) -> Credential | None:
        """Return a credential, None for an anonymous principal; raises CredentialMissingError."""
        if principal in ("", "nobody"):
            return None
        if principal not in self._locks:
            raise CredentialMissingError(f"{principal} is not a principal of this environment")
        if self._environment.principals[principal].anonymous:
            return None
        with self._locks[principal]:
            if principal not in self._values:
                self._values[principal] = self._read_anew(principal)
            return self._values[principal]

    def _read_anew(self, principal: str) -> Credential:
        try:
            return self._read(principal)
        except CredentialMissingError:
            if principal in self._old:  # a principal whose key was refused keeps the old one
                self._values[principal] = self._old.pop(principal)
            raise

    def forget(self, principal: str) -> None:
        """Read this principal's secret again at its next use; if that fails, keep the old value."""
        with self._locks[principal]:
            if not self._environment.principals[principal].generated:
                known = self._values.pop(principal, None)
                if known is not None:
                    self._old[principal] = known
                    self._drop_text(principal)

    def _read(self, principal: str) -> Credential:
        known = self._environment.principals[principal]
        if known.generated:
            return _generated(known)
        failed_at, why = self._failures.get(principal, (-FAILURE_KEPT_S, ""))
        if why and self._clock.monotonic() - failed_at < FAILURE_KEPT_S:
            raise CredentialMissingError(why)
        if why:
            self._drop_text(principal)
        try:
            return self._fetch(principal, known)
        except CredentialMissingError as error:
            self._failures[principal] = (self._clock.monotonic(), str(error))
            raise

    def _fetch(self, principal: str, known: Principal) -> Credential:
        secret = self._environment.secret_of(principal)
        about = f"secret {secret} of principal {principal}"
        if not secret:
            raise CredentialMissingError(f"principal {principal} names no secret")
        try:
            text = self._text(principal, secret)
        except CredentialMissingError as error:
            raise CredentialMissingError(f"{about} could not be read: {error}") from error
        if self._environment.shares_secret(principal):
            text = _entry(text, principal, secret, bare=not known.key)
            about = f"entry {principal} of secret {secret}"
        if known.form == BASIC:
            return self._pair(text, known, about)
        return Credential(_value(text, known.key, about))

    def _text(self, principal: str, secret: str) -> str:
        """Return the secret's text, from AWS if nobody read it or somebody dropped it."""
        kept = self._texts[secret]
        with kept.lock:
            if kept.text is None:
                self._ask(kept, secret)
            self._from[principal] = kept.read
            return kept.text or ""

    def _ask(self, kept: _Text, secret: str) -> None:
        if kept.why and self._clock.monotonic() - kept.failed_at < FAILURE_KEPT_S:
            raise CredentialMissingError(kept.why)
        try:
            answer = self._client().get_secret_value(SecretId=secret)
        except Exception as error:
            kept.failed_at, kept.why = self._clock.monotonic(), _code(error)
            raise CredentialMissingError(kept.why) from error
        kept.text, kept.why = answer.get("SecretString", ""), ""
        kept.read += 1

    def _drop_text(self, principal: str) -> None:
        """Have the secret read again, unless it was since this principal's value came from it."""
        kept = self._texts.get(self._environment.secret_of(principal))
        if kept is None:
            return
        with kept.lock:
            if self._from.get(principal) == kept.read:
                kept.text = None

    def _pair(self, text: str, known: Principal, about: str) -> Credential:
        """Return the user name and the password of a secret.

        The name is a secret too, unless it is short or a word of the environment's own: masking it
        would then eat ordinary text, and the names of the canary's objects.
        """
        user = _text(_object(text, about), known.username_key, about)
        password = _text(_object(text, about), known.password_key, about)
        if any(not c.isprintable() for c in user + password):
            raise CredentialMissingError(f"{about} holds what no header can carry: a line end")
        if ":" in user:
            why = "a colon in the user name ends it"
            raise CredentialMissingError(f"{about} holds what Basic cannot carry: {why}")
        _must_be_maskable(password, "password", about)
        own = msgspec.json.encode(self._environment).decode()
        secret = len(user) >= LEAST_USER and user.lower() not in own.lower()
        return Credential.basic(user, password, secret_user=secret)


def _code(error: Exception) -> str:
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return str(code or type(error).__name__)


def _value(text: str, key: str, about: str) -> str:
    value = _text(_object(text, about) if key else {"": text}, key, about)
    if not value.isascii() or not value.isprintable() or value != value.strip():
        why = "a line end, a space around it, or a letter beyond ASCII"
        raise CredentialMissingError(f"{about} holds what no header can carry: {why}")
    _must_be_maskable(value, "key", about)
    return value


def _must_be_maskable(value: str, noun: str, about: str) -> None:
    """Refuse a value that is too short: masking it would eat ordinary text, and it must be masked.

    Who could guess it has it anyway, and the platform's owner can choose a longer one.
    """
    if len(value) < SHORTEST:
        why = f"it has fewer than {SHORTEST} characters"
        raise CredentialMissingError(f"{about} holds a {noun} that cannot be masked: {why}")


def _entry(text: str, principal: str, secret: str, *, bare: bool) -> str:
    """Return what the one secret of all principals holds of this one, as its own would hold it."""
    entries = _object(text, f"secret {secret} of all principals")
    if principal not in entries:
        raise CredentialMissingError(f"secret {secret} has no entry for principal {principal}")
    if bare:  # the entry is the value itself
        return _text(entries, principal, f"secret {secret}")
    return json.dumps(entries[principal])


def _object(text: str, about: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CredentialMissingError(f"{about} is not a JSON object") from error
    if not isinstance(found, dict):
        raise CredentialMissingError(f"{about} is not a JSON object")
    return found


def _text(found: dict[str, object], key: str, about: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value:
        raise CredentialMissingError(f"{about} has no text under {key or 'itself'}")
    return value


def _generated(known: Principal) -> Credential:
    """Return a random key or user that nobody made: with the right form, or without any."""
    noise = "".join(randomness.choice(ALPHABET) for _ in range(KEY_LENGTH))
    form = known.generated
    if known.form == BASIC:
        user = f"no-user-{noise[:8]}"
        malformed = base64.b64encode(user.encode()).decode()  # it has no colon
        return Credential.basic(user, noise) if form == "unknown" else Credential(malformed)
    return Credential(f"hk_live_{noise}" if form == "unknown" else f"no-key-{noise[:8]}")
