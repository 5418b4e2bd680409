"""A running sandbox and the canary beside it.

Both are started by their command lines. What a running sandbox is told goes to its control endpoint
at once, as its command line sends it: a process for each word would take longer than the word.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from emulator.aws.endpoint import Endpoint
from emulator.state import StateError
from sandbox import client
from sandbox.state import read
from tests.canary.redaction.test_leaks import WINDOW, leaks

ROOT = Path(__file__).resolve().parents[3]
# version 1 of AWS's command line has an address of its own for rds in us-east-1, which goes before
# AWS_ENDPOINT_URL; bash reads this before each command
TYPED = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\n'
Report = dict[str, Any]
STEADY_S = 90.0
"""How long a twin may need until it is steady; a busy machine needs longer than an idle one."""
ANSWER_S = 150.0


def broken(report: Report) -> list[str]:
    """Return the checks that failed in this run."""
    return [
        r["check_id"]
        for r in report["results"]
        if r["status"] in ("FAIL", "ERROR") and not r.get("carried")
    ]


def causes(report: Report) -> list[str]:
    """Return the causes that a report names, most important first."""
    return [d["cause"] for d in report["diagnoses"]]


def fixes(report: Report) -> list[str]:
    """Return the commands of all remedies, in the order in which they are printed."""
    return [c for d in report["diagnoses"] for c in d["remedy"]["fix"]]


def mended(report: Report) -> set[str]:
    """Return the checks of which the comparison says that they are fixed."""
    transitions = (report.get("comparison") or {}).get("transitions", [])
    return {t["check_id"] for t in transitions if t["change"] == "FIXED"}


def secret_texts(value: str) -> list[str]:
    """Return what is secret in a stored value: a JSON object's values, a URL's password."""
    inner = json.loads(value).values() if value.startswith("{") else [value]
    texts = [urlsplit(str(v)).password or str(v) for v in inner]
    return [t for t in texts if len(t) >= WINDOW]


class Twin:
    """A sandbox of its own, ended by `stop`; `options` are those of `sandbox up`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.state_file = folder, folder / "state.json"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "up", *options, "--state", str(self.state_file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert "ready" in self._process.stdout.readline()
        self.state: dict[str, Any] = json.loads(self.state_file.read_text())
        self.environment = self._environment()
        self.secrets = self._secrets()
        self.healthy: Report = {}
        self.healthy_statuses: list[object] = []

    def _environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        keys = self.state["aws"]
        typed = self.folder / "typed.sh"
        typed.write_text(TYPED)
        return {
            **os.environ,
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
            "AWS_DEFAULT_REGION": self.state["region"],
            "AWS_ENDPOINT_URL": self.state["aws_endpoint_url"],
            "AWS_PAGER": "",
            "BASH_ENV": str(typed),
            "PATH": path,
        }

    def sandbox(self, command: str, **arguments: object) -> dict[str, Any]:
        """Carry a command of the sandbox out: `break` with an id, `heal`, `settle`."""
        try:
            return client.send(read(self.state_file), command, ANSWER_S, **arguments)
        except (StateError, client.RefusedError, urllib3.exceptions.HTTPError) as error:
            raise AssertionError(f"{command} {arguments}: {error}") from error

    def plant(self, fault: str) -> None:
        """Break the platform as it was once broken."""
        self.sandbox("break", id=fault)

    def settle(self) -> None:
        """Wait until the twin is steady, healthy or not."""
        answer = self.sandbox("settle", timeout=STEADY_S)
        waiting = ", ".join(answer["waiting_for"])
        assert answer["steady"], f"not steady after {answer['seconds']:.1f} s: {waiting}"

    def heal(self) -> None:
        """Bring the healthy platform back."""
        self.sandbox("heal")
        self.settle()

    def run(self, name: str, store: Path, more: dict[str, str] | None = None) -> Report:
        """Carry one run of the canary out, with `more` variables, and return its report."""
        command = [sys.executable, "-m", "canary", "run", "-q", "--format", "json"]
        command += ["-e", self.state["environment_file"], "--store", str(store)]
        command += ["--out", str(self.folder / name)]
        variables = {**self.environment, **(more or {})}
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, env=variables, timeout=300
        )
        assert done.stdout, done.stderr[-2000:]
        assert done.returncode in (0, 1, 3), done.stderr[-2000:]
        (self.folder / name / "printed").write_text(done.stdout + done.stderr)
        report: Report = json.loads(done.stdout)
        return report

    def store(self) -> Path:
        """Return a fresh store in which one healthy run is the last; made by the first call."""
        healthy, store = self.folder / "healthy-store", self.folder / "store"
        if not healthy.exists():
            self.settle()
            self.healthy = self.run("healthy", healthy)
            assert (broken(self.healthy), causes(self.healthy)) == ([], [])
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(healthy, store)
        return store

    def leaked(self, name: str, *more: Path) -> list[str]:
        """Return the files of a run, and below the folders given, that hold a secret."""
        folders = (self.folder / name, *more)
        files = [f for folder in folders for f in sorted(folder.rglob("*")) if f.is_file()]
        assert files
        return [f.name for f in files if leaks(f.read_bytes(), self.secrets)]

    def _secrets(self) -> dict[str, str]:
        """Return every value that the twin's Secrets Manager holds."""
        listed = json.loads(self.shell("aws secretsmanager list-secrets --output json"))
        found = {}
        for name in (s["Name"] for s in listed["SecretList"]):
            value = self.shell(
                f"aws secretsmanager get-secret-value --secret-id {name}"
                " --query SecretString --output text"
            )
            found |= {f"{name}[{n}]": text for n, text in enumerate(secret_texts(value))}
        return found

    def shell(self, command: str) -> str:
        """Type one command as it was printed and return what it answers."""
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=120,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        return done.stdout.strip()

    def client(self, service: str) -> Any:
        """Return a boto3 client that acts as the operator."""
        aws = Endpoint(url=self.state["aws_endpoint_url"], region=self.state["region"])
        return aws.client(service)

    def stop(self) -> None:
        """End the sandbox."""
        self._process.terminate()
        self._process.wait(30)
