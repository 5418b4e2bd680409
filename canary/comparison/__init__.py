"""Compare a run with the runs before it."""
