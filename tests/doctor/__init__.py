"""The doctor on twins: a fault that shows is named without a file, a key or a past."""
