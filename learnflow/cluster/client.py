"""The API server, by kr8s: read, server-side apply, delete; its refusals as ClusterError."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from learnflow.cluster.connecting import connect
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.operators import MANAGER

PATIENCE_SECONDS: Final = 90.0
"""How long a webhook or a new type may take to be there after its operator started."""
BUSY_TIMES: Final = 20
_PAUSE: Final = 1.0
_LATER: Final = ("failed calling webhook", "connection refused", "no endpoints available")
Fields = dict[str, Any]


class Declined(ClusterError):
    """The API server's answer where it was no success: `status`, and its own words."""

    def __init__(self, status: int, said: str) -> None:
        fix = "mend what it says, or use an account that may administer the cluster: --context"
        super().__init__(f"The API server declines that: {said.rstrip('.')}.", fix)
        self.status, self.said = status, said


class Cluster:
    """One API server; as a context manager it closes the connection."""

    def __init__(self, api: Any, context: str, patience: float = PATIENCE_SECONDS) -> None:
        self.api, self.context = api, context
        self._patience = patience
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}

    @classmethod
    async def open(cls, context: str | None = None) -> Self:
        """Connect as KUBECONFIG (or ~/.kube/config) says. Raises ClusterError."""
        return cls(*await connect(context))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        session = self.api._session
        if session is not None:
            await session.aclose()
        auth, own = self.api.auth, Path(tempfile.gettempdir())
        for file in (auth.client_key_file, auth.client_cert_file, auth.server_ca_file):
            if file and Path(file).parent == own:  # kr8s leaves keys behind otherwise
                Path(file).unlink(missing_ok=True)

    async def version(self) -> str:
        """As v1.34.4."""
        return str(json.loads(await self._ask("GET", "/version"))["gitVersion"])

    async def serves(self, api_version: str, kind: str) -> bool:
        """Whether the cluster knows this kind; asked anew until it does."""
        return await self._kind(api_version, kind) is not None

    async def get(self, fields: Fields) -> Fields | None:
        """The resource as it is there, by kind, namespace and name; None where there is none."""
        try:
            found: Fields = json.loads(await self._ask("GET", await self._path(fields)))
        except Declined as declined:
            if declined.status == 404:
                return None
            raise
        return found

    async def all(
        self, api_version: str, kind: str, namespace: str | None = None, **query: str
    ) -> list[Fields]:
        """The resources of a kind, as `labelSelector` and `fieldSelector` say; [] if unknown."""
        known = await self._kind(api_version, kind)
        if known is None:
            return []
        answer = json.loads(
            await self._ask("GET", _url(api_version, known, namespace), params=query)
        )
        return [
            {"apiVersion": api_version, "kind": kind, **item} for item in answer.get("items") or ()
        ]

    async def apply(self, fields: Fields, *, manager: str = MANAGER) -> Fields:
        """Server-side apply; patient with webhooks that start. Raises Declined, ClusterError.

        A field that the cluster does not know is declined.
        """
        params = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        return await self._patiently("PATCH", await self._path(fields), fields, params)

    async def create(self, fields: Fields) -> bool:
        """Make a resource unless it is there already; whether it was made."""
        path = (await self._path(fields)).rpartition("/")[0]
        try:
            await self._patiently("POST", path, fields, {"fieldManager": MANAGER})
        except Declined as declined:
            if declined.status == 409:
                return False
            raise
        return True

    async def delete(self, fields: Fields) -> bool:
        """Ask for its end, pods included; whether it was there."""
        try:
            await self._ask(
                "DELETE", await self._path(fields), params={"propagationPolicy": "Background"}
            )
        except Declined as declined:
            if declined.status == 404:
                return False
            raise
        return True

    async def text(self, path: str, **query: str) -> str:
        """The body of any path: a pod's log, or what a pod's HTTP server answers."""
        return await self._ask("GET", path, params=query)

    @contextlib.asynccontextmanager
    async def forward(self, namespace: str, pod: str, port: int) -> AsyncIterator[int]:
        """A port of 127.0.0.1 that leads to a pod's."""
        from kr8s.asyncio.objects import Pod
        from kr8s.asyncio.portforward import PortForward

        found: Any = Pod({"metadata": {"name": pod, "namespace": namespace}}, api=self.api)
        async with PortForward(found, port, local_port="auto") as local:
            yield int(local)

    async def _patiently(
        self, method: str, path: str, fields: Fields, params: Mapping[str, str]
    ) -> Fields:
        """Send it, again while webhooks are not up or the server is too busy."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        headers = {"content-type": "application/apply-patch+yaml"} if method == "PATCH" else {}
        while True:
            try:
                answer = await self._ask(
                    method, path, params=params, content=json.dumps(fields), headers=headers
                )
                found: Fields = json.loads(answer)
                return found
            except Declined as declined:
                later = declined.status == 503 or any(w in declined.said for w in _LATER)
                if not later or loop.time() > deadline:
                    raise
            await asyncio.sleep(_PAUSE)

    async def _ask(self, method: str, path: str, **request: Any) -> str:
        """The answer's body; asked again while the server has too much to do."""
        for _ in range(BUSY_TIMES - 1):
            try:
                return await self._ask_once(method, path, **request)
            except Declined as declined:
                if declined.status != 429:
                    raise
            await asyncio.sleep(_PAUSE)
        return await self._ask_once(method, path, **request)

    async def _ask_once(self, method: str, path: str, **request: Any) -> str:
        import httpx

        first, _, rest = path.removeprefix("/").partition("/")
        where = {"version": "", "base": f"/{first}", "url": rest}
        try:
            async with self.api.call_api(
                method, **where, raise_for_status=False, **request
            ) as answer:
                text = str(answer.text)
                if answer.status_code == 401:
                    raise ClusterError(
                        "The API server does not accept these credentials.",
                        "log in anew, or choose another context with --context",
                        self.context,
                    )
                if answer.is_success:
                    return text
                raise Declined(int(answer.status_code), _said(text))
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise ClusterError(
                f"The API server does not answer: {error or type(error).__name__}.",
                "look at the cluster (minikube status), then run the same again",
                self.context,
            ) from error

    async def _path(self, fields: Fields) -> str:
        version, kind = fields["apiVersion"], fields["kind"]
        known = await self._kind(version, kind)
        if known is None:
            raise ClusterError(
                f"The cluster has no {kind} of {version}.",
                "install its operator: learnflow cluster up without --skip-operators",
                self.context,
            )
        metadata = fields["metadata"]
        return f"{_url(version, known, metadata.get('namespace'))}/{metadata['name']}"

    async def _kind(self, version: str, kind: str) -> tuple[str, bool] | None:
        """Plural, and whether it lies in namespaces."""
        if kind not in self._kinds.get(version, {}):
            base = "/api/v1" if version == "v1" else f"/apis/{version}"
            try:
                listed = json.loads(await self._ask("GET", base))["resources"]
            except Declined as declined:
                if declined.status != 404:
                    raise
                listed = []
            self._kinds[version] = {
                each["kind"]: (each["name"], each["namespaced"])
                for each in listed
                if "/" not in each["name"]
            }
        return self._kinds[version].get(kind)


def _url(version: str, known: tuple[str, bool], namespace: str | None) -> str:
    base = "/api/v1" if version == "v1" else f"/apis/{version}"
    plural, namespaced = known
    if namespaced and namespace:
        return f"{base}/namespaces/{namespace}/{plural}"
    return f"{base}/{plural}"


def _said(text: str) -> str:
    try:
        return str(json.loads(text).get("message") or text)
    except (ValueError, AttributeError):
        return text.strip()
