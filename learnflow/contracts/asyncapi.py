"""Who tells whom what? One AsyncAPI 3.0 document of every topic, its events, sayers and hearers."""

from pathlib import Path
from typing import Any, Final

from eventing.events import CATALOGUE, Event
from learnflow.contracts import envelopes, websockets
from learnflow.contracts.graph import sources, spoken
from learnflow.contracts.operations import package_version, public_operations
from learnflow.contracts.schemas import Components
from learnflow.manifests import Source, System, Topic, read_system
from learnflow.manifests.lint_messaging import BOOTSTRAP, DEAD_LETTERS
from learnflow.runtime.load import load_function

BINDING: Final = "0.5.0"
_ABOUT: Final = """\
Every fact that LearnFlow's functions say and hear. Generated from the event classes, the \
functions and their KafkaSources (`make contracts`); do not edit.

- One topic a type. A record is a CloudEvent 1.0 in structured mode; its key, `subject` and \
`partitionkey` are the id that the channel names. A KafkaSource hands it to a function as an HTTP \
POST in binary mode: the same attributes as `ce-` headers, the data alone as the body.
- Functions write facts into their database's outbox; the relay publishes them, at least once and \
in any order. Hearers compare `version` or `round` and ignore what is not newer.
- Within a version of a type, fields may be added as optional, never removed, renamed or narrowed. \
Ignore fields that are not known.
- What a function cannot take after its retries goes to `dead.letter`.
- What people are told they hear from the streams, over WebSocket here, as server-sent events in \
openapi.json.
"""


def document(root: Path) -> dict[str, Any]:
    """The AsyncAPI document of the system below `root`."""
    system = read_system(root)
    components = Components()
    components.named("CloudEvent", envelopes.CLOUD_EVENT)
    events = sorted(CATALOGUE.values(), key=lambda event: event.topic)
    come_from = sources(root)
    messages = {e.__name__: _message(e, come_from[e.topic], components) for e in events}
    channels = {event.topic: _channel(event, system.topics[event.topic]) for event in events}
    channels[DEAD_LETTERS] = _dead_letters(system.topics[DEAD_LETTERS])
    streams = [one for one in public_operations(root) if one.operation.kind == "stream"]
    channels |= {one.name: websockets.channel(one) for one in streams}
    telling = {f"{one.name}.tells": websockets.operation(one) for one in streams}
    items = [websockets.message(one, components) for one in streams]
    return {
        "asyncapi": "3.0.0",
        "id": "urn:learnflow:events",
        "info": {
            "title": "LearnFlow events",
            "version": package_version(root),
            "description": _ABOUT,
        },
        "defaultContentType": envelopes.STRUCTURED,
        "servers": {"kafka": _SERVER, "gateway": websockets.SERVER},
        "channels": channels,
        "operations": {**_sayings(root), **_hearings(system), **telling},
        "components": {
            "schemas": dict(sorted(components.schemas.items())),
            "messages": {
                **messages,
                "DeadLetter": envelopes.DEAD_LETTER,
                **{item["name"]: item for item in items},
            },
        },
    }


_SERVER: Final = {
    "host": BOOTSTRAP,
    "protocol": "kafka",
    "description": "The cluster's Kafka. On a laptop the runner's event log stands in for it.",
}


def _message(event: type[Event], source: str, components: Components) -> dict[str, Any]:
    data = components.model(event, "validation")
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": envelopes.STRUCTURED,
        "headers": envelopes.record_headers(event),
        "correlationId": {
            "description": "The trace of the request that all began with.",
            "location": "$message.payload#/traceparent",
        },
        "payload": envelopes.payload(event, data),
        "bindings": {"kafka": {"key": _key(event), "bindingVersion": BINDING}},
        "examples": [
            {
                "name": "whole",
                "headers": envelopes.example_headers(event),
                "payload": envelopes.example(event, source),
            }
        ],
    }


def _key(event: type[Event]) -> dict[str, Any]:
    return {"type": "string", "description": f"The fact's `{event.key_field}`."}


def _channel(event: type[Event], topic: Topic) -> dict[str, Any]:
    name = event.__name__
    return {
        "address": topic.name,
        "title": event.topic,
        "description": f"Keyed by `{event.key_field}`.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"kafka": _binding(topic)},
    }


def _dead_letters(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": topic.name,
        "description": "Events of any type that a function refused, or could not take in time.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {"DeadLetter": {"$ref": "#/components/messages/DeadLetter"}},
        "bindings": {"kafka": _binding(topic)},
    }


def _binding(topic: Topic) -> dict[str, Any]:
    return {
        "topic": topic.name,
        "partitions": topic.partitions,
        "topicConfiguration": {"retention.ms": round(topic.retention_seconds * 1000)},
        "bindingVersion": BINDING,
    }


def _sayings(root: Path) -> dict[str, Any]:
    said = spoken("Says", root)
    pairs = sorted((name, topic) for topic, names in said.items() for name in names)
    return {f"{name}.says.{topic}": _saying(root, name, topic) for name, topic in pairs}


def _saying(root: Path, name: str, topic: str) -> dict[str, Any]:
    operation = load_function(root / "functions", name).operation
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{topic}"},
        "summary": _summary(operation.handler.__doc__),
        "description": f"By the relay, from the outbox of {operation.database}_db.",
        "messages": [_of_channel(topic)],
    }


def _hearings(system: System) -> dict[str, Any]:
    sources = sorted(system.sources.values(), key=lambda source: source.name)
    found = {}
    for source in sources:
        name = system.functions[source.sink].target
        for topic in sorted(source.topics):
            found[f"{name}.hears.{topic}"] = _hearing(name, topic, source)
    return found


def _hearing(name: str, topic: str, source: Source) -> dict[str, Any]:
    tries = source.delivery.retry + 1
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{topic}"},
        "summary": f"Wakes {name}",
        "description": f"By the KafkaSource {source.name}, {source.ordering}, up to {tries} times.",
        "messages": [_of_channel(topic)],
        "bindings": {
            "kafka": {
                "groupId": {"type": "string", "enum": [source.group]},
                "bindingVersion": BINDING,
            }
        },
    }


def _of_channel(topic: str) -> dict[str, str]:
    name = next(event.__name__ for event in CATALOGUE.values() if event.topic == topic)
    return {"$ref": f"#/channels/{topic}/messages/{name}"}


def _summary(text: str | None) -> str:
    return (text or "").strip().splitlines()[0].rstrip(".")
