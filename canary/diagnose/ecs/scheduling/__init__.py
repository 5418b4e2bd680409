"""What ECS and a service's own scaling did or could not do by themselves."""
