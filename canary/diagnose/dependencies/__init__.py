"""Causes in the dependencies of a service: databases, caches, Cloud Map, MLflow."""
