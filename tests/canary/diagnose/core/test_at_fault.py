"""Which services an answer implicates and which it blames: tables of plain values."""

from __future__ import annotations

import re

import pytest

from canary.diagnose.core import blame
from canary.diagnose.core.at_fault import blamed, implicated
from canary.diagnose.core.symptoms import Symptom
from canary.model import Environment, Exchange, Role, Service
from tests.canary.support import platforms as p
from tests.canary.support.servers.toolbox import environment

S = Symptom

SERVICES = {
    "shop": Service(
        url="https://shop.example.com", container="shop-web",
        depends_on=("sign-in", "models", "queue"),
    ),
    "sign-in": Service(role=Role.IDENTITY, depends_on=("users",), discovery="sign-in.local"),
    "users": Service(role=Role.DATABASE, port=5432),
    "models": Service(role=Role.MLFLOW, depends_on=("runs",), url="https://models.example.com"),
    "runs": Service(role=Role.DATABASE, port=5433),
    "queue": Service(role=Role.CACHE, port=6379, discovery="queue.local"),
    "mailer": Service(port=8025),
    "letters": Service(depends_on=("mailer",)),
}  # fmt: skip
ALL = {"shop", "sign-in", "users", "models", "runs", "queue"}


def platform() -> Environment:
    return environment(services=SERVICES)


def answer(body: str, status: int = 503, **more: str) -> Exchange:
    return p.answer("https://shop.example.com/", status, body, **more)


@pytest.mark.parametrize(
    ("symptom", "entry", "found"),
    [
        (S.AUTH_UNAVAILABLE, "shop", {"sign-in", "users"}),
        (S.AUTH_UNAVAILABLE, "models", {"models", "runs"}),  # it uses no auth service
        (S.UPSTREAM_UNREACHABLE, "shop", {"shop", "models", "runs"}),
        (S.UPSTREAM_SLOW, "shop", {"shop", "models", "runs"}),
        (S.BREAKER_OPEN, "shop", {"shop", "models", "runs"}),
        (S.ARTIFACTS, "shop", {"shop", "models", "runs"}),
        (S.ARTIFACTS, "sign-in", {"sign-in"}),
        (S.DATABASE_AUTH, "shop", {"shop", "users", "runs"}),
        (S.DATABASE_SCHEMA, "sign-in", {"sign-in", "users"}),
        (S.REFUSED, "shop", {"shop"}),
        (S.TLS, "shop", {"shop"}),
        (S.APP_5XX, "shop", ALL),
        (S.BALANCER_503, "shop", ALL),
        (S.NOT_READY, "shop", ALL),  # no word of which dependency
    ],
)
def test_whose_outage_can_look_like_this(symptom: S, entry: str, found: set[str]) -> None:
    assert implicated(platform(), symptom, entry, "", answer("down")) == found


