"""What a function's role may do, where Lambda acts in its place."""

from __future__ import annotations

from emulator.iam import enforcement as iam


def permitted(role_arn: str, action: str, resource: str) -> bool:
    """Whether the role's policies allow the action.

    A role that was never made allows everything: there is nothing to evaluate.
    """
    if iam.role_documents(role_arn) is None:
        return True
    return iam.simulate(role_arn, action, resource)
