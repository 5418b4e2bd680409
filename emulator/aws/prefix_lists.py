"""Refuse changes of managed prefix lists, and rules that name none, as EC2 does.

moto keeps every version under a number, takes any change, and loses the name of a list that is
changed without one. Sources: the API's CreateManagedPrefixList and ModifyManagedPrefixList; texts
as EC2 words them.
"""

from __future__ import annotations

import functools
import ipaddress
from typing import Any

from emulator.network.prefix_lists import DELETED, entries

BOTH = (
    "You cannot modify the entries and the maximum entries for the prefix list in the same request."
)
VERSION = "The prefix list has the incorrect version number."
FULL = "You've reached the maximum number of entries for the prefix list."
THERE = "An entry with the CIDR ({cidr}) and description ({text}) already exists."
UNKNOWN = "The prefix list ID '{ident}' does not exist"
Entry = dict[str, str]


@functools.cache
def install() -> None:
    """Let the calls refuse what AWS refuses; call once."""
    from moto.ec2.models import EC2Backend
    from moto.ec2.responses import EC2Response

    _resize(EC2Response)
    create, modify = EC2Backend.create_managed_prefix_list, EC2Backend.modify_managed_prefix_list
    delete = EC2Backend.delete_managed_prefix_list

    def create_managed_prefix_list(self: Any, *given: Any, **more: Any) -> Any:
        if more.get("owner_id") is None:
            family, added = more.get("address_family"), more.get("entry") or []
            if family not in ("IPv4", "IPv6"):
                raise _error("InvalidParameterValue", f"Invalid value '{family}' for AddressFamily")
            _refuse_entries(added, str(family), int(more.get("max_entries") or 0))
        return create(self, *given, **more)

    def modify_managed_prefix_list(
        self: Any,
        add_entry: list[Entry],
        remove_entry: list[Entry],
        prefix_list_id: str | None = None,
        current_version: str | None = None,
        prefix_list_name: str | None = None,
    ) -> Any:
        found = known(self, prefix_list_id)
        if current_version is not None and int(current_version) != found.version:
            raise _error("PrefixListVersionMismatch", VERSION)
        gone = _gone(found, add_entry or [], remove_entry or [])
        name = prefix_list_name or found.prefix_list_name
        return modify(self, add_entry or [], gone, prefix_list_id, None, name)

    def delete_managed_prefix_list(self: Any, prefix_list_id: str) -> Any:
        known(self, prefix_list_id)
        return delete(self, prefix_list_id)

    EC2Backend.create_managed_prefix_list = create_managed_prefix_list
    EC2Backend.modify_managed_prefix_list = modify_managed_prefix_list
    EC2Backend.delete_managed_prefix_list = delete_managed_prefix_list


def _gone(found: Any, added: list[Entry], removed: list[Entry]) -> list[Entry]:
    """Return the entries that a change takes away; raise EC2's error for an entry that is there."""
    cidrs = {one["Cidr"] for one in removed}
    kept = [one for one in entries(found) if one["Cidr"] not in cidrs]
    for one in added:
        if any((e["Cidr"], _text(e)) == (one["Cidr"], _text(one)) for e in kept):
            text = THERE.format(cidr=one["Cidr"], text=_text(one))
            raise _error("InvalidPrefixListModification", text)
    replaced = {one["Cidr"] for one in added}
    whole = [*(e for e in kept if e["Cidr"] not in replaced), *added]
    _refuse_entries(whole, found.address_family, int(found.max_entries or 0))
    return [{"Cidr": cidr} for cidr in sorted(cidrs | replaced)]


def _resize(responses: Any) -> None:
    """Take the greatest number of entries, which moto does not read."""
    modify = responses.modify_managed_prefix_list

    def modify_managed_prefix_list(self: Any) -> Any:
        most = self._get_param("MaxEntries")
        if most is not None:
            if self._get_param("AddEntries") or self._get_param("RemoveEntries"):
                raise _error("InvalidParameterCombination", BOTH)
            found = known(self.ec2_backend, self._get_param("PrefixListId"))
            if len(entries(found)) > int(most):
                raise _error("PrefixListMaxEntriesExceeded", FULL)
            found.max_entries = most
        return modify(self)

    responses.modify_managed_prefix_list = modify_managed_prefix_list


def known(backend: Any, ident: Any) -> Any:
    """Return a list of the account's own; raise EC2's error when there is none."""
    found = backend.managed_prefix_lists.get(ident)
    if found is None or found.state == DELETED:
        raise _error("InvalidPrefixListID.NotFound", UNKNOWN.format(ident=ident))
    if found.owner_id == "AWS":
        raise _error("UnauthorizedOperation", "You are not authorized to perform this operation.")
    return found


def refuse_unknown(backend: Any, given: list[dict[str, str]] | None) -> None:
    """Raise EC2's error when a security group's rule names a prefix list that is not there."""
    for ident in [one.get("PrefixListId") for one in given or []]:
        found = backend.managed_prefix_lists.get(ident)
        if found is None or found.state == DELETED:
            raise _error("InvalidPrefixListID.NotFound", UNKNOWN.format(ident=ident))


def _refuse_entries(added: list[Entry], family: str, most: int) -> None:
    for cidr in [str(one.get("Cidr")) for one in added]:
        try:
            version = ipaddress.ip_network(cidr, strict=False).version
        except ValueError:
            text = f"The CIDR ({cidr}) is not a valid CIDR block"
            raise _error("InvalidParameterValue", text) from None
        if f"IPv{version}" != family:
            text = f"The CIDR ({cidr}) does not match the address family ({family})"
            raise _error("InvalidParameterValue", text)
    if len(added) > most:
        raise _error("PrefixListMaxEntriesExceeded", FULL)


def _text(entry: Entry) -> str:
    return str(entry.get("Description") or "")


def _error(code: str, text: str) -> Exception:
    from moto.ec2.exceptions import EC2ClientError

    return EC2ClientError(code, text)
