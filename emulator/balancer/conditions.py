"""Types of a rule's conditions, in the spelling of DescribeRules.

Source of the field names: botocore's elbv2 service model.
"""

from __future__ import annotations

import msgspec


class Aws(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A part of the snapshot in the API's spelling."""


class ValuesConfig(Aws, frozen=True):
    """Patterns of which one must hold; regular expressions stand beside wildcards."""

    values: list[str] | None = None
    regex_values: list[str] | None = None


class HttpHeaderConfig(ValuesConfig, frozen=True):
    """Patterns for one header's value; the name carries no wildcard."""

    http_header_name: str = ""


class QueryPair(Aws, frozen=True):
    """A key and value of the query; without key, the value of any key."""

    key: str | None = None
    value: str = ""


class QueryStringConfig(Aws, frozen=True):
    """Pairs of which one must be in the query."""

    values: list[QueryPair] | None = None


class Condition(Aws, frozen=True):
    """One condition of a rule, in either of the API's two forms."""

    field: str
    values: list[str] | None = None
    regex_values: list[str] | None = None
    host_header_config: ValuesConfig | None = None
    path_pattern_config: ValuesConfig | None = None
    http_header_config: HttpHeaderConfig | None = None
    http_request_method_config: ValuesConfig | None = None
    query_string_config: QueryStringConfig | None = None
    source_ip_config: ValuesConfig | None = None
