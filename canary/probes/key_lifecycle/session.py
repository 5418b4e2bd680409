"""The state and the requests that the steps of `key_lifecycle` share."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec

from canary.model import Answer, Credential, Frozen, Service
from canary.probes.base.api import ProbeContext
from canary.probes.base.expectations import Statuses
from canary.probes.base.recorder import StepRecorder
from canary.probes.base.request import RequestSpec, send_with_current_key

KEYS = "/api/v1/keys"
JSON_HEADERS = (("Content-Type", "application/json"),)


class KeyLifecycleSpec(Frozen, frozen=True, kw_only=True):
    """The principal that creates the key, the key's scopes, and the route where it is used.

    The key has no permissions: using it must be refused for its scope (403), which proves that the
    service recognised it. `cache_s` is how long a service may still accept a revoked key.
    """

    principal: str = "admin"
    service_id: str = "platform"
    scopes: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("model:read",)
    use_service: str = "registry"
    use_path: Annotated[str, msgspec.Meta(pattern="^/")] = (
        "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
    )
    use_status: Statuses = (200, 403)
    cache_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 60


class KeySession(StepRecorder, kw_only=True):
    """The key under test, and the record of the current step."""

    auth: Service
    spec: KeyLifecycleSpec
    context: ProbeContext
    name: str
    key: Credential | None = None
    key_id: str = ""
    tried: bool = False
    revoked: bool = False

    def admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Call the key management API; evidence never shows the body, which may hold a key."""
        return self._send(
            self.auth,
            RequestSpec(
                path=path,
                method=method,
                principal=self.spec.principal,
                headers=JSON_HEADERS if body else (),
                body=json.dumps(body).encode() if body else b"",
                cleanup=body is None,  # all but creating a key
                show=False,
            ),
        )

    def validate(self) -> Answer:
        """Let the auth service validate the key."""
        body = json.dumps({"service_id": self.spec.service_id}).encode()
        spec = RequestSpec(
            path=f"{KEYS}/validate",
            method="POST",
            headers=JSON_HEADERS,
            body=body,
            credential=self.key,
            repeatable=True,
        )
        return self._send(self.auth, spec)

    def use(self) -> Answer:
        """Use the key on the route of another service."""
        service = self.context.service(self.spec.use_service)
        return self._send(service, RequestSpec(path=self.spec.use_path, credential=self.key))

    def _send(self, service: Service, spec: RequestSpec) -> Answer:
        answer, seen, _ = send_with_current_key(self.context, service, spec)
        self.evidence.append(seen)
        if answer.failure is not None:
            self.require("answer", "a complete answer", answer.failure.kind.value, False)
        return answer
