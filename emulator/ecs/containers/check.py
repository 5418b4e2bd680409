"""Run the command of a container's health check, or what it asks for.

A command that only asks for a URL of the task itself with curl or wget is answered without a
process, because such a check is made every second. Every other command is run.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shlex
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from emulator.ecs.definition import HealthCheck
from emulator.network.addresses import loopback
from emulator.supervisor import die_with_parent

LONGEST_TIMEOUT_S = 2.0
URL = re.compile(r"http://(?:localhost|127\.0\.0\.1)(?::(\d+))?(/\S*)?")
QUIET = (">/dev/null", "1>/dev/null", "2>/dev/null", "2>&1", "&>/dev/null")
FLAGS = {"curl": frozenset("fsSkv"), "wget": frozenset("q")}
WORDS = {
    "curl": frozenset(("--fail", "--silent", "--show-error", "--insecure")),
    "wget": frozenset(("--quiet", "--spider", "--no-verbose", "--tries=1", "-nv")),
}
PAIRS = {"curl": ("-o", "--output", "-m", "--max-time"), "wget": ("-O", "-T", "-t", "--timeout")}


@dataclass(frozen=True)
class Request:
    """What a plain command asks for; a status from `fails_from` on is a failure."""

    port: int
    path: str
    agent: str
    fails_from: int
    ignored: bool = False  # the command ends in `|| exit 0`: it never fails


def plain_request(command: tuple[str, ...]) -> Request | None:
    """Return the request of a command that does nothing else, else None."""
    words = list(command[1:])
    if command[0] == "CMD-SHELL":
        try:
            words = shlex.split(" ".join(words).replace("> /dev/null", ">/dev/null"))
        except ValueError:
            return None
    words, ignored = _without_exit([word for word in words if word not in QUIET])
    if len(words) < 2 or words[0] not in FLAGS:
        return None
    return _request(words[0], words[1:], ignored)


def _without_exit(words: list[str]) -> tuple[list[str], bool]:
    """Take `|| exit N` away; return what is left, and whether N is 0."""
    if len(words) > 3 and words[-3:-1] == ["||", "exit"] and words[-1].isdecimal():
        return words[:-3], words[-1] == "0"
    return words, False


def _request(program: str, words: list[str], ignored: bool) -> Request | None:
    urls, flags, rest = [], set(), iter(words)
    for word in rest:
        if found := URL.fullmatch(word):
            urls.append(found)
        elif word in PAIRS[program]:
            next(rest, None)
        elif word in WORDS[program]:
            flags.add(word)
        elif re.fullmatch("-[a-zA-Z]+", word) and set(word[1:]) <= FLAGS[program]:
            flags |= {f"-{letter}" for letter in word[1:]}
        else:
            return None
    if len(urls) != 1:
        return None
    fails = program == "wget" or flags & {"-f", "--fail"}
    agent = "curl/8.5.0" if program == "curl" else "Wget/1.21.4"
    port, path = int(urls[0][1] or 80), urls[0][2] or "/"
    return Request(port, path, agent, 400 if fails else 1000, ignored)


class Check:
    """A health check of one container that runs at an address."""

    def __init__(
        self, given: HealthCheck, address: str, variables: dict[str, str], folder: Path
    ) -> None:
        self.given = given
        self.request = plain_request(given.command)
        self._address, self._variables, self._folder = loopback(address), variables, folder

    def passes(self) -> bool:
        """Make the check once."""
        timeout = min(self.given.timeout_s, LONGEST_TIMEOUT_S)
        if self.request is not None:
            return self._get(self.request, timeout) or self.request.ignored
        return self._run(timeout) == 0

    def _get(self, asked: Request, timeout: float) -> bool:
        connection = http.client.HTTPConnection(self._address, asked.port, timeout=timeout)
        try:
            connection.request("GET", asked.path, headers={"User-Agent": asked.agent})
            return connection.getresponse().status < asked.fails_from
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _run(self, timeout: float) -> int:
        """Run the command in the container's environment; a failure to start counts as 127."""
        kind, *words = self.given.command
        arguments = ["sh", "-c", " ".join(words)] if kind == "CMD-SHELL" else words
        with tempfile.TemporaryDirectory() as home:
            # curl knows nothing of the task's own address: its localhost is led there
            lines = [
                f'connect-to = "{host}::{self._address}:"\n' for host in ("localhost", "127.0.0.1")
            ]
            (Path(home) / ".curlrc").write_text("".join(lines))
            try:
                running = subprocess.Popen(
                    arguments,
                    env={**self._variables, "CURL_HOME": home},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd=self._folder,
                    process_group=0,
                    preexec_fn=die_with_parent,
                )
            except OSError:
                return 127
            try:
                return running.wait(timeout)
            except subprocess.TimeoutExpired:
                return 137
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(running.pid, signal.SIGKILL)
                running.wait()
