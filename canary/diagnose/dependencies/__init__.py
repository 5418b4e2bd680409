"""Causes in what a service depends on: databases, caches, Cloud Map, MLflow."""
