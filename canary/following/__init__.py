"""Which change of the platform a run follows, by AWS's events."""
