"""What does a delivery get back? The same outcome said to Knative by status, to Dapr by body.

Knative retries 404, 408, 409, 429 and 5xx and dead-letters every other 4xx at once; a Broker takes
a text body for a failure. Dapr drops on 404 and retries every other non-2xx, so it is told in JSON.
"""

from collections.abc import Mapping
from typing import Final

from learnflow.runtime.exchange import Reply
from learnflow.runtime.problems import Refused
from learnflow.runtime.replies import EMPTY, json_reply, problem

MAX_REASON: Final = 1024
"""Bytes of a reply's body that Knative keeps beside a dead letter."""
_TRANSIENT: Final = frozenset({408, 409, 425, 429})
_UNREADABLE: Final = frozenset({400, 405, 413, 415})


def from_dapr(headers: Mapping[str, str]) -> bool:
    """Whether daprd delivers."""
    return (
        "pubsubname" in headers  # all that daprd 1.16 says of itself without a token
        or "dapr-api-token" in headers
        or "dapr-caller-app-id" in headers
        or "dapr/" in headers.get("user-agent", "").lower()
    )


def done(dapr: bool) -> Reply:
    """The event is applied, or was before."""
    return json_reply(200, {"status": "SUCCESS"}) if dapr else EMPTY


def refused(refusal: Refused, dapr: bool, trace_id: str) -> Reply:
    """A refusal: to be tried again if it is transient, else to be kept with the dead letters."""
    transient = refusal.status >= 500 or refusal.status in _TRANSIENT
    if dapr:
        return json_reply(200, {"status": "RETRY" if transient else "DROP"})
    status = refusal.status
    if transient:
        status = max(status, 500)
    elif status not in _UNREADABLE:
        status = 422
    return _short(Refused(status, refusal.title, refusal.detail, **refusal.extras), trace_id)


def _short(refusal: Refused, trace_id: str) -> Reply:
    reply = problem(refusal, trace_id)
    if len(reply.body) <= MAX_REASON:
        return reply
    return problem(Refused(refusal.status, refusal.title, refusal.detail[:500]), trace_id)
