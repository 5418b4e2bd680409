"""Sentinel secrets in every place a secret can be: no byte that leaves shows one."""

from __future__ import annotations

import base64
import html as markup
import http.server
import itertools
import json
import logging
import os
import re
import resource
import secrets as randomness
import signal
import subprocess
import sys
import textwrap
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import pytest
from click.testing import CliRunner

from canary import config
from canary.cli import main
from canary.handler import NotPublishedError
from canary.model import Credential, Exchange, Report, Status, Step
from canary.redaction.redactor import Redactor
from canary.report import html, junit, markdown, terminal
from canary.report import json as canonical
from tests.canary.support import functions
from tests.canary.support.functions import PRINCIPALS, Function
from tests.canary.support.servers.cloud import Cloud, xml_error

WINDOW = 8
"""Characters of a secret that must not be seen together."""


def sentinels() -> dict[str, str]:
    """Return a secret for each principal: platform keys, and one that looks like nothing."""
    made = {p: "hk_live_" + randomness.token_hex(16) for p in PRINCIPALS}
    made["read-only"] = randomness.token_urlsafe(30)
    made["expired"] = f'/{randomness.token_urlsafe(12)}+"{randomness.token_hex(8)}='
    return made


def shown(secret: str) -> dict[str, str]:
    """Return every form in which an answer may show a secret."""
    raw = secret.encode()
    return {
        "plain": secret,
        "base64": base64.b64encode(raw).decode(),
        "base64 behind one": base64.b64encode(b":" + raw).decode(),
        "url-safe base64 behind a user": base64.urlsafe_b64encode(b"user:" + raw).decode(),
        "base64 behind a user": base64.b64encode(b"user:" + raw).decode(),
        "json, numbered": "".join(f"\\u{ord(c):04x}" for c in secret),
        "json, careful": re.sub(r"[^\w-]", lambda m: f"\\u{ord(m[0]):04X}", secret),
        "html, numbered": "".join(f"&#{ord(c)};" for c in secret),
        "html, careful": re.sub(r"[^\w-]", lambda m: f"&#x{ord(m[0]):X};", secret),
        "split by breaks": "<br/>".join(textwrap.wrap(secret, 11)),
        "url": quote(secret, safe=""),
        "form": quote_plus(secret),
        "json in json": json.dumps(json.dumps({"k": secret})),
        "hexadecimal": raw.hex(),
        "split by line": secret[:20] + "\n" + secret[20:],
        "split by return and line": secret[:11] + "\r\n   " + secret[11:24] + "\n\t" + secret[24:],
        "split early": secret[:5] + "\n" + secret[5:],
        "split base64": "\n".join(textwrap.wrap(base64.b64encode(raw).decode(), 16)),
        "beginning": secret[: WINDOW + 8],
    }


def pieces(secret: str) -> set[bytes]:
    """Return every window of the secret's own characters, and what encodings make of them."""
    own = secret.removeprefix("hk_live_")
    windows = {own[i : i + WINDOW] for i in range(len(own) - WINDOW + 1)}
    found = {w.encode() for w in windows} | {w.encode().hex().encode() for w in windows}
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * offset + secret.encode()).decode()
            skip = 4 * 4 if secret != own else 4  # behind the public "hk_live_"
            found |= {text[i : i + 12].encode() for i in range(skip, len(text) - 14)}
    return found


def leaks(data: bytes, known: dict[str, str]) -> list[str]:
    """Return which principals' secrets can be read in the data."""
    flat = b"".join(data.replace(b"\\n", b"").replace(b"\\r", b"").replace(b"\\t", b"").split())
    text = re.sub(r"\\+u([0-9A-Fa-f]{4})", lambda m: chr(int(m[1], 16)), data.decode("latin-1"))
    text = markup.unescape(re.sub("<br ?/?>", "", text))
    plain = text.encode("utf-8", "replace")
    forms = (data, flat, plain)
    return [p for p, s in known.items() if any(x in f for x in pieces(s) for f in forms)]


