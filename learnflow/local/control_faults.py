"""The control API's part for fault switches: what is on, on, and off again."""

from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from learnflow.local.asking import Handler, Refused, json_of
from learnflow.local.faults import Kind, Switch
from learnflow.local.pool import Pool

_LONGEST: Final = 86_400.0


class Wish(BaseModel):
    """A switch as it is asked for; times in seconds, `lasts` None is until `clear`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    function: str
    kind: Kind
    seconds: float = Field(default=2.0, gt=0, le=3600)
    status: int = Field(default=503, ge=400, le=599)
    rate: float = Field(default=1.0, gt=0, le=1)
    count: int | None = Field(default=None, ge=1)
    lasts: float | None = Field(default=None, gt=0, le=_LONGEST)


class FaultRoutes:
    """Sets the switches of the pool that requests and deliveries go through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def routes(self) -> dict[str, Handler]:
        """Method and path of each route."""
        return {
            "GET /control/faults": self._list,
            "POST /control/faults": self._set,
            "POST /control/faults/clear": self._clear,
        }

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": [one.document() for one in self._pool.faults.on()]})

    async def _set(self, request: web.Request) -> web.Response:
        try:
            wish = Wish.model_validate(await json_of(request))
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
                for one in error.errors(include_input=False, include_url=False)
            )
            raise Refused(422, wrong) from None
        self._check(wish.function)
        switch = Switch(
            wish.function, wish.kind, wish.seconds, wish.status, wish.rate, left=wish.count
        )
        self._pool.faults.set(switch, wish.lasts)
        return web.json_response(switch.document(), status=201)

    async def _clear(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await json_of(request)
        function = body.get("function")
        if function is not None:
            self._check(str(function))
        cleared = self._pool.faults.clear(function)
        return web.json_response({"cleared": [one.document() for one in cleared]})

    def _check(self, function: str) -> None:
        if function not in self._pool.revisions:
            raise Refused(404, f"there is no function {function}")
