"""CloudFormation resource types and properties that moto lacks.

Every type calls the emulator's own API, so that botocore checks the parameters and the result is
what an API caller would have made.
"""

from __future__ import annotations

import functools

from emulator import scheduler
from emulator.alarms import moto_alarms
from emulator.cloudformation import access, monitoring, repairs, running, stacks
from emulator.cloudformation.plug import Kind, plug
from emulator.lambda_host.configuration import keep_configuration
from emulator.metrics import api as metrics_api

KINDS: tuple[Kind, ...] = (*access.KINDS, *monitoring.KINDS, *running.KINDS)


@functools.cache
def install() -> None:
    """Extend moto, once; before or after its first request."""
    from moto.cloudformation import parsing

    moto_alarms.install()
    scheduler.install()
    metrics_api.install()
    keep_configuration()
    for kind in KINDS:
        plug(kind)
    repairs.install()
    stacks.install()
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()
