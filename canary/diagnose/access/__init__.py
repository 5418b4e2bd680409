"""Causes in authentication: keys, the auth service, unprotected routes."""