def test_a_document_that_names_a_dependency_implicates_that_one() -> None:
    document = answer('{"checks": {"database": "ok", "cache": "unhealthy"}}')
    assert implicated(platform(), S.NOT_READY, "shop", "", document) == {"queue"}
    assert implicated(platform(), S.NOT_READY, "shop", "mlflow is not ready", None) == {
        "models", "runs",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("symptom", "exchange", "text", "found"),
    [
        (S.APP_5XX, None, "redis", set()),
        (S.APP_5XX, answer("redis connection refused", 500), "", {"queue"}),
        (S.APP_5XX, answer("redis connection refused", 499), "", {"queue"}),  # an answer of DOWN
        (S.WRONG_ANSWER, answer("redis connection refused", 200), "", set()),
        (S.WRONG_ANSWER, answer("redis connection refused", 500), "", {"queue"}),
        (S.WRONG_ANSWER, answer("redis connection refused", 499), "", set()),
        (S.APP_5XX, answer("redis connection refused", 503, answered_by="balancer"), "", set()),
        (S.NO_ANSWER, p.none("https://shop.example.com/", "read-timeout"), "redis", set()),
        (S.NOT_READY, answer('{"ready": false}'), "cache down", {"queue"}),
        (S.APP_5XX, answer('{"ready": false}'), "cache down", set()),
        (S.UPSTREAM_SLOW, answer("timeout for mlflow"), "", {"models"}),
        (S.UPSTREAM_SLOW, answer("mlflow"), "", {"models"}),  # a word about one is enough
        (S.OWN_KEY_REFUSED, answer("redis: invalid api key"), "", {"queue"}),
        (S.APP_5XX, answer("mlflow"), "", set()),
    ],
)
def test_whom_an_answer_blames(
    symptom: S, exchange: Exchange | None, text: str, found: set[str]
) -> None:
    assert blamed(platform(), symptom, "shop", text, exchange) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('"mlflow": "unhealthy"', {"models"}),
        ('"mlflow": {"healthy": false}', {"models"}),
        ('{"name": "database", "passed": false}', {"users", "runs"}),
        ('"redis": "degraded"', {"queue"}),
        ('"redis": "error"', {"queue"}),
        ('"redis": "down"', {"queue"}),
        ('"redis": "failed"', {"queue"}),
        ('"redis": "disconnected"', {"queue"}),
        ('"redis": "open"', {"queue"}),
        ('"redis": "not_ready"', {"queue"}),
        ('"redis": "timeout"', {"queue"}),
        ('"redis": "ok"', set()),
        ('"redis": "ok", "mlflow": "down"', {"models"}),
        ("the cache failed", {"queue"}),
        ("redis: could not connect", {"queue"}),
        ("redis cannot be asked", {"queue"}),
        ("can't reach redis", {"queue"}),
        ("unable to ask redis", {"queue"}),
        ("redis is unavailable", {"queue"}),
        ("redis unreachable", {"queue"}),
        ("redis: reset by peer", {"queue"}),
        ("redis timed out", {"queue"}),
        ("redis time-out", {"queue"}),
        ("no route to redis", {"queue"}),
        ("redis did not respond", {"queue"}),
        ("redis: name or service not known", {"queue"}),
        ("redis service error", {"queue"}),
        ("redis connection error", {"queue"}),
        ("redis server error", {"queue"}),
        ("redis is slow", set()),
        ('{"redis": "ok", "note": "could not write"}', set()),  # in another value
        ("{redis}{failed}", set()),
        ('["redis","failed"]', set()),
        ("redis" + " " * 115 + "failed", {"queue"}),
        ("redis" + " " * 116 + "failed", set()),
        ("failed" + " " * 115 + "redis", {"queue"}),
        ("failed" + " " * 116 + "redis", set()),
        ("failed on port 6379", {"queue"}),
        ("failed: queue.local", {"queue"}),
        ("failed: 10.0.0.1:5433", {"runs"}),
        ("failed: 10.0.0.1:54331", set()),
        ("the database at port 5433 failed", {"runs"}),  # the word alone would be of both
        ("authentication failed", set()),  # the database says so of a password
        ("the auth service failed", {"sign-in"}),
        ("password authentication failed", set()),
        ("failed: queue", set()),  # a role's name in a sentence may be any word
        ("shop-web failed", set()),  # itself
    ],
)
def test_words_that_blame(body: str, found: set[str]) -> None:
    assert blame.blamed(platform(), "shop", answer(body)) == found


def test_an_answer_that_broke_off_blames_nobody() -> None:
    broken = p.none("https://shop.example.com/", "truncated", excerpt="redis failed")
    assert blame.blamed(platform(), "shop", broken) == set()
    assert blame.blamed(platform(), "shop", None) == set()


def test_of_a_dependency_and_what_it_needs_the_deeper_one_is_blamed() -> None:
    both = answer("mlflow failed: 10.0.0.1:5433 refused")
    assert blame.blamed(platform(), "shop", both) == {"runs"}


def test_a_service_without_a_role_is_named_by_its_name_and_its_port() -> None:
    said = [
        blame.blamed(platform(), "letters", answer(body))
        for body in ("mailer failed", "mailers failed", "port 8025 failed", "port 80255 failed")
    ]
    assert said == [{"mailer"}, set(), {"mailer"}, set()]


def test_what_a_text_is_about() -> None:
    about = [
        blame.about(platform(), name, text)
        for name, text in (
            ("queue", "the Redis server"), ("queue", "the queue"), ("queue", "the disc"),
            ("mailer", "the mailer"), ("mailer", "mailers"),
        )
    ]  # fmt: skip
    assert about == [True, True, False, True, False]


def test_the_ports_of_a_role_as_words() -> None:
    words = blame.port_words(platform(), Role.DATABASE)
    found = [bool(re.search(words, t)) for t in ("port 5432", ":5433/", "54321", "port 0")]
    assert found == [True, True, False, False]
    assert blame.port_words(platform(), Role.MLFLOW) == "(?!)"  # without a port
    assert blame.port_words(environment(services={}), Role.CACHE) == "(?!)"


def test_addresses_in_texts_and_of_services() -> None:
    assert blame.address_in("asked (https://a.example/x, twice)") == "https://a.example/x"
    assert blame.address_in("See HTTP://A.example/.") == "HTTP://A.example/"
    assert blame.address_in("nothing") == ""
    models = SERVICES["models"]
    assert blame.is_address_of(models, "https://models.example.com/api")
    assert not blame.is_address_of(models, "https://shop.example.com/")
    assert not blame.is_address_of(models, "no address")
    assert blame.is_address_of(SERVICES["queue"], "redis://queue.local:6379")
    assert blame.addresses_of(SERVICES["queue"]) == ("queue.local:6379",)
    assert blame.addresses_of(SERVICES["sign-in"]) == ("sign-in.local",)
    assert blame.addresses_of(models) == ("https://models.example.com",)
    assert blame.addresses_of(SERVICES["mailer"]) == ()
