"""Client CPU of 1,000 probes: the canary's HTTP client beside a bare requests session."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Callable

from tests.bench.figures import Figure, alternately, child, median, spread
from tests.bench.target import target

PROBES = 1_000
THREADS = 50
TIMES = 5


def measure() -> Figure:
    """Return the ratio of CPU seconds."""
    with target() as url:

        def of(client: str) -> Callable[[], float]:
            return lambda: float(child(["-m", "tests.bench.client_cpu"], client, url)["cpu_s"])

        ours, bare = alternately(of("canary"), of("session"), TIMES)
    return Figure(
        name=f"Client CPU of {PROBES:,} probes",
        ours=spread([v * 1000 for v in ours], "ms"),
        against=f"bare `requests.Session`, pool of {THREADS}: "
        + spread([v * 1000 for v in bare], "ms"),
        value=median(ours) / median(bare),
        target=1.3,
        note="phases, deadline, body cap, evidence of the peer and tracing headers are in ours",
    )


def _canary(url: str) -> Callable[[], None]:
    from canary.adapters.http_client.client import HttpClient
    from canary.model import Request

    client = HttpClient(run_id="bench", trusted=frozenset(), concurrency=THREADS)
    request = Request(method="GET", url=url)

    def send() -> None:
        answer = client.send(request)
        if answer.status != 200:
            raise RuntimeError(f"the target did not answer: {answer.failure}")

    return send


def _session(url: str) -> Callable[[], None]:
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))

    def send() -> None:
        if session.get(url, timeout=12, allow_redirects=False).status_code != 200:
            raise RuntimeError("the target did not answer")

    return send


def _cpu_s(send: Callable[[], None]) -> float:
    """Return the CPU seconds of PROBES calls by THREADS threads, first calls excepted."""
    waiting: queue.SimpleQueue[None] = queue.SimpleQueue()
    for _ in range(PROBES):
        waiting.put(None)
    warm = threading.Barrier(THREADS + 1)

    def work() -> None:
        send()
        warm.wait()
        while True:
            try:
                waiting.get_nowait()
            except queue.Empty:
                return
            send()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    warm.wait()
    began = time.process_time()
    for thread in threads:
        thread.join()
    return time.process_time() - began


if __name__ == "__main__":
    make = _canary if sys.argv[1] == "canary" else _session
    print(json.dumps({"cpu_s": _cpu_s(make(sys.argv[2]))}))
