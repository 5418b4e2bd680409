"""cdk-nag's AwsSolutions rules, and the reasons where a finding is accepted."""

from __future__ import annotations

import aws_cdk as cdk
import cdk_nag


def add_rules(app: cdk.App) -> None:
    """Let cdk-nag judge every stack at synth; a finding without a reason fails it."""
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(verbose=True))
