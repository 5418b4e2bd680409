"""Read the tags of listeners and their rules, of as many at once as one call takes.

Elastic Load Balancing, "DescribeTags": up to 20 resources; of a resource that does not exist AWS
tells an error, and nothing of those asked beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from canary.control_plane.state import Listener, LoadBalancer
from canary.observe.calls import Reader

Tags = dict[str, dict[str, str]]  # by the ARN of the resource
AT_ONCE = 20
_ACTION = "elasticloadbalancing:DescribeTags"
_GONE = ("RuleNotFound", "ListenerNotFound")  # deleted between two calls
_NOT_THERE: Tags = {}


def added(
    reader: Reader, balancers: tuple[LoadBalancer, ...], known: tuple[Listener, ...]
) -> tuple[LoadBalancer, ...]:
    """Return the load balancers with the tags of their listeners and rules.

    Those of `known` listeners are taken from there. A listener of which a tag may be missing has
    its tags unread.
    """
    listeners = [x for b in balancers for x in b.listeners]
    had = {arn: tags for x in known if "tags" not in x.unread for arn, tags in _kept(x)}
    wanted = [arn for x in listeners for arn in _arns(x) if arn not in had]
    tags = had | _read(reader, wanted, listeners)
    return tuple(
        replace(b, listeners=tuple(_tagged(x, tags) for x in b.listeners)) for b in balancers
    )


def _arns(listener: Listener) -> list[str]:
    """Return the listener and those of its rules that can have tags of their own."""
    return [listener.arn, *(r.arn for r in listener.rules if r.priority != "default")]


def _kept(listener: Listener) -> list[tuple[str, dict[str, str]]]:
    return [(listener.arn, listener.tags), *((r.arn, r.tags) for r in listener.rules)]


def _read(reader: Reader, wanted: list[str], listeners: Iterable[Listener]) -> Tags:
    """Return the tags that could be read; where something is gone, each listener is asked alone."""
    found: Tags = {}
    for some in _several(wanted):
        answer = _asked(reader, some)
        found |= answer or {}
        each = [own for x in listeners if (own := [a for a in _arns(x) if a in some])]
        for own in each if answer is _NOT_THERE and len(each) > 1 else ():
            found |= _asked(reader, own) or {}
    return found


def _several(arns: list[str]) -> list[list[str]]:
    return [arns[start : start + AT_ONCE] for start in range(0, len(arns), AT_ONCE)]


def _asked(reader: Reader, arns: list[str]) -> Tags | None:
    gone: dict[str, Tags | None] = dict.fromkeys(_GONE, _NOT_THERE)
    return reader.answer(_ACTION, arns[0], _by_arn, None, gone, ResourceArns=arns)


def _by_arn(answer: dict[str, Any]) -> Tags | None:
    return {
        str(one["ResourceArn"]): {str(t["Key"]): str(t.get("Value", "")) for t in one["Tags"]}
        for one in answer.get("TagDescriptions", [])
    }


def _tagged(listener: Listener, tags: Tags) -> Listener:
    missing = any(arn not in tags for arn in _arns(listener))
    return replace(
        listener,
        rules=tuple(replace(r, tags=tags.get(r.arn, {})) for r in listener.rules),
        tags=tags.get(listener.arn, {}),
        unread=(*listener.unread, *(("tags",) if missing else ())),
    )
