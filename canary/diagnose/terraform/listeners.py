"""Listeners and their further certificates as blocks."""

from __future__ import annotations

from canary.control_plane.routing import listener_of
from canary.control_plane.state import LoadBalancer
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.remedies.listeners import arn_of, whole_listener
from canary.diagnose.terraform.draft import TAGS, Draft, Resource, after, differing
from canary.diagnose.terraform.hcl import NotWholeError
from canary.diagnose.terraform.rules import actions
from canary.diagnose.terraform.shapes import Body, Shape, argument, blocks, body, flag, tags

TYPE = "aws_lb_listener"
_CERTIFICATE = "aws_lb_listener_certificate"
_SETTINGS = Shape("", {"Protocol": "protocol", "Port": "port", "SslPolicy": "ssl_policy"})
_MUTUAL = Shape(
    "mutual_authentication",
    {
        "Mode": "mode",
        "TrustStoreArn": "trust_store_arn",
        "IgnoreClientCertificateExpiry": "ignore_client_certificate_expiry",
        "AdvertiseTrustStoreCaNames": "advertise_trust_store_ca_names",
    },
)
_KNOWN = frozenset(
    {
        *_SETTINGS.arguments,
        *("Certificates", "DefaultActions", "AlpnPolicy", "MutualAuthentication", "Tags"),
    }
)
# ELB API reference, ListenerAttribute: the headers of requests and answers
_MTLS = ("serial_number", "issuer", "subject", "validity", "leaf")
_CORS = ("origin", "methods", "headers", "credentials")
_HEADERS = (
    *(f"request.x_amzn_mtls_clientcert_{part}.header_name" for part in _MTLS),
    *("request.x_amzn_mtls_clientcert.header_name", "request.x_amzn_tls_version.header_name"),
    "request.x_amzn_tls_cipher_suite.header_name",
    *(f"response.access_control_allow_{part}.header_value" for part in _CORS),
    "response.access_control_expose_headers.header_value",
    *("response.access_control_max_age.header_value", "response.x_frame_options.header_value"),
    "response.content_security_policy.header_value",
    "response.x_content_type_options.header_value",
    "response.strict_transport_security.header_value",
)
_SERVER = "routing.http.response.server.enabled"
_ATTRIBUTES = {f"routing.http.{name}": "_".join(("routing.http", name)).replace(".", "_")
               for name in _HEADERS}  # fmt: skip


def _attributes(values: dict[str, str]) -> Body:
    found: Body = []
    for key, value in sorted(values.items()):
        if key == _SERVER:
            found.append(argument("routing_http_response_server_enabled", flag(value)))
        elif key in _ATTRIBUTES and value:
            found.append(argument(_ATTRIBUTES[key], value))
        elif value:
            raise NotWholeError(f"no argument is known for {key}")
    return found


def _whole(balancer: LoadBalancer, settings: Parameters, attributes: dict[str, str]) -> Body:
    if settings["Protocol"] not in ("HTTP", "HTTPS") or settings.get("AlpnPolicy"):
        raise NotWholeError("a listener of another kind of load balancer")
    if unknown := set(settings) - _KNOWN:
        raise NotWholeError(f"no argument is known for {', '.join(sorted(unknown))}")
    rest = {k: v for k, v in settings.items() if k in _SETTINGS.arguments}
    certificates: list[Parameters] = settings.get("Certificates") or []
    certificate = certificates[0]["CertificateArn"] if certificates else ""
    return [
        argument("load_balancer_arn", balancer.arn),
        *body(_SETTINGS, rest),
        *([argument("certificate_arn", certificate)] if certificate else ()),
        *_attributes(attributes),
        *actions("default_action", settings["DefaultActions"]),
        *blocks(_MUTUAL, settings.get("MutualAuthentication")),
        *tags(settings),
    ]


def changed(draft: Draft, edit: Edit) -> None:
    """Draft a listener that is there, with what the fix changes of it."""
    arn, fields = edit.resource, after(edit)
    listener = listener_of(draft.case.state, arn)
    balancer = _owner(draft.case, arn)
    if listener is None or "attributes" in listener.unread:
        raise NotWholeError("a listener that was not read whole")
    settings = {k: v for k, v in whole_listener(listener).items() if k != "Tags"}
    values = dict(listener.attributes)
    whole = _whole(balancer, settings | fields, values)
    draft.add(
        Resource(
            type=TYPE,
            name=draft.name(TYPE, balancer.name, listener.port),
            noun="listener",
            body=whole,
            import_id=arn,
            changed=differing(_whole(balancer, settings, values), whole),
            unread=TAGS,
        )
    )


def _owner(case: Case, arn: str) -> LoadBalancer:
    for balancer in case.state.load_balancers:
        if any(x.arn == arn for x in balancer.listeners):
            return balancer
    raise NotWholeError("a listener that was not read")


def created(draft: Draft, edit: Edit) -> None:
    """Draft a listener that the fix creates; its attributes follow by an edit of their own."""
    arn = edit.parameters["LoadBalancerArn"]
    balancer = next((b for b in draft.case.state.load_balancers if b.arn == arn), None)
    if balancer is None:
        raise NotWholeError("a load balancer that was not read")
    settings = {k: v for k, v in edit.parameters.items() if k != "LoadBalancerArn"}
    port = settings["Port"]
    draft.add(
        Resource(
            type=TYPE,
            name=draft.name(TYPE, balancer.name, port),
            noun="listener",
            body=_whole(balancer, settings, {}),
        ),
        found_by=arn_of(balancer, port),
    )


def attributes(draft: Draft, edit: Edit) -> None:
    """Add attributes to the listener that an edit before this one creates."""
    listener = draft.made(edit.parameters["ListenerArn"])
    values = {a["Key"]: a["Value"] for a in edit.parameters["Attributes"]}
    first = next(n for n, item in enumerate(listener.body) if getattr(item, "kind", ""))
    listener.body[first:first] = _attributes(values)


def certificates(draft: Draft, edit: Edit) -> None:
    """Draft the certificates that a listener serves beside its default one."""
    arn = edit.parameters["ListenerArn"]
    name = _owner(draft.case, arn).name if isinstance(arn, str) else draft.made(arn).name
    for one in edit.parameters["Certificates"]:
        draft.add(
            Resource(
                type=_CERTIFICATE,
                name=draft.name(_CERTIFICATE, name, "certificate"),
                noun="certificate of the listener",
                body=[
                    argument("listener_arn", draft.known(arn)),
                    argument("certificate_arn", one["CertificateArn"]),
                ],
            )
        )
