"""Who may talk to whom, overlay by overlay, beside what was agreed: a policy that widens fails.

The tables in `network/` are written anew by `python -m tests.manifests.test_network_golden`; what
differs is for people to read and to agree with.
"""

import copy
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from learnflow.manifests.document import Document
from learnflow.manifests.network import NAMESPACE, Place, allowed, applies, places, types_of
from learnflow.manifests.rules import Tree
from tests.manifests.overlays import OVERLAYS, rendered

GOLDEN: Final = Path(__file__).parent / "network"
STRANGER: Final = Place("anybody else", "elsewhere", {"app": "anything"})
BEYOND: Final = (
    Place("activator", "knative-serving", {"app": "activator"}),
    Place("autoscaler", "knative-serving", {"app": "autoscaler"}),
    Place("kourier", "kourier-system", {"app": "3scale-kourier-gateway"}),
    Place("source dispatcher", "knative-eventing", {"app": "kafka-source-dispatcher"}),
    Place("dapr", "dapr-system", {"app": "dapr-operator"}),
    Place("dns", "kube-system", {"k8s-app": "kube-dns"}),
    Place("monitoring", "monitoring"),
    Place("postgres operator", "cnpg-system", {"app.kubernetes.io/name": "cloudnative-pg"}),
    STRANGER,
)
"""Pods of others that our policies speak of, and one that they do not."""
UNUSED: Final = 1
"""A port that no policy names: who reaches it reaches every port."""
Policies = Sequence[Document]


def policies_of(documents: Sequence[Document]) -> list[Document]:
    """The policies that are rendered."""
    return [each for each in documents if each.kind == "NetworkPolicy"]


def ports_of(policies: Policies) -> list[int]:
    """Every port that a policy names, both ends of a range, and one that none does."""
    found = {UNUSED}
    for each in policies:
        for direction in ("ingress", "egress"):
            for rule in each.at("spec", direction) or ():
                for said in rule.get("ports", ()):
                    found |= {p for p in (said.get("port"), said.get("endPort")) if p is not None}
    return sorted(found)


def table(documents: Sequence[Document]) -> list[str]:
    """A line for each pair that may talk: `from -> to: ports`, alike pods on one line."""
    policies = policies_of(documents)
    ours = {place.name: place for place in places(Tree(tuple(documents)))}
    everybody = [*ours.values(), *BEYOND]
    ports = ports_of(policies)
    about = {place.name: [each for each in policies if applies(each, place)] for place in everybody}
    lines: dict[tuple[str, str], list[str]] = {}
    for source in everybody:
        for target in everybody:
            if source in BEYOND and target in BEYOND:
                continue
            theirs = about[source.name] + about[target.name]
            passing = [port for port in ports if allowed(theirs, source, target, port)]
            if passing:
                lines.setdefault((target.name, shown(passing)), []).append(source.name)
    return sorted(f"{to} <- {ports} <- {', '.join(who)}" for (to, ports), who in lines.items())


def shown(ports: Sequence[int]) -> str:
    """Ports as text; `any` when even one that nobody names passes."""
    return "any port" if UNUSED in ports else " ".join(map(str, ports))


def outside_addresses(documents: Sequence[Document]) -> list[str]:
    """The blocks of addresses that a policy opens, which no pod stands for."""
    return sorted(
        f"{each.name}: {direction} {peer['ipBlock']}"
        for each in policies_of(documents)
        for direction, key in (("ingress", "from"), ("egress", "to"))
        for rule in each.at("spec", direction) or ()
        for peer in rule.get(key, ())
        if "ipBlock" in peer
    )


def unguarded(documents: Sequence[Document]) -> list[str]:
    """Namespaces of ours in which no policy begins by refusing everything."""
    guarded = {
        str(each.at("metadata", "namespace"))
        for each in policies_of(documents)
        if not each.at("spec", "podSelector") and set(types_of(each)) == {"Ingress", "Egress"}
    }
    homes = {place.namespace for place in places(Tree(tuple(documents)))}
    return sorted(homes - guarded)


def page(documents: Sequence[Document]) -> str:
    """What is agreed of one overlay."""
    return "\n".join(
        [
            "# to <- ports <- from",
            *table(documents),
            "# opened to blocks of addresses",
            *outside_addresses(documents),
            "# namespaces that do not begin by refusing everything",
            *unguarded(documents),
            "",
        ]
    )


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_who_may_talk_to_whom_is_what_was_agreed(overlay: str) -> None:
    agreed = (GOLDEN / f"{overlay}.txt").read_text("utf-8").splitlines()
    now = page(rendered(overlay)).splitlines()
    assert [line for line in now if line not in agreed] == [], "newly allowed"
    assert [line for line in agreed if line not in now] == [], "not allowed any more"


def test_every_table_belongs_to_an_overlay() -> None:
    assert sorted(file.stem for file in GOLDEN.glob("*.txt")) == OVERLAYS


WIDER: Final[dict[str, dict[str, Any]]] = {
    "from every namespace": {"ingress": [{"from": [{"namespaceSelector": {}}]}]},
    "from everywhere": {"ingress": [{}]},
    "from one namespace more": {
        "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {NAMESPACE: "elsewhere"}}}]}]
    },
    "to everywhere": {"egress": [{}]},
    "to addresses": {"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]},
    "at one port more": {
        "ingress": [
            {
                "from": [{"namespaceSelector": {"matchLabels": {NAMESPACE: "kourier-system"}}}],
                "ports": [{"protocol": "TCP", "port": 9090}],
            }
        ]
    },
}


@pytest.mark.parametrize("wider", WIDER)
def test_a_policy_that_widens_is_seen(wider: str) -> None:
    documents = rendered("minikube")
    first = policies_of(documents)[0]
    fields = copy.deepcopy(first.fields)
    fields["metadata"]["name"] = "wider"
    fields["spec"] = {"podSelector": {}, **WIDER[wider]}
    fields["spec"]["policyTypes"] = [name.title() for name in WIDER[wider]]
    added = (*documents, replace(first, fields=fields, name="wider"))
    assert page(added) != page(documents)


def test_that_nothing_is_refused_at_first_any_more_is_seen() -> None:
    documents = rendered("minikube")
    (deny,) = (each for each in policies_of(documents) if each.name == "default-deny")
    assert page([each for each in documents if each is not deny]) != page(documents)


def main() -> None:
    """Write the tables anew."""
    GOLDEN.mkdir(exist_ok=True)
    for overlay in OVERLAYS:
        (GOLDEN / f"{overlay}.txt").write_text(page(rendered(overlay)), "utf-8")
        sys.stdout.write(f"{GOLDEN.name}/{overlay}.txt\n")


if __name__ == "__main__":
    main()
