"""In which order resources are applied, each wave once the one before is ready.

The same list for `learnflow cluster up` and, as annotations, for Argo CD.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from learnflow.manifests.document import Document

WAVES: Final = (
    "namespaces, accounts, network policies",
    "Secrets, Postgres, poolers",
    "migrations",
    "Kafka",
    "topics",
    "Dapr resources, relay",
    "functions, jobs, monitoring",
    "sinks",
    "sources",
)
_ORDER: Final = (
    # the last that fits counts: API group, kind, name
    ("", "ConfigMap|Deployment|Secret|Service|StatefulSet", ".*", 1),
    ("", "Namespace|ServiceAccount", ".*", 0),
    ("networking.k8s.io|rbac.authorization.k8s.io", ".*", ".*", 0),
    ("apps|policy", ".*", ".*", 1),
    ("apps|policy", ".*", "relay", 5),
    ("external-secrets.io", ".*", ".*", 1),
    ("external-secrets.io", ".*", "kafka-.*", 4),  # Strimzi makes what they copy
    ("postgresql.cnpg.io", ".*", ".*", 1),
    ("batch", "Job", ".*", 2),
    ("batch", "CronJob", ".*", 6),
    ("kafka.strimzi.io", ".*", ".*", 3),
    ("kafka.strimzi.io", "KafkaTopic", ".*", 4),
    ("", "Service", "kafka", 3),
    ("", "ConfigMap", "dashboard-.*", 6),
    ("dapr.io", ".*", ".*", 5),  # before functions: sidecars read Subscriptions as they start
    ("serving.knative.dev", ".*", ".*", 6),
    ("monitoring.coreos.com", ".*", ".*", 6),
    ("eventing.knative.dev|sinks.knative.dev", ".*", ".*", 7),
    ("sources.knative.dev", ".*", ".*", 8),
)


def wave_of(document: Document) -> int:
    """The wave of a resource: a position in WAVES. Raises KeyError for a kind nobody placed."""
    group = str(document.at("apiVersion")).rpartition("/")[0]
    said = (group, document.kind, document.name)
    for *patterns, wave in reversed(_ORDER):
        if all(map(re.fullmatch, map(str, patterns), said)):
            return int(wave)
    raise KeyError(f"{document.kind} of {group}")


def waves(documents: Iterable[Document]) -> tuple[tuple[str, tuple[Document, ...]], ...]:
    """The resources by wave, each with what it is called; empty waves are left out."""
    by_wave = sorted(documents, key=wave_of)
    return tuple((WAVES[wave], tuple(found)) for wave, found in groupby(by_wave, key=wave_of))
