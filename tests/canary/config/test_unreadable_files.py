"""Files that are no configuration, in bytes: each is refused in one sentence, never by an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from canary import config
from canary.config import ConfigError
from canary.config.toml_file import LARGEST, read_toml
from tests.canary.config.test_forms import CHECK, GOOD

TEXT = CHECK.format(kind="endpoint", spec="path = '/'")
DEEP = "more than 64 levels of lists and tables"
NINES = "9" * 5000


def problems(folder: Path, checks: bytes, environment: bytes = GOOD.encode()) -> list[str]:
    """Return what is wrong with one file of checks in one environment."""
    (folder / "checks").mkdir()
    (folder / "checks" / "some.toml").write_bytes(checks)
    (folder / "here.toml").write_bytes(environment)
    try:
        config.load(
            str(folder / "here.toml"),
            checks=folder / "checks",
            authoring=False,
            only=lambda _: True,
        )
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        (TEXT + "# " + "x" * 1_000_000).encode(),
        TEXT.replace("It answers", "Es läuft ✓").encode(),
        TEXT.replace("path = '/'", "path = '/'\nbody = \"a\\r\\n\\u0000\"").encode(),
        TEXT.replace("path = '/'", "path = '/'\ncontains = [\"a\\nb\"]").encode(),
        (TEXT + "json.x.y.z = 1\n").replace("json.x.y.z = 1", "json.'x.y.z' = 1").encode(),
    ],
    ids=["empty", "BOM", "CRLF", "CR", "long", "UTF-8", "control in body", "in contains", "json"],
)
def test_odd_files_that_are_right_are_read(data: bytes, tmp_path: Path) -> None:
    assert problems(tmp_path, data) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            TEXT.replace("answers", "caf\xe9s").encode("latin-1"),
            "cannot be read: byte 0xe9 in line 3 is not UTF-8",
        ),
        (
            TEXT.encode("utf-16"),
            "cannot be read: it is UTF-16 by its byte order mark, not UTF-8",
        ),
        (
            b"\xff\xfe\x00\x00" + TEXT.encode("utf-32-le"),
            "cannot be read: it is UTF-32 by its byte order mark, not UTF-8",
        ),
        (TEXT.encode() + b"\0", "not valid TOML: Invalid statement (at line 11, column 1)"),
        (b"x" * 17_000_000, "cannot be read: more than 16 MiB"),
        (
            f"{TEXT}limit_ms = {NINES}".encode(),
            f"limit_ms: a number of more than 4,300 digits in line 11 (at most {LARGEST})",
        ),
        (
            f"{TEXT}limit_ms = {10**30}".encode(),
            f"auth.it: spec.limit_ms: a number of 31 digits (at most {LARGEST})",
        ),
        (
            f"{TEXT}limit_ms = 0x{'f' * 5000}".encode(),
            f"auth.it: spec.limit_ms: a number of 6021 digits (at most {LARGEST})",
        ),
        (f"{TEXT}json.x = nan".encode(), "auth.it: spec.json.x: nan is no finite number"),
        (f"{TEXT}json.x = 1e999".encode(), "auth.it: spec.json.x: inf is no finite number"),
        (
            TEXT.replace("severity", "timeout = -inf\nseverity").encode(),
            "auth.it: timeout: -inf is no finite number",
        ),
        (b"x = " + b"[" * 3000 + b"]" * 3000, DEEP),
        (b"x = " + b"[" * 200 + b"]" * 200, f"x: {DEEP}"),
        (f"{TEXT}json{'.a' * 3000} = 1".encode(), f"check: {DEEP}"),
        (
            TEXT.replace("path = '/'", 'path = "/a\\nb"').encode(),
            r"auth.it: spec.path: '/a\nb' holds a control character",
        ),
        (
            TEXT.replace("path = '/'", 'path = "/"\nmethod = "GET\\n"').encode(),
            r"auth.it: spec.method: 'GET\n' holds a control character",
        ),
        (
            TEXT.replace('"auth.it"', '"auth.it\\n"').encode(),
            r"check number 1: id: 'auth.it\n' holds a control character",
        ),
        (
            TEXT.replace("severity", '"a\\nb" = 1\nseverity').encode(),
            r"auth.it: a table: the key 'a\nb' holds a control character",
        ),
        (
            TEXT.replace('"auth"', f'"{"x" * 5000}"').encode(),
            "auth.it: service: expected str of length <= 60",
        ),
        (b"check = 3", "check: must be written [[check]], not [check]"),
        (b"check = [1]", "check: must be written [[check]], not as a list"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_a_file_that_holds_no_configuration_is_refused(
    data: bytes, message: str, tmp_path: Path
) -> None:
    assert f"some.toml: {message}" in problems(tmp_path, data)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (GOOD.encode("utf-16"), "cannot be read: it is UTF-16 by its byte order mark, not UTF-8"),
        (f"{GOOD}[run]\nbudget = nan".encode(), "run.budget: nan is no finite number"),
        (
            GOOD.replace("auth.example", "auth.ex\\tample").encode(),
            r"services.auth.url: 'https://auth.ex\tample' holds a control character",
        ),
        (
            f'{GOOD}[[mutes]]\ncheck = "auth.it"\nuntil = {NINES}\nreason = "old"'.encode(),
            f"until: a number of more than 4,300 digits in line 11 (at most {LARGEST})",
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_an_environment_that_holds_no_configuration_is_refused(
    environment: bytes, message: str, tmp_path: Path
) -> None:
    assert f"here.toml: {message}" in problems(tmp_path, TEXT.encode(), environment)


def test_a_folder_and_a_name_that_no_file_can_have_are_no_files(tmp_path: Path) -> None:
    found: list[str] = []
    assert read_toml(tmp_path, found) is None
    assert found == [f"{tmp_path.name}: cannot be read: Is a directory"]


@pytest.mark.parametrize(
    "name", ["", "/", "..", "ü", "a\0b", "x" * 5000, "\udcff", "/proc/1/mem/x"]
)
def test_a_name_that_is_no_environment_is_named_in_one_line(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(name)
    (problem,) = caught.value.problems
    assert problem.endswith(": no such environment or file (there are: development)")
    assert len(problem) < 200
