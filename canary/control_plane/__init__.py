"""Types of AWS's control plane, and the rules by which AWS reads them."""
