"""Gunicorn's settings: collect no garbage while MLflow is imported.

The collector looks for cycles in all that is imported, again and again: a third of the start.
"""

from __future__ import annotations

import gc

gc.disable()


def when_ready(_server: object) -> None:
    """Collect again, before the worker is forked."""
    gc.freeze()
    gc.enable()
