"""What does AsyncAPI say of the streams? Each is a channel over WebSocket, at its stream's URL."""

from typing import Any, Final

from learnflow.contracts.operations import Public
from learnflow.contracts.parameters import SHARED
from learnflow.contracts.schemas import Components
from learnflow.runtime.sockets import SUBPROTOCOL

SERVER: Final = {
    "host": "localhost:8080",
    "protocol": "ws",
    "description": "The local gateway; on a cluster each function has a host of its own.",
}
_BINDING: Final = "0.1.0"
_ABOUT: Final = (
    "The same items, order and resume as the server-sent events of this URL, one JSON text message "
    f"each; the subprotocol `{SUBPROTOCOL}` may be offered. The server pings; a client sends "
    "nothing (1008, 1003). It is closed with 1000 after some minutes and with 1001 when its "
    "instance stops: connect again with `last_event_id`. Refusals are HTTP answers with a problem "
    "document before the upgrade; a page of a foreign Origin gets 403."
)


def channel(public: Public) -> dict[str, Any]:
    """The channel of a stream."""
    route = public.operation.routes[0]
    after = SHARED["LastEventIdInQuery"]
    item = _item(public)
    return {
        "address": route.path,
        "title": public.name,
        "description": _ABOUT,
        "servers": [{"$ref": "#/servers/gateway"}],
        "parameters": {name: {"description": "Whose stream."} for name in route.parameters},
        "messages": {item: {"$ref": f"#/components/messages/{item}"}},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {"type": "object", "properties": {after["name"]: after["schema"]}},
                "bindingVersion": _BINDING,
            }
        },
    }


def operation(public: Public) -> dict[str, Any]:
    """That its function tells what comes."""
    item = _item(public)
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{public.name}"},
        "summary": public.summary,
        "messages": [{"$ref": f"#/channels/{public.name}/messages/{item}"}],
    }


def message(public: Public, components: Components) -> dict[str, Any]:
    """One message: the item that the stream shows."""
    model = public.operation.shows
    assert model is not None
    return {
        "name": model.__name__,
        "summary": " ".join((model.__doc__ or "").split()),
        "contentType": "application/json",
        "payload": components.model(model, "serialization"),
    }


def _item(public: Public) -> str:
    assert public.operation.shows is not None
    return public.operation.shows.__name__
