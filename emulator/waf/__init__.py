"""AWS WAF before load balancers: what its API refuses, and the samples that it keeps."""
