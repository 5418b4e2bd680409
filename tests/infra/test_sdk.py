"""What the zip keeps of the AWS SDK: all that the function calls, as the SDK has it."""

from __future__ import annotations

import ast
import gzip
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name
from botocore.loaders import create_loader
from botocore.model import ServiceModel

from canary.observe.calls import operation_of
from infra import sdk
from infra.bundle import ROOT

DATA = Path(botocore.__file__).parent / "data"
ACTION = re.compile(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+")
CONDITION_KEYS = "aws"
UNNAMED = {
    "events": {"PutEvents"},
    "s3": {"GetObject", "HeadBucket", "HeadObject", "ListObjectsV2", "PutObject"},
    "secretsmanager": {"GetSecretValue"},
    "sns": {"Publish"},
}
"""Called under their method's name alone, or by botocore itself."""
SMALL = ("acm", "sns")


def named() -> dict[str, set[str]]:
    """Return the operations that stand as IAM actions in the rooms that call AWS."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in ("observe", "adapters"):
        for path in (ROOT / "canary" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                value = node.value if isinstance(node, ast.Constant) else None
                if isinstance(value, str) and ACTION.fullmatch(value):
                    found[operation_of(value)[0]].add(value.partition(":")[2])
    found.pop(CONDITION_KEYS)
    return found


def methods() -> set[str]:
    """Return every attribute and text of those rooms: the SDK's methods are among them."""
    seen = set()
    for room in ("observe", "adapters"):
        for path in (ROOT / "canary" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute):
                    seen.add(node.attr)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    seen.add(node.value)
    return seen


def test_every_operation_that_is_called_is_kept_and_no_other() -> None:
    wanted = named()
    for service, operations in UNNAMED.items():
        wanted[service] |= operations
    assert {k: set(v) for k, v in sdk.OPERATIONS.items()} == wanted
    kept_back = {xform_name(o) for os in UNNAMED.values() for o in os} - {"head_bucket"}
    assert kept_back <= methods()


@pytest.fixture(scope="module")
def trimmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of packages with two services of the SDK, trimmed."""
    folder = tmp_path_factory.mktemp("sdk")
    for service in (*SMALL, "sqs"):
        shutil.copytree(DATA / service, folder / "botocore" / "data" / service)
    (folder / "botocore" / "cacert.pem").write_text("")
    (folder / "dateutil" / "zoneinfo").mkdir(parents=True)
    sdk.trim(folder)
    return folder


def model(path: Path, service: str) -> Any:
    [file] = path.glob(f"{service}/*/service-2.json.gz")
    return json.loads(gzip.decompress(file.read_bytes()))


def words(value: Any) -> Iterator[str]:
    """Yield the documentation in a model."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "documentation" and isinstance(inner, str):
                yield inner
            else:
                yield from words(inner)


def outline(found: ServiceModel, operation: str) -> Any:
    """Return all members of an operation's input and output, with their types."""

    def members(shape: Any, seen: tuple[str, ...]) -> Any:
        if shape is None or shape.name in seen:
            return None
        below = (*seen, shape.name)
        if shape.type_name == "structure":
            return {name: members(inner, below) for name, inner in shape.members.items()}
        inner = [getattr(shape, key, None) for key in ("member", "key", "value")]
        return [shape.type_name, *(members(one, below) for one in inner if one is not None)]

    known = found.operation_model(operation)
    return [members(known.input_shape, ()), members(known.output_shape, ()), known.http]


@pytest.mark.parametrize("service", SMALL)
def test_what_is_kept_is_as_the_sdk_has_it(trimmed: Path, service: str) -> None:
    whole = ServiceModel(create_loader().load_service_model(service, "service-2"), service)
    kept = ServiceModel(model(trimmed / "botocore" / "data", service), service)
    assert set(kept.operation_names) == set(sdk.OPERATIONS[service])
    assert kept.metadata == whole.metadata
    for operation in kept.operation_names:
        assert outline(kept, operation) == outline(whole, operation)
    assert set(words(model(trimmed / "botocore" / "data", service))) == {""}


def test_the_rest_is_gone(trimmed: Path) -> None:
    data = trimmed / "botocore" / "data"
    assert sorted(path.name for path in data.iterdir()) == ["acm", "sns"]
    assert not list(data.rglob("examples*")) and not list(data.rglob("waiters*"))
    assert list(data.glob("sns/*/endpoint-rule-set-1.json.gz"))
    assert not (trimmed / "botocore" / "cacert.pem").exists()


def test_the_lists_of_packages_name_one_version() -> None:
    """The tests run with the SDK that the function runs with."""
    versions = [
        re.findall(r"^botocore==(\S+)", (ROOT / name).read_text(), re.M)
        for name in ("requirements.txt", "requirements-dev.txt")
    ]
    assert versions[0] == versions[1] == [botocore.__version__]
