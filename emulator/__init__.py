"""An emulator of AWS with load balancers, tasks, functions and alarms that run."""
