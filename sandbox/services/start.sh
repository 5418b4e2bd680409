#!/bin/sh
# Starts MLflow. The fault script-not-executable runs it: it has no permission to be executed.
exec python -m sandbox.services.mlflow
