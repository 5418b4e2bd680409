"""The Lambda host, which runs the deployed zip of any function in the emulator."""

from __future__ import annotations

import io
import shutil
import tempfile
import threading
import time
import uuid
import zipfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec

from emulator.lambda_host import logs
from emulator.lambda_host.environment import INIT_LIMIT_S, Environment, Outcome, Paths
from emulator.lambda_host.function import Function, read_function
from emulator.lambda_host.permissions import permitted
from emulator.lambda_host.records import Report, end_lines, start_lines
from emulator.lambda_host.runtime_dir import choose_python, make_runtime_dir
from emulator.network.addresses import prefix
from emulator.settings import LOOPBACK

UNRESERVED = 10
"""Environments of a function without reserved concurrency; AWS's account has 1,000."""
_TAIL_BYTES = 4096


class Throttled(Exception):  # noqa: N818 - the word Lambda uses
    """The function has reached its concurrency limit."""


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an invocation for its caller."""

    request_id: str
    payload: bytes
    failed: bool
    log_tail: bytes


class Host:
    """Execution environments of all functions, kept warm until `stop`."""

    def __init__(self, endpoint_url: str, work_dir: Path | None, network: str = "") -> None:
        self.endpoint_url = endpoint_url
        self._network = network
        self._work_dir = work_dir
        self._root: Path | None = None
        self._lock = threading.Lock()
        self._idle: dict[str, list[Environment]] = defaultdict(list)
        self._busy: dict[str, set[Environment]] = defaultdict(set)
        self._starting: Counter[str] = Counter()

    def invoke(self, model: Any, payload: bytes, request_id: str = "") -> Invocation:
        """Run moto's function once, synchronously; raises Throttled."""
        function = read_function(model)
        request_id = request_id or str(uuid.uuid4())
        at = time.time()
        try:
            environment = self._take(function, model)
        except Throttled:
            logs.count(function, "Throttles", 1.0, "Count", at)
            raise
        try:
            return self._run(function, environment, request_id, payload, at)
        finally:
            self._give_back(function, environment)

    def stop(self) -> None:
        """Kill every environment and remove their files."""
        with self._lock:
            everything = [*self._idle.values(), *self._busy.values()]
            environments = [e for group in everything for e in group]
            self._idle.clear()
            self._busy.clear()
        for environment in environments:
            environment.stop()
        if self._root:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None

    def _take(self, function: Function, model: Any) -> Environment:
        limit = model.reserved_concurrency
        limit = UNRESERVED if limit is None else int(limit)
        with self._lock:
            if len(self._busy[function.arn]) + self._starting[function.arn] >= limit:
                raise Throttled(function.name)
            self._starting[function.arn] += 1
            environment, stale = self._warm(function)
        try:
            for old in stale:
                old.stop()
            environment = environment or self._make(function, model.code_bytes)
            with self._lock:
                self._busy[function.arn].add(environment)
            return environment
        finally:
            with self._lock:
                self._starting[function.arn] -= 1

    def _warm(self, function: Function) -> tuple[Environment | None, list[Environment]]:
        idle = self._idle[function.arn]
        usable = [e for e in idle if e.alive and e.function == function]
        stale = [e for e in idle if e not in usable]
        taken = usable.pop() if usable else None
        self._idle[function.arn] = usable
        return taken, stale

    def _give_back(self, function: Function, environment: Environment) -> None:
        with self._lock:
            ours = environment in self._busy[function.arn]
            self._busy[function.arn].discard(environment)
            if ours and environment.alive:
                self._idle[function.arn].append(environment)
                return
        environment.stop()

    def _make(self, function: Function, code: bytes) -> Environment:
        extra = {**self._credentials(function), **self._place(function)}
        return Environment(function, self._paths(function, code), extra)

    def _place(self, function: Function) -> dict[str, str]:
        """Return the variables that lead a function's connections through its VPC."""
        if not (self._network and function.address):
            return {}
        return {
            "SANDBOX_NETWORK": self._network,
            "SANDBOX_ADDRESS": function.address,
            "SANDBOX_SCOPE": "vpc",
            LOOPBACK: prefix(),
        }

    def _run(
        self,
        function: Function,
        environment: Environment,
        request_id: str,
        payload: bytes,
        at: float,
    ) -> Invocation:
        limit, init_ms, cold = function.timeout_s, None, environment.init_ms is None
        lines = start_lines(function, request_id, cold, at)
        makes_group = permitted(function.role, "logs:CreateLogGroup", _log_arn(function))
        if cold:
            if environment.start(INIT_LIMIT_S):
                init_ms = environment.init_ms
            else:  # too slow: Lambda starts over, within the function's own time
                limit = self._start_over(environment, limit)
        outcome = environment.invoke(request_id, payload, max(limit, 0.001))
        report = _report(function, request_id, outcome, init_ms)
        lines += [*environment.lines(), *end_lines(function, report, time.time())]
        self._deliver(function, environment.stream, lines, makes_group)
        failed = outcome.status != "success"
        logs.count(function, "Invocations", 1.0, "Count", at)
        logs.count(function, "Errors", float(failed), "Count", at)
        logs.count(function, "Throttles", 0.0, "Count", at)
        logs.count(function, "Duration", outcome.duration_ms, "Milliseconds", at)
        tail = "\n".join(lines).encode()[-_TAIL_BYTES:]
        return Invocation(
            request_id=request_id, payload=outcome.payload, failed=failed, log_tail=tail
        )

    def _start_over(self, environment: Environment, limit: float) -> float:
        began = time.monotonic()
        environment.start(limit)
        return limit - (time.monotonic() - began)

    def _deliver(
        self, function: Function, stream: str, lines: list[str], makes_group: bool
    ) -> None:
        """Lambda writes logs with the function's role: without the permission there are none.

        Whether it may make the group was asked when the run began: a stack that is deleted
        meanwhile takes role and group away, and its last run must not bring the group back.
        """
        stream_arn = f"{_log_arn(function)}:log-stream:{stream}"
        if permitted(function.role, "logs:PutLogEvents", stream_arn):
            logs.write(function, stream, lines, makes_group=makes_group)

    def _paths(self, function: Function, code: bytes) -> Paths:
        with self._lock:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="hokusai-lambda-", dir=self._work_dir))
            root = self._root
            task = root / f"task-{uuid.uuid5(uuid.NAMESPACE_OID, function.sha).hex}"
            if not task.exists():
                unpack(code, task)
        python = choose_python(function.runtime)
        scratch = root / f"tmp-{uuid.uuid4().hex}"
        scratch.mkdir()
        runtime = make_runtime_dir(python, root / f"runtime-{Path(python).name}")
        return Paths(python, runtime, task, scratch)

    def _credentials(self, function: Function) -> dict[str, str]:
        from moto.sts.models import sts_backends

        role = sts_backends[function.account]["aws"].assume_role(
            region_name=function.region,
            role_session_name=function.name,
            role_arn=function.role,
            policy="",
            duration=3600,
            external_id="",
        )
        own = dict(function.environment)
        return {
            "AWS_ENDPOINT_URL": own.get("AWS_ENDPOINT_URL", self.endpoint_url),
            "AWS_ACCESS_KEY_ID": role.access_key_id,
            "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
            "AWS_SESSION_TOKEN": role.session_token,
        }


def _log_arn(function: Function) -> str:
    return f"arn:aws:logs:{function.region}:{function.account}:log-group:{function.log_group}"


def unpack(code: bytes, folder: Path) -> None:
    """Extract a zip with its permissions; other processes see all of it or nothing."""
    making = folder.with_suffix(".part")
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        archive.extractall(making)
    making.rename(folder)


def _report(function: Function, request_id: str, outcome: Outcome, init_ms: float | None) -> Report:
    return Report(
        request_id=request_id,
        duration_ms=outcome.duration_ms,
        memory_mb=function.memory_mb,
        max_memory_mb=outcome.memory_mb,
        init_ms=init_ms,
        status=outcome.status,
        error_type=outcome.error_type,
    )
