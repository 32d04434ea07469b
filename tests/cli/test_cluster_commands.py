"""What `learnflow cluster` says on the command line when nothing can be reached, and its parts."""

from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from learnflow.cli import cluster_up
from learnflow.cli.problem import Problem
from learnflow.cluster.checking import Options
from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.gateway import Paths, gateway
from learnflow.cluster.installing import fetched
from learnflow.cluster.plan import ROOT
from learnflow.manifests import read_system
from tests.cli.conftest import Command
from tests.ports import free_port


def kubeconfig(folder: Path, server: str) -> str:
    said = {
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(said), "utf-8")
    return str(file)


COMMANDS = (
    ("up", "--skip-operators"), ("up", "--dry-run"), ("status",), ("demo",), ("replay", "x"),
    ("down", "--keep-data"),
)  # fmt: skip


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_cluster_that_does_not_answer_is_said_with_the_next_step(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    server = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, server))
    error = command("cluster", *arguments).exception
    assert isinstance(error, Problem)
    assert error.what.startswith("The API server does not answer")
    assert "minikube start" in error.fix


def test_a_missing_kubeconfig_and_an_unknown_context_are_told_apart(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    error = command("cluster", "status").exception
    assert isinstance(error, Problem)
    assert error.what.startswith("There is no kubeconfig to use")
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, "http://127.0.0.1:1"))
    error = command("cluster", "status", "--context", "there").exception
    assert isinstance(error, Problem)
    assert error.what == "The kubeconfig has no context there."


def test_data_is_removed_only_when_told_so(command: Command) -> None:
    error = command("cluster", "down").exception
    assert isinstance(error, Problem)
    assert (error.what, "--yes" in error.fix) == ("Nothing was removed.", True)


def test_an_overlay_is_looked_at_before_the_cluster(command: Command) -> None:
    error = command("cluster", "up", "--overlay", "nope").exception
    assert isinstance(error, Problem)
    assert error.what == "There is no overlay nope."


async def _answering(handler: object) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def test_a_release_that_is_not_there_is_named_by_its_address() -> None:
    async def gone(request: web.Request) -> web.Response:
        return web.Response(status=404 if request.path == "/gone.yaml" else 200, text="kind: x")

    runner, url = await _answering(gone)
    try:
        assert await fetched(f"{url}/there.yaml") == "kind: x"
        with pytest.raises(ClusterError, match="cannot be fetched: 404") as raised:
            await fetched(f"{url}/gone.yaml")
        assert raised.value.where == f"{url}/gone.yaml"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://web.learnflow.localhost", "http://web.learnflow.localhost:8080/"),
        ("https://web.learnflow.example.org", "https://web.learnflow.example.org/"),
    ],
)
def test_up_ends_with_where_the_web_app_is(
    url: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster_up._show({"web": url, "find-tutor": "http://find-tutor.learnflow.localhost"})
    shown = capsys.readouterr().out
    assert shown.endswith(f"The web app: {said}\n")
    assert shown.count(url) == 1


async def test_the_gateway_gives_each_request_to_its_functions_host() -> None:
    async def echo(request: web.Request) -> web.Response:
        said = [request.method, request.headers["host"], request.path_qs, await request.text()]
        headers = {"idempotency": request.headers.get("idempotency-key", "")}
        return web.json_response(said, status=201, headers=headers)

    runner, ingress = await _answering(echo)
    urls = {"register-student": "http://register-student.learnflow.localhost"}
    paths = Paths(read_system(ROOT).functions)
    try:
        async with gateway(paths, urls, ingress) as url, aiohttp.ClientSession(url) as session:
            async with session.post(
                "/api/students?a=b", data="{}", headers={"idempotency-key": "k"}
            ) as answer:
                host = "register-student.learnflow.localhost"
                assert await answer.json() == ["POST", host, "/api/students?a=b", "{}"]
                assert (answer.status, answer.headers["idempotency"]) == (201, "k")
            async with session.get("/api/tutors") as answer:
                assert answer.status == 404, "that function has no address"
            await runner.cleanup()
            async with session.post("/api/students", data="{}") as answer:
                assert answer.status == 503
    finally:
        await runner.cleanup()


async def test_an_old_kubernetes_is_refused_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from learnflow.cluster.bringing_up import up
    from learnflow.cluster.plan import plan

    asked = []

    async def old(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"gitVersion": "v1.30.2"})

    class Silent:
        def now(self, text: str) -> None: ...
        def line(self, state: str, stage: str, detail: str) -> None: ...

    runner, url = await _answering(old)
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, url))
    try:
        async with await Cluster.open() as cluster:
            with pytest.raises(ClusterError, match=r"v1\.30\.2"):
                await up(cluster, plan("minikube"), Options(), Silent())
    finally:
        await runner.cleanup()
    assert {path.rstrip("/") for path in asked} == {"/version"}
