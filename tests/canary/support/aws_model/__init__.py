"""AWS as plain values: objects drawn from its own model, its calls, and its command line."""
