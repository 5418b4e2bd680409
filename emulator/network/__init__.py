"""The network between tasks, balancers and names."""
