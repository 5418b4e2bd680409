"""Configuration is refused, not guessed: every bad form is a file with its exact message."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import msgspec
import pytest

from canary import config
from canary.config import ConfigError
from canary.config import schema as schemas
from canary.model import Frozen
from canary.probes import KINDS as SHIPPED
from canary.probes.base.api import Kind

BAD = Path(__file__).parent / "bad_config"
TODAY = dt.date(2026, 11, 22)


class Spec(Frozen, frozen=True, kw_only=True):
    """A spec as short as can be."""

    path: str
    principal: str = ""


KINDS = {"endpoint": Kind(name="endpoint", spec=Spec, run=lambda c, s, t: None, summary="")}
FILES = sorted(p.name for p in BAD.glob("*-*.toml"))


def load(environment: Path, checks: Path) -> None:
    config.load(str(environment), checks=checks, kinds=KINDS, today=TODAY)


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_with_its_exact_message(name: str, tmp_path: Path) -> None:
    file = BAD / name
    expected = file.read_text().splitlines()[0].removeprefix("# expect: ")
    environment, checks = BAD / "good.toml", BAD / "checks"
    if name.startswith("check-"):
        shutil.copy(file, tmp_path / name)
        checks = tmp_path
    else:
        environment = file
    with pytest.raises(ConfigError) as caught:
        load(environment, checks)
    if name == "check-not-toml.toml":  # the parser's own words follow
        assert caught.value.problems[0].startswith(f"{name}: {expected}")
    else:
        assert f"{name}: {expected}" in caught.value.problems


def test_all_problems_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    for name in ("check-unknown-key.toml", "check-not-toml.toml", "check-unknown-kind.toml"):
        shutil.copy(BAD / name, tmp_path / name)
    with pytest.raises(ConfigError) as caught:
        load(BAD / "environment-unknown-key.toml", tmp_path)
    assert {p.partition(":")[0] for p in caught.value.problems} == {
        "check-unknown-key.toml",
        "check-not-toml.toml",
        "check-unknown-kind.toml",
        "environment-unknown-key.toml",
    }


def test_two_problems_of_one_check_are_both_named(tmp_path: Path) -> None:
    text = (BAD / "check-wrong-type.toml").read_text()
    (tmp_path / "two.toml").write_text(text.replace('severity = "low"', 'severity = "urgent"'))
    with pytest.raises(ConfigError) as caught:
        load(BAD / "good.toml", tmp_path)
    assert caught.value.problems == [
        "two.toml: auth.it: severity: invalid enum value 'urgent'",
        "two.toml: auth.it: every: expected int, got str",
    ]


def test_a_good_configuration_is_loaded() -> None:
    loaded = config.load(str(BAD / "good.toml"), checks=BAD / "checks", kinds=KINDS, today=TODAY)
    assert [c.id for c in loaded.checks] == ["auth.it"]
    assert loaded.checks[0].spec == Spec(path="/")


def test_a_running_function_does_not_stop_because_a_mute_ended() -> None:
    loaded = config.load(
        str(BAD / "environment-past-mute.toml"), checks=BAD / "checks", kinds=KINDS, authoring=False
    )
    assert len(loaded.environment.mutes) == 1


def test_an_unknown_environment_names_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"no such environment or file .*development"):
        config.load("nowhere")


def test_the_shipped_configuration_is_well() -> None:
    loaded = config.load("development", authoring=False)
    assert len(loaded.checks) > 50
    assert len({c.id for c in loaded.checks}) == len(loaded.checks)


def test_schemas_for_editors_know_every_kind_and_every_key() -> None:
    checks = schemas.check_file(SHIPPED)
    kinds = [
        rule["if"]["properties"]["kind"]["const"]
        for rule in checks["properties"]["check"]["items"]["allOf"][1:]
    ]
    assert kinds == list(SHIPPED)
    environment = schemas.environment_file(SHIPPED)
    assert "services" in environment["$defs"]["Environment"]["properties"]
    assert msgspec.json.encode([checks, environment])


def test_a_route_without_host_has_that_of_the_url_behind_its_load_balancer() -> None:
    environment = config.load("development", today=TODAY).environment
    hosts = {(r.service, r.host) for r in environment.routes}
    assert hosts == {
        ("registry", "registry.hokus.ai"),
        ("mlflow", "registry.hokus.ai"),
        ("auth", "auth.hokus.ai"),
    }


def one_balancer(tmp_path: Path, host: str = "") -> Path:
    """The platform with both hosts behind one load balancer; MLflow's route may name its own."""
    text = (config.ENVIRONMENTS / "development.toml").read_text()
    text = text.replace(
        '= "hokusai-auth-development"\ntarget', '= "hokusai-registry-development"\ntarget'
    )
    named = f'path = "/mlflow/"\nhost = "{host}"' if host else 'path = "/mlflow/"'
    path = tmp_path / "one.toml"
    path.write_text(text.replace('path = "/mlflow/"', named))
    return path


def test_a_route_behind_a_balancer_of_two_hosts_must_name_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(str(one_balancer(tmp_path)), today=TODAY)
    assert caught.value.problems == [
        "one.toml: routes: /mlflow/: host: hokusai-registry-development serves several hosts, "
        "write the one of this route (auth.hokus.ai, registry.hokus.ai)"
    ]
    found = config.load(str(one_balancer(tmp_path, "registry.hokus.ai")), today=TODAY)
    hosts = {(r.service, r.host) for r in found.environment.routes}
    assert hosts == {
        ("registry", "registry.hokus.ai"),
        ("mlflow", "registry.hokus.ai"),
        ("auth", "auth.hokus.ai"),
    }
