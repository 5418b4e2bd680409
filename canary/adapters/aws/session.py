"""Open a session of AWS as a person at a desk has one: a profile, a region, another role."""

from __future__ import annotations

import os
from typing import Any

from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound
from botocore.session import Session, get_session

LASTS_S = 3600
"""Seconds for which another role is taken, the least and the default of AWS's own."""


class SessionError(Exception):
    """No session could be opened: one sentence for a person."""


def opened(profile: str = "", role_arn: str = "", region: str = "", endpoint: str = "") -> Session:
    """Return a session; with `role_arn` it acts in that role. Raises SessionError."""
    session = get_session()
    if profile:
        session.set_config_variable("profile", profile)
    if region:
        session.set_config_variable("region", region)
    try:
        session.get_scoped_config()  # reads the files, and knows the profile or not
        if role_arn:
            _take(session, role_arn, endpoint)
    except ProfileNotFound as error:
        known = ", ".join(sorted(session.available_profiles)[:12]) or "none"
        raise SessionError(f"there is no AWS profile {profile} (there are: {known})") from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise SessionError(f"the role {role_arn} could not be taken: {code}: {error}") from error
    except BotoCoreError as error:
        raise SessionError(f"no AWS session could be opened: {error}") from error
    return session


def region_of(session: Session) -> str:
    """Return the region of a session: given, AWS_REGION, AWS_DEFAULT_REGION, the profile's."""
    found = session.get_config_variable("region") or os.environ.get("AWS_REGION")
    return str(found or "")


def _take(session: Session, role_arn: str, endpoint: str) -> None:
    """Let the session act in another role."""
    settings = BotoConfig(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
    sts: Any = session.create_client("sts", endpoint_url=endpoint or None, config=settings)
    answer = sts.assume_role(
        RoleArn=role_arn, RoleSessionName="hokusai-canary", DurationSeconds=LASTS_S
    )
    keys = answer["Credentials"]
    session.set_credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
