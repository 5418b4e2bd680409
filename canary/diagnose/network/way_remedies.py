"""What to do about a hop that stops a connection: AWS's own documented answer, by its names.

What stood there before is known only from a run with failures, so a person decides.
https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html
https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

from __future__ import annotations

from canary.control_plane.way import Hop, Stop
from canary.diagnose.core.case import Case
from canary.diagnose.core.decisions import joined
from canary.model import Remedy


def decision(case: Case, stop: Stop, names: str) -> Remedy:
    """Return the remedy of a hop: commands that show it, and the decision that is left."""
    show = _show(case, stop)
    words = _words(stop, names) + _there(case, stop)
    return Remedy(summary=_summary(stop), inspect=show, verify=show, decision=words)


def _there(case: Case, stop: Stop) -> str:
    """Return which NAT gateways are available where a route is missing or leads to one gone."""
    network = case.state.network
    if network is None or stop.hop not in (Hop.ROUTE, Hop.NAT):
        return ""
    vpcs = {
        t.vpc_id
        for t in network.route_tables
        if t.id == stop.resource or any(r.target == stop.resource for r in t.routes)
    }
    serving = [
        n.id
        for n in network.nat_gateways
        if (n.state, n.connectivity) == ("available", "public") and n.vpc_id in vpcs
    ]
    return f" Available in its VPC: {joined(serving[:3])}." if serving else ""


def _show(case: Case, stop: Stop) -> tuple[str, ...]:
    """Return the commands that show the hop, and what a route leads to."""
    tables = {"route_table_ids": [stop.resource]}
    match stop.hop:
        case Hop.ACL:
            return (case.aws("ec2", "describe-network-acls", network_acl_ids=[stop.resource]),)
        case Hop.NAT:
            ids = [stop.resource]
            return (
                case.aws("ec2", "describe-nat-gateways", nat_gateway_ids=ids),
                case.aws("ec2", "describe-route-tables"),
            )
        case Hop.ENDPOINT if stop.resource.startswith("vpce-"):
            ids = [stop.resource]
            return (case.aws("ec2", "describe-vpc-endpoints", vpc_endpoint_ids=ids),)
        case Hop.ROUTE if stop.resource.startswith("rtb-"):
            return (
                case.aws("ec2", "describe-route-tables", **tables),
                case.aws("ec2", "describe-nat-gateways"),
            )
        case _:
            return (
                case.aws("ec2", "describe-vpc-endpoints"),
                case.aws("ec2", "describe-route-tables"),
            )


def _summary(stop: Stop) -> str:
    if stop.hop is Hop.NAT:
        return f"Lead the routes of {stop.resource} to a NAT gateway that is available."
    what = {
        Hop.ACL: "Let the connection pass",
        Hop.ROUTE: "Give the route back",
        Hop.ENDPOINT: "Give the endpoint back",
    }
    return f"{what.get(stop.hop, 'Open the way')}: {stop.resource}."


def _words(stop: Stop, names: str) -> str:
    match stop.hop:
        case Hop.ACL if stop.entry:
            direction = "outbound" if stop.egress else "inbound"
            return (
                f"Rule {stop.entry.number} ({direction}) of {stop.resource} stops {names}. Decide"
                " whether it shall: if not, delete it, or give a rule with a smaller number that"
                " allows just this traffic. ACLs are stateless: answers need ports 1024-65535."
            )
        case Hop.ACL:
            direction = "outbound" if stop.egress else "inbound"
            return (
                f"No {direction} rule of {stop.resource} lets {names} pass. Decide which"
                " rule it shall have, for these addresses and ports alone. ACLs are stateless:"
                " the port must pass in one direction, and answers on 1024-65535 in the other."
            )
        case Hop.NAT:
            return (
                f"{stop.resource} does not come back. Create a NAT gateway in a public subnet with"
                " an Elastic IP address, then replace the target of each route that leads to"
                f" {stop.resource}. Of a failed one, mend first what its failure code names."
            )
        case Hop.ENDPOINT:
            return (
                f"Decide on the way of {names}: the endpoint (available, with private DNS, in the"
                " tasks' subnets, its group open on 443 to them), or a route to a NAT gateway."
            )
        case _:
            return _of_route(stop, names)


def _of_route(stop: Stop, names: str) -> str:
    if stop.route and stop.route.state == "blackhole":
        return (
            f"The target {stop.route.target} of {stop.route.destination} is gone. Decide to what"
            f" {stop.resource} shall lead instead, and replace the route."
        )
    if stop.route:
        return (
            f"{stop.route.target} serves public addresses alone. Decide: run the tasks in subnets"
            " with a route to a NAT gateway, or assign them public addresses."
        )
    return (
        f"Decide to what {stop.resource} shall lead, for the way of {names}: a private subnet has"
        " its route to a NAT gateway, a public one to an internet gateway. Endpoints in the VPC"
        " are another way, to AWS alone."
    )
