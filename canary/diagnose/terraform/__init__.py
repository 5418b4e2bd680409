"""A fix as blocks of Terraform: the whole objects that it leaves, or nothing."""
