"""How a new credential is stored: whose secret it is, and what else the secret holds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.control_plane.state import PlatformState, SecretState
from canary.diagnose.access import keys, new_key, unprotected
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs.secret_remedies import FRESH_S
from canary.model import Principal, Remedy, Result
from tests.canary.diagnose.access.test_keys import AUTH, REFUSED, REGISTRY, VALIDATE, asked, good
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, NAMES, case

SECRET = "mlflow/user"
ARN = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{SECRET}-AbCdEf"
USER = Principal(secret=SECRET, form="basic")
KEY = Principal(secret=SECRET, key="token")
SUMMARY = "No command is printed, because it would replace the whole value of mlflow/user, and"


def findings(*results: Result, state: PlatformState = HEALTHY, **who: Principal) -> list[Finding]:
    file = p.replace(ENVIRONMENT, principals={**ENVIRONMENT.principals, **who})
    return [*keys.rejected(case(state, None, *results, environment=file))]


def remedy(who: str, state: PlatformState = HEALTHY, **principals: Principal) -> Remedy:
    (found,) = findings(asked("a", 401, REFUSED, who=who), state=state, **principals)
    return found.remedy


def reading(*references: str) -> PlatformState:
    """Return the platform whose API gets variables from these secrets."""
    old = p.definition(NAMES, "registry")
    more = {f"V{n}": reference for n, reference in enumerate(references)}
    container = p.replace(old.containers[0], secrets={**old.containers[0].secrets, **more})
    return p.change(HEALTHY, "task_definitions", old.arn, containers=(container,))


# --- the whole value of a secret


@pytest.mark.parametrize(
    ("principal", "only"),
    [(USER, "username and password"),
     (Principal(secret=SECRET, form="basic", username_key="login", password_key="word"),
      "login and word"),
     (KEY, "token"), (Principal(secret=SECRET), "api_key")],
)  # fmt: skip
def test_a_command_that_replaces_a_whole_secret_says_so(principal: Principal, only: str) -> None:
    found = remedy("one", one=principal)
    assert "put-secret-value" in found.decision_command
    assert found.decision.endswith(
        f" The command replaces the whole value of the secret and leaves only {only} in it: if the"
        f" secret holds anything else, change {only} alone by hand, and keep the rest."
    )


def test_a_bare_value_has_nothing_beside_it() -> None:
    found = remedy("one", one=Principal(secret=SECRET, key=""))
    assert 'printf %s "$VALUE" |' in found.decision_command
    assert found.decision.endswith(
        "Type this command, then the key, which the terminal does not show."
    )


# --- what else is known of the secret


@pytest.mark.parametrize(
    ("reference", "read"),
    [(f"{ARN}:host::", "container hokusai-registry reads host"),
     (f"{ARN}:engine:AWSCURRENT:", "container hokusai-registry reads engine"),
     (f"{ARN}:username::", ""), (f"{ARN}:password::", ""),
     (ARN, "container hokusai-registry reads its whole value"),
     (f"{ARN}:::", "container hokusai-registry reads its whole value"),
     (ARN.replace("mlflow/user", "mlflow/users") + ":host::", ""),
     (ARN.replace("mlflow/user", "other") + ":host::", ""), ("/mlflow/user", "")],
)  # fmt: skip
@pytest.mark.parametrize("named", [SECRET, ARN])
def test_a_secret_that_tasks_read_further_keys_of_is_not_overwritten(
    reference: str, read: str, named: str
) -> None:
    found = remedy("user", reading(reference), user=p.replace(USER, secret=named))
    assert bool(found.decision_command) is not bool(read)
    assert ("Type this command" in found.decision) is not bool(read)
    if read:
        assert found.decision.endswith(
            f" No command is printed, because it would write the whole value of {named}, and"
            f" {read}. Change username and password alone, and keep the rest."
        )


def test_a_secret_is_known_by_the_name_that_aws_gives_it() -> None:
    bare = "arn:aws:secretsmanager:us-east-1:123456789012:secret:odd-name-AbCdEf"
    odd = SecretState(reference=f"{bare}:host::", exists=True, name="odd-name")
    same = SecretState(reference="odd-name", exists=True, name="odd-name")
    state = p.replace(reading(odd.reference), secrets=(odd, same))
    assert remedy("user", state, user=p.replace(USER, secret="odd-name")).decision_command == ""


# --- one secret of several principals


def test_the_refused_principal_says_how_its_secret_is_stored() -> None:
    same = p.replace(KEY, form="")
    found = remedy("second", first=Principal(generated="unknown", secret=SECRET, key="no"),
                   open=Principal(anonymous=True, secret=SECRET), second=same)  # fmt: skip
    assert """printf '{"token":"%s"}' "$VALUE" |""" in found.decision_command


@pytest.mark.parametrize("who", ["first", "second"])
@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (Principal(secret=SECRET, key="one"), Principal(secret=SECRET, key="two"),
         {"first": "principal second reads two. Change one alone, and keep the rest.",
          "second": "principal first reads one. Change two alone, and keep the rest."}),
        (USER, KEY,
         {"first": "principal second reads token. Change username and password alone, and keep"
                   " the rest.",
          "second": "principal first reads password and username. Change token alone, and keep"
                    " the rest."}),
        (Principal(secret=SECRET, key=""), p.replace(KEY, secret=ARN),
         {"first": "principal second reads token. Store the key in a secret of its own, and"
                   " name that in the environment file.",
          "second": "principal first reads its whole value. Change token alone, and keep the"
                    " rest."}),
    ],
)  # fmt: skip
def test_principals_with_different_keys_of_one_secret_get_a_decision(
    first: Principal, second: Principal, says: dict[str, str], who: str
) -> None:
    found = remedy(who, first=first, second=second)
    assert (found.decision_command, found.fix) == ("", ())
    assert found.decision.endswith(says[who])
    assert "Type this command" not in found.decision


def test_principals_with_the_same_keys_of_one_secret_share_a_command() -> None:
    found = remedy("second", first=KEY, second=p.replace(KEY, reason=""))
    assert """printf '{"token":"%s"}' "$VALUE" |""" in found.decision_command


# --- who judges a pair


def judged(*results: Result) -> list[tuple[str, str, str]]:
    return [(f.service, f.resource, f.confidence.name) for f in findings(*results, user=USER)]


def test_the_service_that_refuses_a_pair_keeps_its_users_itself() -> None:
    one = asked("a", 401, REFUSED, who="user")
    assert judged(one) == [("registry", SECRET, "LIKELY")]
    assert judged(one, good(VALIDATE, who="user")) == [("registry", SECRET, "LIKELY")]
    assert judged(asked("a", 401, REFUSED, f"{AUTH}/x", who="user")) == [("auth", SECRET, "LIKELY")]
    (found,) = findings(one, user=USER)
    assert found.remedy.decision.startswith(
        "An administrator of registry sees whether the user is there, sets another password,"
    )
    logs = "aws logs tail /ecs/hokusai-registry-development --region us-east-1 --since 30m"
    assert found.remedy.inspect[1:] == (logs,)


def test_of_two_services_that_refuse_a_pair_the_one_behind_the_other_judges() -> None:
    inside = asked("m", 401, REFUSED, f"{AUTH}/x", who="user")
    assert judged(asked("a", 401, REFUSED, who="user"), inside) == [("auth", SECRET, "LIKELY")]


def test_a_pair_and_a_key_that_are_refused_are_two_findings() -> None:
    both = [asked("a", 401, REFUSED, who="user"), asked("b", 401, REFUSED)]
    assert judged(*both) == [
        ("auth", "canary/valid", "LIKELY"), ("registry", SECRET, "LIKELY")
    ]  # fmt: skip
    first, second = findings(*both, user=USER)
    assert first.summary.startswith("The key of principal valid is refused")
    assert second.summary.startswith("The user of principal user is refused: user or password")


def test_a_pair_that_may_not_is_judged_where_it_is_refused() -> None:
    file = p.replace(ENVIRONMENT, principals={**ENVIRONMENT.principals, "user": USER})
    results = [asked("a", 403, who="user"), asked("b", 403, url=f"{REGISTRY}/y")]
    found = keys.scope(case(HEALTHY, None, *results, environment=file))
    assert [(f.service, f.resource) for f in found] == [
        ("auth", "canary/valid"), ("registry", SECRET)
    ]  # fmt: skip


def test_a_revoked_user_that_is_let_in_is_accepted_by_the_service_that_lets_it_in() -> None:
    user = p.replace(USER, reason="it was revoked")
    file = p.replace(ENVIRONMENT, principals={**ENVIRONMENT.principals, "user": user})

    def found(*who: str) -> list[tuple[str, str, str]]:
        seen = [asked(n, 200, who=n, wanted="401") for n in who]
        told = unprotected.unprotected(case(HEALTHY, None, *seen, environment=file))
        return [(f.cause, f.service, f.summary) for f in told]

    old_user = ("revoked-key-accepted", "registry", "A revoked user is accepted.")
    old_key = ("revoked-key-accepted", "auth", "A revoked key is accepted.")
    assert found("user") == [old_user]
    assert found("revoked") == [old_key]
    assert found("revoked", "user") == [old_key, old_user]


def test_a_secret_that_is_gone_is_made_anew_where_nobody_reads_more_of_it() -> None:
    file = p.replace(ENVIRONMENT, principals={**ENVIRONMENT.principals, "user": USER})

    def made(state: PlatformState) -> Remedy:
        return new_key.missing_key(case(state, None, environment=file), SECRET, ["user"])

    alone = made(reading(f"{ARN}:username::"))
    assert "aws secretsmanager create-secret --region us-east-1 --name mlflow/user" in (
        alone.decision_command
    )
    assert alone.decision == (
        "An administrator makes the key and stores it. Type this command, then the user name and"
        " the password, a line each; the terminal does not show the password."
    )
    shared = made(reading(f"{ARN}:host::", f"{ARN}:engine::"))
    assert shared.decision_command == ""
    assert shared.decision.endswith(
        " and container hokusai-registry reads engine and host. Make the secret with all of it."
    )


def test_a_secret_that_is_there_and_lacks_the_text_is_not_created_again() -> None:
    file = p.replace(ENVIRONMENT, principals={**ENVIRONMENT.principals, "user": USER})

    def told(who: str, name: str) -> tuple[str, str]:
        state = p.replace(HEALTHY, secrets=(secret(name, version_before=""),))
        remedy = new_key.missing_key(case(state, None, environment=file), name, [who])
        return remedy.decision, remedy.decision_command

    decision, command = told("user", SECRET)
    assert "aws secretsmanager put-secret-value --region us-east-1 --secret-id mlflow/user" in (
        command
    )
    assert decision.startswith(
        "The secret is there. If it holds the credential under another name, say so in the"
        " environment file: username_key and password_key in [principals.user]. Else: An"
    )
    decision, command = told("valid", "canary/valid")
    assert "put-secret-value" in command and "create-secret" not in command
    assert 'environment file: key (key = "": its whole value) in [principals.valid]' in decision


# --- the state of a secret


def secret(reference: str = "canary/valid", **more: Any) -> SecretState:
    known = {"exists": True, "version_before": "v1", "changed_at": p.ago(30), **more}
    return SecretState(reference=reference, **known)


def seen(*secrets: SecretState) -> list[tuple[str, str]]:
    known = case(p.replace(HEALTHY, secrets=secrets))
    lines = new_key.key_evidence(known, "canary/valid")
    return [(line.seen, line.at) for line in lines]


def test_only_a_secret_of_its_own_name_tells_of_a_key() -> None:
    other = secret("canary/other", exists=False, detail="gone")
    changed = ("has another value since the last day", p.ago(30))
    assert seen(other, secret()) == [changed]
    assert seen(other) == seen() == []
    assert seen(secret(exists=False, detail="marked for deletion"), other) == [
        ("marked for deletion", "")
    ]
    assert seen(secret(version_before="")) == []
    known = case(p.replace(HEALTHY, secrets=(other, secret())))
    assert new_key.state_of(known, "canary/valid") == secret()
    assert new_key.state_of(known, "canary/none") is None


def test_a_change_counts_for_a_day() -> None:
    def at(seconds: float) -> bool:
        when = (p.NOW - dt.timedelta(seconds=seconds)).isoformat()
        return seen(secret(changed_at=when)) != []

    assert (at(FRESH_S - 1), at(FRESH_S)) == (True, False)


def test_a_key_that_the_file_generates_is_known_to_nobody() -> None:
    failed = asked("a", 401, REFUSED, who="unknown", wanted="403")
    (found,) = keys.rejected(case(HEALTHY, None, failed))
    assert (found.resource, found.shown_failures) == ("unknown", 3)
    assert (found.remedy.fix, found.remedy.summary) == (
        (), "Let the check send a key that the auth service knows.",
    )  # fmt: skip
    assert found.remedy.decision == (
        "The environment file generates the key of principal unknown, so nobody knows it: name a"
        " principal with a secret in the check, or decide what the check shall expect."
    )
