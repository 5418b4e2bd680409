"""The types and look-ups that all rules of the diagnosis share."""
