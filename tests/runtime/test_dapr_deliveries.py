"""Who delivers? A daprd and a KafkaSource want different answers."""

from learnflow.runtime.deliveries import from_dapr

GO = "Go-http-client/1.1"


def test_a_daprd_without_a_token_is_known_by_the_component_that_it_names() -> None:
    assert from_dapr({"user-agent": GO, "pubsubname": "kafka-pubsub", "__topic": "t"})


def test_a_kafka_source_that_passes_on_what_dapr_wrote_is_none() -> None:
    assert not from_dapr({"user-agent": "Vert.x-WebClient/4.5.21", "ce-pubsubname": "kafka-pubsub"})
    assert not from_dapr({"user-agent": GO})
