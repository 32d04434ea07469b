"""What comes in a stream is what docs/openapi.json says: Schemathesis cannot look into streams."""

import json
from typing import Any, Final

import aiohttp
import jsonschema
import pytest

from tests.contract_fuzz.schemathesis_run import DOCUMENT
from tests.eventually import eventually
from tests.system.harness import Embedded

LONGEST_SECONDS: Final = aiohttp.ClientTimeout(total=10)
LAST: Final = str(2**63 - 1)


def forms(subject: str) -> dict[str, dict[str, Any]]:
    """A tutor, and a student whom nobody else can teach, whoever is heard of first."""
    return {
        "tutors": {"name": "Emmy", "subjects": [subject]},
        "students": {"name": "Ada", "grade": 7, "subject": subject},
    }


def schema_of(path: str) -> dict[str, Any]:
    """What an item of the stream at this path is."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    answer = document["paths"][path]["get"]["responses"]["200"]["content"]["text/event-stream"]
    return {**answer["schema"]["contentSchema"]["items"], "components": document["components"]}


async def read(session: aiohttp.ClientSession, path: str, **headers: str) -> list[dict[str, str]]:
    """The fields of every item until the stream ends."""
    async with session.get(path, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        text = await answer.text()
    frames = [frame.splitlines() for frame in text.split("\n\n")]
    lines = [
        [line.split(": ", 1) for line in frame if not line.startswith(":")] for frame in frames
    ]
    items = [{name: value for name, value in frame} for frame in lines]  # noqa: C416
    return [item for item in items if "data" in item]


@pytest.mark.parametrize("kind", ["students", "tutors"])
async def test_the_items_of_a_stream_are_as_the_contract_says(system: Embedded, kind: str) -> None:
    async with aiohttp.ClientSession(system.url, timeout=LONGEST_SECONDS) as session:
        made = {}
        for one, form in forms(f"rhetoric-{kind}").items():
            async with session.post(f"/api/{one}", json=form) as answer:
                made[one] = (await answer.json())["links"]["events"]
        items = await eventually(lambda: read(session, made[kind]), seconds=20)
        schema = schema_of(f"/api/{kind}/{{{kind[:-1]}_id}}/events")
        for item in items:
            assert item["event"] == "matched"
            read_as = {**item, "id": int(item["id"]), "data": json.loads(item["data"])}
            jsonschema.Draft202012Validator(schema).validate(read_as)
        assert await read(session, made[kind], **{"Last-Event-ID": items[-1]["id"]}) == []
        assert await read(session, made[kind], **{"Last-Event-ID": LAST}) == []
