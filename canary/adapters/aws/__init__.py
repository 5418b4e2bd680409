"""AWS services, each behind a small function or class."""
