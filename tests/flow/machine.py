"""Whatever people do, in whatever order events come and processes die: the promises hold.

A Hypothesis state machine over the real functions and databases. A step is a command, a delivery
or a fault, drawn without regard to the rows: match ids and clocks differ from run to run. What a
command may answer follows from the rows before it. When a run fails, Hypothesis prints the shortest
sequence of steps that breaks the promise.
"""

import sys
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from eventing.events import TutorMatched
from tests.flow.machine_clients import Clients, Person
from tests.flow.machine_drawn import availabilities, knowledge, offers, places, shorts, wishes
from tests.flow.machine_faults import FATES, Fate

LIVE: Final = ("booked", "accepted")
LEADS_TO: Final = {"accept": "accepted", "decline": "declined", "end": "ended"}
TOLD: Final = """
SELECT s.match_id FROM notifications n JOIN students s ON s.student_id = n.recipient_id
 WHERE n.match_id = $1
"""


class Tutoring(Clients):
    """Students, tutors and the bus between them."""

    students: Bundle[Person] = Bundle("students")
    tutors: Bundle[Person] = Bundle("tutors")
    gone: Bundle[Person] = Bundle("gone")

    # What people do

    @initialize(target=tutors, offered=st.lists(offers, min_size=1, max_size=3))
    def begin_with_tutors(self, offered: list[dict[str, Any]]) -> Any:
        """Somebody is there to be booked."""
        return multiple(*(self._register("tutor", {**one, "available": True}) for one in offered))

    @initialize(target=students, wished=st.lists(wishes, max_size=4))
    def begin_with_students(self, wished: list[dict[str, Any]]) -> Any:
        """And somebody to be taught."""
        return multiple(*(self._register("student", one) for one in wished))

    @rule(target=students, wish=wishes)
    def register_student(self, wish: dict[str, Any]) -> Person:
        """A student comes."""
        return self._register("student", wish)

    @rule(wish=wishes)
    def register_student_who_asks_but_once(self, wish: dict[str, Any]) -> None:
        """Whether or not there is an answer; without one there may be such a student, or not."""
        self._ask_to_register("student", wish, patient=False)

    @rule(target=tutors, offer=offers)
    def register_tutor(self, offer: dict[str, Any]) -> Person:
        """A tutor comes."""
        return self._register("tutor", offer)

    @rule(student=students, wish=wishes, known=knowledge)
    def update_student(self, student: Person, wish: dict[str, Any], known: str) -> None:
        """A student wants something else."""
        (row,) = self._rows("students", "SELECT * FROM students WHERE student_id = $1", student.id)
        allowed = self._change(student, known, closed=row["state"] == "closed")
        body = {"name": student.name, **wish}
        sent = self._send("update_student", "PUT", student.path, body, student.if_match(known))
        self._changed(student, sent, allowed)

    @rule(tutor=tutors, availability=availabilities, known=knowledge)
    def change_availability(self, tutor: Person, availability: dict[str, Any], known: str) -> None:
        """A tutor has more or less time."""
        (row,) = self._rows("tutors", "SELECT * FROM tutors WHERE tutor_id = $1", tutor.id)
        allowed = self._change(tutor, known, closed=availability["capacity"] < row["booked"])
        path = f"{tutor.path}/availability"
        sent = self._send("change_availability", "PUT", path, availability, tutor.if_match(known))
        self._changed(tutor, sent, allowed)
        if sent.answer.status == 409:
            assert sent.answer.json["booked"] == row["booked"]

    @rule(place=places, response=st.sampled_from(tuple(LEADS_TO)))
    def respond(self, place: int, response: str) -> None:
        """A tutor answers a match, of now or of long ago."""
        if not self._anybody_was_booked():
            return
        match, state = self._some_match(place)
        wanted = LEADS_TO[response]
        possible = state in (wanted, "booked") or (state, wanted) == ("accepted", "ended")
        path = f"/api/matches/{match}/response"
        sent = self._send("respond_to_match", "POST", path, {"response": response})
        self._expect(sent, {204 if possible else 404 if state is None else 409})
        if possible:
            assert dict(self._matches())[match] == wanted

    @rule(place=places, stars=st.integers(1, 5))
    def rate(self, place: int, stars: int) -> None:
        """A student rates a match that they were told of; the first rating stands."""
        if not self._anybody_was_booked():
            return
        match, state = self._some_match(place)
        told = self._rows("students", TOLD, match)
        first = self.rated.get(match, stars)
        sent = self._send("rate_match", "POST", f"/api/matches/{match}/rating", {"stars": stars})
        if not told:
            allowed = {404}
        elif match in self.rated:
            allowed = {204 if first == stars else 409}
        else:
            allowed = {204} if state in LIVE and told[0]["match_id"] == match else {204, 409}
        if self._expect(sent, allowed).status == 204:
            self.rated[match] = first

    @rule(target=gone, student=consumes(students))
    def withdraw_student(self, student: Person) -> Person:
        """A student leaves."""
        return self._withdraw(student)

    @rule(target=gone, tutor=consumes(tutors))
    def withdraw_tutor(self, tutor: Person) -> Person:
        """A tutor leaves."""
        return self._withdraw(tutor)

    @rule(person=gone, wish=wishes, availability=availabilities)
    def withdraw_again(
        self, person: Person, wish: dict[str, Any], availability: dict[str, Any]
    ) -> None:
        """Leaving twice is leaving once, and who is gone cannot be changed."""
        self._withdraw(person)
        headers = person.if_match("any")
        if person.kind == "student":
            body = {"name": person.name, **wish}
            sent = self._send("update_student", "PUT", person.path, body, headers)
        else:
            path = f"{person.path}/availability"
            sent = self._send("change_availability", "PUT", path, availability, headers)
        self._expect(sent, {404})

    @rule(place=places)
    def ask_again(self, place: int) -> None:
        """A client repeats a request with its key: the same answer, and nothing happens."""
        if not self.done:
            return
        sent = self.done[place % len(self.done)]
        again, said = self.run(self.system.repeat(sent.request))
        assert again is not None
        assert (again.status, again.body) == (sent.answer.status, sent.answer.body)
        assert said == []

    def _anybody_was_booked(self) -> bool:
        return any(isinstance(said.event, TutorMatched) for said in self.system.world.log)

    # What the bus does

    @rule(chosen=st.lists(places, min_size=2, max_size=12))
    def deliver(self, chosen: list[int]) -> None:
        """Some events arrive, in any order."""
        for place in chosen:
            if self.system.waiting:
                self.run(self.system.deliver(place))

    @rule()
    def deliver_all(self) -> None:
        """The bus catches up."""
        self.run(self.system.settle())

    @rule(chosen=st.lists(places, min_size=1, max_size=6))
    def deliver_old_ones_again(self, chosen: list[int]) -> None:
        """Events that everybody may have heard come once more."""
        log = self.system.world.log
        if not log:
            return
        old = [log[place % len(log)] for place in chosen]
        self.system.waiting += self.system.world.deliveries(old)

    @rule(last=st.integers(1, 5), forget=st.booleans())
    def relay_dies_before_it_marks(self, last: int, forget: bool) -> None:
        """The relay publishes its last facts a second time, perhaps to hearers who forgot all."""
        self.run(self.system.publish_again(last))
        if forget:
            self.run(self.system.empty_inboxes())

    @rule(short=shorts, fate=st.sampled_from(FATES))
    def crash(self, short: str, fate: Fate) -> None:
        """The next commit in this database ends badly."""
        self.system.doom(short, fate)

    # What is promised

    @invariant()
    def nobody_has_more_students_than_slots(self) -> None:
        """At every moment."""
        assert self.run(self.system.overbooked()) == []

    @rule(replay=st.booleans(), seed=st.integers(0, 9))
    def rest(self, replay: bool, seed: int) -> None:
        """Nothing is on its way: the three databases agree, and people were told so.

        Then all that was ever said comes again in any order, and changes nothing.
        """
        self.run(self.system.settle())
        assert self.run(self.system.broken()) == []
        assert self.system.world.dead == []
        self._everybody_is_as_their_client_knows()
        if replay:
            assert self.run(self.system.changed_by_replay(seed)) == {}
            assert self.system.world.dead == []

    def teardown(self) -> None:
        """In the end it comes to rest, unless it failed already."""
        if sys.exc_info()[0] is None:
            self.rest(replay=True, seed=0)
