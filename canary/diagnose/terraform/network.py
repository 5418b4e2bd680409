"""Rules of security groups as blocks: one for each peer, as the provider recommends."""

from __future__ import annotations

from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.remedies.network import EGRESS, INGRESS
from canary.diagnose.terraform.draft import Draft, Resource
from canary.diagnose.terraform.hcl import NotWholeError
from canary.diagnose.terraform.shapes import Body, argument

_TYPE = "aws_vpc_security_group_{}_rule"
_PEERS = (
    ("IpRanges", "CidrIp", "cidr_ipv4"),
    ("Ipv6Ranges", "CidrIpv6", "cidr_ipv6"),
    ("PrefixListIds", "PrefixListId", "prefix_list_id"),
    ("UserIdGroupPairs", "GroupId", "referenced_security_group_id"),
)
_INLINE = (
    "A group whose block has rules in it removes this one: add the rule to that block instead."
)


def authorized(draft: Draft, edit: Edit) -> None:
    """Draft the rules that the fix gives a group."""
    direction = INGRESS if edit.operation.endswith(INGRESS) else EGRESS
    group = edit.parameters["GroupId"]
    for permission in edit.parameters["IpPermissions"]:
        if not any(permission.get(kind) for kind, _, _ in _PEERS):
            raise NotWholeError("a permission without a peer")
        for kind, key, name in _PEERS:
            for peer in permission.get(kind, ()):
                source = name, _peer(draft, group, key, peer)
                _add(draft, group, direction, permission, source, peer)


def _add(
    draft: Draft,
    group: str,
    direction: str,
    permission: Parameters,
    source: tuple[str, str],
    peer: Parameters,
) -> None:
    protocol = str(permission["IpProtocol"])
    body: Body = [argument("security_group_id", group), argument("ip_protocol", protocol)]
    if protocol != "-1":
        if "FromPort" not in permission or "ToPort" not in permission:
            raise NotWholeError("a permission without its ports")
        body += [
            argument("from_port", permission["FromPort"]),
            argument("to_port", permission["ToPort"]),
        ]
    body.append(argument(*source))
    if peer.get("Description"):
        body.append(argument("description", peer["Description"]))
    known = draft.case.security_group(group)
    kind = _TYPE.format(direction)
    port = permission.get("FromPort", "all")
    draft.add(
        Resource(
            type=kind,
            name=draft.name(kind, known.name if known else group, direction, port),
            noun="rule of the security group",
            body=body,
            note=_INLINE,
        )
    )


def _peer(draft: Draft, group: str, key: str, peer: Parameters) -> str:
    """Return a peer; a group of another account or over a peering has no block."""
    known = draft.case.security_group(group)
    own = known.owner if known and known.owner else draft.case.environment.account
    if peer.get("UserId") not in (None, own) or peer.get("VpcPeeringConnectionId"):
        raise NotWholeError("a group of another account")
    if not peer.get(key):
        raise NotWholeError("a group that is named by its name alone")
    return str(peer[key])
