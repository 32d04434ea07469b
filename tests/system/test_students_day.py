"""What a student does after registering, over the gateway of a running system."""

import asyncio
from typing import Any

import aiohttp

from tests.eventually import eventually
from tests.system.harness import Embedded

ADA = {"name": "Ada", "grade": 7, "subject": "physics"}
EMMY = {"name": "Emmy", "subjects": ["physics"], "grade_max": 8}
SONJA = {"name": "Sonja", "subjects": ["physics"], "grade_min": 9}


async def test_a_student_changes_their_wishes_gets_another_tutor_and_rates_the_match(
    system: Embedded,
) -> None:
    async with aiohttp.ClientSession(system.url) as gateway:
        emmy, sonja = [await told(gateway.post("/api/tutors", json=who)) for who in (EMMY, SONJA)]
        ada = await told(gateway.post("/api/students", json=ADA))
        here = ada["links"]["self"]
        assert (await matched(gateway, here))["tutor_id"] == emmy["tutor_id"]

        wish = {**ADA, "grade": 9}
        changes = [
            status(gateway.put(here, json=wish, headers={"if-match": tag}))
            for tag in ('"v1"', '"v1"', '"v1"', '"v7"', "v1")
        ]
        assert sorted(await asyncio.gather(*changes)) == [200, 400, 412, 412, 412]
        assert await status(gateway.put(here, json=wish)) == 428
        match = await matched(gateway, here, sonja["tutor_id"])

        rating = f"/api/matches/{match['match_id']}/rating"
        stars = [await status(gateway.post(rating, json={"stars": n})) for n in (5, 5, 1)]
        assert stars == [204, 204, 409]


async def told(asked: Any) -> Any:
    async with asked as answer:
        assert answer.status in (200, 201), await answer.text()
        return await answer.json()


async def status(asked: Any) -> int:
    async with asked as answer:
        found: int = answer.status
        return found


async def matched(gateway: aiohttp.ClientSession, here: str, tutor_id: str = "") -> Any:
    """The student's match, once there is one (with that tutor)."""

    async def look() -> Any:
        match = (await told(gateway.get(here)))["match"]
        return match if match and tutor_id in ("", match["tutor_id"]) else None

    return await eventually(look, seconds=20)
