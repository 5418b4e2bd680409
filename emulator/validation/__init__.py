"""What AWS's API models say of an operation's input, asked before moto is."""
