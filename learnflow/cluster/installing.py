"""Operators from their projects' releases: manifests by server-side apply, Dapr by its chart."""

import asyncio
import shutil
from typing import Any, Final

import yaml

from learnflow.cluster.applying import apply_all, wait_for
from learnflow.cluster.checking import Options, View
from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.operators import DAPR_CHART, DAPR_VALUES, Operator, mark, settings
from learnflow.cluster.plan import Plan

FETCH_SECONDS: Final = 60.0
SETTINGS: Final = "learnflow-settings"
FIRST: Final = ("Namespace", "CustomResourceDefinition")
Fields = dict[str, Any]


async def install(
    cluster: Cluster, missing: tuple[Operator, ...], plan: Plan, options: Options, view: View
) -> None:
    """Install operators one after another, each waited for and set as LearnFlow needs it."""
    if not missing:
        return
    namespaces = [(each.fields, str(each.file)) for each in plan.of("Namespace")]
    await apply_all(cluster, namespaces)  # Strimzi's is one of ours
    for each in missing:
        view.now(f"{each.name} {each.version}: fetching")
        if each.urls:
            await release(cluster, each, options, view)
        else:
            await _chart(cluster, each)
            await _proof(cluster, each, options, view)
        # Parts of what is there, hence a manager of their own: under the same one, whatever is
        # left out would be removed.
        for part in (*settings(each, small=bool(plan.secrets)), mark(each)):
            await cluster.apply(part, manager=SETTINGS)
        view.line("done", each.name, f"{each.version} installed")


async def release(cluster: Cluster, operator: Operator, options: Options, view: View) -> None:
    """Apply the files of a release, all fetched before; types first, then servers until ready."""
    for url, text in [(url, await fetched(url)) for url in operator.urls]:
        documents = documents_of(text, operator)
        first = [each for each in documents if each["kind"] in FIRST]
        rest = [each for each in documents if each["kind"] not in FIRST]
        await apply_all(cluster, [(each, url) for each in first])
        types = [each for each in first if each["kind"] == FIRST[1]]
        await wait_for(cluster, types, options.patience, view, operator.name)
        await apply_all(cluster, [(each, url) for each in rest])
        serving = [each for each in rest if each["kind"] == "Deployment"]
        await wait_for(cluster, serving, options.patience, view, operator.name)


async def _proof(cluster: Cluster, operator: Operator, options: Options, view: View) -> None:
    metadata = {"name": operator.proof, "namespace": operator.namespace}
    selector = {"selector": {"matchLabels": {"app": operator.proof}}}
    fields: Fields = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    await wait_for(cluster, [fields | {"spec": selector}], options.patience, view, operator.name)


def documents_of(text: str, operator: Operator) -> list[Fields]:
    """The resources of a release's file, in the namespace where LearnFlow has them."""
    if operator.renamed:
        old, new = operator.renamed
        text = text.replace(f"namespace: {old}", f"namespace: {new}")
    found = []
    for each in yaml.load_all(text, yaml.CSafeLoader):
        if each and each.get("kind"):
            each["metadata"].pop("creationTimestamp", None)
            if operator.renamed and each["kind"] == "Deployment":
                _restricted(each["spec"]["template"]["spec"])
            found.append(each)
    return found


def _restricted(pod: Fields) -> None:
    """Let its pods into our namespaces, where Pod Security `restricted` is enforced."""
    pod.setdefault("securityContext", {}).setdefault("runAsNonRoot", True)
    for container in pod["containers"]:
        container.setdefault("securityContext", {}).update(
            allowPrivilegeEscalation=False,
            capabilities={"drop": ["ALL"]},
            seccompProfile={"type": "RuntimeDefault"},
        )


async def fetched(url: str) -> str:
    """The text at an address. Raises ClusterError."""
    import aiohttp

    try:
        limit = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=limit, trust_env=True) as session,
            session.get(url) as answer,
        ):
            answer.raise_for_status()
            return await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ClusterError(
            f"It cannot be fetched: {error or type(error).__name__}.",
            "look at the connection; or install the operators yourself, then up --skip-operators",
            url,
        ) from error


def chart_command(operator: Operator, context: str) -> list[str]:
    """Helm's command line for an operator that is a chart."""
    command = [
        *("helm", "upgrade", "--install", "dapr", "dapr", "--repo", DAPR_CHART),
        *("--version", operator.version, "--namespace", operator.namespace),
        *("--create-namespace", "--kube-context", context, "--wait", "--timeout", "10m"),
    ]
    for value in DAPR_VALUES:
        command += ["--set", value]
    return command


async def _chart(cluster: Cluster, operator: Operator) -> None:
    if shutil.which("helm") is None:
        raise ClusterError(
            f"There is no helm on PATH, which installs {operator.name}.",
            f"install Helm 3; or install {operator.name} yourself: "
            f"{' '.join(chart_command(operator, cluster.context))}",
        )
    running = await asyncio.create_subprocess_exec(
        *chart_command(operator, cluster.context),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    if running.returncode:
        last = (said.decode(errors="replace").strip().splitlines() or [""])[-1]
        raise ClusterError(
            f"helm could not install {operator.name}: {last}",
            "mend what it says, then learnflow cluster up again",
        )
