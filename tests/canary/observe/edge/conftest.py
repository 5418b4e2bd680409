"""The small platform of moto with a web ACL, a counter and a zone, once for these modules."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.model import Exchange
from canary.observe.edge.failed import Failed
from emulator.waf import moto_waf

NOW = dt.datetime.now(dt.UTC)
RUN, BEFORE = "20261129T100000Z-abcdef", "20261129T095900Z-123456"
PAGE = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    "<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n"
)
SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True}


def refused(**more: Any) -> Exchange:
    """A request that the balancer answered with its own 403."""
    known = {
        "method": "GET", "url": "https://api.example.org/health", "status": 403,
        "content_type": "text/html", "excerpt": PAGE, "answered_by": "balancer",
    }  # fmt: skip
    return Exchange(**{**known, **more})


FAILED = Failed(services=frozenset({"api"}), answers=(refused(),), run_ids=(RUN, BEFORE))


@pytest.fixture(scope="module")
def aws(aws: str) -> str:
    """The moto server of the room, which knows WAF's samples as well."""
    moto_waf.install()
    return aws
