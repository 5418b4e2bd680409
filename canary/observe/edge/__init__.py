"""Readers of what stands before the platform: public names, counters, web ACLs, zones."""
