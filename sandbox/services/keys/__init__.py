"""Records, validation and administration of the auth service's keys."""
