"""A world: one shape of the platform, read from a file."""
