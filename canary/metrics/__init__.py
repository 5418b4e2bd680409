"""The metrics that a run leaves in CloudWatch."""
