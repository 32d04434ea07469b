"""The Kubernetes manifests as the embedded mode, the lints and the tests read them."""

from learnflow.manifests.model import (
    Delivery,
    Function,
    ManifestError,
    Route,
    Scale,
    Sink,
    Source,
    System,
    Topic,
)
from learnflow.manifests.read import read_system

__all__ = [
    "Delivery",
    "Function",
    "ManifestError",
    "Route",
    "Scale",
    "Sink",
    "Source",
    "System",
    "Topic",
    "read_system",
]
