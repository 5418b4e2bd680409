"""Parts of the page: what its first screen says, and what it carries within itself."""
