"""Remedies as values: an edit of a whole object, its command, its way back, its check."""
