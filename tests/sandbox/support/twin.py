"""A running twin for tests, and small helpers that look at it from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.config import Config

from sandbox.state import State, read

ROOT = Path(__file__).parents[3]
READY_S = 60.0


def sandbox(*arguments: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run one command of the sandbox to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


class Outside:
    """Looks at a running twin from outside: its AWS, its keys, its edge."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._secrets: Any = None  # making a client costs more than asking it

    def client(self, service: str, **settings: Any) -> Any:
        """A boto3 client that acts as the operator; `settings` are those of botocore's Config."""
        return boto3.client(
            service,
            config=Config(**settings),
            region_name=self.state.region,
            endpoint_url=self.state.aws_endpoint_url,
            aws_access_key_id=self.state.aws.access_key_id,
            aws_secret_access_key=self.state.aws.secret_access_key,
        )

    def key(self, principal: str) -> str:
        """The key of one of the canary's principals."""
        self._secrets = self._secrets or self.client("secretsmanager")
        entry = self._secret("").get(principal) or self._secret(f"/{principal}")
        return str(next(iter(entry.values())))

    def _secret(self, of: str) -> dict[str, Any]:
        answer = self._secrets.get_secret_value(SecretId=f"hokusai/canary/development{of}")
        found: dict[str, Any] = json.loads(answer["SecretString"])
        return found

    def get(
        self,
        host: str,
        path: str,
        *,
        key: str = "",
        method: str = "GET",
        timeout: float | urllib3.Timeout = 10.0,
        body: bytes | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Ask the edge once, with the host's own name in SNI and Host."""
        address, _, port = str(self.state.edge[host]["443"]).partition(":")
        pool = urllib3.HTTPSConnectionPool(
            address,
            int(port),
            ca_certs=self.state.ca_bundle,
            assert_hostname=host,
            server_hostname=host,
            retries=False,
            timeout=timeout,
        )
        headers = {"Host": host, "User-Agent": "twin-test"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        with pool:
            return pool.request(method, path, headers=headers, redirect=False, body=body)


class RunningTwin(Outside):
    """A twin that was brought up by the command line."""

    def __init__(self, state_file: Path, *options: str) -> None:
        self.state_file = state_file
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "up", "--state", str(state_file), *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready_line = self.process.stdout.readline()
        if not state_file.exists():
            _, error = self.process.communicate(timeout=10)
            raise AssertionError(f"the sandbox did not come up: {error}")
        super().__init__(read(state_file))

    def stop(self) -> int:
        """End it as a person does, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.communicate(timeout=60)
            except subprocess.TimeoutExpired:  # the code then says that it did not end by itself
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:  # of a killed twin, what it left may hold the other end
                pipe.close()
        return self.process.returncode

    def settle(self, timeout: float = 60.0) -> None:
        """Wait until steady, as a script does."""
        done = sandbox("settle", "--state", str(self.state_file), "--timeout", str(timeout))
        assert done.returncode == 0, done.stderr

    def plant(self, fault: str) -> None:
        """Break it by the library."""
        done = sandbox("break", fault, "--state", str(self.state_file))
        assert done.returncode == 0, done.stderr

    def heal(self) -> None:
        """Heal it and wait until it is well."""
        done = sandbox("heal", "--state", str(self.state_file))
        assert done.returncode == 0, done.stderr
        self.settle()
