"""Rows of the fault library for what AWS keeps around the services: stores, ways and room."""

from __future__ import annotations

from sandbox.faults import capacity, firewall, stores, ways

# (id, plant, cause, incident, sentence)
ROWS = (
    # stores of AWS
    ("database-stopped", stores.database_stopped, "database-stopped", "",
     "The DB instance of RDS is stopped; nothing answers at its address"),
    ("database-full", stores.database_full, "database-full", "",
     "The DB instance has no storage left: it reads and cannot write"),
    ("database-failing-over", stores.database_failing_over, "database-failing-over", "",
     "The DB instance fails over and does not come back"),
    ("database-connections-taken", stores.database_connections_taken,
     "database-connections-exhausted", "",
     "All connections of the database are taken"),
    ("cache-deleted", stores.cache_deleted, "cache-stopped", "",
     "The cache is being deleted"),
    # the way
    ("mlflow-paths-blocked", firewall.request_blocked, "request-blocked", "",
     "A rule of the registry's web ACL blocks MLflow's paths"),
    ("acl-denies-database", ways.acl_denies_the_database, "network-acl-blocked", "",
     "The network ACL of the database's subnet denies its port"),
    ("acl-drops-answers", ways.acl_drops_answers, "network-acl-blocked", "",
     "The ACL of the balancers' subnets lets no answer of a target back in"),
    ("route-deleted", ways.route_deleted, "vpc-route-missing", "",
     "The tasks' route table has no route out of the VPC, and MLflow is deployed"),
    ("nat-deleted", ways.nat_deleted, "nat-gone", "",
     "The NAT gateway is deleted, and MLflow is deployed"),
    ("endpoint-deleted", ways.endpoint_deleted, "endpoint-missing", "",
     "The endpoint of Secrets Manager is deleted, and MLflow is deployed"),
    # capacity
    ("no-capacity", capacity.capacity_unavailable, "capacity-unavailable", "",
     "AWS has no capacity for MLflow's new task"),
    ("vcpu-quota-reached", capacity.quota_reached, "quota-reached", "",
     "The account's vCPUs are all in use, and MLflow is deployed"),
    ("subnet-full", capacity.subnet_full, "subnet-full", "",
     "MLflow is moved to a subnet without a free address"),
)  # fmt: skip
