"""Connect the adapters to the run, its publishing and its messages."""
