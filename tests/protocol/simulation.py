"""Runs one seed: commands of a random plan, every fact delivered 1-3 times in any order."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from eventing.events import Event
from tests.protocol.checker import Violation, check_at_rest, over_capacity
from tests.protocol.matching_side import index_tutor, match_student
from tests.protocol.plan import plan
from tests.protocol.rows import Registration, World
from tests.protocol.students_side import notify_student
from tests.protocol.tables import Database, MatchingDb, Rules, StudentsDb, TutorsDb
from tests.protocol.tutors_side import book_tutor

MOST_DELIVERIES: Final = 10_000
HEARD: Final[dict[str, tuple[str, ...]]] = {
    "match_student": (
        "student.registered",
        "student.updated",
        "student.withdrawn",
        "matching.requested",
        "tutor.match.refused",
        "match.declined",
    ),
    "index_tutor": (
        "tutor.registered",
        "tutor.availability.changed",
        "tutor.withdrawn",
        "tutor.matched",
        "tutor.released",
        "match.ended",
    ),
    "book_tutor": ("matching.completed", "student.matched"),
    "notify_student": ("matching.completed", "tutor.matched", "match.ended"),
}
"""What each reaction hears: the KafkaSources of the repository."""
HEARERS: Final = {
    topic: tuple(consumer for consumer in HEARD if topic in HEARD[consumer])
    for topics in HEARD.values()
    for topic in topics
}


class Delivery(NamedTuple):
    """One copy of a fact on its way to one consumer; `fact` is its place among all facts."""

    consumer: str
    fact: int
    event: Event


@dataclass
class Simulation:
    """Three databases, the facts said so far, and the copies not yet delivered."""

    seed: int
    rules: Rules = field(default_factory=Rules)
    violations: list[Violation] = field(default_factory=list)
    finished: bool = True
    """Whether it came to rest; without it the rules made messages for ever."""

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.students = StudentsDb(self.rules)
        self.tutors = TutorsDb(self.rules)
        self.matching = MatchingDb(self.rules)
        self.databases: tuple[Database, ...] = (self.students, self.tutors, self.matching)
        self.consumers: dict[str, tuple[Database, Callable[[Event], None]]] = {
            "match_student": (self.matching, partial(match_student, self.matching)),
            "index_tutor": (self.matching, partial(index_tutor, self.matching)),
            "book_tutor": (self.tutors, partial(book_tutor, self.tutors)),
            "notify_student": (self.students, partial(notify_student, self.students)),
        }
        self.topics = [(consumer, topic) for consumer in HEARD for topic in HEARD[consumer]]
        self.published = [0] * len(self.databases)
        self.facts: list[Event] = []
        self.waiting: list[Delivery] = []
        self.lagging: list[Delivery] = []

    def run(self) -> "Simulation":
        """Sends every command, delivers every copy, then judges what is at rest."""
        commands = plan(self.rng)
        pace = self.rng.choice((0.02, 0.1, 0.4))
        slow = self.rng.choice((None, *self.topics))
        delivered = 0
        while commands or self.waiting or self.lagging:
            if commands and (self.rng.random() < pace or not self.waiting):
                commands.pop(0)(self.students, self.tutors)
            else:
                self._deliver(self._pick(self.waiting or self.lagging))
                delivered += 1
            self._publish(slow)
            if delivered > MOST_DELIVERIES:
                self.finished = False
                return self
        self.violations += check_at_rest(self.world())
        return self

    def replay(self) -> list[str]:
        """Delivers every fact once more, shuffled, with empty inboxes; names what changed."""
        before, said = self.world(), len(self.facts)
        for database in self.databases:
            database.heard.clear()
        for fact, event in enumerate(self.facts):
            self._send(fact, event)
        while self.waiting:
            self._deliver(self._pick(self.waiting))
        self._publish(slow=None)
        after = self.world()
        changed = [name for name in vars(before) if getattr(before, name) != getattr(after, name)]
        return changed + [event.type for event in self.facts[said:]]

    def world(self) -> World:
        """A reading of all three databases."""
        told = (*self.students.notifications.values(), *self.tutors.notifications.values())
        return World(
            registrations=tuple(Registration(s, s) for s in self.students.students),
            students=tuple(self.students.students.values()),
            notifications=told,
            requests=tuple(self.matching.requests.values()),
            holds=tuple(self.matching.holds.values()),
            index=tuple(self.matching.index.values()),
            tutors=tuple(self.tutors.tutors.values()),
            bookings=tuple(self.tutors.bookings.values()),
        )

    def _pick(self, among: list[Delivery]) -> Delivery:
        place = int(self.rng.random() * len(among))
        among[place], among[-1] = among[-1], among[place]
        return among.pop()

    def _deliver(self, delivery: Delivery) -> None:
        database, handle = self.consumers[delivery.consumer]
        mark = (delivery.consumer, delivery.fact)
        if self.rules.inbox and mark in database.heard:
            return
        database.heard.add(mark)
        handle(delivery.event)
        if database is not self.students:
            self.violations += self._read()

    def _publish(self, slow: tuple[str, str] | None) -> None:
        for place, database in enumerate(self.databases):
            said = database.said[self.published[place] :]
            if said:
                self.published[place] = len(database.said)

                for event in said:
                    self._send(len(self.facts), event, slow, copies=3)
                    self.facts.append(event)

    def _send(
        self, fact: int, event: Event, slow: tuple[str, str] | None = None, copies: int = 1
    ) -> None:
        for consumer in HEARERS.get(event.topic, ()):
            pool = self.lagging if (consumer, event.topic) == slow else self.waiting
            times = 1 + int(self.rng.random() * copies)
            pool.extend([Delivery(consumer, fact, event)] * times)

    def _read(self) -> Iterator[Violation]:
        """What must hold at every moment: capacity kept, and every booking has its hold."""
        yield from over_capacity(self.tutors.tutors.values(), self.tutors.bookings.values())
        for booking in self.tutors.bookings.values():
            held = (booking.student_id, booking.round) in self.matching.holds
            if booking.live and not held:
                yield Violation("hold_mismatch", booking.student_id, "booked without a hold")
