"""The schemas of Jobs and CronJobs, as far as ours go; a container's is a Knative Service's."""

from typing import Any

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_TRUTH = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 0}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def job_spec(container: dict[str, Any]) -> dict[str, Any]:
    """What a `batch/v1` Job is to do, in pods that hold such containers."""
    security = _object(
        (),
        runAsNonRoot=_TRUTH,
        seccompProfile=_object(("type",), type={"enum": ["RuntimeDefault"]}),
    )
    pod = _object(
        ("containers", "restartPolicy"),
        restartPolicy={"enum": ["Never", "OnFailure"]},
        automountServiceAccountToken=_TRUTH,
        enableServiceLinks=_TRUTH,
        serviceAccountName={"type": "string"},
        securityContext=security,
        containers={"type": "array", "minItems": 1, "items": container},
    )
    return _object(
        ("template",),
        backoffLimit=_COUNT,
        activeDeadlineSeconds=_COUNT,
        ttlSecondsAfterFinished=_COUNT,
        template=_object(
            ("spec",), metadata=_object((), annotations=_TEXTS, labels=_TEXTS), spec=pod
        ),
    )


def job(container: dict[str, Any]) -> dict[str, Any]:
    """`batch/v1` Job without a name, as a JobSink holds one."""
    return _object(
        ("apiVersion", "kind", "spec"),
        apiVersion={"enum": ["batch/v1"]},
        kind={"enum": ["Job"]},
        spec=job_spec(container),
    )


def cron_job(container: dict[str, Any]) -> dict[str, Any]:
    """`batch/v1` CronJob."""
    return _object(
        ("spec",),
        spec=_object(
            ("schedule", "jobTemplate"),
            schedule={"type": "string", "pattern": r"^(\S+ ){4}\S+$"},
            timeZone={"type": "string"},
            concurrencyPolicy={"enum": ["Allow", "Forbid", "Replace"]},
            startingDeadlineSeconds=_COUNT,
            successfulJobsHistoryLimit=_COUNT,
            failedJobsHistoryLimit=_COUNT,
            jobTemplate=_object(("spec",), spec=job_spec(container)),
        ),
    )
