"""Publishing through Dapr: daprd's bulk publish over HTTP, one request for each topic of a batch.

The `dapr` package is not used: see docs/decisions/0022. Every entry carries its own `partitionKey`
and `content-type`; request metadata would overwrite them (and Kafka's headers are these entries').
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, Final, Self

import aiohttp

from eventing.envelope import STRUCTURED
from eventing.publish import Message, PubSubUnavailable

PUBSUB: Final = "kafka-pubsub"
DEFAULT_PORT: Final = 3500
TRACE: Final = ("traceid", "traceparent", "tracestate")
_MOST_BYTES: Final = 3_000_000
"""Of one request: daprd refuses bodies over 4 MiB."""
_FINAL: Final = (
    "message was too large",
    "message larger than configured",
    "does not exist on this broker",
    "topic that is invalid",
    "attempted to perform an operation on an invalid topic",
    "not authorized to access this topic",
)
"""What Kafka says (in daprd's client's words) of a message that it will not take later either."""
_Numbered = tuple[int, Message]


class DaprPubSub:
    """Publishes to Kafka by the daprd that listens on a port of this machine."""

    def __init__(
        self, port: int = DEFAULT_PORT, *, pubsub: str = PUBSUB, timeout: float = 30.0
    ) -> None:
        """`timeout` in seconds for one request; daprd's own retries take most of it."""
        self._base = f"http://127.0.0.1:{port}"
        self._pubsub = pubsub
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=5)
        self._session: aiohttp.ClientSession | None = None

    async def publish(self, messages: Sequence[Message]) -> list[str | None]:
        """For each message None once Kafka has it, else why Kafka refuses it.

        Raises PubSubUnavailable when daprd or Kafka is away: some may have arrived all the same.
        """
        results: list[str | None] = [None] * len(messages)
        requests = (self._request(topic, part) for topic, part in _requests(messages))
        for refused in await _all(requests):
            for number, reason in refused.items():
                results[number] = reason
        return results

    async def ready(self) -> bool:
        """Whether daprd has loaded its components and can be asked; it may not reach Kafka."""
        try:
            async with self._open().get(f"{self._base}/v1.0/healthz/outbound") as answer:
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        """Opened lazily at the first publish."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closed with the block."""
        await self.close()

    async def _request(self, topic: str, part: Sequence[_Numbered]) -> dict[int, str]:
        """The refused of one request, by number, with the reason."""
        url = f"{self._base}/v1.0-alpha1/publish/bulk/{self._pubsub}/{topic}"
        body = b"[" + b",".join(entry(number, message) for number, message in part) + b"]"
        headers = {"content-type": "application/json"}
        try:
            async with self._open().post(url, data=BytesIO(body), headers=headers) as response:
                if response.status < 300:
                    return {}
                said = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PubSubUnavailable(f"daprd is away: {type(error).__name__}") from error
        if response.status == 413 and len(part) == 1:
            return {part[0][0]: "larger than daprd takes"}
        return _refused(response.status, said)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session


def entry(number: int, message: Message) -> bytes:
    """A message as an entry of a bulk publish; `number` comes back when it is refused.

    The trace fields are there even when they are empty: daprd would invent what is missing.
    """
    envelope = {**dict.fromkeys(TRACE, ""), **json.loads(message.envelope)}
    document: dict[str, Any] = {
        "entryId": str(number),
        "contentType": STRUCTURED,
        "metadata": {"partitionKey": message.key, "content-type": STRUCTURED},
        "event": envelope,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _requests(messages: Sequence[Message]) -> Iterator[tuple[str, list[_Numbered]]]:
    """The messages by topic, none of the parts too large for one request."""
    topics: dict[str, list[_Numbered]] = {}
    for number, message in enumerate(messages):
        topics.setdefault(message.topic, []).append((number, message))
    for topic, numbered in topics.items():
        part: list[_Numbered] = []
        size = 0
        for one in numbered:
            if part and size + len(one[1].envelope) > _MOST_BYTES:
                yield topic, part
                part, size = [], 0
            part.append(one)
            size += len(one[1].envelope)
        yield topic, part


async def _all(requests: Iterator[Any]) -> list[dict[int, str]]:
    """What each request answers; the first failure is raised once all have ended."""
    done = await asyncio.gather(*requests, return_exceptions=True)
    found: list[dict[int, str]] = []
    for one in done:
        if isinstance(one, BaseException):
            raise one
        found.append(one)
    return found


def _refused(status: int, said: bytes) -> dict[int, str]:
    """Which entries Kafka refused for good. Raises PubSubUnavailable when one may yet succeed."""
    try:
        answer = json.loads(said)
        failed = {int(one["entryId"]): str(one["error"]) for one in answer["failedEntries"]}
    except (ValueError, TypeError, KeyError):
        raise PubSubUnavailable(f"daprd answered {status}: {_short(said)}") from None
    for reason in failed.values():
        if not any(words in reason.lower() for words in _FINAL):
            raise PubSubUnavailable(f"Kafka is away, says daprd: {reason[:200]}")
    if not failed:
        raise PubSubUnavailable(f"daprd answered {status}: {_short(said)}")
    return failed


def _short(said: bytes) -> str:
    return said[:200].decode(errors="replace")
