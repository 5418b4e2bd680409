"""Read the databases and caches that AWS runs."""
