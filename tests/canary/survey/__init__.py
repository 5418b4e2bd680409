"""The survey of a platform that nobody has described."""
