"""What one field of a manifest means: in the embedded mode, and on the cluster."""

from dataclasses import dataclass
from typing import Literal

State = Literal["emulated", "meaningless", "not emulated"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One field: `state` is how far the embedded mode goes, `here` what it does, `cluster` what
    the field is for there. A path ending in a star stands for all that lies below it too."""

    path: str
    state: State
    here: str
    cluster: str


def emulated(path: str, here: str, cluster: str) -> Meaning:
    """The embedded mode does it."""
    return Meaning(path, "emulated", here, cluster)


def without(path: str, here: str, cluster: str) -> Meaning:
    """There is nothing to do on one machine."""
    return Meaning(path, "meaningless", here, cluster)


def missing(path: str, here: str, cluster: str) -> Meaning:
    """The cluster does something that is missing here."""
    return Meaning(path, "not emulated", here, cluster)
