"""Check what a function's role may do where Lambda acts for it."""

from __future__ import annotations

from emulator.iam import enforcement as iam


def permitted(role_arn: str, action: str, resource: str) -> bool:
    """Return whether the role's policies allow the action.

    A role that does not exist allows everything.
    """
    if iam.role_documents(role_arn) is None:
        return True
    return iam.simulate(role_arn, action, resource)
