"""The control endpoint of a running twin, which speaks HTTP and JSON on loopback.

POST /settle {"timeout": seconds} · POST /break {"id": fault} · POST /heal · GET /status
POST /renew: import a new certificate in the place of the one that the listeners serve
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from sandbox.faults import FAULTS
from sandbox.faults.context import FaultContext
from sandbox.twin import Twin


class Control:
    """Serves commands of other processes to a twin, one at a time."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._one_at_a_time = threading.Lock()
        handler = type("Handler", (_Handler,), {"control": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Serve from a thread."""
        threading.Thread(target=self._server.serve_forever, name="control", daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def act(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Carry one command out; raises KeyError for an unknown command or fault."""
        if command == "settle":
            settled = self._twin.settle(float(arguments.get("timeout", 30.0)))
            return dict(msgspec.to_builtins(settled))
        with self._one_at_a_time:
            if command == "break":
                return self.plant(arguments["id"])
            if command == "heal":
                self._twin.heal()
                return {"healed": True}
            if command == "renew":
                return {"renewed": self._twin.renew()}
        raise KeyError(command)

    def plant(self, fault_id: str) -> dict[str, Any]:
        """Plant one fault of the library."""
        fault = FAULTS[fault_id]
        fault.plant(FaultContext(self._twin))
        self._twin.planted.append(fault_id)
        return {"planted": fault_id, "sentence": fault.sentence, "cause": fault.cause}

    def status(self) -> dict[str, Any]:
        """Return the planted faults and the running processes."""
        return {"planted": self._twin.planted, "services": self._twin.services()}


class _Handler(BaseHTTPRequestHandler):
    control: Control

    def do_GET(self) -> None:
        """Answer the status."""
        self._answer(200, self.control.status())

    def do_POST(self) -> None:
        """Carry a command out."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            arguments = msgspec.json.decode(body) if body else {}
            self._answer(200, self.control.act(self.path.strip("/"), arguments))
        except KeyError as error:
            self._answer(404, {"error": f"unknown: {error.args[0]}"})
        except Exception as error:
            self._answer(500, {"error": f"{type(error).__name__}: {error}"})

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        body = msgspec.json.encode(value)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no access log."""
