"""Lints over the pods of an overlay: what `restricted` and the sidecar's webhook would refuse."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

from learnflow.manifests.document import Document
from learnflow.manifests.pods import Pods, pods_of
from learnflow.manifests.quantities import go_seconds
from learnflow.manifests.rules import Lint, Tree, across

Together = Iterator[tuple[Document, str, object]]
_VOLUMES: Final = {"configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim"}
SIDECAR: Final = {
    "dapr.io/config": "learnflow",
    "dapr.io/metrics-port": "9095",
    "dapr.io/sidecar-readiness-probe-delay-seconds": "0",
    "dapr.io/sidecar-seccomp-profile-type": "RuntimeDefault",
    "dapr.io/disable-builtin-k8s-secret-store": "true",
    "dapr.io/block-shutdown-duration": "45s",
}
HASH: Final = "learnflow.org/config-hash"
HOME: Final = "learnflow"
READER: Final = "system"
"""The Service behind the system page: the only one that asks the API server."""
_PINNED: Final = re.compile(r"[a-z0-9.-]+\.[a-z]+/.+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})")


@across("pods run under the restricted Pod Security Standard, with a read-only root")
def restricted(tree: Tree) -> Together:
    for pods in pods_of(tree):
        above = pods.spec.get("securityContext") or {}
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if pods.spec.get(name):
                yield pods.owner, f"{pods.path}.spec.{name}", True
        for volume in pods.spec.get("volumes", ()):
            if not _VOLUMES & volume.keys():
                yield pods.owner, f"{pods.path}.spec.volumes", volume
        for container in pods.containers:
            own = container.get("securityContext") or {}
            for name, found in _loose({**above, **own}):
                place = f"{pods.path}.spec.containers {container.get('name')}: {name}"
                yield pods.owner, place, found


def _loose(context: dict[str, Any]) -> Iterator[tuple[str, object]]:
    wanted: dict[str, object] = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for name, value in wanted.items():
        if context.get(name) != value:
            yield name, context.get(name)
    if context.get("privileged") or context.get("runAsUser") == 0:
        yield "privileged", True


@across(f"each pod has an account of this tree, and none but {READER}'s gets its token")
def account(tree: Tree) -> Together:
    for pods in pods_of(tree):
        name = pods.spec.get("serviceAccountName")
        found = tree.named("ServiceAccount", str(name))
        reads = pods.owner.name == READER == name
        if found is None:
            yield pods.owner, f"{pods.path}.spec.serviceAccountName", name
        elif found.at("automountServiceAccountToken") is not reads:
            yield found, "automountServiceAccountToken", name
        if pods.spec.get("automountServiceAccountToken") is not (None if reads else False):
            yield pods.owner, f"{pods.path}.spec.automountServiceAccountToken", name


@across(f"in {HOME} {READER} may get and list what it shows, and nobody else may do anything")
def rights(tree: Tree) -> Together:
    for binding in _at_home(tree, "RoleBinding"):
        subjects = [(each.get("kind"), each.get("name")) for each in binding.at("subjects") or ()]
        if subjects != [("ServiceAccount", READER)] or binding.at("roleRef", "kind") != "Role":
            yield binding, "subjects", subjects
    for role in _at_home(tree, "Role"):
        for rule in role.at("rules") or ():
            if not set(rule.get("verbs", ())) <= {"get", "list"}:
                yield role, "rules.verbs", rule.get("verbs")
            if any("secrets" in name or "*" in name for name in rule.get("resources", ())):
                yield role, "rules.resources", rule.get("resources")
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        for each in tree.of(kind):
            yield each, "kind", kind


def _at_home(tree: Tree, kind: str) -> Iterator[Document]:
    return (each for each in tree.of(kind) if each.at("metadata", "namespace") == HOME)


@across("images have a registry and a fixed tag or digest")
def pinned(tree: Tree) -> Together:
    for pods in pods_of(tree):
        for container in pods.containers:
            if not _PINNED.fullmatch(str(container.get("image"))):
                yield pods.owner, f"{pods.path}.spec.containers", container.get("image")


@across("no Job carries a Dapr sidecar, for it would never end")
def sidecar_in_job(tree: Tree) -> Together:
    for pods in pods_of(tree):
        if pods.is_job and pods.has_sidecar:
            yield pods.owner, f"{pods.path}.metadata.annotations[dapr.io/enabled]", "true"


@across("a Dapr sidecar has the settings that were measured to be needed")
def sidecar(tree: Tree) -> Together:
    for pods in pods_of(tree):
        if not pods.has_sidecar:
            continue
        for name, wanted in SIDECAR.items():
            if (found := pods.annotations.get(name)) != wanted:
                yield pods.owner, f"{pods.path}.metadata.annotations[{name}]", found
        if pods.annotations.get("dapr.io/app-id") != pods.owner.name:
            place = f"{pods.path}.metadata.annotations[dapr.io/app-id]"
            yield pods.owner, place, pods.annotations.get("dapr.io/app-id")
        if pods.labels.get("learnflow.org/sidecar") != "dapr":
            yield pods.owner, f"{pods.path}.metadata.labels", "no learnflow.org/sidecar"


@across("an app-port is said only where Dapr delivers, and is the function's own 8080")
def app_port(tree: Tree) -> Together:
    heard = {scope for each in tree.of("Subscription") for scope in each.at("scopes") or ()}
    for pods in pods_of(tree):
        wanted = "8080" if pods.owner.name in heard else None
        if (found := pods.annotations.get("dapr.io/app-port")) != wanted:
            yield pods.owner, f"{pods.path}.metadata.annotations[dapr.io/app-port]", found


@across("the pod outlives its sidecar's drain")
def drain(tree: Tree) -> Together:
    for pods in pods_of(tree):
        blocked = pods.annotations.get("dapr.io/block-shutdown-duration")
        field = "timeoutSeconds" if pods.is_function else "terminationGracePeriodSeconds"
        grace = pods.spec.get(field, 30)
        if pods.has_sidecar and blocked and not go_seconds(blocked) < grace:
            yield pods.owner, f"{pods.path}.spec.{field}", grace


@across("a Job ends by itself: restartPolicy Never, a deadline, a bound on repetitions")
def job_bounds(tree: Tree) -> Together:
    for pods in pods_of(tree):
        if pods.owner.kind != "Job":
            continue
        for name in ("activeDeadlineSeconds", "backoffLimit"):
            if not isinstance(pods.owner.at("spec", name), int):
                yield pods.owner, f"spec.{name}", pods.owner.at("spec", name)
        if pods.spec.get("restartPolicy") != "Never":
            yield pods.owner, f"{pods.path}.spec.restartPolicy", pods.spec.get("restartPolicy")


@across(f"pods that mount a ConfigMap start anew when it changes: {HASH}")
def config_hash(tree: Tree) -> Together:
    for pods in pods_of(tree):
        named = [str((each.get("configMap") or {}).get("name")) for each in _volumes(pods)]
        maps = [found for name in named if (found := tree.named("ConfigMap", name))]
        wanted = hash_of(*maps) if maps else None
        if pods.annotations.get(HASH) != wanted:
            yield pods.owner, f"{pods.path}.metadata.annotations[{HASH}]", f"should be {wanted}"


def _volumes(pods: Pods) -> list[dict[str, Any]]:
    return list(pods.spec.get("volumes", ()))


def hash_of(*maps: Document) -> str:
    """What changes with the content of these ConfigMaps."""
    text = "".join(
        f"{key}\n{value}" for each in maps for key, value in sorted((each.at("data") or {}).items())
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@across("every volume that is mounted is there")
def mounts(tree: Tree) -> Together:
    for pods in pods_of(tree):
        claims = pods.owner.at("spec", "volumeClaimTemplates") or ()
        there = {each.get("name") for each in _volumes(pods)}
        there |= {each["metadata"]["name"] for each in claims}
        for container in pods.containers:
            for mount in container.get("volumeMounts", ()):
                if mount.get("name") not in there:
                    yield pods.owner, f"{pods.path}.spec.volumes", mount.get("name")


LINTS: tuple[Lint, ...] = (
    restricted,
    account,
    rights,
    pinned,
    sidecar_in_job,
    sidecar,
    app_port,
    drain,
    job_bounds,
    config_hash,
    mounts,
)
