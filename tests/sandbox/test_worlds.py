"""Worlds: each file is whole, names what differs, and says clearly what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.config import load as load_canary
from sandbox import toml
from sandbox.environment import ROOT, of_world
from sandbox.faults import FAULTS, inexpressible
from sandbox.world.load import CLASSIC, FOLDER, WorldError, known, load, merged
from tests.sandbox.support.twin import sandbox


def written(text: str, folder: Path, name: str = "mine.toml") -> str:
    """Write a world's file and return its path."""
    path = folder / name
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", known())
def test_each_world_has_an_environment_file_that_the_canary_takes(
    name: str, tmp_path: Path
) -> None:
    world = load(name)
    path = tmp_path / "world.toml"
    path.write_text(toml.dumps(of_world(world)))
    found = load_canary(str(path)).environment
    assert (found.account, found.region) == (world.account, world.region)
    assert found.cluster == world.cluster
    services = {s.ecs_service: s.log_group for s in found.services.values() if s.ecs_service}
    assert services == {s.name: s.log_group for s in world.services.values()}


@pytest.mark.parametrize("name", known())
def test_a_world_names_no_fault_that_there_is_not(name: str) -> None:
    assert set(load(name).cannot) <= set(FAULTS)


@pytest.mark.parametrize("name", [n for n in known() if n != CLASSIC])
def test_a_world_says_only_what_it_has_otherwise(name: str) -> None:
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    base = tomllib.loads((FOLDER / f"{table.pop('extends', CLASSIC)}.toml").read_text())
    assert [path for path, value in leaves(table) if at(base, path) == value] == []


