"""An HTTP client that times every phase and keeps a hard deadline."""
