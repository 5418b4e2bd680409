"""500 endpoint checks of 20 ms, 50 at a time: our runner against Prometheus' blackbox exporter."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from tests.bench.figures import Figure, alternately, child, median, spread
from tests.bench.target import target

CHECKS = 500
CONCURRENCY = 50
TIMES = 7
EXPORTER = "prometheus-blackbox-exporter"
MODULES = "modules: {ok: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}}\n"


def measure() -> Figure | None:
    """Return the ratio of wall times, None where the exporter is not installed."""
    if shutil.which(EXPORTER) is None:
        return None
    with target() as url, _exporter() as probe:

        def runner() -> float:
            return float(child(["-m", "tests.bench.exporter"], url)["wall_s"])

        def exporter() -> float:
            return asyncio.run(_drive(f"{probe}?module=ok&target={quote(url, safe='')}"))

        exporter()
        ours, theirs = alternately(runner, exporter, TIMES)
    return Figure(
        name=f"{CHECKS} checks of 20 ms, {CONCURRENCY} at a time",
        ours=spread([v * 1000 for v in ours], "ms"),
        against=f"`{EXPORTER}`: " + spread([v * 1000 for v in theirs], "ms"),
        value=median(ours) / median(theirs),
        target=1.15,
        note="the exporter is asked over kept connections by a plain asyncio client",
    )


@contextlib.contextmanager
def _exporter() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "blackbox.yml"
        file.write_text(MODULES)
        command = [EXPORTER, f"--config.file={file}", f"--web.listen-address={address}"]
        process = subprocess.Popen(
            [*command, "--log.level=error"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://{address}/-/healthy", timeout=2).close()
                    break
                time.sleep(0.05)
            yield f"http://{address}/probe"
        finally:
            process.terminate()
            process.wait(5)


async def _drive(url: str) -> float:
    """Return the wall seconds in which the exporter probes CHECKS times."""
    address, _, path = url.removeprefix("http://").partition("/")
    host, _, port = address.partition(":")
    left = iter(range(CHECKS))
    head = f"GET /{path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()

    async def work() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in left:
            writer.write(head)
            answer = await _read(reader)
            assert b"\nprobe_success 1" in answer, answer
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return time.perf_counter() - began


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" not in head:
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        return await reader.readexactly(length)
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def _runner_s(url: str) -> float:
    """Return the wall seconds of a run of CHECKS endpoint checks, beginning to results."""
    from canary.model import RunLimits, Service, Status
    from canary.probes import KINDS
    from canary.probes.endpoint import EndpointSpec
    from canary.runner import carry_out
    from tests.canary.support import worlds

    base, _, path = url.rpartition("/")
    limits = RunLimits(concurrency=CONCURRENCY, budget=60.0)
    spec = EndpointSpec(path=f"/{path}", json={"status": "ok"})
    made = worlds.config(
        *(worlds.check(f"api.c{n}", "endpoint", spec=spec) for n in range(CHECKS)),
        services={"api": Service(url=base)},
        run=limits,
    )
    ports = worlds.ports(made.environment, kinds=KINDS)
    start = worlds.start_of(made, worlds.plan_of(made, 60.0, KINDS))
    began = time.perf_counter()
    outcome = carry_out(ports, start)
    took = time.perf_counter() - began
    wrong = [r.reason for r in outcome.results if r.status is not Status.PASS]
    if wrong or len(outcome.results) != CHECKS:
        raise RuntimeError(f"{len(wrong)} checks did not pass: {wrong[:1]}")
    return took


if __name__ == "__main__":
    print(json.dumps({"wall_s": _runner_s(sys.argv[1])}))
