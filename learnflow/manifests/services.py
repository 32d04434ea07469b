"""A Knative Service read as the function it runs."""

import re
from typing import cast

from learnflow.manifests.document import Document, Node
from learnflow.manifests.model import Function, Image, Route, Scale
from learnflow.manifests.quantities import go_seconds

ROUTES = "learnflow.org/routes"
SERVICE = "learnflow.org/service"
VISIBILITY = "networking.knative.dev/visibility"
SCALING = "autoscaling.knative.dev/"
_ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*)")
_IMAGE = re.compile(r"(?:.*/)?learnflow-(core|match)(?:[:@].*)?")


def function_of(document: Document) -> Function:
    """The function of one Service; Knative's own bounds and defaults hold."""
    root = document.root
    metadata = root.under("metadata")
    revision = root.under("spec", "template", "spec")
    container = _container(revision)
    env, secret_env = _environment(container)
    timeout = revision.whole("timeoutSeconds", 300, least=1, most=600)
    return Function(
        name=document.name,
        target=_target(container, env),
        image=_image(container),
        routes=_routes(metadata.under("annotations")),
        cluster_local=_cluster_local(metadata.under("labels")),
        concurrency=revision.whole("containerConcurrency", 0, most=1000),
        timeout=float(timeout),
        response_start_timeout=_response_start(revision, timeout),
        scale=_scale(root.under("spec", "template", "metadata", "annotations")),
        service=metadata.under("labels").text(SERVICE),
        env=env,
        file=document.file,
        secret_env=secret_env,
    )


def _container(revision: Node) -> Node:
    containers = list(revision.each("containers"))
    if len(containers) != 1:
        raise revision.error(
            "containers", f"holds {len(containers)}", "A function has exactly one container."
        )
    return containers[0]


def _environment(container: Node) -> tuple[dict[str, str], dict[str, str]]:
    env: dict[str, str] = {}
    secret_env: dict[str, str] = {}
    for variable in container.each("env"):
        name = variable.text("name")
        if name in env or name in secret_env:
            raise variable.error("name", f"{name} is set twice", "Remove one of them.")
        secret = variable.under("valueFrom").under("secretKeyRef")
        if secret.fields:
            secret_env[name] = f"{secret.text('name')}/{secret.text('key')}"
        elif "valueFrom" not in variable.fields:
            env[name] = variable.text("value", "")
    return env, secret_env


def _target(container: Node, env: dict[str, str]) -> str:
    target = env.get("FUNCTION_TARGET", "")
    if not target.isidentifier():
        raise container.error(
            "env", f"FUNCTION_TARGET is {target!r}", "Set it to the name of the function's folder."
        )
    return target


def _image(container: Node) -> Image:
    found = _IMAGE.fullmatch(container.text("image"))
    if found is None:
        raise container.error(
            "image",
            f"{container.text('image')!r} is none of ours",
            "Name learnflow-core or learnflow-match.",
        )
    return cast(Image, found[1])


def _routes(annotations: Node) -> tuple[Route, ...]:
    if ROUTES not in annotations.fields:
        return ()
    routes = []
    for text in annotations.text(ROUTES).split(","):
        found = _ROUTE.fullmatch(text.strip())
        if found is None:
            raise annotations.error(
                ROUTES,
                f"{text.strip()!r} is no route",
                'Write "METHOD /path", several with commas between.',
            )
        routes.append(Route(found[1], found[2]))
    return tuple(routes)


def _cluster_local(labels: Node) -> bool:
    if VISIBILITY not in labels.fields:
        return False
    labels.choice(VISIBILITY, ("cluster-local",))
    return True


def _response_start(revision: Node, timeout: int) -> float | None:
    if "responseStartTimeoutSeconds" not in revision.fields:
        return None
    return float(revision.whole("responseStartTimeoutSeconds", least=1, most=timeout))


def _scale(annotations: Node) -> Scale:
    default = Scale()
    read = _Scaling(annotations)
    scale = Scale(
        min=read.count("min-scale", default.min),
        max=read.count("max-scale", default.max),
        initial=read.count("initial-scale", default.initial),
        target=annotations.parsed(SCALING + "target", _positive, default.target),
        utilization=annotations.parsed(
            SCALING + "target-utilization-percentage", _percentage, default.utilization
        ),
        window=read.seconds("window", default.window),
        burst_capacity=annotations.parsed(
            SCALING + "target-burst-capacity", float, default.burst_capacity
        ),
        scale_down_delay=read.seconds("scale-down-delay", default.scale_down_delay),
        zero_retention=read.seconds("scale-to-zero-pod-retention-period", default.zero_retention),
    )
    if scale.max and scale.min > scale.max:
        raise annotations.error(
            SCALING + "min-scale", f"{scale.min} exceeds max-scale {scale.max}", "Lower it."
        )
    return scale


class _Scaling:
    def __init__(self, annotations: Node) -> None:
        self.annotations = annotations

    def count(self, name: str, default: int) -> int:
        return self.annotations.counted(SCALING + name, default)

    def seconds(self, name: str, default: float) -> float:
        return cast(float, self.annotations.parsed(SCALING + name, go_seconds, default))


def _positive(text: str) -> float:
    value = float(text)
    if not value >= 0.01:
        raise ValueError(f"{text!r} is less than 0.01")
    return value


def _percentage(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 100:
        raise ValueError(f"{text!r} is not from 1 to 100")
    return value / 100
