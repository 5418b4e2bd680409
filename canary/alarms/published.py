"""Which metrics an environment publishes."""

from __future__ import annotations

from canary.alarms import profile
from canary.alarms.plan import plan_alarms
from canary.metrics.profile import Selection
from canary.model import Config


def selection_of(config: Config) -> Selection:
    """Return the metrics that an environment publishes: by its profile, what alarms read."""
    alarms = plan_alarms(config, "", config.environment.run.budget).alarms
    read = ((s.namespace, s.name) for alarm in alarms for s in alarm.series)
    return profile.selection(config.environment.profile, read)
