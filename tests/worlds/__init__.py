"""The matrix: every fault of the library in every world, and what each world stays quiet about."""
