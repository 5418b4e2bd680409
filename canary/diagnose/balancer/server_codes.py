"""What a load balancer means by the 5xx that it answers by itself: AWS's own list.

AWS, "Troubleshoot your Application Load Balancers", "The load balancer generates an HTTP error".
"""

from __future__ import annotations

from canary.diagnose.balancer.around import CONNECT_S, Around, both
from canary.diagnose.balancer.meaning import BLOCKED, IDP, REFUSED, SIGN_IN, Meaning, needed

SERVER_CODES: tuple[Meaning, ...] = (
    Meaning(
        status=500,
        says="AWS WAF failed to evaluate the web ACL.",
        cause=BLOCKED,
        look="the AWS Health Dashboard and the web ACL's metrics",
        holds=lambda a: needed(a.has_web_acl()),
        fits="the balancer's web ACL",
    ),
    Meaning(
        status=500,
        says="The balancer does not reach the identity provider's endpoints, or they take longer"
        " than 5 s, or they tell more than 11 KB.",
        cause=SIGN_IN,
        look="whether the endpoints resolve publicly, and whether the balancer's group, subnets and"
        " network ACLs let it out to them",
        holds=lambda a: needed(a.signs_in()),
        of_rule=True,
        fits="the rule's sign-in",
    ),
    Meaning(
        status=501,
        says="The request's Transfer-Encoding is neither `chunked` nor `identity`.",
        cause=REFUSED,
        look="the client's Transfer-Encoding; Content-Encoding is another header",
    ),
    Meaning(
        status=502,
        says="The target refuses the connection, or cannot be reached.",
        cause="targets-unhealthy",
        look="whether the task listens on the target's port",
        holds=Around.refuses_connections,
        fits="the counter TargetConnectionErrorCount, or failed health checks",
    ),
    Meaning(
        status=502,
        says="The TLS handshake with the target fails.",
        cause="target-protocol-mismatch",
        look="the target group's protocol, and the certificate and ciphers of the target",
        holds=lambda a: both(a.over_tls(), a.counts("TargetTLSNegotiationErrorCount")),
        fits="a group of HTTPS, and the counter TargetTLSNegotiationErrorCount",
    ),
    Meaning(
        status=502,
        says="The target breaks off, or its answer is malformed, or has more than 32 K of header.",
        cause="targets-unhealthy",
        look="the target's log; whether it keeps connections longer than the idle timeout",
    ),
    Meaning(
        status=502,
        says="The target was deregistered, and its deregistration delay was over.",
        cause="targets-unhealthy",
        look="the deregistration delay against the longest request",
        holds=lambda a: needed(a.has_target("draining")),
        fits="a target that is draining",
    ),
    Meaning(
        status=502,
        says="The Lambda function fails, is throttled, takes too long, or answers more than 1 MB.",
        cause="targets-unhealthy",
        look="the function's log and metrics",
        holds=Around.lambdas,
        fits="a Lambda target",
    ),
    Meaning(
        status=503,
        says="The target group has no target, or all of them are unused.",
        cause="target-group-empty",
        look="the registered targets",
        holds=lambda a: a.target_states("unused", "draining"),
        fits="the targets' health",
    ),
    Meaning(
        status=504,
        says="The balancer does not reach the target within 10 s, or not over TLS.",
        cause="security-group-blocked",
        look="the security groups and network ACLs on the way, also for the way back",
        holds=lambda a: a.took(CONNECT_S),
        fits="an answer after 10 s",
    ),
    Meaning(
        status=504,
        says="The target does not answer within the idle timeout, or less than its header"
        " promises.",
        cause="latency-degraded",
        look="the target's log, and the balancer's idle timeout",
        holds=Around.idle,
        fits="an answer after the idle timeout",
    ),
    Meaning(
        status=505,
        says="The request has another HTTP version than its connection.",
        cause=REFUSED,
        look="what stands before the balancer: whether it speaks HTTP/2 on a connection of HTTP/1",
    ),
    Meaning(
        status=507,
        says="The URL of the redirect is too long.",
        cause=REFUSED,
        look="the rule's redirect",
        holds=lambda a: needed(a.of_rule(lambda r: r.action.type == "redirect")),
        fits="a redirect",
    ),
    Meaning(
        status=561,
        says="The identity provider answers with an error.",
        cause=SIGN_IN,
        look=IDP,
        holds=lambda a: needed(a.signs_in()),
        of_rule=True,
        fits="the rule's sign-in",
    ),
    Meaning(
        status=562,
        says="The balancer gets no keys with which to validate a token: their endpoint answers with"
        " an error or not within 5 s, or tells more than 150 KB or 10 keys.",
        cause=SIGN_IN,
        look="the JWKS endpoint of the rule's jwt-validation: whether it is up, and whether the"
        " balancer's group, subnets and network ACLs let it out to it",
        holds=Around.validates_tokens,
        of_rule=True,
        fits="the rule's jwt-validation",
    ),
)
