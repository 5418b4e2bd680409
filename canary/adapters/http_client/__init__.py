"""An HTTP client that times every phase and keeps to a deadline."""
