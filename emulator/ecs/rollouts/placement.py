"""Why no task of a service can be placed, in AWS's words.

Sources: the ECS guide, "Amazon ECS service event messages" (unable to place a task: the limits on
tasks and vCPUs) and AWS's knowledge center, "How do I troubleshoot an Amazon ECS RunTask API for a
Fargate task that fails with a 'Capacity is unavailable' error?"; EC2's error codes
(InsufficientFreeAddressesInSubnet).
"""

from __future__ import annotations

from emulator.aws.interfaces import has_address

NO_CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different availability "
    "zone"
)
VCPU_LIMIT = "You've reached the limit on the number of vCPUs you can run concurrently"
TASK_LIMIT = "You've reached the limit on the number of tasks you can run concurrently"
NO_ADDRESS = (
    "Unexpected EC2 error while attempting to Create Network Interface{public} in subnet "
    "'{subnet}': InsufficientFreeAddressesInSubnet"
)


class Capacity:
    """What AWS has for new tasks; a reason means that it has nothing."""

    def __init__(self) -> None:
        self.refusal = ""


CAPACITY = Capacity()


def refusal(subnet: str, *, public: bool) -> str:
    """Return why a task cannot be placed in a subnet, or nothing."""
    if CAPACITY.refusal or has_address(subnet):
        return CAPACITY.refusal
    assigned = " with public IP assignment enabled" if public else ""
    return NO_ADDRESS.format(public=assigned, subnet=subnet)
