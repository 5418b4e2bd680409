"""Forms of an answer, good and bad, each with its verdict."""
