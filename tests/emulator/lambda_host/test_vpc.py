"""A function in a VPC: its interface, and where its connections lead."""

from __future__ import annotations

import json
import socket
from typing import Any

from emulator import lambda_host
from emulator.network.addresses import loopback
from emulator.network.network import Network
from tests.emulator.support.emulated import LOGS, SPEED, emulator, function, role

STORE = "10.0.1.77"
CONNECTS = """
import socket
def handler(event, context):
    found = []
    for host in event["hosts"]:
        try:
            with socket.create_connection((host, event["port"]), 0.3) as plug:
                found.append(plug.getsockname()[0])
        except OSError as error:
            found.append(type(error).__name__)
    return found
"""


def test_a_function_s_connections_come_from_its_interface_and_ask_the_groups() -> None:
    with emulator() as server, socket.create_server((loopback(STORE), 0)) as store:
        aws, network = server.endpoint, Network()
        network.start()
        network.register_name("store.twin", STORE)
        host = lambda_host.install(aws, speed=SPEED, network=network.question_address)
        ec2, client, port = aws.client("ec2"), aws.client("lambda"), store.getsockname()[1]
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        mine, theirs = (
            ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
            for name in ("canary", "store")
        )
        ec2.create_network_interface(
            SubnetId=subnet,
            PrivateIpAddress=STORE,
            Groups=[theirs],
            Description="RDSNetworkInterface",
        )
        place = {"SubnetIds": [subnet], "SecurityGroupIds": [mine]}
        function(aws, "f", CONNECTS, role(aws, "r", LOGS), VpcConfig=place)

        def asked() -> Any:
            payload = json.dumps({"port": port, "hosts": [STORE, loopback(STORE), "store.twin"]})
            return json.load(client.invoke(FunctionName="f", Payload=payload)["Payload"])

        assert asked() == ["TimeoutError"] * 3
        pair = [{"GroupId": mine}]
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": pair}
        ec2.authorize_security_group_ingress(GroupId=theirs, IpPermissions=[rule])
        (own,) = [
            one["PrivateIpAddress"]
            for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
            if one["Description"].startswith("AWS Lambda VPC ENI-f-")
        ]
        assert asked() == [loopback(own)] * 3
        client.delete_function(FunctionName="f")
        assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1
        host.stop()
        network.stop()
