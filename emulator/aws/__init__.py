"""The control plane: moto's server and the extensions that make it behave as AWS does."""
