"""What the steps of a key's life share: the key, the calls, the judgements."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec

from canary.model import Answer, Assertion, Credential, Exchange, Frozen, Service
from canary.probes.base.api import Tools
from canary.probes.base.expectations import Statuses
from canary.probes.base.request import Question, ask_current
from canary.probes.base.stating import assertion

KEYS = "/api/v1/keys"
JSON_HEADERS = (("Content-Type", "application/json"),)


class KeyLifecycleSpec(Frozen, frozen=True, kw_only=True):
    """Whose key is made, for what, and where it is used.

    The key may do nothing: using it must be refused for its scope (403), which proves that it was
    recognised. `cache_s` is how long a revoked key may still be recognised there.
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


class StopError(Exception):
    """The step cannot go on."""


class Life(msgspec.Struct, kw_only=True):
    """What the steps hand to each other."""

    auth: Service
    spec: KeyLifecycleSpec
    tools: Tools
    name: str
    key: Credential | None = None
    key_id: str = ""
    tried: bool = False
    revoked: bool = False
    assertions: list[Assertion] = msgspec.field(default_factory=list)
    evidence: list[Exchange] = msgspec.field(default_factory=list)

    def hold(self, subject: str, expected: object, actual: object, holds: bool) -> None:
        """Judge; what does not hold ends the step."""
        self.assertions.append(assertion(subject, expected, actual, holds))
        if not holds:
            raise StopError

    def admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Call key management; the body never becomes evidence, since it may hold a key."""
        return self._ask(
            self.auth,
            Question(
                path=path,
                method=method,
                principal=self.spec.principal,
                headers=JSON_HEADERS if body else (),
                body=json.dumps(body).encode() if body else b"",
                cleanup=body is None,  # all but making a key
                show=False,
            ),
        )

    def validate(self) -> Answer:
        """Ask the auth service about our key."""
        body = json.dumps({"service_id": self.spec.service_id}).encode()
        question = Question(
            path=f"{KEYS}/validate",
            method="POST",
            headers=JSON_HEADERS,
            body=body,
            keyed=self.key,
            repeatable=True,
        )
        return self._ask(self.auth, question)

    def use(self) -> Answer:
        """Use our key where it would be used."""
        service = self.tools.service(self.spec.use_service)
        return self._ask(service, Question(path=self.spec.use_path, keyed=self.key))

    def _ask(self, service: Service, question: Question) -> Answer:
        answer, seen, _ = ask_current(self.tools, service, question)
        self.evidence.append(seen)
        if answer.failure is not None:
            self.hold("answer", "a complete answer", answer.failure.kind.value, False)
        return answer
