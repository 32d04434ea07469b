"""The system page's source on a cluster, before an API server that answers as recorded."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import certifi
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from learnflow.cluster.viewing_client import LISTS, Kubernetes
from learnflow.cluster.viewing_service import application
from learnflow.settings import Settings, SettingsError
from tests.manifests.trees import ROOT
from tests.viewing.test_viewing import listed

PAGE = "http://web.learnflow.localhost:8080"
PATHS = {path.format("learnflow").partition("?")[0]: name for name, path in LISTS.items()}


class ApiServer:
    """Lists what was recorded to who has the token; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.token = "first"

    async def answer(self, request: web.Request) -> web.Response:
        """Its answer to anything."""
        self.asked.append(f"{request.method} {request.path_qs}")
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return web.json_response({"message": "Unauthorized"}, status=401)
        items = [
            {k: v for k, v in each.items() if k not in ("apiVersion", "kind")}
            for each in listed(PATHS[request.path])
        ]
        return web.json_response({"items": items})


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """What the kubelet mounts."""
    (tmp_path / "namespace").write_text("learnflow")
    (tmp_path / "token").write_text("first\n")
    shutil.copy(certifi.where(), tmp_path / "ca.crt")
    return tmp_path


@asynccontextmanager
async def page(server: ApiServer, account: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the service, whose API server this is."""
    api = web.Application()
    api.router.add_route("*", "/{path:.*}", server.answer)
    settings = Settings(cors_origins=(PAGE,))
    async with TestServer(api) as below:
        kubernetes = Kubernetes(str(below.make_url("")).rstrip("/"), account)
        async with (
            TestServer(application(kubernetes, settings)) as served,
            aiohttp.ClientSession(served.make_url("/")) as session,
        ):
            yield session


async def test_it_shows_functions_and_flow_to_the_web_app(account: Path) -> None:
    async with page(ApiServer(), account) as session:
        async with session.get("/system/api/functions", headers={"origin": PAGE}) as answer:
            functions = (await answer.json())["functions"]
            assert answer.headers["access-control-allow-origin"] == PAGE
            assert answer.headers["cache-control"] == "no-store"
        async with session.get("/system/api/flow") as answer:
            nodes = (await answer.json())["nodes"]
            assert "access-control-allow-origin" not in answer.headers
    assert {each["function"] for each in functions} == {each["function"] for each in nodes}
    assert sum(len(each["instances"]) for each in functions) == 1


async def test_other_pages_may_not_read_it(account: Path) -> None:
    foreign = {"origin": "https://evil.example"}
    async with (
        page(ApiServer(), account) as session,
        session.get("/system/api/functions", headers=foreign) as answer,
    ):
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_it_changes_nothing(account: Path, method: str) -> None:
    server = ApiServer()
    async with (
        page(server, account) as session,
        session.request(method, "/system/api/functions") as answer,
    ):
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
        assert answer.content_type == "application/problem+json"
    assert server.asked == []


async def test_many_pages_ask_the_api_server_once_and_only_for_lists(account: Path) -> None:
    server = ApiServer()
    async with page(server, account) as session:
        for _ in range(20):
            async with session.get("/system/api/functions") as answer:
                assert answer.status == 200
    assert len(server.asked) <= 4
    assert {one.partition(" ")[0] for one in server.asked} == {"GET"}


async def test_a_token_that_was_renewed_is_used(
    account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnflow.cluster.viewing_client.FRESH_SECONDS", -1.0)
    server = ApiServer()
    async with page(server, account) as session:
        assert await status(session) == 200
        server.token = "second"
        async with session.get("/system/api/functions") as refused:
            said = await refused.json()
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert said["detail"] == "the API server answers 401 to a list of services"
        (account / "token").write_text("second\n")
        assert await status(session) == 200


async def status(session: aiohttp.ClientSession) -> int:
    async with session.get("/system/api/functions") as answer:
        return answer.status


def test_its_role_is_exactly_what_it_lists() -> None:
    said = (ROOT / "k8s/base/web/accounts.yaml").read_text("utf-8")
    rules = re.findall(r"apiGroups: \[(.*?)\], resources: \[(.*?)\], verbs: \[(.*?)\]", said)
    asked = {
        (match[1] or '""', match[2])
        for path in LISTS.values()
        if (match := re.match(r"/apis?/(?:([a-z.]+\.dev)/)?v1/namespaces/\{\}/([a-z]+)", path))
    }
    assert {(group, resource) for group, resource, _ in rules} == asked
    assert {verbs for *_, verbs in rules} == {"get, list"}


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"KUBERNETES_SERVICE_HOST": "10.96.0.1"}, "https://10.96.0.1:443"),
        (
            {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"},
            "https://[fd00::1]:6443",
        ),
    ],
)
def test_it_finds_the_api_server_as_kubernetes_says(environment: Any, url: str) -> None:
    assert Settings.read(environment).kubernetes_url() == url


def test_outside_of_a_cluster_it_says_so() -> None:
    with pytest.raises(SettingsError, match="KUBERNETES_SERVICE_HOST is not set"):
        Settings.read({}).kubernetes_url()
