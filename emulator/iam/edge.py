"""Name the resources of requests to AWS WAF and to Route 53.

Sources: the Service Authorization Reference of both. A zone and a health check have no region and
no account in their ARNs.
"""

from __future__ import annotations

import re
from typing import Any

Params = dict[str, Any]


def waf(_action: str, params: Params) -> list[str]:
    """Return the web ACL, or else the resource before which it stands."""
    return [params.get("WebAclArn") or params.get("WebACLArn") or params.get("ResourceArn") or "*"]


def route53(_action: str, params: Params) -> list[str]:
    """Return the zone or the health check that the path names."""
    found = re.search(r"/(hostedzone|healthcheck)/([^/?]+)", str(params.get("_path", "")))
    return [f"arn:aws:route53:::{found[1]}/{found[2]}"] if found else ["*"]
