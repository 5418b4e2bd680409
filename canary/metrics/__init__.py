"""The metrics that a run publishes to CloudWatch."""