def leaves(table: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Return each value of a table with its path."""
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in table.items():
        inner = (*path, key)
        found += leaves(value, inner) if isinstance(value, dict) else [(inner, value)]
    return found


def at(table: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path, or None."""
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def test_the_classic_environment_file_is_the_platform_s_own() -> None:
    own = tomllib.loads((ROOT / "canary/environments/development.toml").read_text())
    assert of_world(load()) == own


def test_tables_are_merged_values_are_replaced_and_false_takes_a_table_away() -> None:
    below = {"a": {"b": {"c": 1, "d": [1, 2]}, "e": {"f": 1}}, "g": False}
    over = {"a": {"b": {"d": [3]}, "e": False}, "g": False, "h": {"i": 1}}
    assert merged(below, over) == {"a": {"b": {"c": 1, "d": [3]}}, "g": False, "h": {"i": 1}}
    assert below["a"] == {"b": {"c": 1, "d": [1, 2]}, "e": {"f": 1}}


def test_urls_name_a_port_that_is_not_the_scheme_s_own() -> None:
    urls = {name: load(name).url("auth") for name in (CLASSIC, "http-only", "port-8443")}
    assert urls == {
        "classic": "https://auth.hokus.ai",
        "http-only": "http://auth.hokus.ai",
        "port-8443": "https://auth.hokus.ai:8443",
    }


def test_who_may_come_in_follows_from_who_calls_whom(tmp_path: Path) -> None:
    text = """
        sentence = "the API asks no database, and the door is open to two"
        [services.api]
        calls = ["mlflow", "cache"]
        [balancers.registry]
        admits = ["198.51.100.0/24", "2001:db8::/32"]
    """
    edges = load(written(text, tmp_path)).edges()
    assert [(port, who) for group, port, who, _ in edges if "registry-alb" in group] == [
        (80, "198.51.100.0/24"),
        (80, "2001:db8::/32"),
        (443, "198.51.100.0/24"),
        (443, "2001:db8::/32"),
    ]
    assert [who for _, port, who, _ in edges if port == 5432] == [
        "hokusai-auth-tasks-development",
        "hokusai-mlflow-tasks-development",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sentence = ", "mine.toml: Invalid value"),
        ("[services.api]\nprot = 1\n", "mine.toml: Object contains unknown field `prot` - at"),
        ("[services.api]\nport = '1'\n", "mine.toml: Expected `int`, got `str` - at `$.services"),
        ("extends = 'nowhere'\n", "mine.toml: extends: no world 'nowhere'"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name_and_key(
    text: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(WorldError) as error:
        load(written(text, tmp_path))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_world_of_a_file_is_found_again_by_the_path_it_was_given_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written('sentence = "mine"\n', tmp_path)
    monkeypatch.chdir(tmp_path)
    mine = load("mine.toml")
    monkeypatch.chdir(ROOT)
    assert (mine.name, mine.file) == ("mine", str(tmp_path / "mine.toml"))
    assert load(mine.file) == mine
    assert {load(name).file for name in known()} == {""}


def test_an_unknown_world_is_refused_with_the_names_that_there_are() -> None:
    done = sandbox("up", "--world", "nowhere")
    assert done.returncode == 2
    assert done.stderr == (
        f"sandbox: no world 'nowhere': write one of {', '.join(known())}, or the path of a file\n"
    )


def test_worlds_are_listed_with_a_sentence_each() -> None:
    lines = sandbox("worlds").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(known())
    assert lines[0].endswith("two public balancers with HTTPS on 443, one task a service")


def test_a_fault_that_a_world_cannot_express_is_refused_with_the_reason() -> None:
    done = sandbox("up", "--world", "http-only", "--fault", "certificate-expired")
    assert (done.returncode, done.stderr) == (
        2,
        "sandbox: the world http-only cannot express certificate-expired: it has no HTTPS\n",
    )


def test_a_shared_listener_cannot_lose_auth_alone() -> None:
    why = {n: inexpressible(load(n), "auth-listener-missing") for n in (CLASSIC, "one-balancer")}
    assert why == {
        CLASSIC: "",
        "one-balancer": "its auth service is behind the registry's listener",
    }


def test_a_way_that_a_world_has_not_cannot_be_lost() -> None:
    worlds = (CLASSIC, "http-only", "public-tasks", "strangers")
    faults = ("nat-deleted", "route-deleted", "endpoint-deleted", "acl-drops-answers")
    assert {n: [f for f in faults if inexpressible(load(n), f)] for n in worlds} == {
        CLASSIC: ["endpoint-deleted"],
        "http-only": ["nat-deleted", "route-deleted", "acl-drops-answers"],
        "public-tasks": ["nat-deleted", "endpoint-deleted"],
        "strangers": ["endpoint-deleted"],
    }
    assert inexpressible(load("http-only"), "nat-deleted") == "it has no NAT"
    no_route = "its tasks have no route out of the VPC"
    assert inexpressible(load("http-only"), "route-deleted") == no_route


def example() -> str:
    """The world that the README shows."""
    text = (ROOT / "sandbox/README.md").read_text()
    return text.partition("```toml\n")[2].partition("```")[0]


def test_the_world_of_the_readme_is_one_file(tmp_path: Path) -> None:
    path = written(example(), tmp_path, "office.toml")
    world, canary = load(path), tmp_path / "environment.toml"
    canary.write_text(toml.dumps(of_world(world)))
    found = load_canary(str(canary))
    assert (world.name, world.api.count) == ("office", 2)
    assert found.environment.services["registry"].url == "https://registry.hokus.ai:9443"
    assert [(port, who) for group, port, who, _ in world.edges() if "registry-alb" in group] == [
        (9443, "198.51.100.0/24"),
        (9443, "203.0.113.10/32"),
    ]
    assert "registry.https-redirect" not in {c.id for c in found.checks}


def test_strangers_share_no_name_with_the_platform_and_stand_beside_their_own() -> None:
    world, classic = load("strangers"), load()
    assert (world.url("mlflow"), list(world.services)) == (
        "https://experiments.aurora.example/lab",
        ["mlflow"],
    )
    names = {v for v in msgspec.structs.astuple(world.mlflow) if isinstance(v, str) and v}
    assert names & {v for v in msgspec.structs.astuple(classic.mlflow) if v} == set()
    assert world.beside and world.beside.cluster != world.cluster
    doors = {(group, port) for group, port, _, _ in world.edges()}
    for source in ("2001:db8:17::/48", "pl:offices"):
        assert {(g, p) for g, p, who, _ in world.edges() if who == source} == doors
    assert inexpressible(world, "auth-blocked") == "it has no auth service"
    assert inexpressible(world, "mlflow-rule-missing") == ""


def test_strangers_have_one_user_and_the_checks_of_any_mlflow(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(toml.dumps(of_world(load("strangers"))))
    found = load_canary(str(path))
    user = found.environment.principals["user"]
    assert (user.form, user.anonymous, user.username_key) == ("basic", False, "login")
    assert {c.service for c in found.checks} == {"tracker"} and len(found.checks) == 11
