"""What a fork server imports and builds once, so that no child has to."""

import gc
import importlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final, Literal

CORE: Final = (
    "aiohttp",
    "asyncpg",
    "asyncpg.pgproto.pgproto",
    "ctypes",
    "httptools",
    "pydantic",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
    "eventing.envelope",
    "eventing.events",
    "eventing.publish",
    "db.relay",
    "db.unit_of_work",
    "db.matching.store",
    "db.students.store",
    "db.tutors.bookings",
    "db.tutors.store",
    "learnflow.local.child",
    "learnflow.local.relay_process",
    "learnflow.runtime",
    "learnflow.runtime.app",
    "learnflow.runtime.commands",
    "learnflow.runtime.load",
    "learnflow.runtime.queries",
    "learnflow.runtime.reactions",
    "learnflow.runtime.serve",
    "learnflow.runtime.streams",
)
"""For every function and the relay. Neither SQLAlchemy nor a test or admin tool belongs here.

What single functions import beside it is found in their files and preloaded too (`generation`).
"""

HEAVY: Final = ("learnflow.ranking.matching",)
"""In addition, for functions of the `match` image: all that a decision by rules needs."""
WARM: Final = "learnflow.ranking.warming:warm"
"""What the heavy fork server does between requests: once there are models, it imports LightGBM,
which takes half a second, and parses them, so that no process forked later does either."""


def preload(modules: Iterable[str], wanted: Iterable[str] = ()) -> None:
    """Import the modules, build one model of each kind, and keep it all out of the collector.

    What of `wanted` does not import is left out: whoever needs it will say why. The collector would
    write into every object it visits, and so unshare the pages from children.
    """
    gc.disable()
    for name in modules:
        importlib.import_module(name)
    for name in wanted:
        with suppress(Exception):
            importlib.import_module(name)
    build_models()
    gc.collect()
    gc.freeze()


def build_models() -> None:
    """Build a pydantic model with every feature that functions use: the first costs 50 ms."""
    from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

    class Part(BaseModel):
        model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)
        code: Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[a-z]+$")]

    class Whole(Part):
        kind: Literal["a", "b"] = "a"
        number: Annotated[int, Field(ge=1, le=9)] | None = None
        share: float = Field(default=0.0, ge=0)
        at: datetime | None = None
        parts: tuple[Part, ...] = ()
        texts: list[Annotated[str, Field(max_length=4)]] = Field(default_factory=list)

        @model_validator(mode="after")
        def agrees(self) -> "Whole":
            return self

    try:
        Whole.model_validate_json(b'{"code": "x", "parts": [{"code": "y"}], "number": 0}')
    except ValidationError as wrong:
        wrong.errors()
    Whole.model_validate({"code": "x"}).model_dump_json()
