"""An environment whose services speak plain HTTP: what asks for TLS is left out by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from canary.config import ENVIRONMENTS, ConfigError, load
from canary.config.left_out import NO_TLS
from canary.model import Config

HTTPS_OF_REGISTRY = (
    "registry.certificate",
    "registry.certificate-expiry",
    "registry.certificate-renewal",
    "registry.https-redirect",
)


@pytest.fixture
def plain(tmp_path: Path) -> Config:
    """The platform with a registry that is reached over plain HTTP."""
    text = (ENVIRONMENTS / "development.toml").read_text()
    path = tmp_path / "plain.toml"
    path.write_text(text.replace('"https://registry.hokus.ai"', '"http://registry.hokus.ai"'))
    return load(str(path))


def test_checks_of_certificate_and_redirect_are_left_out_with_the_reason(plain: Config) -> None:
    assert plain.environment.disable == dict.fromkeys(HTTPS_OF_REGISTRY, NO_TLS)
    whole = {c.id for c in load("development").checks}
    assert whole - {c.id for c in plain.checks} == set(HTTPS_OF_REGISTRY)


def test_what_needed_the_certificate_runs_without_it(plain: Config) -> None:
    now = {c.id: c.needs for c in plain.checks}
    before = {c.id: c.needs for c in load("development").checks if c.id in now}
    gone = set(HTTPS_OF_REGISTRY)
    assert now == {i: tuple(n for n in needs if n not in gone) for i, needs in before.items()}
    assert now["registry.live"] == ()
    assert now["auth.health"] == ("auth.certificate",)


@pytest.mark.parametrize("url", ["http://[::1", "https://[", "HTTP://", "htp:/"])
def test_a_url_that_is_none_is_told_by_file_and_key(url: str, tmp_path: Path) -> None:
    text = (ENVIRONMENTS / "development.toml").read_text()
    path = tmp_path / "bad.toml"
    path.write_text(text.replace('"https://registry.hokus.ai"', f'"{url}"'))
    with pytest.raises(ConfigError) as error:
        load(str(path))
    assert any(x.startswith("bad.toml: services.registry.url") for x in error.value.problems)


def test_a_reason_of_the_environment_stays(tmp_path: Path) -> None:
    text = (ENVIRONMENTS / "development.toml").read_text()
    text = text.replace('"https://registry.hokus.ai"', '"http://registry.hokus.ai"')
    path = tmp_path / "plain.toml"
    path.write_text(text + '\n[disable]\n"registry.https-redirect" = "another team\'s"\n')
    assert load(str(path)).environment.disable["registry.https-redirect"] == "another team's"
