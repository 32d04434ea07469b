"""The least that functions-framework serves: what our functions' cold start is compared with."""

from typing import Any

import functions_framework.aio


@functions_framework.aio.http
async def hello(request: Any) -> str:
    """Greet."""
    return "hello"
