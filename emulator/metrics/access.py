"""Compute the AWS/ApplicationELB metrics from the balancer's access records.

Source: Elastic Load Balancing user guide, "CloudWatch metrics for your Application Load Balancer".
What the balancer answers itself counts as HTTPCode_ELB_*, what a target answers as
HTTPCode_Target_*; a fixed response or redirect of a rule is neither. Counts with the value zero are
not reported by AWS and not here; the period is a minute there, a flush here.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.metrics.store import MetricName, metric, put
from emulator.periodic import PeriodicThread
from emulator.settings import REGION

NAMESPACE = "AWS/ApplicationELB"
# the answers of its own that AWS also counts one by one
_SINGLE = (500, 502, 503, 504)
NO_CONNECTION = "no connection to the target"  # how the balancer process words it


class BalancerMetrics(PeriodicThread):
    """Collects access records and writes their metrics in batches."""

    def __init__(self, flush_s: float = 1.0, region: str = REGION) -> None:
        super().__init__("elb-metrics", flush_s, self.flush)
        self._region = region
        self._lock = threading.Lock()
        self._counts: Counter[MetricName] = Counter()
        self._times: dict[MetricName, list[float]] = defaultdict(list)

    def stop(self) -> None:
        """Write the rest and end."""
        super().stop()
        self.flush()

    def record(self, request: Mapping[str, Any]) -> None:
        """Count one access record of the balancer."""
        with self._lock:
            for which in counted(request):
                self._counts[which] += 1
            if request.get("target_ms") is not None:
                for dimensions in _dimensions(request):
                    which = metric(NAMESPACE, "TargetResponseTime", dimensions)
                    self._times[which].append(float(request["target_ms"]) / 1000)

    def flush(self) -> None:
        """Write the metrics collected since the last time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            times, self._times = self._times, defaultdict(list)
        now = time.time()
        for which, number in counts.items():
            put(which, [float(number)], "Count", now, self._region)
        for which, seconds in times.items():
            put(which, seconds, "Seconds", now, self._region)


@functools.cache
def _recorder() -> BalancerMetrics:
    """Return this process' recorder, which writes from its first request on."""
    metrics = BalancerMetrics()
    metrics.start()
    return metrics


def record(request: Mapping[str, Any]) -> None:
    """Record one request; its metrics appear within a second."""
    _recorder().record(request)


def counted(request: Mapping[str, Any]) -> Iterator[MetricName]:
    """Return the metrics that count a request, once for each of their sets of dimensions."""
    for dimensions in _dimensions(request):
        for name in _names(request, by_group="TargetGroup" in dimensions):
            yield metric(NAMESPACE, name, dimensions)


def _names(request: Mapping[str, Any], *, by_group: bool) -> Iterator[str]:
    yield "RequestCount"
    status, target_status = int(request.get("status") or 0), request.get("target_status")
    if target_status:
        yield f"HTTPCode_Target_{int(target_status) // 100}XX_Count"
    if str(request.get("reason") or "").startswith(NO_CONNECTION):
        yield "TargetConnectionErrorCount"
    if by_group:
        return
    if request.get("answered_by") == "fixed-response":
        yield "HTTP_Fixed_Response_Count"
    elif request.get("answered_by") == "redirect":
        yield "HTTP_Redirect_Count"
    elif not target_status and status >= 300:
        yield f"HTTPCode_ELB_{status // 100}XX_Count"
        if status in _SINGLE:
            yield f"HTTPCode_ELB_{status}_Count"


def _dimensions(request: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    balancer = _suffix(str(request["balancer"]), "loadbalancer/")
    yield {"LoadBalancer": balancer}
    if group := request.get("target_group"):
        name = "targetgroup/" + _suffix(str(group), "targetgroup/")
        yield {"LoadBalancer": balancer, "TargetGroup": name}
        yield {"TargetGroup": name}


def _suffix(arn: str, mark: str) -> str:
    """Return the part of an ARN that dimensions use, such as app/NAME/ID."""
    return arn.partition(mark)[2] or arn
