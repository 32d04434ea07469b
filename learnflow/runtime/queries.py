"""How does a query run? Its wish checked, its rows read, nothing committed."""

from functools import partial

from learnflow.runtime.answers import Found, query_reply
from learnflow.runtime.exchange import Exchange, Reply
from learnflow.runtime.inputs import wish_of
from learnflow.runtime.instance import Instance
from learnflow.runtime.operation import Operation, Parameters
from learnflow.runtime.transactions import looked


async def perform(
    operation: Operation, exchange: Exchange, instance: Instance, parameters: Parameters
) -> Reply:
    """Run a query and reply with what it found."""
    await instance.authenticate(exchange)
    wish = await wish_of(operation, exchange, parameters)
    database = await instance.database()
    found: Found = await looked(database, exchange.traceparent, partial(operation.handler, wish))
    return query_reply(found)
