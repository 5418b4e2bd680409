"""The zip that is built where the worked example is installed runs its kinds, as in Lambda."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from emulator.aws.endpoint import Endpoint
from hokusai_canary.zipped import zipped
from tests.canary.support.servers.shop import EXAMPLE, ROOT, beside, install, whole_shop
from tests.emulator.support.emulated import LOGS, aws, role
from tests.house.test_distributions import UV

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # it builds a bundle
__all__ = ["aws"]

BUILT = """
import sys
from pathlib import Path
from infra import bundle
here = "{}.{}".format(*sys.version_info)
target = bundle.Target(architecture=bundle.machine(), python=here)
print(bundle.ensure(target, Path(sys.argv[1])))
"""


def built(place: Path, environment: Path) -> Path:
    """Build the bundle in a process that has the example, as `make deploy` does."""
    done = subprocess.run(
        [sys.executable, "-c", BUILT, str(environment)],
        cwd=environment.parent,
        env=beside(place),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_the_deployed_function_has_the_kinds_of_a_plug_in(tmp_path: Path, aws: Endpoint) -> None:
    place, store = install(tmp_path / "place"), tmp_path / "store"
    with whole_shop() as text:
        environment = tmp_path / "acme-shop.toml"
        environment.write_text(text)
        folder = built(place, environment)
        code = [
            p
            for part in ("acme_canary", "h2", "hokusai_canary")
            for p in (folder / part).glob("*.py")
        ]
        assert code and all(Path(cache_from_source(str(p))).is_file() for p in code)
        data = zipped(folder, tmp_path / "canary.zip").read_bytes()
        inside = {d.metadata["Name"] for d in distributions(path=[str(folder)])}
        assert {"acme-canary", "h2", "hpack", "hyperframe", "wsproto"} <= inside
        shutil.rmtree(folder)  # its name is of this shop's ports: nobody else needs it
        client = aws.client("lambda")
        client.create_function(
            FunctionName="canary",
            Runtime="python3.13",
            Handler="canary.handler.handler",
            Role=role(aws, "canary", LOGS),
            Code={"ZipFile": data},
            Environment={
                "Variables": {"CANARY_ENVIRONMENT": "acme-shop", "CANARY_STORE": str(store)}
            },
            Timeout=60,
            MemorySize=512,
        )
        answer = client.invoke(FunctionName="canary", Payload=b"{}")
        told = json.load(answer["Payload"])
    assert "FunctionError" not in answer, told
    assert told["status"] == "PASS", told
    (found,) = store.rglob("latest/acme-shop.json")
    report = json.loads(found.read_text())
    assert {r["check_id"]: [s["status"] for s in r["steps"]] for r in report["results"]} == {
        "shop.stock": ["PASS", "PASS"],
        "prices.serving": ["PASS"],
    }


def test_it_is_installed_beside_the_clone_as_documented(tmp_path: Path) -> None:
    place = tmp_path / "venv"
    subprocess.run([str(UV), "venv", "--quiet", "--python", sys.executable, str(place)], check=True)
    python = str(place / "bin" / "python")
    done = subprocess.run(
        [str(UV), "pip", "install", "--python", python, "-e", ".", "./docs/examples/plugin"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr
    named = "from infra import plugged; print([d.name for d in plugged.plugins()])"
    for words, cwd, told in (
        (["-c", named], ROOT, "['acme-canary']\n"),
        (["-m", "canary", "validate"], EXAMPLE, "1 file is valid: canary.toml\n"),
    ):
        ran = subprocess.run([python, *words], cwd=cwd, capture_output=True, text=True, timeout=60)
        assert ran.stdout == told, ran.stderr
