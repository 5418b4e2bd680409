"""What an environment needs in AWS: permissions, capacity, money."""
