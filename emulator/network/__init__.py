"""The network between tasks, load balancers and names."""
