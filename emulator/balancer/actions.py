"""Redirects and fixed responses, which a load balancer answers without a target."""

from __future__ import annotations

from emulator.balancer.exchange.pages import OwnAnswer, own, page
from emulator.balancer.match import Asked
from emulator.balancer.model import Action, FixedResponseConfig, RedirectConfig, WeightedGroup


def in_turn(actions: list[Action]) -> list[Action]:
    """Return a rule's actions in the order in which they are performed; the last one decides."""
    return sorted(actions, key=lambda action: action.order or 0)


def groups_of(action: Action) -> list[WeightedGroup]:
    """Return a forward action's target groups, in whichever of the API's two forms it is given."""
    config = action.forward_config
    if config and config.target_groups:
        return config.target_groups
    if action.target_group_arn:
        return [WeightedGroup(target_group_arn=action.target_group_arn, weight=1)]
    return []


def location(config: RedirectConfig, asked: Asked, scheme: str, port: int) -> str:
    """Return a redirect's Location; the port is always written, `#{path}` has no leading slash."""
    own_parts = {
        "#{protocol}": scheme,
        "#{host}": asked.host,
        "#{port}": str(port),
        "#{path}": asked.path.removeprefix("/"),
        "#{query}": asked.query,
    }

    def filled(text: str) -> str:
        for placeholder, value in own_parts.items():
            text = text.replace(placeholder, value)
        return text

    protocol = filled(config.protocol or "#{protocol}").lower()
    host, its_port = filled(config.host or "#{host}"), filled(config.port or "#{port}")
    path = "/" + filled(config.path or "/#{path}").removeprefix("/")
    query = filled("#{query}" if config.query is None else config.query)
    return f"{protocol}://{host}:{its_port}{path}" + (f"?{query}" if query else "")


def redirect(config: RedirectConfig, asked: Asked, scheme: str, port: int) -> OwnAnswer:
    """Return the answer of a redirect action."""
    status = 301 if config.status_code == "HTTP_301" else 302
    where = ("Location", location(config, asked, scheme, port))
    return OwnAnswer(status=status, body=page(status), extra=(where,), answered_by="redirect")


def fixed(config: FixedResponseConfig) -> OwnAnswer:
    """Return the answer of a fixed-response action."""
    kind = config.content_type or "text/plain"
    return OwnAnswer(
        status=int(config.status_code),
        body=(config.message_body or "").encode(),
        content_type=f"{kind}; charset=utf-8",
        answered_by="fixed-response",
    )


def answer_of(action: Action | None, asked: Asked, scheme: str, port: int) -> OwnAnswer | None:
    """Return the balancer's own response, or None if a target must answer."""
    if action is None:
        return own(500, "the rule has no action")
    if action.type == "forward":
        return None
    if action.type == "redirect" and action.redirect_config:
        return redirect(action.redirect_config, asked, scheme, port)
    if action.type == "fixed-response" and action.fixed_response_config:
        return fixed(action.fixed_response_config)
    return own(500, f"action {action.type} is not served")
