"""Argo CD gets the production overlay, and knows when our kinds are ready."""

from typing import Any

import yaml

from tests.manifests.overlays import OVERLAYS, rendered
from tests.manifests.trees import ROOT
from tools.cluster_validation import faults

FOLDER = ROOT / "k8s" / "argocd"
HEALTH = "resource.customizations.health."


def said(name: str) -> dict[str, Any]:
    fields: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return fields


def test_both_are_valid() -> None:
    assert {file.name: faults(said(file.name)) for file in FOLDER.glob("*.yaml")} == {
        "applicationset.yaml": [],
        "health.yaml": [],
    }


def test_each_environment_is_an_overlay() -> None:
    spec = said("applicationset.yaml")["spec"]
    (generator,) = spec["generators"]
    path = spec["template"]["spec"]["source"]["path"]
    for element in generator["list"]["elements"]:
        environment = element["environment"]
        assert environment in OVERLAYS
        made = path.replace("{{ .environment }}", environment)
        assert (ROOT / made / "kustomization.yaml").is_file()


def test_the_kinds_that_a_wave_waits_for_have_a_health_check() -> None:
    known = {key.removeprefix(HEALTH) for key in said("health.yaml")["data"]}
    assert known >= {
        "kafka.strimzi.io_Kafka",
        "kafka.strimzi.io_KafkaTopic",
        "sources.knative.dev_KafkaSource",
    }
    groups = {
        f"{str(each.at('apiVersion')).rpartition('/')[0]}_{each.kind}"
        for each in rendered("production")
    }
    assert known <= groups


def test_a_resource_is_healthy_only_for_what_it_says_of_its_newest_generation() -> None:
    for check in said("health.yaml")["data"].values():
        assert "observedGeneration" in check
        assert 'condition.type == "Ready"' in check
