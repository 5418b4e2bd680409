"""The zip: small, the same bytes twice, only what runs."""

from __future__ import annotations

import ast
import importlib.util
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions, version
from pathlib import Path

import pytest

from hokusai_canary.zipped import zipped
from infra import bundle, sdk
from infra import sbom as parts
from tests.infra.conftest import DEVELOPMENT

ROOT = Path(bundle.__file__).resolve().parents[1]
HERE = "{}.{}".format(*sys.version_info)
MEGABYTES = 1_000_000
CALLED = """
import datetime, json, sys
sys.path[:0] = [sys.argv[1]]
import canary.handler
from botocore import __version__, xform_name
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.session import get_session

class Body:
    def __init__(self, data): self.data = data
    def stream(self, **_): yield self.data
    def read(self, *_): return self.data

VALUES = {
    "string": "some-thing", "list": [], "structure": {}, "map": {}, "integer": 1, "long": 1,
    "timestamp": datetime.datetime(2026, 1, 1), "boolean": True, "blob": b"x",
}
session, done = get_session(), 0
for service, operations in json.loads(sys.argv[2]).items():
    client = session.create_client(
        service, region_name="eu-west-3", aws_access_key_id="a", aws_secret_access_key="b",
        config=Config(parameter_validation=False),
    )
    model = client.meta.service_model
    for name in operations:
        empty = {"ec2": b"<r/>", "rest-xml": b"<r/>", "smithy-rpc-v2-cbor": bytes([160])}.get(
            model.resolved_protocol, b"{}"
        )
        if model.resolved_protocol == "query":
            empty = f"<{name}Response><{name}Result/></{name}Response>".encode()
        headers = {"smithy-protocol": "rpc-v2-cbor"}
        answer = AWSResponse("https://x", 200, headers, Body(empty))
        events = client.meta.events
        events.register_first("before-send", lambda answer=answer, **_: answer, "answer")
        shape = model.operation_model(name).input_shape
        given = {m: VALUES[shape.members[m].type_name] for m in shape.required_members}
        getattr(client, xform_name(name))(**given)
        events.unregister("before-send", unique_id="answer")
        done += 1
print(json.dumps([__version__, done]))
"""


@pytest.fixture(scope="module")
def folder() -> Path:
    """The bundle for Lambda's own platform."""
    return bundle.ensure(bundle.Target(architecture="arm64"), DEVELOPMENT)


def test_the_zip_is_at_most_seven_and_a_half_megabytes(folder: Path, tmp_path: Path) -> None:
    assert zipped(folder, tmp_path / "a.zip").stat().st_size <= 7.5 * MEGABYTES


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    target = bundle.Target(architecture=bundle.machine(), python=HERE)
    zips, alone = [], tmp_path / "twice.toml"  # nobody else's bundle is removed
    shutil.copyfile(DEVELOPMENT, alone)
    for number in (1, 2):
        built = bundle.ensure(target, alone)
        zips.append(zipped(built, tmp_path / f"{number}.zip").read_bytes())
        if number == 1:
            shutil.rmtree(built)  # so that the second one is built anew
    assert zips[0] == zips[1]


def test_a_ca_bundle_beside_the_environment_travels_with_it(tmp_path: Path) -> None:
    target, alone = bundle.Target(architecture=bundle.machine(), python=HERE), tmp_path / "ca.toml"
    alone.write_text('ca_bundle = "tls/own.pem"\n' + DEVELOPMENT.read_text())
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "own.pem").write_text("one")
    first = bundle.ensure(target, alone)
    (tmp_path / "tls" / "own.pem").write_text("another")
    second = bundle.ensure(target, alone)
    found = [
        (b / "canary" / "environments" / "tls" / "own.pem").read_text() for b in (first, second)
    ]
    assert found == ["one", "another"]
    shutil.rmtree(first), shutil.rmtree(second)


def test_every_module_has_bytecode_that_is_never_stale() -> None:
    """A zip sets all times anew, so bytecode that is checked by time would be thrown away."""
    built = bundle.ensure(bundle.Target(architecture=bundle.machine(), python=HERE), DEVELOPMENT)
    sources = list(built.rglob("*.py"))
    assert len(sources) > 100
    for source in sources:
        compiled = Path(importlib.util.cache_from_source(str(source)))
        flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
        assert flags == 0b01, source  # PEP 552: by hash, and not checked


@pytest.mark.slow
def test_builders_that_start_at_once_give_one_whole_bundle(tmp_path: Path) -> None:
    target, alone = bundle.Target(architecture=bundle.machine(), python=HERE), tmp_path / "two.toml"
    shutil.copyfile(DEVELOPMENT, alone)
    with ThreadPoolExecutor(4) as pool:
        built = {f.result() for f in [pool.submit(bundle.ensure, target, alone) for _ in range(4)]}
    (one,) = built
    assert (one / "msgspec").is_dir() and (one / "canary" / "handler.py").is_file()
    assert not list(one.parent.glob(f"{one.name}.*"))
    shutil.rmtree(one)


def reached(start: str) -> set[str]:
    """Return every module of ours that a module imports, at once or later."""
    paths = {
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p
        for p in (ROOT / "canary").rglob("*.py")
    }
    seen: set[str] = set()
    todo = [start]
    while todo:
        module = todo.pop()
        if module in seen or module not in paths:
            continue
        seen.add(module)
        todo.append(module.rpartition(".")[0])
        for node in ast.walk(ast.parse(paths[module].read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                todo += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                todo += [f"{node.module}.{alias.name}" for alias in node.names]
                todo.append(str(node.module))
    return seen


def test_it_holds_every_module_that_the_handler_reaches_and_no_other(folder: Path) -> None:
    inside = {
        ".".join(p.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for p in (folder / "canary").rglob("*.py")
    }
    assert inside == reached("canary.handler")


def test_only_what_runs_is_in_it(folder: Path) -> None:
    inside = {str(p.relative_to(folder)) for p in folder.rglob("*")}
    assert "canary/handler.py" in inside and "canary/environments/development.toml" in inside
    assert any(name.endswith(".css") for name in inside)
    forbidden = ("canary/cli", "canary/__main__.py", "boto3", "s3transfer", "moto", "click", "rich")
    assert not inside & set(forbidden)


def test_its_list_of_parts_is_valid_and_names_every_package_and_no_other(folder: Path) -> None:
    from cyclonedx.schema import SchemaVersion  # it compiles a grammar: five seconds
    from cyclonedx.validation.json import JsonStrictValidator

    text = (folder / parts.NAME).read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    listed = {(c["name"], c["version"]) for c in json.loads(text)["components"]}
    there = {(d.metadata["Name"], d.version) for d in distributions(path=[str(folder)])}
    assert listed == there and len(there) > 5
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    assert all(f"{n.lower().replace('_', '-')}=={v} " in locked for n, v in there)


def test_every_native_module_is_for_the_function_s_own_platform(folder: Path) -> None:
    native = [p.name for p in folder.rglob("*.so")]
    assert native and all("313-aarch64" in name for name in native)


def test_each_call_is_made_by_the_bundle_alone_in_the_version_that_is_tested() -> None:
    """The runtime of Lambda brings an SDK along, which differs by region and month."""
    built = bundle.ensure(bundle.Target(architecture=bundle.machine(), python=HERE), DEVELOPMENT)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CALLED, str(built), json.dumps(sdk.OPERATIONS)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [version("botocore"), sum(map(len, sdk.OPERATIONS.values()))]
