"""An HTTP server, settings and misbehaviour that the stand-in services share."""
