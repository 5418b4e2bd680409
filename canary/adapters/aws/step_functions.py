"""Execute the state machine of a run over several functions.

Needs states:ListExecutions and states:StartExecution on the machine, and states:DescribeExecution
on its executions.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from canary.adapters.aws.lambda_invoke import Busy, Invoked, InvokeError, summarized

RUNNING = "RUNNING"
OVERLAPPING = "Lambda.TooManyRequestsException"
"""Error of an execution whose first or last step found the function busy with another run."""


def execute(client: Any, arn: str, event: dict[str, Any], tick: Callable[[], bool]) -> Invoked:
    """Start an execution and wait for its end; raises Busy or InvokeError.

    `tick` waits a little and returns whether there is time left to wait on.
    """
    name = arn.rpartition(":")[2]
    try:
        # Step Functions allows two executions at once, and two runs would disturb each other
        if client.list_executions(stateMachineArn=arn, statusFilter=RUNNING)["executions"]:
            raise Busy(f"{name} is at work")
        started = client.start_execution(
            stateMachineArn=arn,
            name=f"gate-{uuid.uuid4()}",  # a request sent twice starts one execution
            input=json.dumps(event),
        )["executionArn"]
        found = client.describe_execution(executionArn=started)
        while found["status"] == RUNNING and tick():
            found = client.describe_execution(executionArn=started)
    except (ClientError, BotoCoreError) as error:
        raise InvokeError(f"{name}: {error}") from error
    return _concluded(name, started, found)


def _concluded(name: str, started: str, found: dict[str, Any]) -> Invoked:
    if found["status"] == "SUCCEEDED":
        return summarized(name, str(found.get("output", "")))
    if found["status"] == RUNNING:
        raise InvokeError(f"{name} did not come to its end in time: {started}")
    if found.get("error") == OVERLAPPING:
        raise Busy(str(found.get("cause", OVERLAPPING)))
    why = ": ".join(str(found[key]) for key in ("error", "cause") if found.get(key))
    raise InvokeError(f"{name} ended {found['status']}: {why[:600] or started}")
