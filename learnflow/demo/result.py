"""What a demonstration found, as numbers for people and for programs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learnflow.demo.audit import Audit
from learnflow.demo.encore import Encore


@dataclass(frozen=True, slots=True)
class Shown:
    """One match to show: who, what, with whom, and why."""

    student: str
    grade: int
    subject: str
    tutor: str
    reasons: str


@dataclass(frozen=True, slots=True)
class Result:
    """One run; `accepted` counts over HTTP, the audit over the databases."""

    tutors: int
    students: int
    refused: tuple[str, ...]
    audit: Audit
    cold_start_ms: Mapping[str, float]
    matches: tuple[Shown, ...]
    encore: Encore | None
    first_registration_seconds: float
    seconds: float
    example_id: str | None

    @property
    def fine(self) -> bool:
        """Whether nothing was lost, doubled, overbooked, told wrongly or refused."""
        return self.audit.fine and not self.refused

    def document(self) -> dict[str, Any]:
        """The JSON object that ends `learnflow demo --json`."""
        found = self.audit
        return {
            "students": self.students,
            "tutors": self.tutors,
            "matched": found.matched,
            "waiting": found.waiting,
            "notified": found.notified,
            "lost": found.lost,
            "duplicated": found.duplicated,
            "over_capacity": found.over_capacity,
            "mismatched": found.mismatched,
            "refused": len(self.refused),
            "cold_start_ms": dict(self.cold_start_ms),
            "registered_to_notified_ms": {
                "p50": percentile(found.first_told_ms, 50),
                "p99": percentile(found.first_told_ms, 99),
            },
            "first_registration_seconds": round(self.first_registration_seconds, 2),
            "decline_to_next_ms": round(self.encore.next_ms, 1) if self.encore else None,
            "seconds": round(self.seconds, 2),
        }


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest value that so many percent do not exceed (nearest rank); None of nothing."""
    if not values:
        return None
    rank = math.ceil(len(values) * percent / 100)
    return round(sorted(values)[max(rank, 1) - 1], 1)
