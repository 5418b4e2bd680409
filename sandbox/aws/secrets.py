"""GetSecretValue without a version is about AWSCURRENT, also after that label was moved.

moto returns the version that was put last (AWS: GetSecretValue, parameter VersionStage).
"""

from __future__ import annotations

from typing import Any


def install() -> None:
    """Name the stage where a request names no version; call once."""
    from moto.secretsmanager.models import SecretsManagerBackend

    original = SecretsManagerBackend.get_secret_value

    def get_secret_value(
        self: Any, secret_id: str, version_id: str, version_stage: str
    ) -> dict[str, Any]:
        stage = version_stage or ("" if version_id else _current(self, secret_id))
        return original(self, secret_id, version_id, stage)

    SecretsManagerBackend.get_secret_value = get_secret_value


def _current(backend: Any, secret_id: str) -> str:
    """Return the stage, or nothing where moto is to say what is the matter with the secret."""
    found = backend.secrets.get(secret_id)
    staged = found and any("AWSCURRENT" in v["version_stages"] for v in found.versions.values())
    return "AWSCURRENT" if staged else ""
