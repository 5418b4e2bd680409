"""The auth service's keys: records, validation, administration."""
