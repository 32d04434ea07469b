"""Functions over a world's databases, asked over HTTP without a socket."""

import json
from typing import Any

from learnflow.runtime.app import application
from learnflow.settings import Settings
from tests.flow.world import World
from tests.runtime.calling import JSON, Answer, call


async def ask(
    world: World, function: str, method: str, path: str, body: Any = None, **headers: str
) -> Answer:
    """What a function answers; `if_match="*"` is the header If-Match."""
    operation = world.operations[function]
    app = application(operation, Settings(), database=world.open[operation.database or ""])
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else json.dumps(body).encode()
    return await call(
        app, method, path, headers={**JSON, **sent} if content else sent, body=content
    )
