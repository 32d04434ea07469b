"""The addresses in the Secrets lead to Services that are there, on ports that they have."""

from urllib.parse import urlsplit

import pytest

from learnflow.manifests import secrets
from tests.manifests.overlays import rendered

PLAIN = "minikube"
KEYS = ("url", "direct-url", "replica-url")


def ports() -> dict[str, set[int]]:
    return {
        each.name: {int(port["port"]) for port in each.fields["spec"].get("ports", ())}
        for each in rendered(PLAIN)
        if each.kind == "Service" and each.at("apiVersion") == "v1"
    }


@pytest.mark.parametrize("name", secrets.names())
def test_every_address_in_a_secret_is_a_service_and_one_of_its_ports(name: str) -> None:
    said = secrets.secret_of(name, "password")["stringData"]
    urls = [urlsplit(said[key]) for key in KEYS if key in said]
    assert urls
    for url in urls:
        assert url.port in ports().get(str(url.hostname), set()), url.hostname
