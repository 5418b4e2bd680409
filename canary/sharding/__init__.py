"""A run over several invocations of the function."""
