"""Checks come from several sets, shipped or the owner's, and from the environment's own file."""

from __future__ import annotations

from pathlib import Path

import pytest

from canary.config import ConfigError, load, problems_of
from canary.config.check_sets import files_of
from infra import bundle

MLFLOW = (Path(__file__).parents[3] / "docs/examples/any-mlflow.toml").read_text()


def block(ident: str, runbook: str = "") -> str:
    written = f'runbook = "{runbook}"\n' if runbook else ""
    return (
        f'[[check]]\nid = "{ident}"\ntitle = "The web answers"\nkind = "endpoint"\n'
        f'suite = "endpoints"\nservice = "mlflow"\nseverity = "low"\n{written}'
        '[check.spec]\npath = "/web"\n'
    )


def environment(folder: Path, sets: str, blocks: str = "") -> Path:
    """Write an environment of any MLflow whose checks are given."""
    folder.mkdir(parents=True, exist_ok=True)
    line = f"checks = {sets}" if sets else ""
    (folder / "team.toml").write_text(MLFLOW.replace('checks = "mlflow"', line) + blocks)
    return folder / "team.toml"


def ids(file: Path) -> set[str]:
    return {c.id for c in load(str(file)).checks}


def own(folder: Path, name: str, text: str) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_several_sets_hold_together(tmp_path: Path) -> None:
    own(tmp_path, "checks/web.toml", block("web.page"))
    own(tmp_path, "checks/api.toml", block("web.api"))
    own(tmp_path, "one.toml", block("web.one"))
    file = environment(tmp_path, '["mlflow", "./checks", "./one.toml"]', block("web.own"))
    found = ids(file)
    assert {"web.page", "web.api", "web.one", "web.own"} < found
    assert {"mlflow.health", "registration.model"} < found


def test_a_text_is_a_list_of_one(tmp_path: Path) -> None:
    own(tmp_path, "checks/web.toml", block("web.page"))
    assert ids(environment(tmp_path, '"./checks"')) == {"web.page"}


def test_blocks_alone_are_all_checks_there_are(tmp_path: Path) -> None:
    file = environment(tmp_path, "", block("web.own") + block("web.other"))
    assert ids(file) == {"web.own", "web.other"}


def test_blocks_may_be_called_checks_where_no_set_is_named(tmp_path: Path) -> None:
    text = block("web.own").replace("[[check]]", "[[checks]]").replace("[check.", "[checks.")
    assert ids(environment(tmp_path, "", text)) == {"web.own"}


def test_a_set_above_is_relative_to_the_file(tmp_path: Path) -> None:
    own(tmp_path, "checks/web.toml", block("web.page"))
    file = environment(tmp_path / "environments", '["../checks"]')
    assert ids(file) == {"web.page"}


@pytest.mark.parametrize(
    ("sets", "problem"),
    [
        (
            '["mlflo"]',
            "no set mlflo (there are: hokusai, mlflow; a folder or file of yours begins with ./)",
        ),
        ('["./nowhere"]', "./nowhere: no such folder or file"),
        ('["./empty"]', "./empty: no check file (*.toml) in this folder"),
        ('["/checks"]', "/checks: must be relative to this file"),
    ],
)
def test_a_set_that_is_not_there_is_named(sets: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError) as caught:
        load(str(environment(tmp_path, sets)))
    assert caught.value.problems == [f"team.toml: checks: {problem}"]


def test_the_wrong_type_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(str(environment(tmp_path, "[1]")))
    assert caught.value.problems == ["team.toml: checks[0]: expected str, got int"]


def test_a_problem_in_a_set_names_its_file_below_the_environment(tmp_path: Path) -> None:
    own(tmp_path, "checks/web.toml", block("web.page").replace('"low"', '"none"'))
    own(tmp_path, "checks/bad.toml", "nothing")
    bad, wrong = problems_of(environment(tmp_path, '["./checks"]'))
    assert bad.startswith("checks/bad.toml: not valid TOML: ")
    assert wrong == "checks/web.toml: web.page: severity: invalid enum value 'none'"


def test_a_check_of_two_sets_is_named_with_both(tmp_path: Path) -> None:
    own(tmp_path, "checks/web.toml", block("web.page"))
    file = environment(tmp_path, '["./checks"]', block("web.page"))
    assert problems_of(file) == ["team.toml: web.page: id: is already used in checks/web.toml"]


def test_a_runbook_is_a_file_beside_a_link_or_none(tmp_path: Path) -> None:
    own(tmp_path, "checks/web.md", "# Web\n\n## Slow ##\n")
    own(tmp_path, "help.md", "# Help\n")
    link = "https://wiki.example/web"
    own(
        tmp_path,
        "checks/web.toml",
        block("web.beside", "web.md#slow") + block("web.link", link) + block("web.none"),
    )
    file = environment(tmp_path, '["./checks"]', block("web.own", "help.md"))
    books = {c.id: c.runbook for c in load(str(file)).checks}
    assert books == {
        "web.beside": "checks/web.md#slow",
        "web.link": link,
        "web.none": "",
        "web.own": "help.md",
    }


def test_a_runbook_that_is_not_there_is_named(tmp_path: Path) -> None:
    own(tmp_path, "checks/web.toml", block("web.page", "gone.md"))
    assert problems_of(environment(tmp_path, '["./checks"]')) == [
        "checks/web.toml: web.page: runbook: gone.md does not exist"
    ]


PAGE = '# Slow\n\n### What to do: HTTP 503?\n\n<a id="own-name"></a>\n\n#no-heading\n'


@pytest.mark.parametrize("section", ["slow", "Slow", "what-to-do-http-503", "own-name"])
def test_a_section_of_a_runbook_is_a_heading_or_a_name(tmp_path: Path, section: str) -> None:
    own(tmp_path, "help.md", PAGE)
    file = environment(tmp_path, "[]", block("web.page", f"help.md#{section}"))
    assert [c.runbook for c in load(str(file)).checks] == [f"help.md#{section}"]


@pytest.mark.parametrize("section", ["slow-", "what-to-do", "no-heading"])
def test_a_section_that_a_runbook_lacks_is_named(tmp_path: Path, section: str) -> None:
    own(tmp_path, "help.md", PAGE)
    file = environment(tmp_path, "[]", block("web.page", f"help.md#{section}"))
    assert problems_of(file) == [f"team.toml: web.page: runbook: help.md has no section #{section}"]


def test_the_zip_has_the_sets_of_the_owner_where_the_function_reads_them(tmp_path: Path) -> None:
    own(tmp_path, "checks/web.toml", block("web.page"))
    own(tmp_path, "environments/one.toml", block("web.one"))
    file = environment(tmp_path / "environments", '["mlflow", "../checks", "./one.toml"]')
    inside = tmp_path / "zip"
    for path, place in files_of(file):
        own(inside, str(place), path.read_text())
    own(inside, "team.toml", file.read_text())
    assert {str(p) for _, p in files_of(file)} == {"_above/checks/web.toml", "one.toml"}
    there = {c.id for c in load(str(inside / "team.toml"), authoring=False).checks}
    assert there == ids(file) and {"web.page", "web.one"} < there


def test_a_bundle_is_made_anew_when_a_set_of_the_owner_changes(tmp_path: Path) -> None:
    path = own(tmp_path, "checks/web.toml", block("web.page"))
    file = environment(tmp_path, '["./checks"]')
    target = bundle.Target(architecture="arm64", python="3.99")
    before = bundle.sum_of_inputs(target, file)
    path.write_text(block("web.other"))
    assert bundle.sum_of_inputs(target, file) != before
