"""The clients of the state machine: what they know, how they ask, and what they may be answered."""

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from hypothesis.stateful import RuleBasedStateMachine

from tests.flow.machine_system import Sent, System
from tests.protocol.rows import Registration

MATCHES: Final = """
SELECT match_id, state, student_id, round FROM bookings WHERE match_id IS NOT NULL
 UNION ALL SELECT match_id, state, student_id, round FROM past_matches ORDER BY student_id, round
"""
"""In an order that does not depend on the matches' ids, which are random."""


@dataclass(eq=False)
class Person:
    """A student or tutor as their client knows them."""

    kind: str
    name: str
    id: str
    version: int = 1
    gone: bool = False

    @property
    def path(self) -> str:
        """Their address."""
        return f"/api/{self.kind}s/{self.id}"

    def if_match(self, known: str) -> dict[str, str]:
        """The header of somebody who knows this version, any, an old one, or none."""
        tags = {"current": f'"v{self.version}"', "any": "*", "stale": f'"v{self.version + 7}"'}
        return {"if-match": tags[known]} if known in tags else {}


class Clients(RuleBasedStateMachine):
    """Everybody who asks, and what they were answered."""

    def __init__(self, system: System, runner: asyncio.Runner) -> None:
        super().__init__()
        self.system, self.run = system, runner.run
        self.done: list[Sent] = []
        self.rated: dict[str, int] = {}
        self.numbers = count()
        self.people: list[Person] = []
        self.run(system.begin())

    def _register(self, kind: str, form: dict[str, Any]) -> Person:
        sent, name = self._ask_to_register(kind, form, patient=True)
        assert sent is not None
        self.people.append(Person(kind, name, sent.answer.json[f"{kind}_id"]))
        return self.people[-1]

    def _ask_to_register(
        self, kind: str, form: dict[str, Any], patient: bool
    ) -> tuple[Sent | None, str]:
        name = f"person {next(self.numbers)}"
        body = {"name": name, **form}
        asked = self.system.send(f"register_{kind}", "POST", f"/api/{kind}s", body, patient=patient)
        sent = self.run(asked)
        found = None if sent is None else self._expect(sent, {201}).json[f"{kind}_id"]
        if kind == "student":
            self.system.registrations.append(Registration(name, found))
        return sent, name

    def _everybody_is_as_their_client_knows(self) -> None:
        for short, kind in (("students", "student"), ("tutors", "tutor")):
            rows = self._rows(short, f"SELECT {kind}_id AS id, version, withdrawn FROM {kind}s")
            kept = {row["id"]: (row["version"], row["withdrawn"]) for row in rows}
            known = {p.id: (p.version, p.gone) for p in self.people if p.kind == kind}
            assert known.items() <= kept.items()

    def _send(
        self,
        function: str,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Sent:
        sent = self.run(self.system.send(function, method, path, body, headers=headers))
        assert sent is not None
        return sent

    def _expect(self, sent: Sent, allowed: set[int]) -> Any:
        answer = sent.answer
        assert answer.status in allowed, f"{answer.status} is not in {allowed}: {answer.body!r}"
        if answer.status < 300:
            self.done.append(sent)
        return answer

    def _change(self, person: Person, known: str, closed: bool) -> set[int]:
        """What a change with an If-Match may be answered."""
        if known == "none":
            return {428}
        stale = {412} if known == "stale" else set()
        return stale | ({409} if closed else set()) or {200}

    def _changed(self, person: Person, sent: Sent, allowed: set[int]) -> None:
        if self._expect(sent, allowed).status == 200:
            person.version += 1
            assert sent.answer.json["version"] == person.version
            assert sent.answer.headers["etag"] == f'"v{person.version}"'

    def _withdraw(self, person: Person) -> Person:
        self._expect(self._send(f"withdraw_{person.kind}", "DELETE", person.path), {204})
        person.version += 0 if person.gone else 1
        person.gone = True
        # Stored answers go with the person, so these keys are new again.
        self.done = [s for s in self.done if person.id not in f"{s.request.path} {s.answer.body!r}"]
        return person

    def _rows(self, short: str, sql: str, *args: Any) -> list[dict[str, Any]]:
        return self.run(self.system.rows(short, sql, *args))

    def _matches(self) -> list[tuple[str, str]]:
        return [(row["match_id"], row["state"]) for row in self._rows("tutors", MATCHES)]

    def _some_match(self, place: int) -> tuple[str, str | None]:
        """A match and what became of it; now and then one that never was."""
        known: list[tuple[str, str | None]] = [*self._matches(), ("f" * 32, None)]
        return known[place % len(known)]
