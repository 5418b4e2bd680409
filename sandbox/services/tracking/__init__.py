"""MLflow's web application as the platform deploys it."""
