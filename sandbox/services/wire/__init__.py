"""Wire protocols of the stores: PostgreSQL and Redis."""
