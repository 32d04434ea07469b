"""Asking list_tutors through Dapr: what to rank while matching's own index is empty or behind.

daprd knows list-tutors as an HTTPEndpoint, which goes through the ingress and so wakes it from
zero. Never call this inside a transaction; its answer is a hint, tutors_db stays the authority.
"""

import json
import logging
from typing import Any, Final

from eventing.events import TutorRegistered

ENDPOINT: Final = "list-tutors"
MOST: Final = 100
"""A page of list_tutors; an index that lacks more than these catches up by its events."""
TIMEOUT: Final = 16.0
"""Seconds: above the resiliency policy's 15, which is above a cold start."""
_LOG: Final = logging.getLogger("learnflow.match")
_FIELDS: Final = frozenset(TutorRegistered.model_fields)


async def tutors(port: int | None, subject: str, grade: int) -> list[TutorRegistered]:
    """Snapshots of who could teach, for `store.hear_tutor`; empty when there is no answer.

    `port` is daprd's (Settings.dapr_http_port); None, without Dapr, asks nobody.
    """
    if port is None:
        return []
    import aiohttp

    url = f"http://127.0.0.1:{port}/v1.0/invoke/{ENDPOINT}/method/api/tutors"
    wish = {"available": "true", "subject": subject, "grade": str(grade), "limit": str(MOST)}
    patience = aiohttp.ClientTimeout(total=TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(timeout=patience) as session,
            session.get(url, params=wish) as answer,
        ):
            if answer.status != 200:
                _LOG.warning("list_tutors answered %d: matching from the index", answer.status)
                return []
            return [_snapshot(one) for one in json.loads(await answer.read())["tutors"]]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, LookupError, TypeError) as why:
        _LOG.warning("list_tutors was not asked (%s): matching from the index", type(why).__name__)
        return []


def _snapshot(shown: dict[str, Any]) -> TutorRegistered:
    """What list_tutors shows of a tutor, without what matching may not know, as the name."""
    known = {name: shown[name] for name in _FIELDS if name in shown}
    return TutorRegistered.model_validate_json(json.dumps(known))
