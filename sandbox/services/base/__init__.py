"""What the stand-in services share: an HTTP server, settings, misbehaviour."""
