"""The schema of a CronJob, as far as ours go; its container's is that of a Knative Service."""

from typing import Any

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_TRUTH = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 0}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def cron_job(container: dict[str, Any]) -> dict[str, Any]:
    """`batch/v1` CronJob whose pods hold such containers."""
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
        securityContext=security,
        containers={"type": "array", "minItems": 1, "items": container},
    )
    job = _object(
        ("template",),
        backoffLimit=_COUNT,
        activeDeadlineSeconds=_COUNT,
        template=_object(("spec",), metadata=_object((), annotations=_TEXTS), spec=pod),
    )
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
            jobTemplate=_object(("spec",), spec=job),
        ),
    )