class Telltale(http.server.BaseHTTPRequestHandler):
    """Shows secrets in status texts, headers and bodies, another way each time."""

    protocol_version = "HTTP/1.1"
    secrets: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    turn = itertools.count()
    lock = threading.Lock()
    statuses = itertools.cycle((200, 401, 500, 200, 403, 503, 302, 429))
    kinds = itertools.cycle(("application/json", "text/html", "text/plain", "application/xml"))

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = f"{self.headers} {unquote(self.path)}"
        with self.lock:
            cls = type(self)
            cls.received += tuple(k for k in self.secrets if k in sent and k not in self.received)
            status, kind = next(self.statuses), next(self.kinds)
        text, other = self._telling(), self._telling()
        one_line = " ".join(text.split())
        echo = self.headers.get("Authorization", "") + self.headers.get("X-API-Key", "")
        document = {"status": text, "detail": echo, "error": {"message": other}, "version": other}
        document |= {"service": text, "dependencies": {"redis": other}, "items": [text]}
        page = f"<p>{text} {echo} {other}</p>"
        body = (json.dumps(document) if "json" in kind else page).encode()
        self.send_response(status, one_line)
        note = f"; note={quote(one_line)}" if "xml" in kind else ""
        self.send_header("Content-Type", kind + note)
        for name in ("Location", "WWW-Authenticate", "X-RateLimit-Limit", "Set-Cookie"):
            self.send_header(name, f"https://h.example/?token={quote(one_line)}&k={one_line}")
        self.send_header("Content-Length", str(len(body)))
        self.wfile.write(b"".join(self._headers_buffer))
        self._headers_buffer = []
        self.wfile.write(b"broken header " + one_line.encode() + b"\r\n" if status == 500 else b"")
        self.wfile.write(b"\r\n" + body)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _telling(self) -> str:
        """Return a key that it was sent, in the next form, or the plain key of somebody else."""
        turn = next(self.turn)
        known = [f for k in self.received for f in shown(k).values()]
        keys = [k for k in self.secrets if k.startswith("hk_")]
        return (
            (known or keys)[turn * 7 % len(known or keys)] if turn % 5 else keys[turn % len(keys)]
        )

    def version_string(self) -> str:
        return " ".join(self._telling().split())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def telltale(known: dict[str, str]) -> Iterator[str]:
    Telltale.secrets = tuple(known.values())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Telltale)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def deployed(
    cloud: Cloud,
    known: dict[str, str],
    telltale: str,
    capfd: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Function:
    made = functions.deploy(cloud, capfd, tmp_path, monkeypatch, telltale, known)
    plant_in_task_definition(cloud, known)
    Telltale.received = ()
    cloud.sent.clear()
    return made


def plant_in_task_definition(cloud: Cloud, known: dict[str, str]) -> None:
    """Put secrets where careless people put them: variables, arguments, a service's labels."""
    ecs = cloud.client("ecs")
    ecs.create_cluster(clusterName=functions.CLUSTER)
    valid, other = known["valid"], known["other-service"]
    variables = {
        "DATABASE_URL": f"postgresql://mlflow:{other}@db:5432/mlflow",
        "ADMIN_TOKEN": known["admin"],
        "API_NAME": valid,
        "REDIS_URL": f"redis://:{other}@cache:6379/0?password={other}",
        "PLAIN": known["revoked"],
    }
    container = {
        "name": "auth",
        "image": "auth:1",
        "memory": 256,
        "environment": [{"name": k, "value": v} for k, v in variables.items()],
        "command": ["serve", "--admin-token", known["admin"], f"--password={other}"],
        "healthCheck": {"command": ["CMD-SHELL", f"curl -H 'X-API-Key: {valid}' localhost"]},
    }
    task = ecs.register_task_definition(family="auth", containerDefinitions=[container])
    ecs.create_service(
        cluster=functions.CLUSTER,
        serviceName="hokusai-auth-development",
        taskDefinition=task["taskDefinition"]["taskDefinitionArn"],
        desiredCount=1,
    )


def rendered(report: Report) -> bytes:
    """Return the report in every form, and its repr."""
    forms = (canonical, html, markdown, junit)
    texts = [f.render(report) for f in forms] + [repr(report)]
    return "\n".join(texts).encode()


def test_whole_runs_against_a_telling_platform_leak_nothing(
    deployed: Function, known: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for trigger in ("invoke", "schedule", "invoke"):
        done = deployed.invoke(trigger=trigger)
        assert done.error is None and done.summary["status"] == "FAIL"
        assert leaks(done.out.encode(), known) == []
        assert leaks(json.dumps(done.summary).encode(), known) == []
    report = deployed.latest()
    assert (
        report is not None and report.run.requests > 25
    )  # checks that need a certificate are left out here
    assert leaks(rendered(report), known) == []
    sent = b"\n".join(deployed.cloud.sent)
    assert b"AmazonSNS" in sent or b"Action=Publish" in sent
    assert b"PutEvents" in sent and b"/canary/latest/tried.json" in sent
    assert (
        sent.count(b'"schema":"hokusai-canary/report/1"') >= 6
    )  # unpacked, so that it is searched
    assert b'"schema":"hokusai-canary/state/1"' in sent
    assert leaks(sent, known) == []
    assert leaks("\n".join(r.getMessage() for r in caplog.records).encode(), known) == []


def test_the_search_would_find_what_it_looks_for(known: dict[str, str]) -> None:
    for principal, secret in known.items():
        for form, text in shown(secret).items():
            data = f"x {text} y".encode()
            assert leaks(data, known) == [principal], form


def test_a_run_that_nobody_can_be_told_of_raises_and_its_exception_leaks_nothing(
    deployed: Function, known: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.cloud.faults["s3"] = xml_error("AccessDenied")
    done = deployed.invoke()
    assert done.error is None and done.logged is not None
    assert leaks(done.out.encode(), known) == []
    assert leaks(rendered(done.logged), known) == []
    assert not isinstance(done.error, NotPublishedError)


def test_a_secret_that_cannot_be_a_header_is_an_error_that_does_not_show_it(
    deployed: Function, known: dict[str, str]
) -> None:
    bad = known["valid"] + "\n"
    text = json.dumps({"api_key": bad})
    deployed.cloud.client("secretsmanager").put_secret_value(
        SecretId="canary/valid", SecretString=text
    )
    done = deployed.invoke()
    assert done.error is None
    report = deployed.latest()
    assert report is not None
    assert leaks(rendered(report) + done.out.encode(), known) == []


def test_the_command_line_shows_no_secret_while_a_run_is_under_way(
    deployed: Function, known: dict[str, str], tmp_path: Path
) -> None:
    arguments = ["run", "--environment", str(deployed.file), "--out", str(tmp_path / "out")]
    for check in config.load(str(deployed.file), authoring=False).checks:
        if check.kind == "access" and not check.needs:  # a certificate needs an https:// address
            arguments += ["--only", check.id]
    done = CliRunner().invoke(main, arguments)
    assert "Probing" in done.stderr and "hk_live_***" in done.stderr
    assert leaks(done.output.encode() + done.stderr.encode(), known) == []


def test_a_secret_of_the_wrong_form_is_named_and_not_shown(
    deployed: Function, known: dict[str, str]
) -> None:
    manager = deployed.cloud.client("secretsmanager")
    manager.put_secret_value(SecretId="canary/valid", SecretString=known["valid"])
    other = json.dumps({"key": known["revoked"]})
    manager.put_secret_value(SecretId="canary/revoked", SecretString=other)
    done = deployed.invoke()
    report = deployed.latest()
    assert report is not None and "canary/valid" in canonical.render(report)
    assert leaks(rendered(report) + done.out.encode(), known) == []


def test_a_key_written_into_the_environment_file_is_refused_without_being_shown(
    tmp_path: Path, known: dict[str, str]
) -> None:
    head = functions.ENVIRONMENT.format(auth="http://127.0.0.1:9", registry="http://127.0.0.1:9")
    for line in ('api_key = "{}"', 'secret = ["{}"]', 'generated = "{}"', "secret = '{}"):
        file = tmp_path / "bad.toml"
        file.write_text(head + "[principals.valid]\n" + line.format(known["valid"]))
        with pytest.raises(config.ConfigError) as caught:
            config.load(str(file))
        told = "".join(traceback.format_exception(caught.value))
        assert leaks(told.encode(), known) == []


def test_a_credential_cannot_be_printed_or_copied_out(known: dict[str, str]) -> None:
    import pickle

    held = Credential(known["valid"])
    for text in (repr(held), str(held), f"{held}", f"{held!r}", repr([held]), "%s" % held):  # noqa: UP031
        assert leaks(text.encode(), known) == []
    with pytest.raises(TypeError):
        pickle.dumps(held)


@pytest.mark.parametrize("form", list(shown("x" * 40)))
def test_a_step_is_clean_whatever_form_an_answer_shows_the_secret_in(
    form: str, known: dict[str, str]
) -> None:
    for principal, secret in known.items():
        redactor = Redactor()
        redactor.learn(secret)
        text = f"before {shown(secret)[form]} after"
        seen = Exchange(
            method="GET", url=f"https://h/?q={quote(text)}", excerpt=text, location=text
        )
        step = Step(
            name="n", status=Status.FAIL, reason=text, evidence=(seen,), facts={"seen": text}
        )
        cleaned = canonical.msgspec.json.encode(redactor.clean(step))
        assert leaks(cleaned, {principal: secret}) == [], cleaned
        assert b"before" in cleaned and b"after" in cleaned


def test_the_terminal_shows_no_secret_either(deployed: Function, known: dict[str, str]) -> None:
    deployed.invoke()
    report = deployed.latest()
    assert report is not None
    assert leaks(terminal.render(report).encode(), known) == []


def test_no_secret_stands_in_arguments_for_nothing_takes_one_and_nothing_is_started() -> None:
    started = re.compile(
        r"\b(subprocess|multiprocessing|pty|os\.(exec|fork|spawn|system|popen))\b|\bos\.(exec|spawn)\w"
    )
    sources = sorted((Path(config.__file__).parents[1]).rglob("*.py"))
    assert [p.name for p in sources if started.search(p.read_text())] == []
    said = "".join(p.read_text() for p in sources if p.parent.name == "cli")
    options = re.findall(r"\"--([a-z-]+)", said)
    assert options and not [o for o in options if re.search("key|secret|token|passw", o)]


def test_a_crash_leaves_no_secret_behind(tmp_path: Path, known: dict[str, str]) -> None:
    """An abort writes neither the memory nor a value into what is left: lines and names alone."""
    code = (
        "import faulthandler, os, resource, sys; faulthandler.enable();"
        "from canary import config; from canary.wiring.run import make_runtime;"
        "made = make_runtime(config.load('development', authoring=False), sys.argv[1]);"
        "secret = os.environ['HELD']; made.redactor.learn(secret);"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0]); sys.stdout.flush(); os.abort()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        env={**os.environ, "HELD": known["valid"]},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)),
    )
    assert done.returncode == -signal.SIGABRT and b"Fatal Python error: Aborted" in done.stderr
    assert done.stdout.strip() == b"0"
    assert leaks(done.stdout + done.stderr, known) == []
    assert list(tmp_path.rglob("*core*")) == []
