"""What does the API server list? Asked with the pod's own token, and no more often than it needs.

Plain HTTP: kr8s is not in the core image, and would treble the imports.
"""

import asyncio
import ssl
import time
from pathlib import Path
from typing import Any, Final

import aiohttp

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
FRESH_SECONDS: Final = 1.0
"""However many pages look, each list is asked for once in this time."""
_ANSWER_SECONDS: Final = 10.0
LISTS: Final = {
    "services": "/apis/serving.knative.dev/v1/namespaces/{}/services",
    "sources": "/apis/sources.knative.dev/v1/namespaces/{}/kafkasources",
    "pods": "/api/v1/namespaces/{}/pods?labelSelector=serving.knative.dev/service",
}
_TYPES: Final = {
    "services": ("serving.knative.dev/v1", "Service"),
    "sources": ("sources.knative.dev/v1", "KafkaSource"),
    "pods": ("v1", "Pod"),
}
Fields = dict[str, Any]


class Unanswered(Exception):
    """The API server did not list what was asked for; the text says why, without the token."""


class Kubernetes:
    """The lists of one namespace; token and certificate are files of `account`."""

    def __init__(self, url: str, account: Path = ACCOUNT) -> None:
        self._url = url
        self._account = account
        self._session: aiohttp.ClientSession | None = None
        self._known: dict[str, tuple[float, list[Fields]]] = {}
        self._asking = asyncio.Lock()

    async def close(self) -> None:
        """Ask nothing any more."""
        if self._session is not None:
            await self._session.close()

    async def all(self, what: str) -> list[Fields]:
        """The resources of one of LISTS, at most a second old. Raises Unanswered."""
        async with self._asking:
            asked, found = self._known.get(what, (float("-inf"), []))
            if time.monotonic() - asked > FRESH_SECONDS:
                found = await self._asked(what)
                self._known[what] = time.monotonic(), found
            return found

    async def _asked(self, what: str) -> list[Fields]:
        try:
            namespace = (self._account / "namespace").read_text("utf-8").strip()
            # Read each time: the kubelet puts a new token there before the old one expires.
            token = (self._account / "token").read_text("utf-8").strip()
            address = self._url + LISTS[what].format(namespace)
            headers = {"Authorization": f"Bearer {token}"}
            async with self._client().get(address, headers=headers) as answer:
                if answer.status != 200:
                    raise Unanswered(f"the API server answers {answer.status} to a list of {what}")
                listed = await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unanswered(f"the API server does not answer: {type(error).__name__}") from error
        version, kind = _TYPES[what]
        return [{"apiVersion": version, "kind": kind, **each} for each in listed["items"]]

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            trusted = ssl.create_default_context(cafile=str(self._account / "ca.crt"))
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trusted, limit=4),
                timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
