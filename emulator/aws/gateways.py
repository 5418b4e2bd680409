"""Show gateways and endpoints of a VPC as EC2 does, and keep the routes that belong to them.

moto calls every route active, places the interfaces of NAT gateways and endpoints outside their
subnets and forgets the routes of a gateway endpoint that is modified. Sources: the API's Route
(`state`: a target that is gone is a black hole), DeleteNatGateway, ModifyVpcEndpoint.
"""

from __future__ import annotations

import functools
from typing import Any

from emulator.aws.interfaces import free_address

ACTIVE, BLACKHOLE = "active", "blackhole"


@functools.cache
def install() -> None:
    """Mend moto's routes, NAT gateways and endpoints; call once."""
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.route_tables import Route

    Route.state = property(_state)
    _mend_nat_gateways(EC2Backend)
    _mend_endpoints(EC2Backend)


def _state(self: Any) -> str:
    gateway, nat = self.gateway, self.nat_gateway
    if nat is not None and nat.state != "available":
        return BLACKHOLE
    if gateway is None or not str(gateway.id).startswith("igw-"):
        return ACTIVE
    here = gateway.vpc is not None and gateway.vpc.id == self.route_table.vpc_id
    return ACTIVE if here else BLACKHOLE


def _mend_nat_gateways(backend: Any) -> None:
    from moto.ec2.exceptions import EC2ClientError

    create, delete = backend.create_nat_gateway, backend.delete_nat_gateway

    def create_nat_gateway(self: Any, *given: Any, **more: Any) -> Any:
        made = create(self, *given, **more)
        _place(made._eni, f"Interface for NAT Gateway {made.id}", "nat_gateway")
        made.private_ip = made._eni.private_ip_address
        made.address_set[0]["privateIp"] = made.private_ip
        return made

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        if nat_gateway_id not in self.nat_gateways:
            text = f"The Nat Gateway {nat_gateway_id} was not found"
            raise EC2ClientError("NatGatewayNotFound", text)
        gone = delete(self, nat_gateway_id)
        self.enis.pop(gone._eni.id, None)
        for address in self.addresses:  # the address stays, and is free again
            if address.eni is gone._eni:
                address.eni = address.association_id = None
        return gone

    backend.create_nat_gateway, backend.delete_nat_gateway = create_nat_gateway, delete_nat_gateway


def _mend_endpoints(backend: Any) -> None:
    create, delete = backend.create_vpc_endpoint, backend.delete_vpc_endpoints
    modify = backend.modify_vpc_endpoint

    def create_vpc_endpoint(self: Any, *given: Any, **more: Any) -> Any:
        made = create(self, *given, **more)
        for ident in made.network_interface_ids:
            _place(self.enis[ident], f"VPC Endpoint Interface {made.id}", "vpc_endpoint")
        return made

    def modify_vpc_endpoint(self: Any, vpc_id: str, *given: Any, **more: Any) -> None:
        endpoint = self.vpc_end_points[vpc_id]  # moto calls the endpoint's id so
        before = list(endpoint.route_table_ids or [])
        modify(self, vpc_id, *given, **more)
        after = list(endpoint.route_table_ids or [])
        listed = endpoint.destination_prefix_list_id
        for table in set(before) - set(after):
            self.delete_route(table, listed)
        for table in set(after) - set(before):
            route = {"gateway_id": vpc_id, "destination_prefix_list_id": listed}
            self.create_route(table, None, **route)

    def delete_vpc_endpoints(self: Any, vpce_ids: list[str] | None = None) -> None:
        delete(self, vpce_ids)
        for ident in vpce_ids or []:  # as AWS a moment later: it is not there any more
            self.vpc_end_points.pop(ident, None)

    backend.create_vpc_endpoint = create_vpc_endpoint
    backend.modify_vpc_endpoint = modify_vpc_endpoint
    backend.delete_vpc_endpoints = delete_vpc_endpoints


def _place(interface: Any, description: str, kind: str) -> None:
    """Give an interface that AWS makes an address of its subnet, AWS's words and its type."""
    address = free_address(interface.subnet.id)
    interface.private_ip_address = address
    interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
    interface.description, interface.interface_type = description, kind
    interface.requester_managed, interface.status = True, "in-use"
