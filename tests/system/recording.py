"""A small run with every kind of change in it, and its export.

`python -m tests.system.recording FILE` records one for tests/recorded. A recording is kept for
ever: a new one is a new file.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.system.harness import Embedded, running
from tests.system.verdict import at_rest

PEOPLE: Final = ("Hypatia Recorded", "Emmy Recorded", "Ada Recorded", "Grace Recorded")
"""Names that must not be in any export."""


async def small_run(system: Embedded) -> None:
    """Two tutors, three students, and all that may happen to them; at rest after each step."""
    async with aiohttp.ClientSession(system.url) as http:

        async def ask(method: str, path: str, body: Any = None, match: str = "") -> Any:
            headers = {"If-Match": match} if match else {}
            async with http.request(method, f"/api/{path}", json=body, headers=headers) as answer:
                assert answer.status < 300, (method, path, await answer.text())
                found = await answer.json() if answer.status != 204 else {}
            await at_rest(system)
            return found

        async def match_of(student: str) -> str:
            found = await ask("GET", f"students/{student}")
            return str(found["match"]["match_id"])

        teacher, other, first, second = PEOPLE
        maths = {"name": teacher, "subjects": ["mathematics"], "capacity": 1}
        physics = {"name": other, "subjects": ["physics"], "capacity": 2}
        await ask("POST", "tutors", maths)
        physicist = (await ask("POST", "tutors", physics))["tutor_id"]
        wish = {"grade": 7, "subject": "mathematics", "languages": ["en"]}
        one = (await ask("POST", "students", {"name": first, **wish}))["student_id"]
        two = (await ask("POST", "students", {"name": second, **wish}))["student_id"]
        three = (await ask("POST", "students", {**wish, "name": first, "subject": "physics"}))[
            "student_id"
        ]
        await ask("POST", f"matches/{await match_of(one)}/response", {"response": "accept"})
        await ask("POST", f"matches/{await match_of(one)}/rating", {"stars": 4})
        changed = {"available": True, "capacity": 3, "times": ["mon-16"]}
        await ask("PUT", f"tutors/{physicist}/availability", changed, match="*")
        await ask("POST", f"matches/{await match_of(one)}/response", {"response": "end"})
        await ask("POST", f"matches/{await match_of(three)}/response", {"response": "decline"})
        grown = {"name": second, **wish, "grade": 8}
        await ask("PUT", f"students/{two}", grown, match="*")
        await ask("DELETE", f"students/{three}")
        await ask("DELETE", f"tutors/{physicist}")


async def export(system: Embedded) -> str:
    """The run so far, as `learnflow export` writes it."""
    connector = aiohttp.UnixConnector(str(system.places.sockets / "runner.sock"))
    async with (
        aiohttp.ClientSession("http://runner", connector=connector) as session,
        session.get("/control/export") as response,
    ):
        assert response.status == 200, await response.text()
        return await response.text()


async def _record(file: Path) -> None:
    async with running() as system:
        await small_run(system)
        file.write_text(await export(system), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_record(Path(sys.argv[1])))
