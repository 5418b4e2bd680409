"""Send messages to SNS topics and events to the event bus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def publish_text(
    sns: Callable[[], Any],
    topic: str,
    subject: str,
    text: str,
    attributes: Mapping[str, dict[str, Any]],
) -> None:
    """Send one message to a topic; subscriptions may filter it by its attributes."""
    sns().publish(TopicArn=topic, Subject=subject, Message=text, MessageAttributes=dict(attributes))


def signed(s3: Callable[[], Any], address: str, seconds: int) -> str:
    """Return a presigned https:// link to an s3:// object; any other address stays as it is."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not address.startswith("s3://") or not key:
        return address
    asked = {"Bucket": bucket, "Key": key}
    return str(s3().generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds))


def put_entries(
    events: Callable[[], Any], batches: Sequence[Sequence[dict[str, Any]]]
) -> list[int]:
    """Put entries in batches of at most ten; return the positions that were not accepted.

    PutEvents answers 200 even if entries failed, so the result of each entry counts. A call that
    fails after earlier ones succeeded ends it: sent entries must not be sent again.
    """
    failed: list[int] = []
    position = 0
    for batch in batches:
        try:
            answers = events().put_events(Entries=list(batch)).get("Entries", [])
        except Exception:
            if not position:
                raise  # nothing was sent: the caller reports why
            return [*failed, *range(position, sum(map(len, batches)))]
        failed += [position + n for n, answer in enumerate(answers) if answer.get("ErrorCode")]
        position += len(batch)
    return failed
