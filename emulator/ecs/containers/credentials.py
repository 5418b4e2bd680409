"""Give tasks the credentials of their role, as the endpoint in each task does on Fargate.

Source: "Amazon ECS task IAM role" in the Amazon ECS Developer Guide, and the container provider of
the AWS SDKs. On Fargate the endpoint is 169.254.170.2; here it is an address of this machine, so
tasks get AWS_CONTAINER_CREDENTIALS_FULL_URI in place of ..._RELATIVE_URI.
"""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
PATH = "/v2/credentials/"
RENEWED = timedelta(minutes=10)  # before their end; SDKs ask again at their own pace
NO_SUCH = {"code": "NoIdInRequest", "message": "CredentialsV2Request: no ID in the request"}


class CredentialsEndpoint:
    """Answers the containers of this account's tasks."""

    def __init__(self, aws: Any) -> None:
        self._aws = aws
        self._roles: dict[str, tuple[str, str]] = {}  # path's end -> role, session
        self._known: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, document = endpoint.answer(self.path)
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Write no line for each request."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        serve = self._server.serve_forever
        threading.Thread(target=serve, name="task-credentials", daemon=True).start()

    @property
    def place(self) -> tuple[str, int]:
        """Return its address and port."""
        return HOST, int(self._server.server_port)

    def variables(self, role: str, session: str) -> dict[str, str]:
        """Return the variables by which a task's containers find their credentials."""
        if not role:
            return {}
        ident = str(uuid.uuid4())
        self._roles[ident] = role, session
        host, port = self.place
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{host}:{port}{PATH}{ident}"}

    def answer(self, path: str) -> tuple[int, dict[str, str]]:
        """Return status and document for a path."""
        ident = path.removeprefix(PATH)
        if ident not in self._roles:
            return 400, NO_SUCH
        with self._lock:
            known = self._known.get(ident)
            if known is None or _ends(known) - datetime.now(UTC) < RENEWED:
                try:
                    known = self._known[ident] = self._session(*self._roles[ident])
                except Exception as error:
                    return 500, {"code": "CredentialsError", "message": str(error)}
            return 200, known

    def _session(self, role: str, session: str) -> dict[str, str]:
        given = self._aws.client("sts").assume_role(RoleArn=role, RoleSessionName=session)
        keys = given["Credentials"]
        return {
            "RoleArn": role,
            "AccessKeyId": keys["AccessKeyId"],
            "SecretAccessKey": keys["SecretAccessKey"],
            "Token": keys["SessionToken"],
            "Expiration": keys["Expiration"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def _ends(known: dict[str, str]) -> datetime:
    return datetime.strptime(known["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
