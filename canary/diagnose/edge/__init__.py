"""Causes at the edge: DNS, TLS certificates, load balancer attributes."""
