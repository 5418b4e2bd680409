"""Why Application Auto Scaling changed a desired count, as its activities tell it.

Source: "Scaling activities for Application Auto Scaling", DescribeScalingActivities.
"""

from __future__ import annotations

from canary.control_plane.aws_lists.form import AwsList, Form

SET_TO = Form(text="Setting desired count to <count>", normal=True)
CAUSES: tuple[Form, ...] = (
    Form(text="monitor alarm <alarm> in state <state> triggered policy <policy>", normal=True),
    Form(text="scheduled action name <action> was triggered", normal=True),
    Form(text="minimum capacity was set to <n>", normal=True),
    Form(text="maximum capacity was set to <n>", normal=True),
)

LIST = AwsList(
    title="Activities of a service's own scaling",
    pages=(
        "https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html",
    ),
    forms=(SET_TO, *CAUSES),
)
