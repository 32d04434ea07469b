"""The fields of a Knative Service: what they mean here and on the cluster. Data."""

from typing import Final

from learnflow.manifests.meaning import emulated, missing, without

_SPEC: Final = "spec.template.spec"
_CONTAINER: Final = "spec.template.spec.containers[]"
_SCALING: Final = "spec.template.metadata.annotations[autoscaling.knative.dev/"

SERVICE: Final = (
    emulated(
        "metadata.labels[networking.knative.dev/visibility]",
        "cluster-local: the gateway answers 404, events reach it",
        "cluster-local: no address outside the cluster",
    ),
    without(
        "metadata.labels[learnflow.org/demand]",
        "the lint holds the bounds to it",
        "rare: a command of few calls, with a small pool",
    ),
    emulated(
        "metadata.annotations[learnflow.org/routes]",
        "the gateway's REST paths",
        "the paths of the route in front of Knative's ingress",
    ),
    emulated(
        f"{_SCALING}min-scale]",
        "so many instances stay; 0 lets it go to zero",
        "so many pods stay; 0 lets it go to zero",
    ),
    emulated(
        f"{_SCALING}max-scale]",
        "at most so many instances, and no more than processors",
        "at most so many pods",
    ),
    emulated(
        f"{_SCALING}initial-scale]",
        "read; a start of `up` is no deployment, so min-scale counts",
        "pods of a new revision until it is ready",
    ),
    emulated(
        f"{_SCALING}target]",
        "requests at once per instance that the autoscaler aims at",
        "the same, for the pod autoscaler (KPA)",
    ),
    emulated(
        f"{_SCALING}target-utilization-percentage]",
        "how much of the target is aimed at (70 when unsaid)",
        "the same",
    ),
    emulated(
        f"{_SCALING}target-burst-capacity]",
        "read; requests always wait in the runner",
        "how much room keeps the activator out of the path; 0 at all times",
    ),
    emulated(
        f"{_SCALING}window]",
        "the average that scale follows, and the idle time before zero",
        "the same; the panic window is a tenth of it",
    ),
    emulated(
        f"{_SCALING}scale-down-delay]",
        "an instance goes only after so long with less to do",
        "the same",
    ),
    emulated(
        f"{_SCALING}scale-to-zero-pod-retention-period]",
        "the last instance stays at least so long",
        "the same",
    ),
    emulated(
        f"{_SPEC}.containerConcurrency",
        "requests at once in one instance; more wait; 0 is no bound",
        "the same, held by queue-proxy",
    ),
    emulated(
        f"{_SPEC}.timeoutSeconds",
        "an answer is cut after so long",
        "the same; streams are cut too (at most 600)",
    ),
    emulated(
        f"{_SPEC}.responseStartTimeoutSeconds",
        "504 when no answer has begun after so long",
        "the same",
    ),
    emulated(
        f"{_CONTAINER}.image",
        "which fork server: learnflow-core light, learnflow-match with the ranker",
        "the image that is pulled",
    ),
    emulated(f"{_CONTAINER}.env[].name", "a variable of its process", "the same"),
    emulated(f"{_CONTAINER}.env[].value", "its value", "the same"),
    emulated(
        f"{_CONTAINER}.env[].valueFrom.secretKeyRef*",
        "a database's address: the embedded Postgres; other secrets stay empty",
        "the value of a Secret",
    ),
    without(
        f"{_SPEC.removesuffix('.spec')}.metadata.labels*",
        "there are no pods to choose among",
        "labels of the pods: policies and metrics choose by them",
    ),
    without(f"{_CONTAINER}.name", "there is one container", "the container's name in the pod"),
    without(f"{_CONTAINER}.imagePullPolicy", "nothing is pulled", "when the image is pulled again"),
    without(
        f"{_CONTAINER}.readinessProbe*",
        "a bound socket is ready; /readyz is asked once, at the start",
        "requests come once this answers",
    ),
    without(
        f"{_CONTAINER}.livenessProbe*",
        "a process that ended is seen at once and replaced",
        "a pod that stops answering is restarted",
    ),
    without(
        f"{_CONTAINER}.resources*",
        "processes share this machine",
        "what the scheduler reserves for a pod, and its limits",
    ),
    without(
        f"{_CONTAINER}.securityContext*",
        "processes run as you",
        "no root, no capabilities, the runtime's system calls only",
    ),
    without(f"{_SPEC}.serviceAccountName", "there is no API to be allowed", "the pod's identity"),
    without(
        f"{_SPEC}.automountServiceAccountToken",
        "there is no token",
        "whether the pod gets the API's token",
    ),
    without(
        f"{_SPEC}.enableServiceLinks",
        "variables come from the manifest alone",
        "whether other Services appear as variables",
    ),
    without(f"{_SPEC}.imagePullSecrets*", "nothing is pulled", "the registry's credentials"),
    missing(
        f"{_SCALING}metric]",
        "functions scale by concurrency alone",
        "what is measured: concurrency, rps, cpu, memory",
    ),
    missing(
        f"{_SCALING}class]",
        "there is one autoscaler, like Knative's own (KPA)",
        "which autoscaler: KPA or HPA",
    ),
    missing(
        f"{_SCALING}activation-scale]",
        "a function at zero wakes with one instance",
        "pods to wake with",
    ),
    missing(
        f"{_SCALING}panic-window-percentage]",
        "the panic window is a tenth of the window, Knative's default",
        "the panic window's length",
    ),
    missing(
        f"{_SCALING}panic-threshold-percentage]",
        "panic begins at twice the target, Knative's default",
        "when panic begins",
    ),
    missing(
        f"{_SPEC}.idleTimeoutSeconds",
        "an idle response ends only at timeoutSeconds",
        "cuts an answer that pauses so long",
    ),
    missing(f"{_SPEC}.volumes", "functions see the files of this machine", "volumes of the pod"),
    missing(
        f"{_CONTAINER}.volumeMounts", "functions see the files of this machine", "where they are"
    ),
    missing(f"{_CONTAINER}.command", "functions are started by the fork server", "what is run"),
    missing(f"{_CONTAINER}.args", "functions are started by the fork server", "its arguments"),
    missing(f"{_CONTAINER}.ports", "functions answer on a Unix socket", "the port, and HTTP/2"),
    missing("spec.traffic", "one revision runs, the files as saved", "shares between revisions"),
)
