"""Account, region, credentials and environment variables of the emulated AWS."""

from __future__ import annotations

import os
from typing import Final

# One account in one region for each process. moto reads the account's variable by itself.
ACCOUNT_VARIABLE: Final = "MOTO_ACCOUNT_ID"
REGION_VARIABLE: Final = "EMULATOR_REGION"
ACCOUNT: Final = os.environ.get(ACCOUNT_VARIABLE, "123456789012")
REGION: Final = os.environ.get(REGION_VARIABLE, "us-east-1")
IMAGE_REGISTRY: Final = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"

# the operator's static credentials: role sessions are held to their policies, these are not
OPERATOR_KEY_ID: Final = "test"
OPERATOR_SECRET: Final = "test"
OPERATOR_NAME: Final = "operator"
"""The IAM user whom CloudTrail names for these keys."""

# every child process of an emulator carries its id in this environment variable
MARKER: Final = "HOKUSAI_SANDBOX_TWIN"
# where the VPC's 10.0. is on this machine: "127.0.", or another block for a second emulator
LOOPBACK: Final = "HOKUSAI_SANDBOX_LOOPBACK"
