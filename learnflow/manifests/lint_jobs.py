"""Lints over the CronJobs: one at a time, soon done, with no more rights than they need."""

from learnflow.manifests.document import Document
from learnflow.manifests.lint_containers import RESTRICTED
from learnflow.manifests.rules import Found, Lint, each, unlike

_JOB = ("spec", "jobTemplate", "spec")
_POD = (*_JOB, "template", "spec")
_CONTAINER = (*_POD, "containers", 0)
_MAINTAINED = ("students", "tutors", "matching")


@each("CronJob", "two never run at once; a late one may start for an hour, by UTC")
def job_schedule(job: Document) -> Found:
    yield from unlike(job, ("spec", "concurrencyPolicy"), "Forbid")
    yield from unlike(job, ("spec", "startingDeadlineSeconds"), 3600)
    yield from unlike(job, ("spec", "timeZone"), "Etc/UTC")


@each("CronJob", "it ends within the hour, and no sidecar keeps it alive")
def job_ends(job: Document) -> Found:
    yield from unlike(job, (*_JOB, "activeDeadlineSeconds"), 3600)
    yield from unlike(job, (*_POD, "restartPolicy"), "Never")
    annotations = (*_JOB, "template", "metadata", "annotations")
    yield from unlike(job, (*annotations, "dapr.io/enabled"), "false")
    yield from unlike(job, (*_POD, "containers", 1), None)


@each("CronJob", "its pod runs under the restricted Pod Security Standard, without a token")
def job_security(job: Document) -> Found:
    yield from unlike(job, (*_CONTAINER, "securityContext"), RESTRICTED)
    yield from unlike(job, (*_POD, "securityContext", "runAsNonRoot"), True)
    yield from unlike(job, (*_POD, "automountServiceAccountToken"), False)


@each("CronJob", "it gets each database's URL from the Secret of the role that maintains it")
def job_databases(job: Document) -> Found:
    wanted = [
        {
            "name": f"LEARNFLOW_{short.upper()}_DATABASE_URL",
            "valueFrom": {"secretKeyRef": {"name": f"{short}-db-maintainer", "key": "url"}},
        }
        for short in _MAINTAINED
    ]
    yield from unlike(job, (*_CONTAINER, "env"), wanted)


LINTS: tuple[Lint, ...] = (job_schedule, job_ends, job_security, job_databases)
