"""How does a command run? Wish checked, key claimed, work committed, answer kept."""

from functools import partial
from hashlib import blake2b
from typing import Final

from pydantic import BaseModel

from db.idempotency import Answered, IdempotencyKey, KeyInFlight, KeyReused
from db.unit_of_work import Unit
from learnflow.runtime.answers import answered, command_reply
from learnflow.runtime.exchange import Exchange, Reply
from learnflow.runtime.inputs import wish_of
from learnflow.runtime.instance import Instance
from learnflow.runtime.operation import Operation, Parameters
from learnflow.runtime.problems import Refused
from learnflow.runtime.transactions import committed

MAX_KEY: Final = 255


async def perform(
    operation: Operation, exchange: Exchange, instance: Instance, parameters: Parameters
) -> Reply:
    """Run a command and reply with what it created, changed or did."""
    principal = await instance.authenticate(exchange)
    wish = await wish_of(operation, exchange, parameters)
    key = key_of(operation, exchange, principal, wish)
    database = await instance.database()
    try:
        kept = await committed(database, exchange.traceparent, partial(_work, operation, wish, key))
    except KeyReused:
        raise Refused(422, "Key reused", "this Idempotency-Key came with another payload") from None
    except KeyInFlight:
        detail = "a request with this Idempotency-Key is still running; repeat it"
        raise Refused(409, "Key in flight", detail) from None
    return command_reply(operation, kept)


async def _work(
    operation: Operation, wish: BaseModel, key: IdempotencyKey | None, unit: Unit
) -> Answered:
    if key is None:
        return answered(await operation.handler(wish, unit))
    first = await unit.claim(key)
    if first is not None:
        return first
    kept = answered(await operation.handler(wish, unit))
    unit.answer(key, kept)
    return kept


def key_of(
    operation: Operation, exchange: Exchange, principal: str, wish: BaseModel
) -> IdempotencyKey | None:
    """The client's key for this payload, or None. Raises Refused 400 for one that is no key.

    The payload is the wish itself: the same fields in another order are the same payload.
    """
    key = exchange.headers.get("idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= MAX_KEY and all("!" <= character <= "~" for character in key)):
        detail = f"Idempotency-Key has 1 to {MAX_KEY} visible ASCII characters"
        raise Refused(400, "Bad Request", detail)
    payload = blake2b(wish.model_dump_json().encode(), digest_size=16).hexdigest()
    return IdempotencyKey(str(operation.routes[0]), principal, key, payload)
