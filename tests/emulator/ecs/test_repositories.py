"""The name of a repository may have slashes, as a team's own have."""

from __future__ import annotations

import pytest

from emulator.ecs.images import Image, find
from emulator.settings import IMAGE_REGISTRY

KNOWN = {"ml/tracker": Image("a"), "tracker": Image("b")}


@pytest.mark.parametrize(
    ("reference", "module"),
    [
        (f"{IMAGE_REGISTRY}/ml/tracker:2026-11-18", "a"),
        (f"{IMAGE_REGISTRY}/tracker:2026-11-18", "b"),
    ],
)
def test_a_repository_is_found_by_its_whole_name(reference: str, module: str) -> None:
    found = find(reference, KNOWN)
    assert isinstance(found, Image) and found.module == module


@pytest.mark.parametrize("name", ["lab/tracker", "ml/tracker/more", "ml"])
def test_a_part_of_a_name_is_no_repository(name: str) -> None:
    reference = f"{IMAGE_REGISTRY}/{name}:2026-11-18"
    assert str(find(reference, KNOWN)).endswith(f"failed to resolve ref {reference}: not found")
