"""Platforms that other people built: each was once explained wrongly, or mended with harm."""
