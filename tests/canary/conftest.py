"""What tests of the handler share: a cloud that is listened to, and secrets to look for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.canary.redaction.test_leaks import sentinels
from tests.canary.support.servers.cloud import Cloud, serving_cloud


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serving_cloud() as found:
        yield found


@pytest.fixture(scope="module")
def known() -> dict[str, str]:
    return sentinels()
