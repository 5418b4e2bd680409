"""AWS's list prices in us-east-1, in dollars, without free tiers, with their pages.

Compared on 2026-11-30: with what Infracost keeps of AWS's price list API (its estimates of each
kind of resource), Secrets Manager's with its page as read on 2026-09-20, EventBridge's, the
composite alarm's and GetMetricData's with price guides of 2026. AWS's own pages render their tables
by a script.
"""

from __future__ import annotations

COMPARED = "2026-11-30"
"""The day on which the prices were last compared."""
HOURS = 730
"""Hours of a month, as AWS's own pages calculate."""
# https://aws.amazon.com/cloudwatch/pricing/
METRIC = 0.30  # a custom metric a month, of the first 10,000; by the hour in which it has data
ALARM = 0.10  # a metric that a standard alarm reads, a month
COMPOSITE = 0.50  # a composite alarm a month
DASHBOARD = 3.00  # a month; an account's first three of at most 50 metrics are free
FREE_DASHBOARD_METRICS = 50
LOG_GB = 0.50  # ingested, "standard"
METRIC_READ = 0.01 / 1_000  # a metric that GetMetricData asks for; it is in no free tier
# https://aws.amazon.com/lambda/pricing/, arm64
LAMBDA_GB_S = 0.0000133334  # of the first 7.5 billion a month
LAMBDA_REQUEST = 0.20 / 1_000_000
# https://aws.amazon.com/eventbridge/pricing/
SCHEDULE = 1.00 / 1_000_000  # an invocation by the scheduler; AWS's own events cost nothing
# https://aws.amazon.com/step-functions/pricing/
TRANSITION = 0.025 / 1_000  # a state transition of a standard workflow
EXPRESS = 1.00 / 1_000_000  # a child of a distributed map run as express workflow
EXPRESS_GB_S = 0.000_016_67  # 0.060012 a GB-hour
# https://aws.amazon.com/sqs/pricing/
SQS_REQUEST = 0.40 / 1_000_000
# https://aws.amazon.com/s3/pricing/
S3_PUT = 0.005 / 1_000
S3_GET = 0.0004 / 1_000
S3_GB = 0.023  # a month, of the first 50 TB
# https://aws.amazon.com/secrets-manager/pricing/
SECRET = 0.40  # a month; a call is 0.05 for 10,000, and a warm function makes none
# https://aws.amazon.com/kms/pricing/
KEY = 1.00  # a customer managed key a month
# https://aws.amazon.com/privatelink/pricing/
ENDPOINT_HOUR = 0.01  # an interface endpoint in one zone
# https://aws.amazon.com/vpc/pricing/
NAT_GB = 0.045  # each byte that a NAT gateway processes, in either direction
