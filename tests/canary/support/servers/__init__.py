"""Local servers that behave well, or badly in one exact way."""
