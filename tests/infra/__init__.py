"""Importing `infra` first lets jsii run on the Node that comes with the pip requirements."""

import infra

__all__ = ["infra"]
