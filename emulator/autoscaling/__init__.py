"""Application Auto Scaling of ECS services: its limits, and the activities that it tells."""
