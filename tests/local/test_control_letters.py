"""Dead letters over the control API: discarded with a reason, replayed by a filter, never lost."""

from typing import Any

import aiohttp
import pytest

from tests.eventually import eventually
from tests.local.controlled import World, get, letters, refused, replayed, say
from tests.local.fakes import message


async def fail(api: aiohttp.ClientSession, world: World, *ids: str) -> list[dict[str, Any]]:
    """Make dead letters of these events."""
    world.functions.script = [422]
    await say(api, world, *(message(one, key=f"k-{one}") for one in ids))
    world.functions.script = [204]

    async def all_there() -> list[dict[str, Any]] | None:
        found = await letters(api)
        return found if len(found) == len(ids) else None

    return await eventually(all_there)


async def test_a_discarded_letter_is_kept_with_its_reason_and_shown_no_more(
    api: aiohttp.ClientSession, world: World
) -> None:
    found = await fail(api, world, "e-1", "e-2")
    places = [one["offset"] for one in found if one["event_id"] == "e-1"]
    wish = {"places": places, "reason": "a test of mine"}
    async with api.post("/control/dead-letters/discard", json=wish) as response:
        assert await response.json() == {"discarded": 1, "settled_before": 0}
    async with api.post("/control/dead-letters/discard", json=wish) as response:
        assert await response.json() == {"discarded": 0, "settled_before": 1}
    assert [one["event_id"] for one in await letters(api)] == ["e-2"]
    kept = {one["event_id"]: one["settled"] for one in await letters(api, "?settled=1")}
    assert kept["e-2"] is None
    assert (kept["e-1"]["state"], kept["e-1"]["reason"]) == ("discarded", "a test of mine")
    assert (await get(api, f"/control/dead-letters/{places[0]}"))["event_id"] == "e-1"


async def test_what_was_decided_about_letters_survives_a_restart(
    api: aiohttp.ClientSession, world: World, lent_log: str
) -> None:
    await fail(api, world, "e-1")
    wish = {"all": True, "reason": "over"}
    async with api.post("/control/dead-letters/discard", json=wish) as response:
        assert (await response.json())["discarded"] == 1
    reopened = type(world.log)(lent_log, world.log.topics)
    await reopened.open()  # makes its tables where they are missing, and only there
    await reopened.close()
    assert await letters(api) == []


@pytest.mark.parametrize(
    "wish",
    [
        {"all": True},
        {"all": True, "reason": " "},
        {"all": True, "reason": "two\nlines"},
        {"all": True, "reason": "x" * 501},
        {"reason": "but which"},
        {"places": ["99"], "reason": "not there"},
        {"source": "nobody", "reason": "not there"},
    ],
)
async def test_a_discard_without_reason_or_choice_discards_nothing(
    api: aiohttp.ClientSession, world: World, wish: dict[str, Any]
) -> None:
    await fail(api, world, "e-1")
    status, _ = await refused(api, "dead-letters/discard", **wish)
    assert status in (404, 422)
    assert len(await letters(api)) == 1


async def test_letters_are_replayed_by_a_filter_and_settled_by_that(
    api: aiohttp.ClientSession, world: World
) -> None:
    await fail(api, world, "e-1", "e-2", "e-3")
    world.functions.by_event = {"e-2": [422], "e-3": [204]}
    (plan,) = await replayed(api, "dead-letters", key="k-e-2", dry_run=True)
    assert (plan["deliveries"], plan["first"][0]["event_id"]) == (1, "e-2")
    tally = (await replayed(api, "dead-letters", source="hello-on-said"))[-1]
    assert (tally["delivered"], tally["dead_letters"], tally["unreplayable"]) == (2, 1, [])
    (again,) = await letters(api)
    assert again["event_id"] == "e-2"
    states = [
        one["settled"]["reason"] for one in await letters(api, "?settled=1") if one["settled"]
    ]
    assert sorted(states) == sorted(
        [f"{tally['replay']}: delivered"] * 2 + [f"{tally['replay']}: dead letter"]
    )
