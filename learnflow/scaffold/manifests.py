"""The manifests of a new function and event: those of one that is there, under another name.

Nothing is said twice: what every function of a kind has, a new one gets because its like has it.
"""

import re
from collections.abc import Callable
from typing import Final

from learnflow.manifests.kinds import DATABASES
from learnflow.manifests.services import ROUTES, SERVICE
from learnflow.scaffold.spec import Command, Function, NewEvent

Read = Callable[[str], str]
SERVICES: Final = "k8s/base/functions"
SOURCES: Final = "eventing/sources"
SUBSCRIPTIONS: Final = "eventing/subscriptions"
TOPICS: Final = "eventing/topics"
LIKE: Final = {
    "command": "register-tutor",
    "query": "find-student",
    "reaction": "record-outcome",
    "stream": "watch-student",
}
LIKE_RARE: Final = "rate-match"
SOURCE_LIKE: Final = ("notify-student", "match.ended")


def service(function: Function, read: Read) -> str:
    """The Knative Service."""
    rare = isinstance(function, Command) and function.demand == "rare"
    like = LIKE_RARE if rare else LIKE[function.kind]
    text = read(f"{SERVICES}/{like}.yaml")
    (old,) = set(re.findall(rf"{SERVICE}: (\S+)", text))
    text = text.replace(f"{SERVICE}: {old}", f"{SERVICE}: {function.service}")
    text = re.sub(rf"({ROUTES}: ).*", lambda found: f'{found[1]}"{function.route}"', text)
    for before, after in (
        (like, hyphened(function.name)),
        (like.replace("-", "_"), function.name),
        (f"_{DATABASES[old].upper()}_", f"_{function.database.upper()}_"),
        (f"{DATABASES[old]}-db-", f"{function.database}-db-"),
    ):
        text = text.replace(before, after)
    return text


def deliveries(function: Function, read: Read) -> dict[str, str]:
    """For each topic a KafkaSource, and the Subscription for clusters without them, by path."""
    like, old = SOURCE_LIKE
    source = f"{like}-on-{hyphened(old)}"
    found = {}
    for folder in (SOURCES, SUBSCRIPTIONS):
        text = read(f"{folder}/{source}.yaml")
        for topic in function.hears:
            name = hyphened(function.name)
            renamed = text.replace(source, f"{name}-on-{hyphened(topic)}").replace(like, name)
            found[f"{folder}/{name}-on-{hyphened(topic)}.yaml"] = renamed.replace(old, topic)
    return found


def topic(event: NewEvent, read: Read) -> str:
    """The KafkaTopic of a new event."""
    _, old = SOURCE_LIKE
    return read(f"{TOPICS}/{old}.yaml").replace(old, event.topic)


def hyphened(name: str) -> str:
    """A name as Kubernetes takes it."""
    return re.sub("[_.]", "-", name)
