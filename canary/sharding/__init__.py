"""A run spread over several invocations of the function."""
