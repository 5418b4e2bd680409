"""Answers that a load balancer makes by itself, and who made an answer."""
