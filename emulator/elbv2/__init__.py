"""The ELBv2 API as AWS validates and describes it."""
