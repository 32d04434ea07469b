"""What is to hold on a real cluster, each check raising Refused with what did not."""

import asyncio
import json
import subprocess
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from learnflow.manifests.kustomize import as_yaml, render
from tests.cluster import node
from tests.cluster.calling import at_zero, call, tell
from tests.cluster.deploy import ROOT, crd, known_crds
from tests.cluster.story import dsn

OVERLAYS: Final = ("minikube", "production", "dapr-subscriptions")
JOB_SECONDS: Final = 120.0
REST_SECONDS: Final = 6.0
"""After it the answer's own garbage is gone, and the instance is not yet."""


def admitted(overlay: str) -> tuple[int, Mapping[str, int]]:
    """Send an overlay through every webhook without keeping it: how many resources passed, and
    how many of which kind the cluster does not know. Raises Refused with the first refusals."""
    documents, known = render(ROOT, ROOT / "k8s" / "overlays" / overlay), known_crds()
    there = tuple(each for each in documents if crd(each) in {None, *known})
    command = ("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-")
    node.kubectl(*command, given=as_yaml(there))
    return len(there), Counter(str(crd(each)) for each in documents if each not in there)


async def scaled() -> tuple[float, float]:
    """register_student from nothing to one and back: seconds of the answer, seconds to zero."""
    await at_zero("register-student")
    student = {"name": "Ada", "subject": "scaling", "grade": 7}
    answer = await call("register-student", "POST", "/api/students", student)
    _wanted(answer.status == 201, f"register-student answered {answer.status}: {answer.body}")
    _wanted(len(node.pods("register-student")) == 1, "register-student has not one instance")
    return answer.seconds, await at_zero("register-student")


async def invoked() -> float:
    """match_student, which knows no tutor of a subject, asks list_tutors at zero through its
    sidecar and matches; the seconds that its answer took."""
    wish = {"subject": f"subject-{uuid.uuid4().hex[:8]}", "grade": 7}
    tutor = await _registered("tutor", {"name": "Grace", "subjects": [wish["subject"]]})
    student = await _registered("student", {"name": "Ada", **wish})
    await at_zero("list-tutors", "match-student")
    fact = {"student_id": student, "version": 1, **wish}
    answer = await tell("match-student", "org.learnflow.student.registered.v1", fact, student)
    _wanted(answer.status == 204, f"match-student: {answer.status} {answer.body}")
    _wanted(bool(node.pods("list-tutors")), "list-tutors was not woken")
    found = await matched(student)
    _wanted(found == tutor, f"matched with {found}, not the new tutor")
    return answer.seconds


async def _registered(kind: str, body: Mapping[str, Any]) -> str:
    """The id of a new tutor or student, whose event nobody carries yet."""
    answer = await call(f"register-{kind}", "POST", f"/api/{kind}s", body)
    _wanted(answer.status == 201, f"register-{kind}: {answer.status} {answer.body}")
    return str(answer.json()[f"{kind}_id"])


async def matched(student: str) -> str | None:
    """Whom matching_db holds for a student."""
    connection = await asyncpg.connect(dsn("matching"))
    try:
        held = "SELECT tutor_id FROM matches WHERE student_id = $1 ORDER BY decided_at DESC LIMIT 1"
        found: str | None = await connection.fetchval(held, student)
        return found
    finally:
        await connection.close()


async def trained() -> str:
    """An event to the JobSink starts one Job, and the same event no second; what the Job said."""
    before = _jobs()
    service = node.found("service", "job-sink", "-n", "knative-eventing")
    url = f"http://{service['spec']['clusterIP']}/{node.NAMESPACE}/train-ranker"
    event = uuid.uuid4().hex
    for _ in range(2):
        await asyncio.to_thread(_post, url, event)
    said = ""

    def ended() -> bool:
        nonlocal said
        made = _jobs() - before
        _wanted(len(made) < 2, "the same event started two Jobs")
        selector = f"batch.kubernetes.io/job-name in ({','.join(made)})"
        pods = node.items("pods", selector=selector) if made else ()
        done = [each for each in pods if _exit(each) is not None]
        if done:
            name = done[0]["metadata"]["name"]
            said = node.kubectl("logs", name, "-n", node.NAMESPACE, "--tail=3")
        return bool(done)

    await asyncio.to_thread(node.wait, "one Job of train-ranker has ended", ended, JOB_SECONDS)
    return said.strip()


def _post(url: str, event: str) -> None:
    from urllib.request import Request, urlopen

    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": event,
        "ce-source": "tests/cluster",
        "ce-type": "org.learnflow.ranker.train",
    }
    with urlopen(Request(url, b"{}", headers), timeout=30) as answer:
        _wanted(answer.status == 202, f"the JobSink answered {answer.status}")


def _jobs() -> set[str]:
    found = {each["metadata"]["name"] for each in node.items("jobs")}
    return {each for each in found if each.startswith("train-ranker-")}


def _exit(pod: Mapping[str, Any]) -> int | None:
    for status in pod["status"].get("containerStatuses", ()):
        if "terminated" in status.get("state", ()):
            return int(status["state"]["terminated"]["exitCode"])
    return None


def scheduled(name: str) -> float:
    """Run a CronJob once now; its seconds. Raises Refused when it fails."""
    made = f"{name}-{uuid.uuid4().hex[:6]}"
    node.kubectl("create", "job", made, f"--from=cronjob/{name}", "-n", node.NAMESPACE)

    def ended() -> bool:
        job = node.found("job", made, "-n", node.NAMESPACE)
        _wanted(not node.condition(job, "Failed"), f"Job {made} failed: kubectl logs job/{made}")
        return node.condition(job, "Complete").get("status") == "True"

    taken = node.wait(f"Job {made}", ended, JOB_SECONDS)
    node.kubectl("delete", "job", made, "-n", node.NAMESPACE)
    return taken


async def at_rest() -> dict[str, float]:
    """MB that each container works with, by function and container, after one answer each."""
    asked = [call(each["metadata"]["name"]) for each in node.items("ksvc") if not _inner(each)]
    await asyncio.gather(*asked)
    await asyncio.sleep(REST_SECONDS)
    (name,) = (each["metadata"]["name"] for each in node.found("nodes")["items"])
    summary = json.loads(node.kubectl("get", "--raw", f"/api/v1/nodes/{name}/proxy/stats/summary"))
    found: dict[str, float] = {}
    for pod in summary["pods"]:
        if pod["podRef"]["namespace"] == node.NAMESPACE:
            of = pod["podRef"]["name"].split("-0000")[0]
            for one in pod.get("containers", ()):
                bytes_ = one.get("memory", {}).get("workingSetBytes", 0)
                found[f"{of}/{one['name']}"] = bytes_ / 1e6
    return found


def _inner(service: Mapping[str, Any]) -> bool:
    return "networking.knative.dev/visibility" in service["metadata"]["labels"]


def image_sizes() -> dict[str, str]:
    """What buildah says of our images and of their base."""
    listed = json.loads(subprocess.check_output(["buildah", "images", "--json"]))
    names = {name: each["size"] for each in listed for name in each.get("names") or ()}
    return {name: size for name, size in names.items() if "learnflow" in name or "python" in name}


def _wanted(held: bool, else_: str) -> None:
    if not held:
        raise node.Refused(else_)
