"""Resource types for schedules, asynchronous invocation and function aliases."""

from __future__ import annotations

from emulator.aws.inside import call, client
from emulator.cloudformation.plug import Kind, Made, Request


def put_group(request: Request) -> Made:
    """AWS::Scheduler::ScheduleGroup."""
    if not request.before:
        given = {**request.properties, "Name": request.name}
        call(request.region, "scheduler", "create_schedule_group", **given)
    arn = f"arn:aws:scheduler:{request.region}:{request.account}:schedule-group/{request.name}"
    return Made(physical_id=request.name, attributes={"Arn": arn})


def remove_group(request: Request) -> None:
    """AWS::Scheduler::ScheduleGroup."""
    client("scheduler", request.region).delete_schedule_group(Name=request.before)


def put_schedule(request: Request) -> Made:
    """AWS::Scheduler::Schedule; an update replaces every field."""
    operation = "update_schedule" if request.before else "create_schedule"
    given = {**request.properties, "Name": request.name}
    answer = call(request.region, "scheduler", operation, **given)
    return Made(physical_id=request.name, attributes={"Arn": answer["ScheduleArn"]})


def remove_schedule(request: Request) -> None:
    """AWS::Scheduler::Schedule."""
    group = request.properties.get("GroupName") or "default"
    client("scheduler", request.region).delete_schedule(Name=request.before, GroupName=group)


def put_invoke_config(request: Request) -> Made:
    """AWS::Lambda::EventInvokeConfig."""
    if request.before:  # moto keeps every version and shows the first
        remove_invoke_config(request)
    call(request.region, "lambda", "put_function_event_invoke_config", **request.properties)
    return Made(physical_id=request.before or request.name)


def remove_invoke_config(request: Request) -> None:
    """AWS::Lambda::EventInvokeConfig."""
    name = request.properties["FunctionName"]
    client("lambda", request.region).delete_function_event_invoke_config(FunctionName=name)


def put_alias(request: Request) -> Made:
    """AWS::Lambda::Alias."""
    operation = "update_alias" if request.before else "create_alias"
    arn = call(request.region, "lambda", operation, **request.properties)["AliasArn"]
    return Made(physical_id=arn, attributes={"AliasArn": arn})


def remove_alias(request: Request) -> None:
    """AWS::Lambda::Alias."""
    given = request.properties
    client("lambda", request.region).delete_alias(
        FunctionName=given["FunctionName"], Name=given["Name"]
    )


KINDS = (
    Kind(type="AWS::Scheduler::ScheduleGroup", put=put_group, remove=remove_group, name="Name"),
    Kind(type="AWS::Scheduler::Schedule", put=put_schedule, remove=remove_schedule, name="Name"),
    Kind(type="AWS::Lambda::EventInvokeConfig", put=put_invoke_config, remove=remove_invoke_config),
    Kind(type="AWS::Lambda::Alias", put=put_alias, remove=remove_alias, name="Name"),
)
