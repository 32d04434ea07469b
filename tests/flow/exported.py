"""Replaying the export of a real run in one process: recorded histories are compatibility tests.

Every call that said something then is made again, in the order in which they ended: commands from
their facts, reactions with the events they heard. Each must say what it said then. Ids that are
given out anew are learned as they appear; the ranker's reasons are not compared, who was chosen is.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from eventing.events import CATALOGUE
from learnflow.local.exporting import read
from tests.flow.world import Said, World

NAME: Final = "Somebody"
"""An export holds no names."""
_ANSWERS: Final = {
    **{"match.accepted": "accept", "match.declined": "decline", "match.ended": "end"},
}
_NOT_COMPARED: Final = frozenset({"reasons"})
Fact = Mapping[str, Any]
Word = tuple[int, int, str, str | None]
"""Round, stage, state, tutor: later words are greater."""


@dataclass(frozen=True)
class Call:
    """One call of the recorded run: when it ended, its function, what it heard, what it said."""

    ended: float
    function: str
    heard: str | None
    said: tuple[Fact, ...]
    refused: bool = False


@dataclass
class Recording:
    """An export, read."""

    lines: Sequence[Mapping[str, Any]]

    @classmethod
    def load(cls, file: Path) -> "Recording":
        """Read a file. Raises ValueError for one that is no export."""
        return cls(read(file.read_text(encoding="utf-8")))

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The lines of one kind."""
        return [line for line in self.lines if line["kind"] == kind]

    def calls(self) -> list[Call]:
        """Every call that changed something, in the order in which they ended."""
        targets = {line["function"]: line["target"] for line in self.of("function")}
        said: dict[str, list[Fact]] = {}
        for fact in self.of("fact"):
            said.setdefault(fact["traceparent"][36:52], []).append(fact)
        calls = [
            Call(one["at"] + one["ms"], targets[one["function"]], None, tuple(said[span]))
            for one in self.of("request")
            if (span := (one["told"] or {}).get("span")) in said
        ]
        for trail in self.of("delivery"):
            last = trail["attempts"][-1] if trail["attempts"] else None
            if last is None or last["told"] is None or last["told"]["duplicate"]:
                continue
            facts = tuple(said.get(last["told"]["span"], ()))
            refused = trail["state"] == "dead letter"
            ended = last["at"] + last["ms"]
            calls.append(Call(ended, targets[trail["function"]], trail["event_id"], facts, refused))
        return sorted(calls, key=lambda call: call.ended)

    def outcomes(self) -> dict[str, tuple[str, str | None]]:
        """Each student's last word in the facts: matched with whom, waiting or closed."""
        last: dict[str, Word] = {}
        for fact in self.of("fact"):
            found = _word(fact["topic"], json.loads(fact["data"]))
            if found is not None:
                student, word = found
                last[student] = max(last.get(student, (0, 0, "", None)), word)
        return {student: (state, tutor) for student, (_, _, state, tutor) in last.items()}


@dataclass
class Replay:
    """A recording on its way through the functions of a world."""

    recording: Recording
    world: World
    ids: dict[str, str] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)

    async def run(self) -> None:
        """Make every call again. Raises AssertionError naming the call that said otherwise."""
        for call in self.recording.calls():
            if call.heard is None:
                await self._command(call)
            else:
                answer = await self.world.hear(call.function, self._heard(call.heard))
                was = "refused" if call.refused else "done"
                now = answer if answer == "done" else "refused"
                assert now == was, f"{call.function} {was} {call.heard}, now it answers {answer}"
            self._compare(call, await self.world.collect())

    async def states(self) -> dict[str, tuple[str, str | None]]:
        """Each student's state and tutor as the table has them, by their recorded ids."""
        before = {new: old for old, new in self.ids.items()}
        return {
            before[row["student_id"]]: (
                row["state"],
                before[row["tutor_id"]] if row["state"] == "matched" else None,
            )
            for row in await self.world.rows("students", "students")
        }

    async def _command(self, call: Call) -> None:
        first = call.said[0]
        data = json.loads(first["data"])
        wish = self._translated(_wish(call.function, first["topic"], data))
        answer = await self.world.do(call.function, **wish)
        if call.function.startswith("register_"):
            self.ids[data[CATALOGUE[first["type"]].key_field]] = answer.id

    def _heard(self, event_id: str) -> Said:
        if event_id not in self.said:
            raise AssertionError(f"event {event_id} was heard, but nothing recorded said it")
        return self.said[event_id]

    def _compare(self, call: Call, now: Iterable[Said]) -> None:
        left = list(now)
        for fact in call.said:
            then = json.loads(fact["data"])
            for one in left:
                ours = one.event.model_dump(mode="json", exclude_none=True)
                if one.event.topic == fact["topic"] and self._same(then, ours):
                    left.remove(one)
                    self.said[fact["event_id"]] = one
                    break
            else:
                raise AssertionError(f"{call.function} does not say {fact['topic']} {then}: {left}")
        assert not left, f"{call.function} says more than it did: {left}"

    def _same(self, then: dict[str, Any], now: dict[str, Any]) -> bool:
        """Whether two facts say the same; ids that were unknown are learned if they do.

        A field that is new since, and so optional, may be there or not.
        """
        learned: dict[str, str] = {}
        for name in then.keys() - _NOT_COMPARED:
            if name not in now:
                return False
            if not name.endswith("_id"):
                if then[name] != now[name]:
                    return False
            elif self.ids.get(then[name], now[name]) != now[name]:
                return False
            else:
                learned[then[name]] = now[name]
        self.ids |= learned
        return True

    def _translated(self, wish: dict[str, Any]) -> dict[str, Any]:
        return {
            name: self.ids.get(value, value) if isinstance(value, str) else value
            for name, value in wish.items()
        }


def _wish(function: str, topic: str, data: dict[str, Any]) -> dict[str, Any]:
    """What a command was asked, from what it said."""
    match function:
        case "register_student":
            return {"name": NAME, **_without(data, "student_id", "version")}
        case "register_tutor":
            return {"name": NAME, **_without(data, "tutor_id", "version")}
        case "update_student":
            return {"name": NAME, "version": "*", **_without(data, "version")}
        case "change_availability":
            kept = ("tutor_id", "available", "capacity", "times")
            return {"version": "*", **{name: data[name] for name in kept}}
        case "withdraw_student":
            return {"student_id": data["student_id"]}
        case "withdraw_tutor":
            return {"tutor_id": data["tutor_id"]}
        case "respond_to_match":
            return {"match_id": data["match_id"], "response": _ANSWERS[topic]}
        case "rate_match":
            return {"match_id": data["match_id"], "stars": data["stars"]}
    raise LookupError(f"add to _wish how {function} is asked")


def _without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def _word(topic: str, data: dict[str, Any]) -> tuple[str, Word] | None:
    """The student, and the word, of a fact that is a word about one."""
    match topic, data.get("outcome"):
        case "tutor.matched", _:
            return data["student_id"], (data["round"], 2, "matched", data["tutor_id"])
        case "matching.completed", "waiting" | "closed":
            return data["student_id"], (data["round"], 2, data["outcome"], None)
        case "match.ended", _:
            return data["student_id"], (data["round"], 3, "closed", None)
    return None
