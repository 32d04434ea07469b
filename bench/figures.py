"""What is a figure? A measured number, its target, and whether it was reached."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bound:
    """A target: at least or at most `floor`, better `aim` where one is set."""

    floor: float
    aim: float | None = None
    at_least: bool = False

    def reached(self, value: float) -> bool:
        """True when the value is on the right side of the floor."""
        return value >= self.floor if self.at_least else value <= self.floor

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        aim = f" (aim {self.aim:g})" if self.aim is not None else ""
        return f"{sign} {self.floor:g}{aim}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report; a figure without bound is there to read the others by."""

    group: str
    name: str
    value: float
    unit: str
    bound: Bound | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the floor was reached; None where there is none."""
        return None if self.bound is None else self.bound.reached(self.value)

    def as_json(self) -> dict[str, Any]:
        """Plain data for the JSON object."""
        return {**asdict(self), "reached": self.reached}


class Invalid(Exception):
    """A measurement whose work does not add up: it does not count."""


def ratio(
    ours: Sequence[float], theirs: Sequence[float], *, group: str, name: str, bound: Bound | None
) -> Figure:
    """The median of pairwise ratios, with the least and the greatest in the note."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    note = f"{min(ratios):.2f}-{max(ratios):.2f} over {len(ratios)} pairs"
    return Figure(group, name, statistics.median(ratios), "x", bound, note)


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least `share` (0 to 1) of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
