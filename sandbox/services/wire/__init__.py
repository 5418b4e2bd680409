"""Wire protocols of PostgreSQL and Redis."""
