"""What all rules of the diagnosis share."""
