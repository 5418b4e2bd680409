"""Causes in databases and caches, as AWS shows them and as they themselves tell."""
