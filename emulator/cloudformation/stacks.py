"""Stacks, change sets and custom resources that moto handles incorrectly."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

from emulator.aws.inside import client


@functools.cache
def install() -> None:
    """Patch moto's CloudFormation."""
    _unknown_types_fail()
    _failed_stacks_go()
    _what_was_removed_comes_back()
    _change_sets()
    _custom_resources()
    _termination_protection()


def _unknown_types_fail() -> None:
    """Let a type that is not emulated fail the deployment instead of being skipped."""
    from moto.cloudformation import parsing
    from moto.cloudformation.exceptions import ValidationError
    from moto.cloudformation.models import Stack

    parsing.NULL_MODELS.append("AWS::CDK::Metadata")
    original = parsing.resource_class_from_type

    def resource_class_from_type(resource_type: str) -> Any:
        known = (
            resource_type in parsing.NULL_MODELS
            or resource_type.startswith("Custom::")
            or resource_type in parsing.get_model_map()
        )
        if not known:
            raise ValidationError(
                message=f"Template format error: Unrecognized resource types: [{resource_type}]"
            )
        return original(resource_type)

    patched: Any = parsing
    patched.resource_class_from_type = resource_class_from_type
    stack: Any = Stack
    stack.stack_resources = property(lambda self: [r for r in self.resource_map.values() if r])


def _failed_stacks_go() -> None:
    """Remove a stack that could not be created, and answer its failure instead of a 500."""
    from moto.cloudformation.models import CloudFormationBackend

    backend: Any = CloudFormationBackend
    create, change = backend.create_stack, backend.update_stack
    execute = backend.execute_change_set

    def create_stack(self: Any, *rest: Any, **named: Any) -> Any:
        before = set(self.stacks)
        try:
            return create(self, *rest, **named)
        except Exception as error:
            for stack_id in set(self.stacks) - before:
                failed = self.stacks.pop(stack_id)
                with contextlib.suppress(Exception):  # what was made so far; best effort
                    failed.resource_map.delete()
            raise _told(error) from error

    def update_stack(self: Any, *rest: Any, **named: Any) -> Any:
        try:
            return change(self, *rest, **named)
        except Exception as error:
            raise _told(error) from error

    def execute_change_set(self: Any, *rest: Any, **named: Any) -> Any:
        try:
            return execute(self, *rest, **named)
        except Exception as error:
            raise _told(error) from error

    backend.create_stack = create_stack
    backend.update_stack = update_stack
    backend.execute_change_set = execute_change_set


def _what_was_removed_comes_back() -> None:
    """Take resources away last, as AWS's clean-up does, and make them anew if they come again.

    moto removes first, while others still refer to them; and it keeps what it removed, and then
    takes it for made.
    """
    from moto.cloudformation.parsing import ResourceMap

    kept: Any = ResourceMap
    original = kept.update

    def update(self: Any, template: dict[str, Any], *rest: Any, **named: Any) -> None:
        new, before = template["Resources"], dict(self._resource_json_map)
        gone = {name: before[name] for name in before if name not in new}
        if gone:
            original(self, {**template, "Resources": {**new, **gone}}, *rest, **named)
        original(self, template, *rest, **named)
        for name in gone:
            self._parsed_resources.pop(name, None)

    kept.update = update


def _told(error: Exception) -> Exception:
    """Return CloudFormation's error for a failure; moto's own errors stay unchanged."""
    from moto.cloudformation.exceptions import ValidationError
    from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    if isinstance(error, HTTPException | ServiceException):
        return error
    return ValidationError(message=f"Resource handler failed: {type(error).__name__}: {error}")


def _change_sets() -> None:
    """Let deleting an absent change set succeed, and describing it raise ChangeSetNotFound."""
    from moto.cloudformation.exceptions import ValidationError
    from moto.cloudformation.models import CloudFormationBackend

    backend: Any = CloudFormationBackend
    describe, delete = backend.describe_change_set, backend.delete_change_set

    def describe_change_set(self: Any, change_set_name: str, *rest: Any, **named: Any) -> Any:
        try:
            return describe(self, change_set_name, *rest, **named)
        except ValidationError as error:
            error.code = "ChangeSetNotFound"
            error.message = f"ChangeSet [{change_set_name}] does not exist"
            raise

    def delete_change_set(self: Any, change_set_name: str, *rest: Any, **named: Any) -> None:
        names = {c.change_set_name for c in self.change_sets.values()}
        if change_set_name in self.change_sets or change_set_name in names:
            delete(self, change_set_name, *rest, **named)

    backend.describe_change_set = describe_change_set
    backend.delete_change_set = delete_change_set


def _termination_protection() -> None:
    """Add the call that the CDK's command line makes after a deployment, which moto lacks."""
    from moto.cloudformation.responses import CloudFormationResponse
    from moto.core.responses import ActionResult

    def update_termination_protection(self: Any) -> Any:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection")
        return ActionResult({"StackId": stack.stack_id})

    response: Any = CloudFormationResponse
    response.update_termination_protection = update_termination_protection


def _custom_resources() -> None:
    """Carry out the CDK's custom resources here, which are Node.js functions on AWS."""
    from moto.cloudformation.custom_model import CustomModel as _CustomModel
    from moto.cloudformation.models import cloudformation_backends
    from moto.moto_api._internal import mock_random

    model: Any = _CustomModel

    def create(
        _cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str,
        region_name: str, **rest: Any,
    ) -> Any:  # fmt: skip
        made = model(region_name, str(mock_random.uuid4()), rest["LogicalId"], resource_name)
        stack = cloudformation_backends[account_id][region_name].get_stack(rest["StackId"])
        stack.add_custom_resource(made)
        data: dict[str, Any] = {}
        if rest["ResourceType"] == "Custom::LogRetention":
            data = _log_retention(cloudformation_json["Properties"], region_name)
            made.resource_name = data["LogGroupName"]
        made.set_data(data)
        return made

    def update(_cls: Any, /, original_resource: Any, *_: Any, **__: Any) -> Any:
        return original_resource

    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)


def _log_retention(given: dict[str, Any], region: str) -> dict[str, Any]:
    logs, group = client("logs", region), given["LogGroupName"]
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    if days := given.get("RetentionInDays"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=int(days))
    return {"LogGroupName": group}
