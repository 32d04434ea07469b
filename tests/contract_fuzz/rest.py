"""Whether a system that was fuzzed is at rest and right: nothing lost, nothing dead, all agreed."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tests.flow.audit import snapshot
from tests.protocol.checker import Violation, check_at_rest
from tests.protocol.rows import Registration
from tests.system.harness import Embedded
from tests.system.verdict import SHORTS, at_rest


async def broken(system: Embedded, accepted: Iterable[str]) -> list[Violation]:
    """Promises broken once nothing is on its way. Names repeat here: the mark is the id.

    `accepted` are ids of students that were answered with 201; there may be others.
    """
    await at_rest(system)
    students, tutors, matching = (system.dsn(short) for short in SHORTS)
    seen = await snapshot(students, tutors, matching, [])
    marked = tuple(replace(one, mark=one.student_id) for one in seen.students)
    ids = {*accepted, *(one.student_id for one in marked)}
    sent = tuple(Registration(one, one) for one in sorted(ids))
    return check_at_rest(replace(seen, students=marked, registrations=sent))


async def dead_letters(system: Embedded) -> list[dict[str, Any]]:
    """What no function could apply."""
    _, found = await system.control("GET", "/control/dead-letters?limit=500")
    return list(found["dead_letters"])
