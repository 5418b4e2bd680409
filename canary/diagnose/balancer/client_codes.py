"""What a load balancer means by the 4xx that it answers by itself: AWS's own list.

AWS, "Troubleshoot your Application Load Balancers", "The load balancer generates an HTTP error";
AWS WAF guide, "CAPTCHA and Challenge actions" (405 with a puzzle); "Desync mitigation mode" (400);
"Verify JWTs using an Application Load Balancer" (401). 431 is not among AWS's codes: too large a
header is 413, or 400.
"""

from __future__ import annotations

from canary.control_plane.unread import Known, of
from canary.diagnose.balancer.around import DESYNC, Around, both
from canary.diagnose.balancer.meaning import (
    ACCESS_LOG,
    BLOCKED,
    IDP,
    REFUSED,
    SIGN_IN,
    Meaning,
    needed,
)

_TO_TLS = "sent to HTTPS port"  # words of the page for plain HTTP

CLIENT_CODES: tuple[Meaning, ...] = (
    Meaning(
        status=400,
        says="Plain HTTP was sent to a port of HTTPS.",
        cause=REFUSED,
        look="the scheme of the URL and the protocol of the listener",
        holds=lambda a: of(_TO_TLS in a.failure.body),
        fits="the words of the page",
    ),
    Meaning(
        status=400,
        says="The request is malformed, or its header is too large, or its body did not come.",
        cause=REFUSED,
        look=ACCESS_LOG,
        holds=lambda a: needed(of(_TO_TLS not in a.failure.body)),
    ),
    Meaning(
        status=400,
        says="The desync mitigation mode refuses an ambiguous request.",
        cause=REFUSED,
        look=f"the balancer's attribute {DESYNC}, and the access log's classification reason",
        holds=lambda a: (
            Known.NO
            if a.attribute(DESYNC) == "monitor" or _TO_TLS in a.failure.body
            else Known.UNKNOWN
        ),
    ),
    Meaning(
        status=401,
        says="The rule signs users in, and denies whoever is not signed in.",
        cause=SIGN_IN,
        look="the rule's OnUnauthenticatedRequest: whether it shall deny this path",
        holds=lambda a: a.signs_in(denies=True),
        of_rule=True,
        fits="the rule's sign-in with `deny`",
    ),
    Meaning(
        status=401,
        says="The identity provider denies access, tells too much, or gives no ID token; or the"
        " sign-in took too long.",
        cause=SIGN_IN,
        look=IDP,
        holds=lambda a: needed(a.signs_in(denies=False)),
        of_rule=True,
        fits="the rule's sign-in without `deny`",
    ),
    Meaning(
        status=401,
        says="The rule validates a token, and the request has none that is valid.",
        cause=SIGN_IN,
        look="the rule's jwt-validation: its issuer, its keys and the claims that it asks for",
        holds=Around.validates_tokens,
        of_rule=True,
        fits="the rule's jwt-validation",
    ),
    Meaning(
        status=403,
        says="AWS WAF blocks the request.",
        cause=BLOCKED,
        look="the web ACL's sampled requests, or its log",
        holds=Around.has_web_acl,
        fits="the balancer's web ACL",
    ),
    Meaning(
        status=405,
        says="The method TRACE is not supported.",
        cause=REFUSED,
        look="who sends TRACE",
        holds=lambda a: of(a.failure.method == "TRACE"),
        fits="the method",
    ),
    Meaning(
        status=405,
        says="AWS WAF asks for a CAPTCHA.",
        cause=BLOCKED,
        look="the web ACL's rules with the action CAPTCHA",
        holds=lambda a: both(a.has_web_acl("CAPTCHA"), of(a.failure.method != "TRACE")),
        fits="a rule of the web ACL with CAPTCHA",
    ),
    Meaning(
        status=408,
        says="The client sent no data until the idle timeout was over.",
        cause=REFUSED,
        look="the client, the network between, and the balancer's idle timeout",
    ),
    Meaning(
        status=413,
        says="The body is larger than 1 MB, and the target is a Lambda function.",
        cause=REFUSED,
        look="the size of the request",
        holds=lambda a: needed(a.lambdas()),
        fits="a Lambda target",
    ),
    Meaning(
        status=413,
        says="The header is larger than 16 K a line or 64 K as a whole.",
        cause=REFUSED,
        look="the cookies and headers that the client and what stands before the balancer send",
    ),
    Meaning(
        status=414,
        says="The URL or its query is too long.",
        cause=REFUSED,
        look="the URL that the client sends",
    ),
    Meaning(
        status=460,
        says="The client closed the connection before the answer came.",
        cause=REFUSED,
        look="the client's time-out, or that of what stands before the balancer, against its idle"
        " timeout",
    ),
    Meaning(
        status=463,
        says="X-Forwarded-For has more than 30 addresses.",
        cause=REFUSED,
        look="what stands before the balancer and adds addresses, such as proxies in a circle",
    ),
    Meaning(
        status=464,
        says="The request's protocol does not fit the protocol version of the target group.",
        cause="target-protocol-mismatch",
        look="the target group's protocol version",
        holds=lambda a: a.of_groups(lambda g: g.protocol_version in ("GRPC", "HTTP2")),
        fits="the group's protocol version",
    ),
)
