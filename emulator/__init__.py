"""An emulator of AWS with a data plane: load balancers, ECS tasks, functions, alarms."""
