"""The harmless changes of the matrix, in their order, and which a world cannot have."""

from __future__ import annotations

from sandbox.world.world import World
from tests.worlds import changes
from tests.worlds import traffic_changes as traffic
from tests.worlds.changes import Named, main_service

CHANGES = (
    Named("scale out", changes.scaled(1)),
    Named("drain a target", traffic.drained),
    Named("scale in", changes.scaled(0)),
    Named("roll out a revision", changes.rolled()),
    Named("a revision of the same content", changes.same_again),
    Named("replace the tasks", changes.replaced),
    Named("renew the certificate", changes.renewed),
    Named("tag rules and a service", changes.tagged),
    Named("describe a security group anew", changes.described_anew),
    Named("admit another range", changes.admitted),
    Named("an extra rule after the last", traffic.extra_rule),
    Named("delete the extra rule", traffic.no_extra_rule),
    Named("drain and idle times", traffic.patient),
    Named("a second group", traffic.green),
    Named("shift a tenth", traffic.shifted(10)),
    Named("shift all", traffic.shifted(100)),
    Named("shift all back", traffic.shifted(0)),
    Named("store a secret again", changes.secret_again),
    Named("rotate the log group", changes.logs_elsewhere),
    Named("scale out all services", changes.scaled(1, everything=True)),
)
ROLLED = ("roll out a revision", "a revision of the same content", "replace the tasks",
          "rotate the log group")  # fmt: skip
ALONE = ("scale out", "roll out a revision", "a revision of the same content",
         "replace the tasks", "renew the certificate", "tag rules and a service",
         "describe a security group anew", "admit another range", "an extra rule after the last",
         "drain and idle times", "store a secret again", "rotate the log group")  # fmt: skip
"""Changes that need none of those before them."""
SHIFTED = ("a second group", "shift a tenth", "shift all", "shift all back")


def cannot(world: World, change: str) -> str:
    """Return why a world cannot have a change, "" if it can."""
    listeners = [x for b in world.balancers.values() for x in b.listeners.values()]
    if change == "renew the certificate" and all(x.protocol != "HTTPS" for x in listeners):
        return "it has no HTTPS"
    details = main_service(world).details
    controller = details.get("deploymentController", {}).get("type", "ECS")
    if change in (*ROLLED, *SHIFTED) and controller != "ECS":
        return f"{controller} deploys the service"
    if change in SHIFTED and ("loadBalancers" in details or "deploymentConfiguration" in details):
        return "the service shifts its traffic itself"
    return ""


def wanted(world: World) -> list[Named]:
    """Return the changes that a world can have."""
    return [each for each in CHANGES if not cannot(world, each.name)]
