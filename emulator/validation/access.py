"""What IAM and security groups refuse beyond their models: quotas, protocols, peers, words.

Sources: "IAM and AWS STS quotas"; EC2's AuthorizeSecurityGroupIngress and IpPermission, and its
list of error codes; texts as the services word them.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

from emulator.settings import ACCOUNT, REGION

Refusal = tuple[str, str] | None
Params = dict[str, Any]
INLINE_MOST, ATTACHED_MOST = 10_240, 10
PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "-1", "all")
GROUP_ID = re.compile(r"sg-[0-9a-f]{8,17}")
NO_PEER = "Missing source specification: include source security group or CIDR information"
OTHER_NETWORK = "You have specified two resources that belong to different networks."
DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
BAD_DESCRIPTION = (
    "Invalid rule description. Valid descriptions are strings less than 256 characters from the "
    "following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)
PEERS = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")


def put_role_policy(given: Params) -> Refusal:
    """Refuse inline policies that are too large together; white space does not count."""
    role = _role(given)
    if role is None:
        return None
    others = {name: text for name, text in role.policies.items() if name != given["PolicyName"]}
    size = sum(len(_packed(text)) for text in (*others.values(), given["PolicyDocument"]))
    if size <= INLINE_MOST:
        return None
    name = given["RoleName"]
    return "LimitExceeded", f"Maximum policy size of {INLINE_MOST} bytes exceeded for role {name}"


def attach_role_policy(given: Params) -> Refusal:
    """Refuse more managed policies than a role may have."""
    role = _role(given)
    if role is None or given["PolicyArn"] in role.managed_policies:
        return None
    if len(role.managed_policies) < ATTACHED_MOST:
        return None
    return "LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {ATTACHED_MOST}"


def _packed(text: Any) -> str:
    return re.sub(r"\s", "", text if isinstance(text, str) else json.dumps(text))


def _role(given: Params) -> Any:
    from moto.iam.models import iam_backends

    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    return next((one for one in roles if one.name == given["RoleName"]), None)


def authorize(given: Params) -> Refusal:
    """Refuse rules that EC2 cannot read, and peers of another network."""
    ident = given.get("GroupId")
    if ident and not GROUP_ID.fullmatch(ident):
        return "InvalidGroupId.Malformed", f'Invalid id: "{ident}" (expecting "sg-...")'
    for rule in given.get("IpPermissions") or []:
        if refused := _protocol(str(rule.get("IpProtocol"))) or _peers(rule, _network(ident)):
            return refused
    return None


def _protocol(name: str) -> Refusal:
    if name.lower() in PROTOCOLS or (name.isdecimal() and int(name) <= 255):
        return None
    text = f"Invalid value '{name}' for IP protocol. Unknown protocol."
    return "InvalidParameterValue", text


def _peers(rule: Params, network: str) -> Refusal:
    if not any(rule.get(kind) for kind in PEERS):
        return "MissingParameter", NO_PEER
    for kind, key, version in (("IpRanges", "CidrIp", 4), ("Ipv6Ranges", "CidrIpv6", 6)):
        for one in rule.get(kind) or []:
            if not _is_block(str(one.get(key)), version):
                return "InvalidParameterValue", f"CIDR block {one.get(key)} is malformed"
    for pair in rule.get("UserIdGroupPairs") or []:
        theirs = _network(pair.get("GroupId"))
        if network and theirs and theirs != network:
            return "InvalidGroup.NotFound", OTHER_NETWORK
    texts = [one.get("Description") or "" for kind in PEERS for one in rule.get(kind) or []]
    if not all(DESCRIPTION.fullmatch(text) for text in texts):
        return "InvalidParameterValue", BAD_DESCRIPTION
    return None


def _is_block(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).version == version and "/" in text
    except ValueError:
        return False


def _network(group_id: Any) -> str:
    """Return the VPC of a security group; nothing for one that is not there."""
    from moto.ec2.models import ec2_backends

    for by_id in list(ec2_backends[ACCOUNT][REGION].groups.values()):
        if group_id in by_id:
            return str(by_id[group_id].vpc_id or "")
    return ""


CHECKS: dict[tuple[str, str], Callable[[Params], Refusal]] = {
    ("iam", "PutRolePolicy"): put_role_policy,
    ("iam", "AttachRolePolicy"): attach_role_policy,
    ("ec2", "AuthorizeSecurityGroupIngress"): authorize,
    ("ec2", "AuthorizeSecurityGroupEgress"): authorize,
}
