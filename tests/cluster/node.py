"""The testbed's node: whether it is there, and kubectl to it."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from learnflow.manifests.document import Document
from learnflow.manifests.kustomize import as_yaml
from tools.peers import FOLDER

NAMESPACE: Final = "learnflow"
KUBECONFIG: Final = FOLDER / "admin.kubeconfig"
EXTERNAL: Final = "http://127.0.0.1:8080"
"""The ingress's door for the world; functions are told apart by the Host header."""
INTERNAL: Final = "http://10.244.0.1:8081"
"""Its door for the cluster, which the node itself may use too."""
KAFKA: Final = "127.0.0.1:9092"
DOMAIN: Final = "learnflow.localhost"


class Refused(Exception):
    """The cluster refused something, or did not come to a state in time; the text says what."""


def missing() -> str | None:
    """Why there is no testbed to use; None when there is one."""
    if os.environ.get("KUBECONFIG") != str(KUBECONFIG):
        return f"no testbed: KUBECONFIG is not {KUBECONFIG} (see tests/cluster/README.md)"
    if not KUBECONFIG.is_file():
        return f"no testbed: {KUBECONFIG} is not there (see tests/cluster/README.md)"
    if subprocess.run(_command("get", "--raw", "/readyz"), capture_output=True).returncode:
        return "no testbed: its API server does not answer (see tests/cluster/README.md)"
    return None


def _command(*arguments: str) -> list[str]:
    return ["kubectl", f"--kubeconfig={KUBECONFIG}", "--request-timeout=120s", *arguments]


def kubectl(*arguments: str, given: str | None = None) -> str:
    """What kubectl prints. Raises Refused with what it complains of."""
    done = subprocess.run(_command(*arguments), input=given, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def found(*arguments: str) -> Any:
    """What `kubectl get …` finds, as an object."""
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def items(kind: str, namespace: str = NAMESPACE, selector: str = "") -> list[dict[str, Any]]:
    """All resources of a kind in a namespace."""
    chosen = ("-l", selector) if selector else ()
    listed: list[dict[str, Any]] = found(kind, "-n", namespace, *chosen)["items"]
    return listed


def apply(documents: Iterable[Document]) -> None:
    """Apply resources; the API server's defaults and webhooks have their say."""
    text = as_yaml(tuple(documents))
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=text)


def apply_fields(*resources: Mapping[str, Any]) -> None:
    """Apply resources that no file holds."""
    if not resources:
        return
    listed = {"apiVersion": "v1", "kind": "List", "items": list(resources)}
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=json.dumps(listed))


def wait(what: str, reached: Callable[[], object], seconds: float) -> float:
    """Wait until something holds, and say after how many seconds it did. Raises Refused."""
    began = time.monotonic()
    while not reached():
        if time.monotonic() - began > seconds:
            raise Refused(f"{what}: not within {seconds:g} s")
        time.sleep(0.2)
    return time.monotonic() - began


def condition(resource: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A condition of a resource's status; empty when it is not told yet."""
    told = resource.get("status", {}).get("conditions", ())
    return next((each for each in told if each["type"] == kind), {})


def pods(function: str) -> list[dict[str, Any]]:
    """The pods of a function that are not on their way out."""
    named = items("pods", selector=f"serving.knative.dev/service={function}")
    return [each for each in named if "deletionTimestamp" not in each["metadata"]]


def state_folder() -> Path:
    """Where the databases' files lie on the node."""
    return FOLDER / "learnflow"
