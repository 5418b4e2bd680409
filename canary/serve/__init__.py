"""A process that runs the schedule itself, and serves its pages and metrics."""
