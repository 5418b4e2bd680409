"""The CloudWatch alarms that an environment gets."""
