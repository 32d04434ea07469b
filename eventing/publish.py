"""How facts reach the topics: the PubSub protocol, and its two small implementations.

The relay speaks to a PubSub and to nothing else. On the cluster it is Dapr; in the embedded mode it
is the runner's event log; in tests it is memory. One behaviour suite holds for all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    import aiohttp


class PubSubUnavailable(Exception):
    """The bus did not answer; nothing is known of the messages, which may be published again."""


@dataclass(frozen=True, slots=True)
class Message:
    """One CloudEvent (structured JSON) for one topic; `key` chooses the partition."""

    topic: str
    key: str
    envelope: bytes


class PubSub(Protocol):
    """Publishes messages, each at least once, in any order."""

    async def publish(self, messages: Sequence[Message]) -> list[str | None]:
        """For each message None when it is durable, else the reason it was refused.

        Raises PubSubUnavailable when nothing can be said.
        """
        ...


@dataclass
class MemoryPubSub:
    """A bus in memory: what was published, and switches for the faults a real one has."""

    topics: frozenset[str] | None = None
    published: list[Message] = field(default_factory=list)
    down: bool = False

    async def publish(self, messages: Sequence[Message]) -> list[str | None]:
        """Keep the messages, or raise while `down`."""
        if self.down:
            raise PubSubUnavailable("the memory bus is down")
        answers: list[str | None] = []
        for message in messages:
            known = self.topics is None or message.topic in self.topics
            if known:
                self.published.append(message)
            answers.append(None if known else f"unknown topic {message.topic}")
        return answers


class LogPubSub:
    """Publishes to the runner's event log over its Unix socket (embedded mode)."""

    def __init__(self, socket_path: str, timeout: float = 10.0) -> None:
        self._path = socket_path
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def publish(self, messages: Sequence[Message]) -> list[str | None]:
        """One request for the whole batch; the log answers after its commit."""
        import aiohttp

        head = (json.dumps({"topic": m.topic, "key": m.key})[:-1].encode() for m in messages)
        parts = (
            start + b',"envelope":' + m.envelope + b"}"
            for start, m in zip(head, messages, strict=True)
        )
        body = b'{"messages":[' + b",".join(parts) + b"]}"
        try:
            async with self._open().post("http://runner/publish", data=body) as response:
                if response.status != 200:
                    raise PubSubUnavailable(f"the event log answered {response.status}")
                results: list[str | None] = (await response.json())["results"]
                return results
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PubSubUnavailable(f"the event log is away: {type(error).__name__}") from error

    def _open(self) -> "aiohttp.ClientSession":
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(self._path),
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                headers={"content-type": "application/json"},
            )
        return self._session

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()

    async def __aenter__(self) -> Self:
        """Opened lazily at the first publish."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closed with the block."""
        await self.close()
