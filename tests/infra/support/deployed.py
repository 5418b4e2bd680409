"""The stack of a twin, deployed to that twin, and what a person may look at afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.aws.endpoint import Endpoint
from emulator.deploy import deploy
from infra import bundle
from tests.sandbox.support.twin import RunningTwin

ROOT = Path(__file__).resolve().parents[3]
STACK = "hokusai-canary-development"
LOG_GROUP = "/hokusai/canary/development"
ACCOUNT = "123456789012"
REGION = "us-east-1"
PACE = 10
# on a busy machine a run may take longer than a minute of a few seconds
COMPRESSED = {"lambda-throttles"}
MINUTE_S = 60 / PACE  # of the twin that the stack is deployed to


def context(environments: str) -> dict[str, str]:
    """Return the context that lets this machine run the bundle, and the emulator the template."""
    return {
        "environments": environments,
        "python": "{}.{}".format(*sys.version_info),
        "architecture": bundle.machine(),
        "bootstrap-version-rule": "false",
    }


def synthesize(environments: str, out: Path) -> subprocess.CompletedProcess[str]:
    """Run `python app.py` as the CDK's command line does."""
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(context(environments)),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


def until(holds: Callable[[], Any], seconds: float, what: str) -> None:
    """Wait until something holds; what it is stands in the failure."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A stack in a twin. `ears` are queues that hear the topics, by "page" and "ticket"."""

    twin: RunningTwin
    template: dict[str, Any]
    physical: dict[str, str]
    outputs: dict[str, str]
    ears: dict[str, str]

    def client(self, service: str) -> Any:
        """Return a client of the operator."""
        return self.twin.client(service)

    def states(self) -> dict[str, str]:
        """Return the state of every alarm of the stack by its name without the prefix."""
        pages = self.client("cloudwatch").get_paginator("describe_alarms")
        found = pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"], AlarmNamePrefix=STACK)
        return {
            alarm["AlarmName"].removeprefix(f"{STACK}-"): alarm["StateValue"]
            for page in found
            for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])
        }

    def ringing(self) -> set[str]:
        """Return the names of the alarms that ring, but for those of compressed time."""
        return {n for n, state in self.states().items() if state == "ALARM"} - COMPRESSED

    def heard(self, topic: str) -> list[tuple[str, str]]:
        """Return (alarm, new state) of every alarm's message to a topic since the last look."""
        sqs, found = self.client("sqs"), []
        while True:
            answer = sqs.receive_message(QueueUrl=self.ears[topic], MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                sqs.delete_message(
                    QueueUrl=self.ears[topic], ReceiptHandle=message["ReceiptHandle"]
                )
                text = json.loads(message["Body"])["Message"]
                if text.startswith('{"AlarmName"'):  # the canary's own messages come here too
                    told = json.loads(text)
                    name = told["AlarmName"].removeprefix(f"{STACK}-")
                    found.append((name, told["NewStateValue"]))

    def hears(self, topic: str) -> list[tuple[str, str]]:
        """Wait for a message, then a little for more that should not come; return them all."""
        found: list[tuple[str, str]] = []
        until(lambda: found.extend(self.heard(topic)) or found, 20, f"a message to {topic}")
        time.sleep(2)
        return found + self.heard(topic)

    def log(self, group: str = LOG_GROUP) -> list[dict[str, Any]]:
        """Return every JSON line of a log group, by default the function's."""
        pages = self.client("logs").get_paginator("filter_log_events")
        lines = (e["message"] for p in pages.paginate(logGroupName=group) for e in p["events"])
        return [json.loads(line) for line in lines if line.startswith("{")]

    def runs(self) -> list[dict[str, Any]]:
        """Return the log's line of every run, oldest first."""
        found = (line for line in self.log() if line.get("message") == "run finished")
        return sorted(found, key=lambda line: str(line["run_id"]))  # streams come in any order

    def invoke(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Invoke the function, once no other run holds it; return its answer and new log lines.

        The answer of a failed invocation has its kind under "FunctionError".
        """
        answers: list[Any] = []
        until(lambda: answers or self._invoked(answers), 60, "the scheduled run is over")
        [(before, answer)] = answers
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            payload["FunctionError"] = answer["FunctionError"]
        return payload, self.log()[before:]

    def _invoked(self, answers: list[Any]) -> bool:
        client, before = self.client("lambda"), self._settled_log()
        with contextlib.suppress(client.exceptions.TooManyRequestsException):
            answers.append((before, client.invoke(FunctionName=STACK, Payload=b"{}")))
        return bool(answers)

    def _settled_log(self) -> int:
        """Return how long the log is, once what earlier runs wrote has arrived."""
        before, now = -1, len(self.log())
        while now != before:
            time.sleep(0.5)
            before, now = now, len(self.log())
        return now

    def configure(self, variables: dict[str, str] | None = None, **changes: Any) -> None:
        """Change the function's configuration as a person does: its environment starts anew.

        Values that AWS would refuse, as too little memory, are passed on.
        """
        client = self.twin.client("lambda", parameter_validation=False)
        known = client.get_function_configuration(FunctionName=STACK)["Environment"]["Variables"]
        turn = str(int(known.get("TURN", "0")) + 1)
        kept = {**known, **(variables or {}), "TURN": turn}
        client.update_function_configuration(
            FunctionName=STACK, Environment={"Variables": kept}, **changes
        )

    def schedule(self, **changes: Any) -> dict[str, Any]:
        """Change the schedule as a person does; return it as it was."""
        scheduler = self.client("scheduler")
        before: dict[str, Any] = scheduler.get_schedule(Name=f"{STACK}-every", GroupName=STACK)
        kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State")
        if changes:
            scheduler.update_schedule(**{**{k: before[k] for k in kept}, **changes})
        return before


def following(file: Path, folder: Path, *, follow: bool) -> Path:
    """Write a copy of an environment's file that follows changes, or does not.

    Each check has an alarm in it: which of them rings is what the tests look at.
    """
    folder.mkdir()
    copy, said = folder / file.name, f"follow_changes = {str(follow).lower()}"
    text = file.read_text()
    assert text.count("[deployment]\n") == 1
    text = text.replace("[deployment]\n", f"[deployment]\n{said}\n")
    copy.write_text(f'profile = "full"\n{text}')
    return copy


def deploy_to(twin: RunningTwin, out: Path, *, follow: bool = False) -> Deployed:
    """Synthesize the twin's own environment, deploy it there and listen to its topics.

    It follows changes only where that is asked for: a test counts the runs of the schedule.
    """
    own = Path(twin.state.environment_file)
    file = following(own, out.parent / "environments", follow=follow)
    done = synthesize(str(file), out)
    assert done.returncode == 0, done.stderr
    endpoint = Endpoint(url=twin.state.aws_endpoint_url, region=twin.state.region)
    outputs = deploy(out, STACK, endpoint)
    rows = twin.client("cloudformation").describe_stack_resources(StackName=STACK)
    return Deployed(
        twin=twin,
        template=json.loads((out / f"{STACK}.template.json").read_text()),
        physical={r["LogicalResourceId"]: r["PhysicalResourceId"] for r in rows["StackResources"]},
        outputs=outputs,
        ears={
            name: _listen(twin, outputs[f"{name.title()}Topic"], name)
            for name in ("page", "ticket")
        },
    )


def _listen(twin: RunningTwin, topic: str, name: str) -> str:
    url = str(twin.client("sqs").create_queue(QueueName=f"ear-{name}")["QueueUrl"])
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:ear-{name}"
    twin.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url
