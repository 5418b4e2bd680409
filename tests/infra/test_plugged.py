"""The zip has the plug-ins that are installed where it is built, and what they need besides."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions, version
from pathlib import Path

import pytest

from infra import bundle, plugged
from tests.infra.conftest import DEVELOPMENT

ENTRY = "[hokusai_canary.kinds]\nacme = acme_kind:KIND\n"


def package(
    place: Path, name: str, files: tuple[str, ...], requires: str = "", more: str = ""
) -> None:
    """Lay an installed package out, as an installer would."""
    module = name.replace("-", "_")
    info = place / f"{module}-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
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


def copied(tmp_path: Path, *there: str, fetched: list[str] | None = None) -> set[str]:
    folder = tmp_path / "zip"
    pins: list[str] = [] if fetched is None else fetched
    plugged.copy(folder, {*there, "requests"}, pins.extend)
    assert fetched is not None or pins == []
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


def test_what_is_compiled_is_fetched_in_the_same_version_and_not_copied(
    site: Path, tmp_path: Path
) -> None:
    package(site, "acme-wire", ("acme_wire/__init__.py", "acme_wire/fast.so"), "requests")
    fetched: list[str] = []
    found = copied(tmp_path, fetched=fetched)
    assert fetched == ["acme-wire==1.0"]
    assert "acme_kind.py" in found and not any("acme_wire" in file for file in found)


def test_a_requirement_that_is_not_installed_is_told(site: Path, tmp_path: Path) -> None:
    package(site, "acme-wire", ("acme_wire/__init__.py",), "acme-gone>=2")
    with pytest.raises(plugged.PluggedError, match=r"^acme-wire needs acme-gone, which is not in"):
        copied(tmp_path)
    package(site, "acme-wire", ("acme_wire/__init__.py",), "acme-gone>=2; sys_platform == 'win32'")
    assert "acme_wire/__init__.py" in copied(tmp_path / "again")


def test_an_extra_brings_what_it_needs(site: Path, tmp_path: Path) -> None:
    package(site, "acme-kind", ("acme_kind.py",), "acme-wire[fast]>=1", ENTRY)
    package(site, "acme-wire", ("acme_wire/__init__.py",), "unrelated; extra == 'fast'")
    assert "unrelated.py" in copied(tmp_path)


@pytest.mark.parametrize("how", ["editable", "no record"])
def test_a_plug_in_that_is_a_link_to_its_sources_is_refused(
    site: Path, tmp_path: Path, how: str
) -> None:
    info = site / "acme_kind-1.0.dist-info"
    if how == "editable":
        url = '{"url": "file:///src", "dir_info": {"editable": true}}'
        (info / "direct_url.json").write_text(url)
    else:
        (info / "RECORD").unlink()
    said = "acme-kind is installed as a link to its sources: install it whole"
    with pytest.raises(plugged.PluggedError, match=said):
        copied(tmp_path)
    target = bundle.Target(architecture="arm64", python="3.99")
    with pytest.raises(bundle.BundleError, match=said):
        bundle.sum_of_inputs(target, DEVELOPMENT)


@pytest.mark.parametrize("file", ["acme_kind.py", "acme_wire/__init__.py"])
def test_a_bundle_is_made_anew_when_a_plug_in_or_what_it_needs_changes(
    site: Path, file: str
) -> None:
    target = bundle.Target(architecture="arm64", python="3.99")
    before = bundle.sum_of_inputs(target, DEVELOPMENT)
    assert bundle.sum_of_inputs(target, DEVELOPMENT) == before
    (site / file).write_text("# changed\n")
    assert bundle.sum_of_inputs(target, DEVELOPMENT) != before
    assert [d.name for d in plugged.plugins() if isinstance(d, Distribution)] == ["acme-kind"]


@pytest.mark.slow  # it builds a bundle for another platform
def test_compiled_code_in_the_zip_is_of_the_function_s_platform(site: Path, tmp_path: Path) -> None:
    package(site, "acme-kind", ("acme_kind.py",), "acme-wire,multidict", ENTRY)
    alone = tmp_path / "compiled.toml"
    shutil.copyfile(DEVELOPMENT, alone)
    built = bundle.ensure(bundle.Target(architecture="arm64"), alone)
    try:
        native = [path.name for path in (built / "multidict").glob("*.so")]
        assert native and all("313-aarch64" in name for name in native)
        assert version("multidict") in {
            d.version for d in distributions(path=[str(built)]) if d.name == "multidict"
        }
        assert (built / "acme_wire" / "__init__.py").is_file()
        assert not list(built.glob("*.dist-info/RECORD"))
    finally:
        shutil.rmtree(built)


@pytest.mark.slow  # pip asks the index
def test_a_compiled_package_that_nobody_has_for_the_platform_is_told(
    site: Path, tmp_path: Path
) -> None:
    package(site, "acme-wire", ("acme_wire/fast.so",))
    alone = tmp_path / "nowhere.toml"
    shutil.copyfile(DEVELOPMENT, alone)
    with pytest.raises(bundle.BundleError, match=r"acme-wire==1\.0"):
        bundle.ensure(bundle.Target(architecture="arm64"), alone)
