"""One reading of the control plane: its parts under way, and the moment when it ends."""
