"""Each service's database and each kind's bounds, as decided once for all functions."""

from dataclasses import dataclass, replace

from learnflow.manifests.document import Document

KIND = "learnflow.org/kind"
DEMAND = "learnflow.org/demand"
DATABASES = {"student-api": "students", "tutor-api": "tutors", "matching-service": "matching"}
"""The database of each of the specification's services."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one kind of function gets; `pool` counts connections through the pooler."""

    concurrency: int
    pool: int
    max_scale: int
    timeout: int = 60
    cpu: str = "25m"
    memory: str = "96Mi"
    image: str = "core"


KINDS = {
    "command": Bounds(concurrency=16, pool=16, max_scale=10),
    "query": Bounds(concurrency=32, pool=8, max_scale=5),
    "reaction": Bounds(concurrency=8, pool=8, max_scale=5),
    # A stream listens on one connection of its own, past the pooler.
    "stream": Bounds(concurrency=0, pool=0, max_scale=5, timeout=600),
}
# A command that a person gives a few times a year would else hold a third of a database's clients.
RARER = replace(KINDS["command"], pool=4, max_scale=5)
# Ranking is work for the processor, so few at once in many instances, each with the model.
RANKING = replace(
    KINDS["reaction"],
    concurrency=4,
    max_scale=10,
    cpu="50m",
    memory="256Mi",
    image="match",
)


def kind_of(service: Document) -> str | None:
    """What its label says the function is; None where the label is wrong."""
    kind = service.at("metadata", "labels", KIND)
    return kind if isinstance(kind, str) and kind in KINDS else None


def bounds_of(service: Document) -> Bounds | None:
    """What this function is to have; None where its kind is unknown."""
    kind = kind_of(service)
    if kind is None:
        return None
    if kind == "command" and service.at("metadata", "labels", DEMAND) == "rare":
        return RARER
    return RANKING if service.name == "match-student" else KINDS[kind]
