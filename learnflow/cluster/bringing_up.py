"""`cluster up`: checks, operators, Secrets, then wave after wave; run again, it goes on."""

import time
from dataclasses import dataclass
from typing import Any, Final

from learnflow.cluster.applying import apply_all, named, wait_for
from learnflow.cluster.checking import Options, View, check, look_at_all, to_install
from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.installing import install
from learnflow.cluster.plan import Plan
from learnflow.manifests.document import Document
from learnflow.manifests.order import WAVES
from learnflow.manifests.secrets import new_password as password
from learnflow.manifests.secrets import secret_of

SECRETS_BEFORE: Final = WAVES[1]
RELAY: Final = WAVES[5]
INJECTOR: Final = ("dapr-sidecar-injector", "dapr-system")
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Planned:
    """One resource of a dry run: whether it would be made or is there."""

    wave: str
    kind: str
    name: str
    namespace: str
    there: bool


async def up(cluster: Cluster, plan: Plan, options: Options, view: View) -> dict[str, str]:
    """Bring everything up; the addresses of the public functions. Raises ClusterError."""
    await check(cluster, plan, options, view)
    if not options.skip_operators:
        await install(cluster, await to_install(cluster, plan), plan, options, view)
    for wave, documents in plan.waves:
        await _wave(cluster, plan, wave, documents, options, view)
    return await urls(cluster, plan)


async def _wave(
    cluster: Cluster,
    plan: Plan,
    wave: str,
    documents: tuple[Document, ...],
    options: Options,
    view: View,
) -> None:
    began = time.monotonic()
    if wave == SECRETS_BEFORE and plan.secrets:
        made = await make_secrets(cluster, plan.secrets, plan.namespace)
        if made:
            view.line("done", "Secrets", f"{len(made)} made, of {len(plan.secrets)}")
    if wave == RELAY and any(each.name == "relay" for each in documents):
        await _injector(cluster, options, view)
    view.now(f"{wave}: applying {len(documents)}")
    resources = [each.fields for each in documents]
    await apply_all(cluster, [(each.fields, str(each.file)) for each in documents])
    await wait_for(cluster, resources, options.patience, view, wave)
    if wave == RELAY:
        for each in resources:
            await _sidecar(cluster, each, options, view)
    view.line("done", wave, f"{len(documents)} applied, {time.monotonic() - began:.0f} s")


async def make_secrets(cluster: Cluster, wanted: frozenset[str], namespace: str) -> list[str]:
    """Make the Secrets that are absent; those there are never touched. Their names."""
    made = []
    for name in sorted(wanted):
        secret = secret_of(name, password())
        secret["metadata"]["namespace"] = namespace
        if await cluster.create(secret):
            made.append(name)
    return made


async def _injector(cluster: Cluster, options: Options, view: View) -> None:
    """Its webhook fails open: a relay that starts before it has no sidecar."""
    name, namespace = INJECTOR
    fields: Fields = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": name}}},
    }
    if await cluster.get(fields) is None:
        raise ClusterError(
            "Dapr's sidecar injector is not there, and the relay needs a sidecar.",
            "install Dapr: learnflow cluster up without --skip-operators",
            f"Deployment {name} in {namespace}",
        )
    await wait_for(cluster, [fields], options.patience, view, "Dapr's injector")


async def _sidecar(cluster: Cluster, fields: Fields, options: Options, view: View) -> None:
    """Pods that were made before the injector are made anew, once."""
    if not _wants_sidecar(fields):
        return
    if bare := await _bare(cluster, fields):
        view.line("warn", named(fields), "its pods have no daprd: they are made anew")
        for pod in bare:
            await cluster.delete({"apiVersion": "v1", "kind": "Pod", "metadata": pod["metadata"]})
        await wait_for(cluster, [fields], options.patience, view, named(fields))
    if await _bare(cluster, fields):
        raise ClusterError(
            f"The pods of {named(fields)} have no container daprd.",
            "kubectl -n dapr-system logs deploy/dapr-sidecar-injector says why",
            fields["metadata"].get("namespace", ""),
        )


def _wants_sidecar(fields: Fields) -> bool:
    template = (fields.get("spec") or {}).get("template") or {}
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    return fields["kind"] == "Deployment" and annotations.get("dapr.io/enabled") == "true"


async def _bare(cluster: Cluster, fields: Fields) -> list[Fields]:
    from learnflow.cluster.diagnosing import pods_of

    return [each for each in await pods_of(cluster, fields) if not has_sidecar(each)]


def has_sidecar(pod: Fields) -> bool:
    """Whether Dapr's container is in it, or it is going away anyway."""
    spec = pod.get("spec") or {}
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    leaving = bool(pod["metadata"].get("deletionTimestamp"))
    return leaving or any(each.get("name") == "daprd" for each in containers)


async def urls(cluster: Cluster, plan: Plan) -> dict[str, str]:
    """The addresses of the functions that may be called from outside."""
    found = {}
    for each in plan.of("Service", "serving.knative.dev"):
        labels = each.at("metadata", "labels") or {}
        there = await cluster.get(each.fields)
        url = ((there or {}).get("status") or {}).get("url")
        if url and labels.get("networking.knative.dev/visibility") != "cluster-local":
            found[each.name] = str(url)
    return found


async def dry_run(
    cluster: Cluster, plan: Plan, options: Options, view: View
) -> tuple[int, list[Planned]]:
    """What `up` would do, changing nothing: how many checks failed, and each resource."""
    failed = await look_at_all(cluster, plan, options, view)
    found = []
    for wave, documents in plan.waves:
        view.now(f"{wave}: looking")
        for each in documents:
            known = await cluster.serves(str(each.at("apiVersion")), each.kind)
            there = known and await cluster.get(each.fields) is not None
            namespace = str(each.at("metadata", "namespace") or "")
            found.append(Planned(wave, each.kind, each.name, namespace, there))
    return failed, found
