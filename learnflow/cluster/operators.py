"""The operators that LearnFlow needs: versions, where they come from, and what is there already."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from learnflow.cluster.errors import ClusterError
from learnflow.cluster.requirements import version_of
from learnflow.manifests.images import parts

_GITHUB: Final = "https://github.com"
_KNATIVE: Final = "releases/download/knative-v"
DAPR_CHART: Final = "https://dapr.github.io/helm-charts"
DAPR_VALUES: Final = ("dapr_sidecar_injector.sidecarDropALLCapabilities=true",)
MANAGER: Final = "learnflow"
"""The field manager of all that `up` applies."""
DONE: Final = "learnflow.org/installed"
METRICS: Final = {"metrics-protocol": "prometheus", "request-metrics-protocol": "prometheus"}
"""Of Serving's config-observability; left out, 1.22 tells no metrics and dashboards stay empty."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One of them: `proof` is the Deployment whose version tells what is installed.

    `lines` are the minor versions that will do, as numbers (Knative's modules count their own).
    Without `urls` it is a Helm chart. `renamed` moves what a file puts into another namespace.
    """

    name: str
    version: str
    lines: tuple[tuple[int, int], ...]
    namespace: str
    proof: str
    groups: tuple[str, ...]
    urls: tuple[str, ...] = ()
    renamed: tuple[str, str] | None = None


OPERATORS: Final = (
    Operator(
        "Knative Serving", "1.22.1", ((1, 22), (0, 49)), "knative-serving", "controller",
        ("serving.knative.dev",),
        (
            f"{_GITHUB}/knative/serving/{_KNATIVE}1.22.1/serving-crds.yaml",
            f"{_GITHUB}/knative/serving/{_KNATIVE}1.22.1/serving-core.yaml",
            f"{_GITHUB}/knative/serving/{_KNATIVE}1.22.1/serving-hpa.yaml",
        ),
    ),
    Operator(
        "Kourier", "1.22.1", ((1, 22), (0, 49)), "knative-serving", "net-kourier-controller",
        ("serving.knative.dev",),
        (f"{_GITHUB}/knative-extensions/net-kourier/{_KNATIVE}1.22.1/kourier.yaml",),
    ),
    Operator(
        "Knative Eventing", "1.22.2", ((1, 22), (0, 49)), "knative-eventing",
        "eventing-controller", ("eventing.knative.dev", "sinks.knative.dev"),
        (
            f"{_GITHUB}/knative/eventing/{_KNATIVE}1.22.2/eventing-crds.yaml",
            f"{_GITHUB}/knative/eventing/{_KNATIVE}1.22.2/eventing-core.yaml",
        ),
    ),
    Operator(
        "Knative Kafka source", "1.22.3", ((1, 22), (0, 49)), "knative-eventing",
        "kafka-controller", ("sources.knative.dev",),
        tuple(
            f"{_GITHUB}/knative-extensions/eventing-kafka-broker/{_KNATIVE}1.22.3/eventing-kafka-"
            f"{part}.yaml"
            for part in ("controller", "source", "sink")
        ),
    ),
    Operator(
        "Strimzi", "0.49.1", ((0, 49),), "kafka", "strimzi-cluster-operator",
        ("kafka.strimzi.io",),
        (
            f"{_GITHUB}/strimzi/strimzi-kafka-operator/releases/download/0.49.1/"
            "strimzi-cluster-operator-0.49.1.yaml",
        ),
        ("myproject", "kafka"),
    ),
    Operator(
        "Dapr", "1.16.5", ((1, 16),), "dapr-system", "dapr-sidecar-injector", ("dapr.io",)
    ),
)  # fmt: skip
"""In the order of their installation."""


def needed(kinds: Sequence[tuple[str, str]]) -> tuple[Operator, ...]:
    """Those that an overlay with these API versions and kinds cannot do without."""
    groups = {version.rpartition("/")[0] for version, _ in kinds}
    return tuple(each for each in OPERATORS if groups.intersection(each.groups))


def installed(deployment: Mapping[str, Any]) -> str:
    """The version of an operator's Deployment: its labels', else its image's tag; may be empty."""
    labels = (deployment.get("metadata") or {}).get("labels") or {}
    for key in ("app.kubernetes.io/version", "kafka.eventing.knative.dev/release"):
        if version_of(str(labels.get(key, ""))):
            return ".".join(map(str, version_of(str(labels[key]))))
    spec = deployment.get("spec") or {}
    for container in spec.get("template", {}).get("spec", {}).get("containers") or ():
        if version := version_of(parts(str(container.get("image", "")))[1]):
            return ".".join(map(str, version))
    return ""


def absent(
    wanted: Sequence[Operator], there: Callable[[Operator], Mapping[str, Any] | None]
) -> tuple[Operator, ...]:
    """Those to install. Raises ClusterError where one is there in another version."""
    missing = []
    for each in wanted:
        deployment = there(each)
        if deployment is None:
            missing.append(each)
            continue
        found = installed(deployment)
        if found and version_of(found)[:2] not in each.lines:
            raise ClusterError(
                f"{each.name} {found} is installed, and {each.version} is needed.",
                "upgrade it as its project says, or take another cluster; --skip-operators "
                "carries on with it unproved",
                f"Deployment {each.proof} in {each.namespace}",
            )
    return tuple(missing)


def half_installed(deployment: Mapping[str, Any]) -> bool:
    """Whether it is from an installation of ours that broke off: ours, and not marked as done."""
    metadata = deployment.get("metadata") or {}
    ours = any(each.get("manager") == MANAGER for each in metadata.get("managedFields") or ())
    return ours and DONE not in (metadata.get("annotations") or {})


def mark(operator: Operator) -> dict[str, Any]:
    """What is applied to an operator's proof once all of it is installed."""
    metadata = {
        "name": operator.proof,
        "namespace": operator.namespace,
        "annotations": {DONE: operator.version},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}


def settings(operator: Operator, *, small: bool) -> tuple[dict[str, Any], ...]:
    """What LearnFlow sets in an operator that it installed; on Minikube names and requests too.

    They are parts of resources that are there: applied by a manager of their own.
    """
    if operator.name == "Kourier":
        ingress = {"ingress-class": "kourier.ingress.networking.knative.dev"}
        return (_part("v1", "ConfigMap", "config-network", operator, {"data": ingress}),)
    if operator.name == "Knative Serving":
        told = _part("v1", "ConfigMap", "config-observability", operator, {"data": dict(METRICS)})
        here = _part("v1", "ConfigMap", "config-domain", operator, {"data": {"localhost": ""}})
        return (told, here) if small else (told,)
    if operator.name == "Knative Kafka source" and small:
        limits = {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"memory": "1000Mi"}}
        name = "kafka-source-dispatcher"
        pod = {"containers": [{"name": name, "resources": limits}]}
        return (
            _part("apps/v1", "StatefulSet", name, operator, {"spec": {"template": {"spec": pod}}}),
        )
    if operator.name == "Dapr" and small:
        # nobody has workflows here; without the StatefulSet itself the injector would not start
        none = {"spec": {"replicas": 0}}
        return (_part("apps/v1", "StatefulSet", "dapr-scheduler-server", operator, none),)
    return ()


def _part(
    version: str, kind: str, name: str, operator: Operator, fields: dict[str, Any]
) -> dict[str, Any]:
    metadata = {"name": name, "namespace": operator.namespace}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}
