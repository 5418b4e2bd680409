"""After `init` in an empty folder, commands find its environment there without an option."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from canary.cli import main
from canary.config.home import find
from tests.canary.survey.test_commands import NOBODY

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
TYPED = "hokusai-canary"
NO_HOME = {"CANARY_HOME": None, "CANARY_ENVIRONMENT": None}


class Desk:
    """A person in a folder, with credentials of the small platform."""

    def __init__(self, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._aws, self._patch = aws, monkeypatch

    def types(self, folder: Path, *words: str, **variables: str) -> Result:
        self._patch.chdir(folder)
        runner = CliRunner(env=NOBODY | KEYS | NO_HOME | variables)
        return runner.invoke(main, words, prog_name=TYPED)

    def init(self, folder: Path, *words: str, **variables: str) -> Result:
        where = ("--cluster", "c", "--region", "us-east-1", "--endpoint-url", self._aws)
        done = self.types(folder, "init", *where, *words, **variables)
        assert done.exit_code == 0, done.output
        return done


@pytest.fixture
def desk(aws: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(aws, monkeypatch)


def inside(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*.toml")}


def test_in_an_empty_folder_everything_works_without_options(desk: Desk, tmp_path: Path) -> None:
    done = desk.init(tmp_path)
    assert inside(tmp_path) == {"c.toml", "c-checks/first.toml", "canary.toml"}
    assert done.output.splitlines()[-1] == "Next: hokusai-canary run"
    valid = desk.types(tmp_path, "validate")
    assert (valid.exit_code, valid.stdout) == (0, "1 file is valid: c.toml\n")
    plan = desk.types(tmp_path, "plan")
    assert plan.exit_code == 0 and "api.tasks" in plan.output
    run = desk.types(tmp_path, "run", "--quiet")
    assert run.exit_code in (0, 1, 3), (
        run.output
    )  # it is moto's platform: what is found matters not
    report = json.loads((tmp_path / "out" / "c" / "report.json").read_text())
    assert report["run"]["environment"] == "c"
    assert [r["check_id"] for r in report["results"]] == ["api.tasks"]


def test_from_a_folder_below_it_is_found_too(desk: Desk, tmp_path: Path) -> None:
    desk.init(tmp_path)
    below = tmp_path / "src" / "shop"
    below.mkdir(parents=True)
    assert desk.types(below, "validate").stdout == "1 file is valid: c.toml\n"


def test_of_two_environments_the_name_says_which(desk: Desk, tmp_path: Path) -> None:
    desk.init(tmp_path)
    mark = (tmp_path / "canary.toml").read_text()
    done = desk.init(tmp_path, "--name", "staging")
    assert done.output.splitlines()[-1] == "Next: hokusai-canary run --environment staging.toml"
    assert (tmp_path / "canary.toml").read_text() == mark
    assert find("", "", tmp_path).names == ("c", "staging")
    assert desk.types(tmp_path, "validate", "-e", "staging").exit_code == 0
    assert "several environments" in desk.types(tmp_path, "plan").output


def test_a_home_that_has_an_environment_of_its_own_stays_as_it_is(
    desk: Desk, tmp_path: Path
) -> None:
    own = 'name = "own"\naccount = "111111111111"\nregion = "us-east-1"\ncluster = ""\n'
    own += '[services.web]\nurl = "https://web.example"\n'
    (tmp_path / "canary.toml").write_text(own)
    done = desk.init(tmp_path)
    assert (tmp_path / "canary.toml").read_text() == own
    assert done.output.splitlines()[-1] == "Next: hokusai-canary run --environment c.toml"


def test_in_the_environments_of_a_home_nothing_more_is_written(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "canary.toml").touch()
    done = desk.init(tmp_path, "--out", "environments")
    assert inside(tmp_path) == {
        "canary.toml", "environments/c.toml", "environments/c-checks/first.toml",
    }  # fmt: skip
    assert done.output.splitlines()[-1] == "Next: hokusai-canary run"


def test_a_folder_below_a_home_becomes_one(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "canary.toml").touch()
    (tmp_path / "team").mkdir()
    desk.init(tmp_path / "team")
    assert desk.types(tmp_path / "team", "validate").stdout == "1 file is valid: c.toml\n"


def test_a_home_that_is_named_holds_and_is_said(desk: Desk, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    desk.init(home)
    (tmp_path / "here").mkdir()
    done = desk.init(tmp_path / "here", "--name", "other", CANARY_HOME=str(home))
    assert done.output.splitlines()[-1] == "Next: hokusai-canary run --environment other.toml"


def test_an_environment_called_canary_is_the_mark_itself(desk: Desk, tmp_path: Path) -> None:
    desk.init(tmp_path, "--name", "canary")
    assert inside(tmp_path) == {"canary.toml", "canary-checks/first.toml"}
    assert desk.types(tmp_path, "validate").stdout == "1 file is valid: canary.toml\n"
