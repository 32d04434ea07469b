"""Lints over CronJobs and JobSinks: one at a time, soon done, with no more rights than needed."""

import re
from collections.abc import Callable

from learnflow.manifests.document import Document
from learnflow.manifests.lint_containers import RESTRICTED
from learnflow.manifests.rules import Found, Lint, Together, Tree, across, each, unlike

Keys = tuple[str | int, ...]
_JOB: dict[str, Keys] = {
    "CronJob": ("spec", "jobTemplate", "spec"),
    "JobSink": ("spec", "job", "spec"),
}
_CONTAINER: Keys = ("containers", 0)
_TRAINED = ("learnflow", "ranker", "train")
EVENT = "/etc/jobsink-event/event"
"""Where a JobSink puts the event that started the job."""
_JOBS: dict[tuple[str, str], tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    # image, duty, databases and command, by kind and name
    ("CronJob", "maintain"): (
        *("core", "maintainer", ("students", "tutors", "matching")),
        ("learnflow", "maintain", "--json"),
    ),
    ("CronJob", "train-ranker"): (
        *("match", "trainer", ("matching",)),
        (*_TRAINED, "--when-enough", "--json"),
    ),
    ("JobSink", "train-ranker"): (
        *("match", "trainer", ("matching",)),
        (*_TRAINED, "--json", "--event", EVENT),
    ),
}


def _pod(job: Document) -> Keys:
    return (*_JOB[job.kind], "template", "spec")


def _each_job(message: str) -> Callable[[Callable[[Document], Found]], Lint]:
    """A rule about every job, whatever starts it; its function yields (field, found)."""

    def lint(rule: Callable[[Document], Found]) -> Lint:
        def check(tree: Tree) -> Together:
            for kind in _JOB:
                for job in tree.of(kind):
                    yield from ((job, field, found) for field, found in rule(job))

        check.__name__ = rule.__name__
        return across(message)(check)

    return lint


@each("CronJob", "two never run at once; a late one may start for an hour, by UTC")
def job_schedule(job: Document) -> Found:
    yield from unlike(job, ("spec", "concurrencyPolicy"), "Forbid")
    yield from unlike(job, ("spec", "startingDeadlineSeconds"), 3600)
    yield from unlike(job, ("spec", "timeZone"), "Etc/UTC")


@each("JobSink", "it starts a batch/v1 Job, whose pod is gone a day later, as the account job")
def sink_job(sink: Document) -> Found:
    yield from unlike(sink, ("spec", "job", "apiVersion"), "batch/v1")
    yield from unlike(sink, ("spec", "job", "kind"), "Job")
    yield from unlike(sink, (*_JOB["JobSink"], "ttlSecondsAfterFinished"), 86_400)
    yield from unlike(sink, (*_pod(sink), "serviceAccountName"), "job")
    labels = (*_JOB["JobSink"], "template", "metadata", "labels")
    yield from unlike(sink, (*labels, "learnflow.org/role"), "job")


@_each_job("it ends within the hour, and no sidecar keeps it alive")
def job_ends(job: Document) -> Found:
    yield from unlike(job, (*_JOB[job.kind], "activeDeadlineSeconds"), 3600)
    yield from unlike(job, (*_pod(job), "restartPolicy"), "Never")
    annotations = (*_JOB[job.kind], "template", "metadata", "annotations")
    yield from unlike(job, (*annotations, "dapr.io/enabled"), "false")
    yield from unlike(job, (*_pod(job), "containers", 1), None)


@_each_job("its pod runs under the restricted Pod Security Standard, without a token")
def job_security(job: Document) -> Found:
    yield from unlike(job, (*_pod(job), *_CONTAINER, "securityContext"), RESTRICTED)
    yield from unlike(job, (*_pod(job), "securityContext", "runAsNonRoot"), True)
    yield from unlike(job, (*_pod(job), "automountServiceAccountToken"), False)


@_each_job("it gets each database's URL from the Secret of the role that does its work")
def job_databases(job: Document) -> Found:
    known = _JOBS.get((job.kind, job.name))
    if known is None:
        return
    _, duty, databases, _ = known
    wanted = [
        {
            "name": f"LEARNFLOW_{short.upper()}_DATABASE_URL",
            "valueFrom": {"secretKeyRef": {"name": f"{short}-db-{duty}", "key": "url"}},
        }
        for short in databases
    ]
    yield from unlike(job, (*_pod(job), *_CONTAINER, "env"), wanted)


@_each_job("it is one of those we know: its command, in the image that has what it needs")
def job_command(job: Document) -> Found:
    known = _JOBS.get((job.kind, job.name))
    if known is None:
        yield "metadata.name", job.name
        return
    image, _, _, command = known
    yield from unlike(job, (*_pod(job), *_CONTAINER, "command"), list(command))
    found = str(job.at(*_pod(job), *_CONTAINER, "image"))
    if not re.fullmatch(rf"dev\.local/learnflow-{image}:(?!latest$)[\w.-]+", found):
        yield ".".join(map(str, (*_pod(job), *_CONTAINER, "image"))), found


LINTS: tuple[Lint, ...] = (
    job_schedule,
    sink_job,
    job_ends,
    job_security,
    job_databases,
    job_command,
)
