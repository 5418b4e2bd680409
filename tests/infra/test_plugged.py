"""The zip has the plug-ins that are installed where it is built, and what they need besides."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

from infra import bundle, plugged

ENTRY = "[hokusai_canary.kinds]\nacme = acme_kind:KIND\n"


def package(
    place: Path, name: str, files: tuple[str, ...], requires: str = "", more: str = ""
) -> None:
    """Lay an installed package out, as an installer would."""
    module = name.replace("-", "_")
    info = place / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires.split(",") if each)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
    if more:
        (info / "entry_points.txt").write_text(more)
    for file in files:
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).write_text(f"# {file}\n")
    kept = [*files, f"{info.name}/METADATA", f"{info.name}/RECORD", "../../bin/acme"]
    kept += [f"{info.name}/entry_points.txt"] if more else []
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in kept))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "site"
    package(
        place,
        "acme-kind",
        ("acme_kind.py",),
        "hokusai-canary>=0.2,acme-wire>=1; python_version > '3',extra-thing; extra == 'x'",
        ENTRY,
    )
    package(place, "acme-wire", ("acme_wire/__init__.py",), "requests")
    package(place, "unrelated", ("unrelated.py",))
    monkeypatch.syspath_prepend(place)
    return place


def copied(tmp_path: Path, *there: str) -> set[str]:
    folder = tmp_path / "zip"
    plugged.copy(folder, {*there, "requests"})
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.usefixtures("site")
def test_a_plug_in_and_what_it_needs_are_copied_and_nothing_else(tmp_path: Path) -> None:
    found = copied(tmp_path)
    assert {f for f in found if not f.startswith("hokusai_canary/")} == {
        "acme_kind.py",
        "acme_kind-1.0.dist-info/METADATA",
        "acme_kind-1.0.dist-info/entry_points.txt",
        "acme_wire/__init__.py",
        "acme_wire-1.0.dist-info/METADATA",
    }
    assert "hokusai_canary/kinds.py" in found


@pytest.mark.usefixtures("site")
def test_what_the_zip_has_already_is_not_copied_over(tmp_path: Path) -> None:
    assert not any("acme_wire" in file for file in copied(tmp_path, "acme-wire"))


def test_without_a_plug_in_nothing_is_added(tmp_path: Path) -> None:
    assert copied(tmp_path) == set()


def test_compiled_code_is_refused_by_name(site: Path, tmp_path: Path) -> None:
    package(site, "acme-fast", ("acme_fast.so",))
    (fast,) = (d for d in distributions(path=[str(site)]) if d.name == "acme-fast")
    with pytest.raises(plugged.CompiledError, match=r"acme-fast: acme_fast\.so is compiled"):
        list(plugged.files(fast))


def test_a_bundle_is_made_anew_when_a_plug_in_changes(site: Path) -> None:
    environment = bundle.ROOT / "canary" / "environments" / "development.toml"
    target = bundle.Target(architecture="arm64", python="3.99")
    before = bundle.sum_of_inputs(target, environment)
    (site / "acme_kind.py").write_text("# changed\n")
    assert bundle.sum_of_inputs(target, environment) != before
    assert [d.name for d in plugged.plugins() if isinstance(d, Distribution)] == ["acme-kind"]
