"""A corpus of secrets as others write them is masked, and harmless texts are kept."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from canary.observe.logs import scrub
from canary.redaction.patterns import mask_arguments, mask_foreign
from tests.canary.redaction.corpus import (
    drawn,
    harmless,
    secrets_as_others_write_them,
    secrets_by_kind,
)
from tests.canary.redaction.kinds import KINDS

SECRETS = (*secrets_as_others_write_them(), *secrets_by_kind())
HARMLESS = tuple(harmless())
DOCUMENT = Path(__file__).parents[3] / "docs" / "security.md"


def test_every_secret_of_the_corpus_is_masked() -> None:
    assert len(SECRETS) >= 300
    shown = []
    for text, secret in SECRETS:
        masked = mask_foreign(text)
        if any(secret[n : n + 6] in masked for n in range(len(secret) - 5)):
            shown.append((text, masked))
    assert shown == []


def test_every_harmless_text_is_kept() -> None:
    assert len(HARMLESS) >= 300
    assert [(t, mask_foreign(t)) for t in HARMLESS if mask_foreign(t) != t] == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_several_forms_and_harmless_texts_beside(kind: str) -> None:
    forms, alike = KINDS[kind]
    assert len(forms) >= 3 and len(alike) >= 3


def test_the_document_has_the_figures_of_today() -> None:
    masked = sum(secret not in mask_foreign(text) for text, secret in SECRETS)
    kept = sum(mask_foreign(text) == text for text in HARMLESS)
    found = re.search(
        r"Measured by `test_corpus\.py`: (\d+) of (\d+) secrets .* (\d+) of (\d+) harmless",
        DOCUMENT.read_text(encoding="utf-8"),
    )
    assert found and [int(n) for n in found.groups()] == [
        masked, len(SECRETS), kept, len(HARMLESS),
    ]  # fmt: skip


def test_a_secret_that_the_cut_goes_through_is_masked() -> None:
    for name, before in itertools.product(("password", "secretKey"), (360, 380, 392)):
        secret = drawn(40)
        line = scrub("x" * before + json.dumps({name: secret + '"' + secret}))
        assert not any(secret[n : n + 4] in line for n in range(37)), line


def test_the_arguments_of_a_command_are_masked_one_by_one() -> None:
    secret = drawn(24)
    given = ("serve", "--db-password", secret, "--token", secret, "--port", "8000",
             f"--api-key={secret}", "sh", "-c", f"PGPASSWORD={secret} run --workers 4")  # fmt: skip
    assert mask_arguments(given) == (
        "serve", "--db-password", "***", "--token", "***", "--port", "8000", "--api-key=***",
        "sh", "-c", "PGPASSWORD=*** run --workers 4",
    )  # fmt: skip
    assert mask_arguments(("serve", "--tokenize", "yes")) == ("serve", "--tokenize", "yes")
    for given, shown in (
        (("redis-cli", "-a", secret, "ping"), ("redis-cli", "-a", "***", "ping")),
        (("CMD", "curl", "-u", f"admin:{secret}"), ("CMD", "curl", "-u", "admin:***")),
        (("CMD", "curl", "--user", f"a:{secret}", "x"), ("CMD", "curl", "--user", "a:***", "x")),
        (
            ("mysqladmin", "ping", "-uroot", f"-p{secret}"),
            ("mysqladmin", "ping", "-uroot", "-p***"),
        ),
        (("redis-server", "--requirepass", secret), ("redis-server", "--requirepass", "***")),
        (("run", "-u", "1000:1000", "-p", "8000"), ("run", "-u", "1000:1000", "-p", "8000")),
    ):
        assert mask_arguments(given) == shown
    assert quote(secret) == secret
