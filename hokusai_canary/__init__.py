"""What programs of others may import: everything else may change with each version."""

from canary import __version__

__all__ = ["__version__"]
