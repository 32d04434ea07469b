"""The story: tutors register, students register and are matched, later tutors take on the rest."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import aiohttp

from learnflow.demo.audit import Audit, Dsn, audit, count_students
from learnflow.demo.encore import Api, encore
from learnflow.demo.examples import Batch, Body, Examples
from learnflow.demo.following import Following
from learnflow.demo.result import Result, Shown
from learnflow.demo.sender import Sent
from learnflow.demo.sending import send

SHOWN_MATCHES: Final = 15
ROUND_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 40.0
LOOK_EVERY: Final = 16
"""While students are sent, one look at how they fare for so many answers."""


class View(Protocol):
    """Shows the story while it happens."""

    def now(self, text: str) -> None:
        """What is under way; the next text replaces it."""
        ...

    def line(self, state: str, stage: str, detail: str) -> None:
        """A line that stays; `state` is done or warn."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    """What the story needs of the running system; `functions` is `ps`'s list of them."""

    url: str
    dsn: Dsn
    functions: Callable[[], Sequence[Mapping[str, Any]]]


@dataclass
class Story:
    """One run. `began` is the monotonic time at which somebody typed the command."""

    running: Running
    examples: Examples
    view: View
    began: float
    cold: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    tutors: dict[str, Body] = field(default_factory=dict)
    students: dict[str, Body] = field(default_factory=dict)
    first_answer: float | None = None
    before: int = 0
    run: str = field(default_factory=lambda: f"demo-{uuid.uuid4().hex[:8]}")
    patience: float = PATIENCE_SECONDS

    async def tell(self) -> Result:
        """Send everything, follow it to its end, audit the databases."""
        self.before = await count_students(self.running.dsn)
        async with aiohttp.ClientSession(self.running.url) as session:
            following = Following(session)
            await self._tutors(self.examples.tutors, "tutors")
            await self._students(following)
            await self._tutors(self.examples.late_tutors, "later tutors")
            following.reopen()
            found = await self._settle(following, "told at last")
            api = Api(session)
            shown = self._some_matches(following.found)
            matches = [await self._shown(row, api) for row in shown]
            declined = await encore(api, shown)
        return Result(
            tutors=len(self.tutors),
            students=len(self.students),
            refused=tuple(self.refused),
            audit=found,
            cold_start_ms=dict(self.cold),
            matches=tuple(matches),
            encore=declined,
            first_registration_seconds=(self.first_answer or 0.0) - self.began,
            seconds=time.monotonic() - self.began,
            example_id=next(iter(following.in_state("matched")), None),
        )

    async def _tutors(self, batch: Batch, stage: str) -> None:
        before = len(self.tutors)
        async with aclosing(send(self.running.url, batch, self.run)) as answers:
            async for sent in answers:
                self._heard(sent, batch, self.tutors)
                self.view.now(f"{stage}: {len(self.tutors) - before} registered")
        accepted = f"{len(self.tutors) - before} of {len(batch.bodies)} registered"
        self.view.line("done", stage, accepted)

    async def _students(self, following: Following) -> None:
        batch = self.examples.students
        async with aclosing(send(self.running.url, batch, self.run)) as answers:
            async for sent in answers:
                if self._heard(sent, batch, self.students) and sent.id:
                    following.add(sent.id, self.students[sent.id])
                if len(self.students) % LOOK_EVERY == 0:
                    await following.look()
                self.view.now(self._counters(following))
        registered = f"{len(self.students)} of {len(batch.bodies)} registered"
        self.view.line("done", "students", registered)
        await self._settle(following, "told")

    async def _settle(self, following: Following, stage: str) -> Audit:
        """Look until the students are settled and the databases agree, or patience ends."""
        deadline = time.monotonic() + self.patience
        while True:
            await following.look()
            self._note_cold_starts()
            self.view.now(self._counters(following))
            if not following.open or time.monotonic() > deadline:
                found = await audit(self.running.dsn, list(self.students), self.before)
                told = found.matched == len(following.in_state("matched"))
                if (found.fine and told) or time.monotonic() > deadline:
                    break
                following.reopen()  # somebody was booked a moment ago and is told just now
            await asyncio.sleep(ROUND_SECONDS)
        state = "done" if found.fine and not following.open else "warn"
        self.view.line(state, stage, self._counters(following))
        return found

    def _heard(self, sent: Sent, batch: Batch, into: dict[str, Body]) -> bool:
        self.first_answer = self.first_answer or time.monotonic()
        self._note_cold_starts()
        if sent.accepted and sent.id:
            into[sent.id] = batch.bodies[sent.line - 1]
            return True
        self.refused.append(f"{batch.file.name}, line {sent.line}: {sent.status} {sent.error}")
        self.view.line("warn", "refused", self.refused[-1])
        return False

    def _counters(self, following: Following) -> str:
        matched, waiting = following.in_state("matched"), following.in_state("waiting")
        return (
            f"{len(self.students)} registered, {len(matched)} matched, {len(waiting)} waiting, "
            f"{following.told} notified, {len(self.cold)} functions woken"
        )

    def _note_cold_starts(self) -> None:
        """Keep the first start of each function: from its request to its first answer."""
        for function in self.running.functions():
            starts = [one["start_ms"] for one in function["instances"] if one["start_ms"]]
            if starts:
                self.cold.setdefault(function["function"], starts[0])

    def _some_matches(self, found: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        matched = [row for row in found.values() if row.get("match")]
        step = max(1, len(matched) // SHOWN_MATCHES)
        return matched[::step][:SHOWN_MATCHES]

    async def _shown(self, row: Mapping[str, Any], api: Api) -> Shown:
        tutor_id = row["match"]["tutor_id"]
        known = self.tutors.get(tutor_id)  # a tutor of an earlier run is not
        tutor = known["name"] if known else await api.tutor_name(tutor_id)
        reasons = ", ".join(one["code"].replace("_", " ") for one in row["match"]["reasons"])
        return Shown(row["name"], row["grade"], row["subject"], tutor, reasons)
