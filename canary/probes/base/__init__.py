"""The parts that all kinds of check share."""
