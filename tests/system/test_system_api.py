"""The system page's buttons on the real runner: a burst, zero in its middle, nothing is lost."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.eventually import eventually
from tests.system.harness import Embedded
from tests.system.verdict import at_rest

pytestmark = pytest.mark.timeout(120)
BURST = 40


async def test_a_burst_is_matched_though_all_is_scaled_to_zero_in_its_middle(
    system: Embedded,
) -> None:
    async with aiohttp.ClientSession(f"{system.url}/system/api/") as http:
        async with http.post("burst", json={"count": BURST}) as response:
            burst = await response.json()
        ended = await asked(http, "POST", "zero")
        await at_rest(system)
        async with http.get("functions") as response:
            functions = (await response.json())["functions"]
        async with http.get(f"traces/{burst['student_ids'][-1]}") as response:
            trace = (await response.json())["traces"][-1]
        assert (burst["accepted"], burst["refused"], burst["tutors"]) == (BURST, 0, 20)
        assert "register-student" in ended["ending"]
        states = await asyncio.gather(*(state(system, one) for one in burst["student_ids"]))
        assert set(states) <= {"matched", "waiting"}
        assert states.count("matched") > BURST / 2
        cold = {one["function"] for one in functions if one["last_cold_start"]}
        assert {"register-student", "match-student", "book-tutor", "notify-student"} <= cold
        assert trace["steps"][0]["path"] == "/api/students"
        await asked(http, "POST", "zero")
        await eventually(lambda: not system.instances(), message="something runs still")


async def asked(http: aiohttp.ClientSession, method: str, path: str) -> Any:
    async with http.request(method, path, json={}) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def state(system: Embedded, student_id: str) -> str:
    url = f"{system.url}/api/students/{student_id}"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        return str((await response.json())["state"])
