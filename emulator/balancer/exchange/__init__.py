"""One request on its way through a load balancer, and its answer back."""
