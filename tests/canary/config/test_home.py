"""Environments are found where their owner keeps them: named, set, or upwards from here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from canary.cli import main
from canary.config import ConfigError
from canary.config.home import find, only_environment, shipped

TEXT = """
name = "{name}"
account = "123456789012"
region = "eu-central-1"
cluster = ""
[services.shop]
url = "https://shop.example"
{more}
[[check]]
id = "shop.health"
title = "The shop answers"
kind = "endpoint"
suite = "endpoints"
service = "shop"
severity = "high"
[check.spec]
path = "/health"
"""
EXPECTED = (
    '[[check]]\nid = "shop.{what}"\ntitle = "The shop answers"\nkind = "endpoint"\n'
    'suite = "endpoints"\nservice = "shop"\nseverity = "high"\n{more}[check.spec]\npath = "/"\n'
)


def write(path: Path, name: str, more: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(name=name, more=more))
    return path


def names(folder: Path) -> tuple[str, ...]:
    return find("", "CANARY_HOME", folder).names


@pytest.mark.parametrize("below", ["", "a", "a/b/c"])
def test_the_nearest_canary_toml_upwards_is_the_home(below: str, tmp_path: Path) -> None:
    write(tmp_path / "canary.toml", "shop-prod")
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    assert names(tmp_path / below) == ("shop-prod",)


def test_a_nearer_one_hides_the_one_above(tmp_path: Path) -> None:
    write(tmp_path / "canary.toml", "above")
    write(tmp_path / "team" / "canary.toml", "team")
    assert names(tmp_path / "team") == ("team",)


def test_an_empty_one_marks_the_folder_of_several_environments(tmp_path: Path) -> None:
    (tmp_path / "canary.toml").write_text("# the canary's home\n")
    for name in ("staging", "prod"):
        write(tmp_path / "environments" / f"{name}.toml", name)
    assert names(tmp_path) == ("prod", "staging")


def test_an_empty_one_also_marks_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "canary.toml").touch()
    write(tmp_path / "shop.toml", "shop")
    assert names(tmp_path) == ("shop",)


def test_a_named_folder_may_hold_environment_files_alone(tmp_path: Path) -> None:
    write(tmp_path / "prod.toml", "prod")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "web.toml").write_text(EXPECTED.format(what="web", more=""))
    assert find(str(tmp_path), "--config", Path("/")).names == ("prod",)


@pytest.mark.parametrize(
    ("made", "problem"), [(True, "holds no environment"), (False, "no such folder")]
)
def test_a_named_folder_without_an_environment_is_refused(
    made: bool, problem: str, tmp_path: Path
) -> None:
    place = tmp_path / "home"
    if made:
        place.mkdir()
    with pytest.raises(ConfigError) as caught:
        find(str(place), "CANARY_HOME", tmp_path)
    assert caught.value.problems == [f"CANARY_HOME: {str(place)[:100]}: {problem}"]


def test_without_a_home_the_shipped_environments_hold(tmp_path: Path) -> None:
    assert find("", "CANARY_HOME", tmp_path) == shipped()
    assert shipped().names == ("development",)


def test_the_only_environment_is_the_default_and_of_several_none(tmp_path: Path) -> None:
    file = write(tmp_path / "canary.toml", "shop-prod")
    assert only_environment(find("", "", tmp_path)) == file
    other = write(tmp_path / "environments" / "staging.toml", "staging")
    with pytest.raises(ConfigError) as caught:
        only_environment(find("", "", tmp_path))
    assert caught.value.problems == [
        f"{tmp_path}: several environments, choose by --environment: shop-prod, staging"
    ]
    assert only_environment(find("", "", tmp_path), "staging") == other


def canary(folder: Path, *words: str, home: str | None = None) -> Result:
    """Run a command in a folder; the process is in it for that long."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        variables = {"CANARY_ENVIRONMENT": None, "CANARY_HOME": home}
        return CliRunner().invoke(main, [*words], env=variables)
    finally:
        os.chdir(before)


def test_a_command_finds_the_only_environment_upwards(tmp_path: Path) -> None:
    write(tmp_path / "canary.toml", "shop-prod")
    (tmp_path / "src").mkdir()
    done = canary(tmp_path / "src", "list")
    assert (done.exit_code, done.stdout) == (0, done.stdout), done.stderr
    assert done.stdout == "shop.health high     endpoints      The shop answers\n"


def test_the_folder_is_named_by_the_option_before_the_variable(tmp_path: Path) -> None:
    write(tmp_path / "one" / "prod.toml", "one")
    write(tmp_path / "two" / "prod.toml", "two")
    (tmp_path / "here").mkdir()
    home = str(tmp_path / "one")
    done = canary(tmp_path / "here", "validate", home=home)
    assert done.stdout == "1 file is valid: prod.toml\n"
    chosen = canary(tmp_path / "here", "plan", "--config", "../two", "-e", "two", home=home)
    assert chosen.exit_code == 0, chosen.stderr
    wrong = canary(tmp_path / "here", "plan", "-e", "two", home=home)
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        "two: no such environment or file (there are: prod)\n",
    )


def test_development_is_still_found_by_its_name(tmp_path: Path) -> None:
    write(tmp_path / "canary.toml", "shop-prod")
    done = canary(tmp_path, "list", "-e", "development")
    assert done.exit_code == 0 and "registry.health" in done.stdout


def test_what_names_no_home_is_wrong_use(tmp_path: Path) -> None:
    gone = canary(tmp_path, "list", "--config", "nowhere")
    assert (gone.exit_code, gone.stderr) == (2, "--config: nowhere: no such folder\n")
    assert canary(tmp_path, "list", "--config", "").exit_code == 2


def test_validate_without_arguments_takes_all_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "canary.toml").touch()
    write(tmp_path / "environments" / "a.toml", "a")
    write(tmp_path / "environments" / "b.toml", "b", more='nonsense = "x"')
    done = canary(tmp_path, "validate")
    assert (done.exit_code, done.stderr) == (2, "b.toml: services.shop.nonsense: unknown key\n")
