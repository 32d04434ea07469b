"""The order of applying and the Secrets, which the manifests and the code must say alike."""

import pytest

from learnflow.manifests.images import containers
from learnflow.manifests.order import WAVES, wave_of, waves
from learnflow.manifests.secrets import absent, names, secret_of
from tests.manifests.overlays import OVERLAYS, one, rendered
from tests.manifests.trees import ROOT
from tools.cluster_validation import faults

WAVE = "argocd.argoproj.io/sync-wave"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_resource_has_its_wave_and_nothing_comes_before_its_namespace(overlay: str) -> None:
    found = waves(rendered(overlay))
    assert [name for name, _ in found] == list(WAVES)[: len(found)] or overlay != "production"
    assert sum(len(each) for _, each in found) == len(rendered(overlay))
    assert "Namespace" in {each.kind for each in found[0][1]}


def test_subscriptions_are_there_before_the_sidecars_that_read_them_as_they_start() -> None:
    found = rendered("dapr-subscriptions")
    last = max(wave_of(each) for each in found if each.kind == "Subscription")
    assert last < wave_of(one("dapr-subscriptions", "Service", "match-student"))


def test_argo_cd_is_told_the_same_waves() -> None:
    told = [(each, each.at("metadata", "annotations", WAVE)) for each in rendered("production")]
    assert [each.name for each, wave in told if wave != str(wave_of(each))] == []


def test_sources_are_never_pruned_and_jobs_are_replaced() -> None:
    for each in rendered("production"):
        options = each.at("metadata", "annotations", "argocd.argoproj.io/sync-options")
        wanted = {"KafkaSource": "Prune=false", "Job": "Force=true,Replace=true"}
        assert options == wanted.get(each.kind)


def test_the_secrets_of_external_secrets_have_the_keys_that_the_command_gives() -> None:
    for name, keys in names().items():
        external = one("production", "ExternalSecret", name).at("spec", "target", "template")
        assert tuple(external["data"]) == keys
        made = secret_of(name, "{{ .password }}")
        assert external["data"] == made["stringData"]
        assert external["type"] == made["type"]
        assert faults(made) == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_that_a_container_names_is_one_that_is_made(overlay: str) -> None:
    known = names()
    for each in rendered(overlay):
        for container in containers(each.fields):
            for variable in container.get("env", ()):
                ref = (variable.get("valueFrom") or {}).get("secretKeyRef")
                assert ref is None or ref["key"] in known[ref["name"]]


def test_only_absent_secrets_are_made_each_with_its_own_password() -> None:
    made = absent({"students-db-app"})
    assert {each["metadata"]["name"] for each in made} == names().keys() - {"students-db-app"}
    assert len({each["stringData"]["password"] for each in made}) == len(made)


@pytest.mark.parametrize("stem", ["students-db", "students-db-pooler"])
def test_the_three_databases_differ_only_in_name(stem: str) -> None:
    for folder in ("k8s/components/postgres", "k8s/components/cloudnative-pg"):
        file = ROOT / folder / f"{stem}.yaml"
        if not file.exists():
            continue
        said = file.read_text("utf-8")
        for short in ("tutors", "matching"):
            other = (file.parent / file.name.replace("students", short)).read_text("utf-8")
            same = other.replace(short, "students").splitlines()
            different = [a for a, b in zip(same, said.splitlines(), strict=True) if a != b]
            assert all("config-hash" in line for line in different)
