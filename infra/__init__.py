"""What is deployed: a CDK stack per environment, from the same checks that the canary runs."""
