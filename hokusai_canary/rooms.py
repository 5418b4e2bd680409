"""The rooms of the stack: inside this package in a wheel, beside it in a clone."""

try:
    from hokusai_canary.infra import bundle  # type: ignore[import-not-found,unused-ignore]
    from hokusai_canary.infra.network import Given  # type: ignore[import-not-found,unused-ignore]
    from hokusai_canary.infra.parts import (  # type: ignore[import-not-found,unused-ignore]
        Build,
        fill,
    )
    from hokusai_canary.infra.stack import (  # type: ignore[import-not-found,unused-ignore]
        outputs,
        stack_name,
    )
except ModuleNotFoundError:
    from infra import bundle
    from infra.network import Given
    from infra.parts import Build, fill
    from infra.stack import outputs, stack_name

PYTHON = "3.13"
"""The function's Python."""

__all__ = ["PYTHON", "Build", "Given", "bundle", "fill", "outputs", "stack_name"]
