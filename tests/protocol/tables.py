"""The three databases of the simulation: dicts of frozen rows, an inbox and an outbox each.

A handler runs to its end before the next begins: that is the transaction. Locks are therefore not
simulated; what they must give (no handler sees half of another) is assumed.
"""

from dataclasses import dataclass, field

from eventing.events import Event
from tests.protocol.rows import (
    Booking,
    Hold,
    IndexedTutor,
    Notification,
    Request,
    Student,
    Tutor,
)


@dataclass(frozen=True)
class Rules:
    """The rules of the protocol, each of which a test may take out."""

    inbox: bool = True
    rounds: bool = True
    """book_tutor ignores a round it has or is past."""
    stages: bool = True
    """students_db applies only a greater (round, stage)."""
    wakeups: bool = True
    """Whatever raises what a tutor can take says matching.requested if someone eligible waits."""
    facts_release: bool = True
    """A hold ends by a fact of tutors_db only, not when matching decides anew."""
    older_released: bool = True
    """A fact about a round ends the holds of all rounds before it too."""
    always_released: bool = True
    """tutor.released is said for each waiting or closed round above 1, booked or not."""
    authority: bool = True
    """tutors_db books only below its own capacity."""
    own_limits: bool = True
    """A refusal's capacity and availability have a version apart from the whole snapshot's."""
    current_only: bool = True
    """A decline excludes the pair only while its match is the current one."""
    fair_quarantine: bool = True
    """Quarantine asks whether the hold was taken at the refusal's version, not the index now."""


@dataclass
class Database:
    """What every service has; `said` are the facts, in order, that the relay will publish."""

    rules: Rules
    said: list[Event] = field(default_factory=list)
    heard: set[tuple[str, int]] = field(default_factory=set)

    def say(self, event: Event) -> None:
        """Put a fact in the outbox."""
        self.said.append(event)


@dataclass
class StudentsDb(Database):
    """students_db."""

    students: dict[str, Student] = field(default_factory=dict)
    notifications: dict[tuple[str, int, str], Notification] = field(default_factory=dict)

    def tell(self, word: Notification) -> None:
        """Write a notification, once per recipient, round and kind."""
        self.notifications.setdefault((word.recipient_id, word.round, word.kind), word)


@dataclass
class TutorsDb(Database):
    """tutors_db."""

    tutors: dict[str, Tutor] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    notifications: dict[tuple[str, str, str], Notification] = field(default_factory=dict)

    def tell(self, word: Notification) -> None:
        """Write a notification, once per tutor, match and kind: students share their rounds."""
        key = (word.recipient_id, word.match_id or "", word.kind)
        self.notifications.setdefault(key, word)


@dataclass
class MatchingDb(Database):
    """matching_db."""

    requests: dict[str, Request] = field(default_factory=dict)
    holds: dict[tuple[str, int], Hold] = field(default_factory=dict)
    index: dict[str, IndexedTutor] = field(default_factory=dict)
    quarantines: int = 0
