"""Commands for a platform of which there is no file yet: `doctor` and `init`."""
