"""Let GetSecretValue without a version return the version that AWSCURRENT labels now.

moto returns the version that was put last (AWS: GetSecretValue, parameter VersionStage), and puts
values into secrets that are marked for deletion.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

DELETED = "You can't perform this operation on the secret because it was marked for deletion."


@functools.cache
def install() -> None:
    """Add the stage AWSCURRENT to requests that name no version; call once."""
    from moto.secretsmanager.models import SecretsManagerBackend

    original = SecretsManagerBackend.get_secret_value
    for name in ("put_secret_value", "update_secret"):
        setattr(SecretsManagerBackend, name, _unless_deleted(getattr(SecretsManagerBackend, name)))

    def get_secret_value(
        self: Any, secret_id: str, version_id: str, version_stage: str
    ) -> dict[str, Any]:
        refuse_deleted(self, secret_id)
        stage = version_stage or ("" if version_id else _current(self, secret_id))
        return original(self, secret_id, version_id, stage)

    SecretsManagerBackend.get_secret_value = get_secret_value


def _unless_deleted(call: Callable[..., Any]) -> Callable[..., Any]:
    def called(self: Any, secret_id: str, *rest: Any, **more: Any) -> Any:
        refuse_deleted(self, secret_id)
        return call(self, secret_id, *rest, **more)

    return called


def refuse_deleted(backend: Any, secret_id: str) -> None:
    """Raise the error for calls on the value of a secret that is scheduled for deletion."""
    from moto.secretsmanager.exceptions import InvalidRequestException

    found = backend.secrets.get(secret_id)
    if found is not None and found.is_deleted():
        raise InvalidRequestException(DELETED)


def _current(backend: Any, secret_id: str) -> str:
    """Return AWSCURRENT, or nothing if moto should raise its own error for the secret."""
    found = backend.secrets.get(secret_id)
    staged = found and any("AWSCURRENT" in v["version_stages"] for v in found.versions.values())
    return "AWSCURRENT" if staged else ""
