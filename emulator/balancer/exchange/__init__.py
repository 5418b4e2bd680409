"""One HTTP request through a load balancer, and its response."""
