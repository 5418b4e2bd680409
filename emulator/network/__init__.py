"""The network inside the twin: who may speak to whom, and what each name resolves to."""

from emulator.network.network import Network

__all__ = ["Network"]
