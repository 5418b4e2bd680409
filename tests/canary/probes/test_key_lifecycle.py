"""The life of a key against a local auth service that records what it creates."""

from __future__ import annotations

import json
import secrets
import socket

from canary.model import Service, Status
from tests.canary.support.servers import faults
from tests.canary.support.servers.toolbox import Bench, environment

ADMIN = secrets.token_hex(16)


class Keys:
    """Answers the calls of key management, validation and one use of a key."""

    def __init__(
        self, *, revokes: bool = True, tells_id: bool = True, manages: bool = True
    ) -> None:
        self.active: dict[str, tuple[str, str]] = {}  # id -> value, name
        self.revokes, self.tells_id, self.manages = revokes, tells_id, manages
        self.paths: list[str] = []

    def answer(self, method: str, path: str, key: str, body: bytes) -> tuple[int, object]:
        """Return status and document."""
        self.paths.append(path)
        known = [value for value, _ in self.active.values()]
        if path in ("/api/v1/keys/validate", "/use"):
            if key not in known:
                return 401, {"detail": "Invalid or expired API key"}
            return (200, {"scopes": ["model:read"]}) if path != "/use" else (403, {})
        if key != ADMIN:
            return 401, {}
        if method == "POST":
            value, name = "hk_" + "test_" + secrets.token_hex(16), json.loads(body)["name"]
            self.active["k1"] = (value, name)
            return 201, {"api_key": value, "key_info": {"key_id": "k1"} if self.tells_id else {}}
        if not self.manages:
            return 500, {}
        if method == "DELETE":
            if self.revokes:
                self.active.clear()
            return 200, {}
        return 200, [{"key_id": i, "name": name} for i, (_, name) in self.active.items()]

    def behave(self, sock: socket.socket) -> None:
        """Serve one connection."""
        while raw := faults.read_head(sock):
            head, _, body = raw.partition(b"\r\n\r\n")
            method, path, _ = head.split(b"\r\n")[0].decode().split()
            key = head.decode().partition("Authorization: Bearer ")[2].partition("\r\n")[0]
            status, document = self.answer(method, path.partition("?")[0], key, body)
            text = json.dumps(document)
            sock.sendall(
                f"HTTP/1.1 {status} X\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode()
            )


def live(keys: Keys, seconds: float = 10, admin: str | list[str] = ADMIN) -> Bench:
    with faults.serving(keys.behave) as port:
        where = environment(services={"target": Service(url=f"http://127.0.0.1:{port}")})
        one = Bench(where, {"admin": admin}, seconds=seconds)
        one.run("key_lifecycle", use_service="target", use_path="/use", cache_s=0)
    return one


def test_a_key_lives_and_dies_and_its_value_is_nowhere_in_the_evidence() -> None:
    keys = Keys()
    one = live(keys)
    assert [(s.name, s.status.value) for s in one.steps] == [
        (name, "PASS")
        for name in ("create", "validate", "use", "revoke", "refused by auth", "refused in use",
                     "nothing left")
    ]  # fmt: skip
    assert "hk_test_" not in str(one.steps) and ADMIN not in str(one.steps)
    assert one.residue == []


def test_a_revocation_without_effect_fails_and_is_residue() -> None:
    one = live(Keys(revokes=False))
    assert one.status("refused by auth") is Status.FAIL
    assert one.status("nothing left") is Status.FAIL
    assert [(r.kind, r.removed) for r in one.residue] == [("key", False)]


def test_a_key_that_was_not_seen_to_go_is_residue_though_nothing_can_be_listed() -> None:
    one = live(Keys(manages=False))
    assert one.status("revoke") is Status.FAIL and one.status("nothing left") is Status.FAIL
    assert [(r.kind, r.name, r.removed) for r in one.residue] == [("key", "k1", False)]


def test_without_time_the_key_is_still_revoked_from_the_reserve() -> None:
    keys = Keys()
    one = live(keys, seconds=0)
    assert keys.active == {}
    assert one.status("nothing left") is Status.PASS


def test_a_key_without_an_id_is_found_by_its_name_and_revoked() -> None:
    keys = Keys(tells_id=False)
    one = live(keys)
    assert one.status("create") is Status.FAIL
    assert "key id is absent" in next(s.reason for s in one.steps if s.name == "create")
    assert keys.active == {} and one.status("nothing left") is Status.PASS
    assert not [p for p in keys.paths if "object" in p]


def test_an_administrator_whose_token_was_rotated_is_read_again() -> None:
    keys = Keys()
    one = live(keys, admin=["the old one", ADMIN])
    assert {s.status for s in one.steps} == {Status.PASS}, one.steps
    assert one.forgotten == ["admin"] and keys.active == {}
