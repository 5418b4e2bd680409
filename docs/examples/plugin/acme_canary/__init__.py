"""Kind, rule and channel of Acme for hokusai-canary."""
