"""Read printed Terraform: its blocks, what the provider takes, and the objects that they make."""
