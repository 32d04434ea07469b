"""The metrics that alerts and dashboards ask for, and where each was seen."""

import json
import re
from collections.abc import Iterator

from tests.manifests.overlays import one, rendered

METRIC = re.compile(r"\b([a-z][a-z0-9]*(?:_[a-z0-9]+)+|up)\b(?=[{\[) ]|$)")
FUNCTIONS = {"histogram_quantile"}
LABELS = re.compile(r"\{[^}]*\}|\b(?:by|without) \([^)]*\)")
SEEN = {
    "up": "Prometheus's own",
    "dapr_component_pubsub_egress_bulk_count": "a real daprd: tests/peers/test_metrics.py",
    "dapr_http_server_latency_bucket": "a real daprd: tests/peers/test_metrics.py",
    "kn_serving_invocation_duration_seconds_bucket": "a real queue-proxy: tests/cluster/metrics.py",
    "kn_serving_invocation_duration_seconds_count": "a real queue-proxy: tests/cluster/metrics.py",
    "kn_serving_queue_depth": "a real queue-proxy: tests/cluster/metrics.py",
    "kafka_consumergroup_lag": "kafka_exporter, the image of Strimzi's kafkaExporter",
    "kafka_topic_partition_current_offset": "kafka_exporter, the image of Strimzi's kafkaExporter",
    "cnpg_pgbouncer_pools_cl_active": "CloudNativePG's documentation of its Pooler",
    "cnpg_pgbouncer_pools_cl_waiting": "CloudNativePG's documentation of its Pooler",
    "cnpg_pgbouncer_pools_maxwait": "CloudNativePG's documentation of its Pooler",
    "cnpg_pgbouncer_pools_sv_active": "CloudNativePG's documentation of its Pooler",
}


def expressions() -> Iterator[tuple[str, str]]:
    """Each alert's and each panel's title with what it asks."""
    for group in one("production", "PrometheusRule", "learnflow").at("spec", "groups"):
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])
    for each in rendered("production"):
        if each.kind == "ConfigMap" and each.name.startswith("dashboard-"):
            for text in each.at("data").values():
                for panel in json.loads(text)["panels"]:
                    yield from ((panel["title"], target["expr"]) for target in panel["targets"])


def metrics(expression: str) -> set[str]:
    """The metrics that an expression names."""
    bare = LABELS.sub(lambda found: " " if found[0].startswith(("by", "w")) else "{", expression)
    return set(METRIC.findall(bare)) - FUNCTIONS
