"""The ground of a world, which the tests of one world share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worlds.ground import Ground


@pytest.fixture(scope="module")
def ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    """Yield the ground of a world; its twin is ended before the next world's begins."""
    found = Ground(request.param, tmp_path_factory.mktemp("worlds"))
    yield found
    found.stop()
