"""A role that lost a right gets back the policies that it had, and no further right."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from canary.control_plane.state import IamRole, PlatformState
from canary.diagnose import diagnose
from canary.model import Remedy
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.commands import faults_of, parameters

NAMES = faults.NAMES
ROLE = "arn:aws:iam::123456789012:role/service/start"
AWS_OWN = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
Document = dict[str, Any]


def allow(*actions: str, on: str = "arn:aws:secretsmanager:us-east-1:1:secret:one-*") -> Document:
    return {"Effect": "Allow", "Action": list(actions), "Resource": [on]}


def document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/registry:7"
PULL = allow("ecr:BatchGetImage", on="*")
READ = allow("secretsmanager:GetSecretValue")
ALL, PULLS = document(PULL, READ), document(PULL)


def with_role(state: PlatformState, role: IamRole | None) -> PlatformState:
    definitions = tuple(p.replace(d, execution_role=ROLE) for d in state.task_definitions)
    roles = (role,) if role else ()
    return p.replace(state, task_definitions=definitions, roles=roles)


def role(attached: tuple[str, ...] = (), **policies: Document) -> IamRole:
    return IamRole(arn=ROLE, policies=policies, attached=attached)


def naming(state: PlatformState, secret: str) -> PlatformState:
    secrets = {"TOKEN": f"arn:aws:secretsmanager:us-east-1:1:secret:{secret}:k::"}
    named = tuple(
        p.replace(d, containers=(p.replace(d.containers[0], secrets=secrets, image=IMAGE),))
        for d in state.task_definitions
    )
    return p.replace(state, task_definitions=named)


def refusing(state: PlatformState, action: str) -> PlatformState:
    """Return a platform whose stopped task of the API was denied this action."""
    (api,) = [s for s in state.ecs_services if s.name == NAMES.of("registry")]
    words = f"AccessDeniedException: User x is not authorized to perform: {action}"
    tasks = tuple(p.replace(t, stopped_reason=words) for t in api.tasks)
    return faults.service(state, "registry", tasks=tasks)


def remedy(
    was: IamRole | None,
    now: IamRole | None,
    older: str = "one-AbCdEf",
    denied: str = "secretsmanager:GetSecretValue",
) -> Remedy:
    """Return the remedy; `older`: the secret that the revision before names."""
    state, results = faults.plant(faults.by_id("api-role-denied"))
    state = refusing(state, denied)
    state, before = naming(state, "one-AbCdEf"), naming(p.healthy(NAMES), older)
    good = {d.arn for d in before.task_definitions}
    kept = tuple(d for d in state.task_definitions if d.arn not in good)
    state = p.replace(state, task_definitions=(*before.task_definitions, *kept))
    state, before = with_role(state, now), with_role(before, was)
    found = diagnose(results, state, p.environment(NAMES), before, p.NOW).diagnoses[0]
    assert found.cause == "execution-role-denied"
    assert all(faults_of(line) == "" for line in (*found.remedy.fix, *found.remedy.undo))
    return found.remedy


def policies(remedy: Remedy) -> list[Document]:
    return [parameters(line) for line in remedy.fix if " put-role-policy " in line]


def compact(value: Document) -> str:
    return json.dumps(value, separators=(",", ":"))


def test_the_policy_comes_back_as_it_was_under_its_own_name() -> None:
    found = remedy(role(base=ALL), role(base=PULLS))
    (put,) = policies(found)
    assert (put["PolicyName"], put["PolicyDocument"]) == ("base", compact(ALL))
    (back,) = [parameters(line) for line in found.undo if " put-role-policy " in line]
    assert back["PolicyDocument"] == compact(PULLS)


def test_several_policies_come_back_and_a_lost_one_is_deleted_by_the_way_back() -> None:
    found = remedy(role(a=document(READ), b=ALL, c=PULLS), role(b=PULLS, c=PULLS))
    assert [(x["PolicyName"], x["PolicyDocument"]) for x in policies(found)] == [
        ("a", compact(document(READ))), ("b", compact(ALL)),
    ]  # fmt: skip
    assert sum(" delete-role-policy " in line for line in found.undo) == 1


@pytest.mark.parametrize(
    ("was", "now"),
    [(None, None), (None, role(base=PULLS)), (role(base=ALL), None)],
    ids=["neither", "no baseline", "not read now"],
)
def test_where_nobody_knows_the_policies_the_revisions_references_are_granted(
    was: IamRole | None, now: IamRole | None
) -> None:
    (put,) = policies(remedy(was, now))
    unread = "" if now else r"-[0-9a-f]{8}"
    assert re.fullmatch(f"registry-read-at-start{unread}", put["PolicyName"])
    assert put["PolicyDocument"] == compact(
        document(
            allow(
                "secretsmanager:GetSecretValue",
                on="arn:aws:secretsmanager:us-east-1:1:secret:one-AbCdEf",
            )
        )
    )


def test_a_reading_that_ended_at_its_bound_is_no_baseline() -> None:
    cut = p.replace(role(base=ALL), bounded=("policies",))
    (put,) = policies(remedy(cut, role(base=PULLS)))
    assert put["PolicyName"] == "registry-read-at-start"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (allow("iam:PassRole", on="*"), "iam:PassRole again"),
        (allow("secretsmanager:*"), "secretsmanager:* again"),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "all but what it names"),
        ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}, "s3:GetObject again"),
    ],
    ids=["another right", "a wildcard", "all but", "a text"],
)
def test_a_right_that_no_start_needs_is_not_given_back(more: Document, why: str) -> None:
    found = remedy(role(base=document(PULL, READ, more)), role(base=PULLS))
    assert found.fix == () and why in found.decision


def test_what_the_role_still_has_may_be_anything() -> None:
    kept = allow("iam:PassRole", on="*")
    (put,) = policies(remedy(role(base=document(kept, READ)), role(base=document(kept))))
    assert put["PolicyDocument"] == compact(document(kept, READ))


def test_a_role_whose_policies_are_as_they_were_gets_no_further_right() -> None:
    found = remedy(role(base=ALL), role(base=ALL))
    assert found.fix == ()
    assert found.decision.startswith("The policies of start are as they were while all was well.")


def test_a_revision_that_names_another_secret_goes_back_alone() -> None:
    found = remedy(role(base=ALL), role(base=ALL), older="two-AbCdEf")
    (line,) = found.fix
    assert parameters(line)["taskDefinition"] == NAMES.revision("registry", 7)


def test_awss_own_policy_is_attached_again() -> None:
    denied = "ecr:GetAuthorizationToken"
    found = remedy(role((AWS_OWN,), base=ALL), role((), base=ALL), denied=denied)
    (attach,) = [line for line in found.fix if " attach-role-policy " in line]
    assert parameters(attach) == {"RoleName": "start", "PolicyArn": AWS_OWN}
    assert any(" detach-role-policy " in line for line in found.undo)


def test_a_managed_policy_that_was_not_read_is_a_decision() -> None:
    other = "arn:aws:iam::123456789012:policy/more"
    found = remedy(role((other,), base=ALL), role((), base=ALL))
    assert found.fix == () and f"what {other} allows was not read" in found.decision


SECRET = "arn:aws:secretsmanager:us-east-1:1:secret:one-AbCdEf"
PAYROLL = document(
    allow("secretsmanager:GetSecretValue", "kms:Decrypt", on=f"{SECRET[:-10]}payroll-AbCdEf")
)
DENY = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}
LOGS = allow("logs:PutLogEvents", on="*")


def test_awss_own_policy_stays_away_where_another_right_is_denied() -> None:
    found = remedy(role((AWS_OWN,), base=ALL), role((), base=PULLS))
    assert [x["PolicyName"] for x in policies(found)] == ["base"]
    assert not any(" attach-role-policy " in line for line in found.fix)


def test_a_policy_for_something_else_stays_away() -> None:
    found = remedy(role(base=ALL, legacy=PAYROLL), role(base=PULLS))
    assert [x["PolicyName"] for x in policies(found)] == ["base"]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (role(base=ALL, legacy=PAYROLL), role(base=ALL)),
        (role(base=ALL), role(base=document(PULL, READ, DENY))),
        (role(base=ALL), role(base=ALL, guard=document(DENY))),
        (role(base=document(PULL, READ, LOGS)), role(base=ALL)),
        (role((AWS_OWN,), base=ALL), role(base=ALL)),
    ],
    ids=["another secret", "a new Deny", "a new policy", "another family", "AWS's own"],
)
def test_where_no_right_is_lost_that_the_start_lacks_nothing_comes_back(
    was: IamRole, now: IamRole
) -> None:
    found = remedy(was, now)
    assert found.fix == ()
    assert found.decision.startswith(
        "The policies of start changed since all was well, but it lost"
    )


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        (ALL, document(PULL, DENY), "drop a statement"),
        (ALL, document(PULL, allow("s3:GetObject", on="*")), "drop a statement"),
        (document(PULL, allow("secretsmanager:GetSecretValue", on="*")),
         document(PULL, allow("secretsmanager:GetSecretValue", on=f"{SECRET}-two")),
         "drop a statement"),
        (document(PULL, allow("secretsmanager:GetSecretValue", on="*"), PAYROLL["Statement"][0]),
         document(PULL, PAYROLL["Statement"][0]), "* again, of which the role has a part now"),
        (document(READ, PAYROLL["Statement"][0]), PULLS, "payroll-AbCdEf again"),
    ],
    ids=["a Deny", "a new right", "narrowed", "the narrow one stays", "another secret beside it"],
)  # fmt: skip
def test_a_policy_that_somebody_changed_on_purpose_is_a_decision(
    was: Document, now: Document, why: str
) -> None:
    found = remedy(role(base=was), role(base=now))
    assert found.fix == () and why in found.decision


def test_the_rest_of_a_policy_that_was_split_is_a_decision() -> None:
    every, one = (allow("secretsmanager:GetSecretValue", on=x) for x in ("*", f"{SECRET}-two"))
    found = remedy(role(base=document(every)), role(narrow=document(one)))
    assert found.fix == () and "of which the role has a part now" in found.decision


# --- the role's own policy


def test_a_later_denial_overwrites_no_policy_that_a_fix_gave() -> None:
    names = {
        "ecr:BatchGetImage": "registry-pull-at-start",
        "logs:PutLogEvents": "registry-log-at-start",
        "secretsmanager:GetSecretValue": "registry-read-at-start",
    }
    for action, name in names.items():
        (put,) = policies(remedy(None, role(base={**PULLS, "Statement": []}), denied=action))
        assert put["PolicyName"] == name


def test_a_role_that_was_not_read_keeps_a_policy_of_any_content() -> None:
    """Its name tells the content: the same start makes the same name, another one another."""
    one, same = (policies(remedy(None, None))[0] for _ in range(2))
    other = policies(remedy(None, None, denied="ecr:BatchGetImage"))[0]
    assert one == same
    assert one["PolicyName"].rpartition("-")[2] != other["PolicyName"].rpartition("-")[2]


def test_what_the_own_policy_has_stays_in_it() -> None:
    older = document({"Sid": "x", **allow("secretsmanager:GetSecretValue", on=f"{SECRET}-old")})
    now = role(**{"registry-read-at-start": older})
    found = remedy(None, now)
    (put,) = policies(found)
    assert put["PolicyDocument"] == compact(
        document(*older["Statement"], allow("secretsmanager:GetSecretValue", on=SECRET))
    )
    (back,) = [parameters(line) for line in found.undo if " put-role-policy " in line]
    assert back["PolicyDocument"] == compact(older)


def test_an_own_policy_that_has_all_is_not_put_again() -> None:
    whole = document(allow("secretsmanager:GetSecretValue", on=SECRET))
    found = remedy(None, role(**{"registry-read-at-start": whole}))
    assert found.fix == ()
    assert found.decision.startswith(
        "start has a policy that allows what the task definition names"
    )
