"""Asynchronous invocation: a queue with retries, event age and destinations.

Source: developer guide, "Error handling and retries for asynchronous invocation": after an error
two more tries, one and then two minutes later; after throttling again, from one second to five
minutes apart, until the event's maximum age (six hours by default). `speed` divides all times.
"""

from __future__ import annotations

import heapq
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from emulator.lambda_host import logs
from emulator.lambda_host.destinations import Result, send
from emulator.lambda_host.function import read_function
from emulator.lambda_host.host import Host, Invocation, Throttled
from emulator.settings import ACCOUNT, REGION

MAX_AGE_S = 21_600
MAX_RETRIES = 2
RETRY_DELAYS_S = (60.0, 120.0)
THROTTLE_FIRST_S = 1.0
THROTTLE_LAST_S = 300.0


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """One event that waits."""

    function: str
    """Name of the function."""
    region: str
    payload: bytes
    request_id: str
    since: float
    """Epoch seconds of its arrival."""
    errors: int = 0
    throttles: int = 0


class AsyncQueue:
    """Waiting events of all functions; a thread delivers those that are due."""

    def __init__(self, host: Host, speed: float = 1.0) -> None:
        self._host = host
        self._speed = speed
        self._heap: list[tuple[float, int, Queued]] = []
        self._count = 0
        self._running = 0
        self._wake = threading.Condition()
        self._stopped = False
        self._workers = ThreadPoolExecutor(max_workers=16, thread_name_prefix="lambda-async")
        self._thread = threading.Thread(target=self._loop, name="lambda-queue", daemon=True)

    def start(self) -> None:
        """Start to deliver events."""
        self._thread.start()

    def stop(self) -> None:
        """Drop the waiting events; running invocations end with the host."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def put(self, function: str, payload: bytes, region: str = REGION) -> str:
        """Queue an event and return its request id."""
        request_id = str(uuid.uuid4())
        queued = Queued(
            function=function,
            region=region,
            payload=payload,
            request_id=request_id,
            since=time.time(),
        )
        model = _model(queued)
        if model is not None:
            logs.count(read_function(model), "AsyncEventsReceived", 1.0, "Count", queued.since)
        self._add(queued, 0.0)
        return request_id

    def idle(self) -> bool:
        """Return whether no event waits or runs."""
        with self._wake:
            return not self._heap and not self._running

    def _add(self, queued: Queued, delay: float) -> None:
        with self._wake:
            self._count += 1
            due = time.monotonic() + delay / self._speed
            heapq.heappush(self._heap, (due, self._count, queued))
            self._wake.notify_all()

    def _loop(self) -> None:
        while (queued := self._due()) is not None:
            self._workers.submit(self._handle, queued)

    def _due(self) -> Queued | None:
        with self._wake:
            while not self._stopped:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    self._running += 1
                    return heapq.heappop(self._heap)[2]
                self._wake.wait(wait)
            return None

    def _handle(self, queued: Queued) -> None:
        try:
            model = _model(queued)
            if model is not None:  # an event of a function deleted meanwhile is dropped
                self._attempt(queued, model)
        finally:
            with self._wake:
                self._running -= 1

    def _attempt(self, queued: Queued, model: Any) -> None:
        config = model.event_invoke_config[-1].config if model.event_invoke_config else {}
        age = (time.time() - queued.since) * self._speed
        function = read_function(model)
        logs.count(function, "AsyncEventAge", age * 1000, "Milliseconds", time.time())
        if age > int(config.get("MaximumEventAgeInSeconds") or MAX_AGE_S):
            self._drop(queued, model, config, "EventAgeExceeded", None)
            return
        try:
            done = self._host.invoke(model, queued.payload, queued.request_id)
        except Throttled:
            delay = min(THROTTLE_FIRST_S * 2**queued.throttles, THROTTLE_LAST_S)
            self._add(msgspec.structs.replace(queued, throttles=queued.throttles + 1), delay)
            return
        if not done.failed:
            send(model, config, "OnSuccess", _result(queued, "Success", done))
            return
        retries = config.get("MaximumRetryAttempts")
        if queued.errors >= (MAX_RETRIES if retries is None else int(retries)):
            self._drop(queued, model, config, "RetriesExhausted", done)
            return
        again = msgspec.structs.replace(queued, errors=queued.errors + 1)
        self._add(again, RETRY_DELAYS_S[queued.errors])

    def _drop(
        self, queued: Queued, model: Any, config: Any, condition: str, last: Invocation | None
    ) -> None:
        logs.count(read_function(model), "AsyncEventsDropped", 1.0, "Count", time.time())
        send(model, config, "OnFailure", _result(queued, condition, last))


def _result(queued: Queued, condition: str, last: Invocation | None) -> Result:
    return Result(
        request_id=queued.request_id,
        condition=condition,
        invocations=queued.errors + (1 if last else 0),
        request=queued.payload,
        response=last.payload if last else None,
        failed=bool(last and last.failed),
    )


def _model(queued: Queued) -> Any:
    from moto.awslambda.models import lambda_backends

    backend = lambda_backends[ACCOUNT][queued.region]
    return next((f for f in backend.list_functions() if f.function_name == queued.function), None)
