"""What the Kafka client says: for people, and as the event log's own failures.

The client library is optional: nothing imports the kafka_* modules unless a Kafka was asked for.
"""

import logging
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from learnflow.local.records import LogUnavailable, RecordRefused

QUIET: Final = logging.getLogger("learnflow.kafka.client")
"""Takes the client's own lines: what matters of them is raised as well."""
QUIET.setLevel(logging.CRITICAL)
_REFUSED: Final = frozenset(
    {
        *(KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD),
        *(KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC),
        *(KafkaError._UNKNOWN_PARTITION, KafkaError.TOPIC_AUTHORIZATION_FAILED),
    }
)


def words(error: BaseException) -> str:
    """An error of the client as one line."""
    first = error.args[0] if error.args else error
    return (first.str() if isinstance(first, KafkaError) else str(first)) or type(error).__name__


def code(error: BaseException) -> int | None:
    """Kafka's number of an error, None for another's."""
    first = error.args[0] if isinstance(error, KafkaException) and error.args else None
    return first.code() if isinstance(first, KafkaError) else None


def failure(error: BaseException) -> Exception:
    """RecordRefused for what Kafka will never take, else LogUnavailable."""
    kind = RecordRefused if code(error) in _REFUSED else LogUnavailable
    return kind(f"Kafka: {words(error)}")
