"""The state of AWS's control plane as types, and what it means."""
