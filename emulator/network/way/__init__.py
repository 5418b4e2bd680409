"""The way of a connection through a VPC: route tables, gateways, endpoints, network ACLs."""
