"""Managed prefix lists: what EC2 refuses, and lists of AWS with entries of a test's own."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.network import prefix_lists
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

Json = dict[str, Any]
CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"


class Ground:
    """A list of two entries at most, with one."""

    def __init__(self, aws: Endpoint) -> None:
        self.ec2 = aws.client("ec2")
        self.made = self.make()

    def make(self, family: str = "IPv4", most: int = 2, *cidrs: str) -> str:
        """Make a list and return its id."""
        entries = [{"Cidr": one, "Description": "a"} for one in cidrs or ("192.0.2.0/24",)]
        made = self.ec2.create_managed_prefix_list(
            PrefixListName="offices", AddressFamily=family, MaxEntries=most, Entries=entries
        )
        return str(made["PrefixList"]["PrefixListId"])

    def entries(self, ident: str) -> list[str]:
        """Return the blocks of a list."""
        found = self.ec2.get_managed_prefix_list_entries(PrefixListId=ident)["Entries"]
        return [one["Cidr"] for one in found]


@pytest.fixture(scope="module")
def ground(aws: Endpoint) -> Ground:
    return Ground(aws)


def refusal(call: Any, **given: Any) -> tuple[str, str]:
    """Return the code and the words with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**given)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


TWO = [{"Cidr": "198.51.100.0/24"}, {"Cidr": "203.0.113.0/24"}]


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (
            {"CurrentVersion": 7, "AddEntries": TWO[:1]},
            "PrefixListVersionMismatch",
            "The prefix list has the incorrect version number.",
        ),
        (
            {"CurrentVersion": 1, "AddEntries": [{"Cidr": "192.0.2.0/24", "Description": "a"}]},
            "InvalidPrefixListModification",
            "An entry with the CIDR (192.0.2.0/24) and description (a) already exists.",
        ),
        (
            {"CurrentVersion": 1, "AddEntries": TWO},
            "PrefixListMaxEntriesExceeded",
            "You've reached the maximum number of entries for the prefix list.",
        ),
        (
            {"MaxEntries": 5, "AddEntries": TWO[:1]},
            "InvalidParameterCombination",
            "You cannot modify the entries and the maximum entries for the prefix list in the "
            "same request.",
        ),
        (
            {"CurrentVersion": 1, "AddEntries": [{"Cidr": "2001:db8::/32"}]},
            "InvalidParameterValue",
            "The CIDR (2001:db8::/32) does not match the address family (IPv4)",
        ),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(
    ground: Ground, change: Json, code: str, text: str
) -> None:
    call = ground.ec2.modify_managed_prefix_list
    assert refusal(call, PrefixListId=ground.made, **change) == (code, text)
    assert ground.entries(ground.made) == ["192.0.2.0/24"]


def test_a_list_keeps_its_name_and_grows_when_it_may(ground: Ground) -> None:
    made = ground.make("IPv4", 1)
    change = {"PrefixListId": made, "CurrentVersion": 1}
    ground.ec2.modify_managed_prefix_list(PrefixListId=made, MaxEntries=2)
    ground.ec2.modify_managed_prefix_list(**change, AddEntries=TWO[:1])
    assert ground.entries(made) == ["192.0.2.0/24", "198.51.100.0/24"]
    (shown,) = ground.ec2.describe_managed_prefix_lists(PrefixListIds=[made])["PrefixLists"]
    found = shown["PrefixListName"], shown["MaxEntries"], shown["Version"]
    assert found == ("offices", 2, 2)


def test_a_rule_names_a_list_that_is_there(ground: Ground) -> None:
    gone = ground.make()
    ground.ec2.delete_managed_prefix_list(PrefixListId=gone)
    group = ground.ec2.create_security_group(GroupName="g", Description="g")["GroupId"]
    for ident in (gone, "pl-0123456789abcdef0"):
        rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
        rules = [{**rule, "PrefixListIds": [{"PrefixListId": ident}]}]
        call = ground.ec2.authorize_security_group_ingress
        assert refusal(call, GroupId=group, IpPermissions=rules) == (
            "InvalidPrefixListID.NotFound",
            f"The prefix list ID '{ident}' does not exist",
        )
    assert refusal(ground.ec2.delete_managed_prefix_list, PrefixListId=gone)[0] == (
        "InvalidPrefixListID.NotFound"
    )


def test_a_list_of_aws_is_seeded_and_not_changed(ground: Ground) -> None:
    ident = prefix_lists.seed(CLOUDFRONT, ["198.51.100.0/28"])
    (shown,) = ground.ec2.describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": [CLOUDFRONT]}]
    )["PrefixLists"]
    assert (shown["PrefixListId"], shown["OwnerId"]) == (ident, "AWS")
    assert ground.entries(ident) == prefix_lists.cidrs(ident) == ["198.51.100.0/28"]
    call = ground.ec2.modify_managed_prefix_list
    assert refusal(call, PrefixListId=ident, AddEntries=TWO)[0] == "UnauthorizedOperation"
    other = prefix_lists.seed("com.amazonaws.us-east-1.ec2-instance-connect", ["192.0.2.0/29"])
    assert ground.entries(other) == ["192.0.2.0/29"] and other != ident
