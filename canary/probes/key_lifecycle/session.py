"""The state and the requests that the steps of `key_lifecycle` share."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from canary.model import Answer, Credential, Frozen, Service
from canary.probes.base.api import ProbeContext
from canary.probes.base.expectations import Statuses, document_of, look_up
from canary.probes.base.recorder import StepRecorder
from canary.probes.base.request import RequestSpec, send_with_current_key

ID = re.compile(r"[0-9A-Za-z_-]+")  # an id of an answer becomes part of a path
JSON_HEADERS = (("Content-Type", "application/json"),)


class KeyLifecycleSpec(Frozen, frozen=True, kw_only=True):
    """The principal that creates the key, the key's scopes, and the route where it is used.

    The key has no permissions: using it must be refused for its scope (403), which proves that the
    service recognised it. `cache_s` is how long a service may still accept a revoked key. Keys are
    managed at `keys_path`; `unknown_id` is what it says of an id that it does not know.
    """

    principal: str = "admin"
    keys_path: Annotated[str, msgspec.Meta(pattern="^/.*[^/]$")] = "/api/v1/keys"
    unknown_id: Annotated[str, msgspec.Meta(min_length=3)] = "API key not found"
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

    def admin(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        cleanup: bool = False,
    ) -> Answer:
        """Call the key management API; evidence never shows the body, which may hold a key.

        `cleanup`: the call may use the reserve, because it removes what this run has made.
        """
        return self._send(
            self.auth,
            RequestSpec(
                path=path,
                method=method,
                principal=self.spec.principal,
                headers=JSON_HEADERS if body else (),
                body=json.dumps(body).encode() if body else b"",
                cleanup=cleanup,
                show=False,
            ),
        )

    def active(self, *, cleanup: bool = False) -> dict[str, str]:
        """Return id and name of the active keys whose name begins with our prefix."""
        listed = f"{self.spec.keys_path}?service_id={self.spec.service_id}&active_only=true"
        answer = self.admin("GET", listed, cleanup=cleanup)
        self.require("status", 200, answer.status, answer.status == 200)
        document = document_of(answer)
        rows = document if isinstance(document, list) else look_up(document, "keys")
        is_list = isinstance(rows, list)
        self.require("keys", "a list", "a list" if is_list else "none", is_list)
        prefix = self.context.environment.prefix
        found = {
            str(row.get("key_id")): str(row.get("name"))
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict)
        }
        return {i: n for i, n in found.items() if ID.fullmatch(i) and n.startswith(prefix)}

    def delete(self, key_id: str, *, cleanup: bool = False) -> Answer:
        """Revoke the key of an id."""
        return self.admin(
            "DELETE", f"{self.spec.keys_path}/{quote(key_id, safe='')}", cleanup=cleanup
        )

    def validate(self) -> Answer:
        """Let the auth service validate the key."""
        body = json.dumps({"service_id": self.spec.service_id}).encode()
        spec = RequestSpec(
            path=f"{self.spec.keys_path}/validate",
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
