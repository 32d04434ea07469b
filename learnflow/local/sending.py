"""Sending an event by hand: from a type of the catalogue and its data to a message."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from eventing.events import CATALOGUE
from learnflow.runtime.trace import continued

SOURCE: Final = "learnflow/cli"
MOST: Final = 10_000
"""Events in one request."""


class NotSendable(Exception):
    """It is no event of the catalogue; `errors` say where its data is wrong."""

    def __init__(self, detail: str, errors: list[str] | None = None) -> None:
        super().__init__(detail)
        self.errors = errors or []


def messages(wishes: Any) -> list[tuple[str, dict[str, Any]]]:
    """`message` for each of many wishes; NotSendable names the first that is wrong, from 1."""
    if not isinstance(wishes, list) or not 0 < len(wishes) <= MOST:
        raise NotSendable(f"events is a list of 1 to {MOST} objects")
    made = []
    for number, wish in enumerate(wishes, 1):
        try:
            made.append(message(wish if isinstance(wish, dict) else {}))
        except NotSendable as why:
            raise NotSendable(f"event {number}: {why}; nothing was sent", why.errors) from None
    return made


def message(wish: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The event's id, and the message {topic, key, envelope} for {type, data, id?, check?}.

    `check` false sends data that its event class would refuse, to see what becomes of it.
    """
    event_type, data, event_id = wish.get("type"), wish.get("data"), wish.get("id")
    kind = CATALOGUE.get(event_type) if isinstance(event_type, str) else None
    if kind is None:
        raise NotSendable(f"type is one of {', '.join(sorted(CATALOGUE))}")
    if not isinstance(data, dict) or not isinstance(event_id, str | None):
        raise NotSendable("data is an object, and id, if given, a string")
    if wish.get("check", True):
        try:
            kind.model_validate(data)
        except ValidationError as error:
            raise NotSendable("the data is not this event's", _errors(error)) from None
    key = str(data.get(kind.key_field, ""))
    event_id = event_id or str(uuid.uuid4())
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": kind.type,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "partitionkey": key,
        "traceparent": continued(None),
        "data": data,
    }
    if key:
        envelope["subject"] = key
    return event_id, {"topic": kind.topic, "key": key, "envelope": envelope}


def _errors(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ]
