"""The network interface through which a function reaches its VPC.

Source: the Lambda guide, "Giving Lambda functions access to resources in an Amazon VPC". AWS makes
the interfaces with the function; here the first invocation does.
"""

from __future__ import annotations

import functools
import threading
import uuid
from typing import Any

from emulator.aws.interfaces import LAMBDA, ec2, free_address
from emulator.network.addresses import VPC_PREFIX

_UUID = 36
_lock = threading.Lock()


def address(model: Any) -> str:
    """Return the address of a function in its VPC; nothing when it is in none."""
    config = model._vpc_config or {}
    subnets, groups = config.get("SubnetIds") or [], config.get("SecurityGroupIds") or []
    with _lock:
        for interface in interfaces(model.function_name):
            here = interface.subnet.id in subnets
            if here and {one.id for one in interface.group_set} == set(groups):
                return str(interface.private_ip_address)
            ec2().enis.pop(interface.id, None)
        return _made(model.function_name, subnets, groups)


def _made(name: str, subnets: list[str], groups: list[str]) -> str:
    by_id = {one.id: one for zone in list(ec2().subnets.values()) for one in list(zone.values())}
    for subnet in [by_id[ident] for ident in subnets if ident in by_id]:
        if subnet.cidr_block.startswith(VPC_PREFIX):
            described = f"{LAMBDA}-{name}-{uuid.uuid4()}"
            free = free_address(subnet.id)
            made = ec2().create_network_interface(
                subnet, free, group_ids=list(groups), description=described
            )
            made.interface_type = "lambda"
            return free
    return ""


def interfaces(name: str) -> list[Any]:
    """Return the interfaces that were made for a function."""
    head = f"{LAMBDA}-{name}-"
    return [
        one
        for one in list(ec2().enis.values())
        if str(one.description).startswith(head) and len(one.description) == len(head) + _UUID
    ]


@functools.cache
def install() -> None:
    """Take a function's interfaces away with it; call once."""
    from moto.awslambda.models import LambdaBackend

    delete = LambdaBackend.delete_function

    def delete_function(self: Any, function_name: str, *rest: Any, **more: Any) -> None:
        delete(self, function_name, *rest, **more)
        for interface in interfaces(function_name.rpartition(":function:")[2].partition(":")[0]):
            ec2().enis.pop(interface.id, None)

    LambdaBackend.delete_function = delete_function  # type: ignore[method-assign]
