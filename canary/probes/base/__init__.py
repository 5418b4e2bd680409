"""What all kinds of check share."""
