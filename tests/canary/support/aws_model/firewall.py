"""Security groups as plain values: permissions, joined as EC2 describes them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PEERS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}
_SIDES = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


class FirewallError(Exception):
    """What EC2 answers to a call that it refuses."""


def where(permission: Json) -> tuple[str, int, int]:
    """Return a permission's protocol and ports; -1 for all."""
    protocol = str(permission["IpProtocol"])
    if protocol == "-1":
        return protocol, -1, -1
    return protocol, permission.get("FromPort", -1), permission.get("ToPort", -1)


class Firewall:
    """The calls of EC2 for security groups; `held` keeps them by id."""

    def __init__(self, held: Json) -> None:
        self.held = held

    def describe_security_groups(self, Filters: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Describe the groups of these ids or names."""
        keys = {"group-id": "GroupId", "group-name": "GroupName"}
        groups = self.held["guards"].values()
        return {"SecurityGroups": [g for g in groups if all(_fits(g, f, keys) for f in Filters)]}

    def authorize_security_group_ingress(self, GroupId: str, IpPermissions: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Let peers in."""
        return self._add(GroupId, "ingress", IpPermissions)

    def authorize_security_group_egress(self, GroupId: str, IpPermissions: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Let peers be reached."""
        return self._add(GroupId, "egress", IpPermissions)

    def revoke_security_group_ingress(self, GroupId: str, IpPermissions: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Let peers in no more."""
        return self._take(GroupId, "ingress", IpPermissions)

    def revoke_security_group_egress(self, GroupId: str, IpPermissions: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Let peers be reached no more."""
        return self._take(GroupId, "egress", IpPermissions)

    def _add(self, group: str, side: str, wanted: list[Json]) -> Json:
        there: list[Json] = self.held["guards"][group][_SIDES[side]]
        for permission in wanted:
            place = next((p for p in there if where(p) == where(permission)), None)
            if place is None:
                kept = {k: v for k, v in permission.items() if k not in PEERS}
                place = {**kept, **{kind: [] for kind in PEERS}}
                there.append(place)
            for kind, name in PEERS.items():
                for peer in permission.get(kind, []):
                    if any(p.get(name) == peer.get(name) for p in place[kind]):
                        raise FirewallError("InvalidPermission.Duplicate")
                    place[kind].append(peer)
        return {}

    def _take(self, group: str, side: str, wanted: list[Json]) -> Json:
        there: list[Json] = self.held["guards"][group][_SIDES[side]]
        for permission in wanted:
            place = next(p for p in there if where(p) == where(permission))
            for kind, name in PEERS.items():
                gone = {p.get(name) for p in permission.get(kind, [])}
                place[kind] = [p for p in place[kind] if p.get(name) not in gone]
            if not any(place[kind] for kind in PEERS):
                there.remove(place)
        return {}


def _fits(group: Json, wanted: Json, keys: dict[str, str]) -> bool:
    return group[keys[wanted["Name"]]] in wanted["Values"]
