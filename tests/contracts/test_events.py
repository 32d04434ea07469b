"""AsyncAPI and the event schemas say what the classes, the functions and the manifests do."""

import json
from typing import Any

import jsonschema_rs
import pytest

from eventing.events import CATALOGUE, Event
from learnflow.contracts.graph import spoken
from learnflow.contracts.published import ASYNCAPI, EVENT_SCHEMAS, EVENT_TYPES, OPENAPI, ROOT
from learnflow.manifests import read_system
from tests.manifests.trees import documents

EVENTS = pytest.mark.parametrize("event", CATALOGUE.values(), ids=CATALOGUE.keys())
DOCUMENT: dict[str, Any] = json.loads(ASYNCAPI.read_text("utf-8"))
LETTERS = "dead.letter"


def schema(event: type[Event]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENT_SCHEMAS / f"{event.type}.json").read_text("utf-8"))
    return found


def at(pointer: str) -> Any:
    """What a `$ref` of the AsyncAPI document leads to."""
    node: Any = DOCUMENT
    for key in pointer.removeprefix("#/").split("/"):
        node = node[key]
    return node


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for item in node for ref in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for value in node.values() for ref in references(value)]


@EVENTS
def test_an_events_schema_is_one_and_takes_its_examples_as_its_class_does(
    event: type[Event],
) -> None:
    said = schema(event)
    jsonschema_rs.meta.validate(said)
    assert said["$id"] == f"urn:learnflow:event:{event.type}"
    assert said["examples"]
    for example in said["examples"]:
        assert jsonschema_rs.is_valid(said, example)
        assert jsonschema_rs.is_valid(said, {**example, "added_later": 1})
        event.model_validate_json(json.dumps(example))
        for name in said["required"]:
            assert not jsonschema_rs.is_valid(said, {k: v for k, v in example.items() if k != name})


@EVENTS
def test_once_golden_data_is_of_todays_schema(event: type[Event]) -> None:
    file = ROOT / "tests" / "eventing" / "golden" / f"{event.type}.json"
    for example in json.loads(file.read_text("utf-8"))["examples"]:
        assert jsonschema_rs.is_valid(schema(event), example)


def test_channels_are_the_topics_with_their_partitions_and_retention() -> None:
    topics = read_system(ROOT).topics
    channels = {n: one for n, one in DOCUMENT["channels"].items() if "kafka" in one["bindings"]}
    assert channels.keys() == topics.keys()
    for name, channel in channels.items():
        binding = channel["bindings"]["kafka"]
        assert (channel["address"], binding["partitions"]) == (name, topics[name].partitions)
        kept = binding["topicConfiguration"]["retention.ms"]
        assert kept == topics[name].retention_seconds * 1000


def test_operations_are_who_says_and_who_hears() -> None:
    found = {
        (action, name.split(".")[0], operation["channel"]["$ref"].removeprefix("#/channels/"))
        for name, operation in DOCUMENT["operations"].items()
        for action in [operation["action"]]
        if not name.endswith(".tells")
    }
    said = {("send", one, t) for t, names in spoken("Says", ROOT).items() for one in names}
    heard = {("receive", one, t) for t, names in spoken("Hears", ROOT).items() for one in names}
    assert found == said | heard


def test_each_stream_is_a_channel_over_websocket_with_the_items_of_its_url() -> None:
    paths = json.loads(OPENAPI.read_text("utf-8"))["paths"]
    streams = {
        path: said["get"]["responses"]["200"]["content"]["text/event-stream"]["schema"]
        for path, said in paths.items()
        if "text/event-stream" in str(said)
    }
    channels = [one for one in DOCUMENT["channels"].values() if "ws" in one["bindings"]]
    assert {one["address"] for one in channels} == set(streams)
    for one in channels:
        (message,) = [at(ref) for ref in references(one["messages"])]
        assert message["payload"] == streams[one["address"]]["contentSchema"]["items"]
        assert one["bindings"]["ws"]["query"]["properties"].keys() == {"last_event_id"}


def test_hearers_have_the_consumer_group_of_their_source() -> None:
    groups = {
        operation["bindings"]["kafka"]["groupId"]["enum"][0]
        for operation in DOCUMENT["operations"].values()
        if operation["action"] == "receive"
    }
    assert groups == {source.group for source in read_system(ROOT).sources.values()}


def test_every_reference_leads_somewhere() -> None:
    found = references(DOCUMENT)
    assert len(found) > len(CATALOGUE)
    assert all(at(one) for one in found)


@EVENTS
def test_a_message_is_a_cloudevent_with_the_events_data(event: type[Event]) -> None:
    message = at(f"#/components/messages/{event.__name__}")
    (example,) = message["examples"]
    whole = {**message["payload"], "components": DOCUMENT["components"]}
    assert jsonschema_rs.is_valid(whole, example["payload"])
    assert jsonschema_rs.is_valid(message["headers"], example["headers"])
    other = {**example["payload"], "type": "org.learnflow.other.v1"}
    assert not jsonschema_rs.is_valid(whole, other)
    assert not jsonschema_rs.is_valid(whole, {**example["payload"], "data": {}})


@EVENTS
def test_the_data_of_a_message_is_the_events_schema(event: type[Event]) -> None:
    data, own = at(f"#/components/schemas/{event.__name__}"), schema(event)
    assert {name: own[name] for name in ("type", "required")} == {
        name: data[name] for name in ("type", "required")
    }
    text = json.dumps(own["properties"]).replace("#/$defs/", "#/components/schemas/")
    assert json.loads(text) == data["properties"]


def test_every_event_has_its_event_type_with_the_source_that_says_it() -> None:
    found = {one.name: one for one in documents() if one.kind == "EventType"}
    assert found.keys() == CATALOGUE.keys()
    for name, manifest in found.items():
        values = {one["name"]: one.get("value") for one in manifest.at("spec", "attributes")}
        assert values["type"] == name
        assert values["subject"] == "{" + CATALOGUE[name].key_field + "}"
        assert str(values["source"]).startswith("learnflow/")
    assert (EVENT_TYPES / "kustomization.yaml").is_file()
