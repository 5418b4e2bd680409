"""What AWS keeps of what stands before the platform: counters, web ACLs, names and pages."""
