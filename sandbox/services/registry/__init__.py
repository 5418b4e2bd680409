"""The registry API's routes, its authentication and its proxy to MLflow."""
