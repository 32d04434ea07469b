"""The CloudEvents SDK for Java over a real Kafka: what Knative's data plane reads a record with."""

import base64
import json
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from learnflow.local.cloudevent import CloudEvent, Invalid
from learnflow.local.recognition import read
from learnflow.local.records import Record
from tests.peers.broker import Broker
from tools.peers import CLOUDEVENTS, place

PROGRAM: Final = Path(__file__).with_name("ReadCloudEvents.java")
QUIET: Final = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
Place = tuple[int, int]


@dataclass(frozen=True)
class Reading:
    """What a reader makes of one record; `mode` None: it carries no event, and `reason` why."""

    mode: str | None
    attributes: dict[str, Any]
    data: Any
    reason: str = ""


def compiled(folder: Path) -> Path:
    """The program, compiled into `folder`."""
    jars = f"{place(CLOUDEVENTS)}/*"
    command = ["javac", "-cp", jars, "-d", str(folder), str(PROGRAM)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def java_readings(classes: Path, broker: Broker, topic: str) -> dict[Place, Reading]:
    """What the SDK reads in a topic, by partition and offset."""
    path = f"{classes}:{place(CLOUDEVENTS)}/*"
    command = ["java", QUIET, "-XX:TieredStopAtLevel=1", "-cp", path, PROGRAM.stem]
    done = subprocess.run(
        [*command, broker.address, topic], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[Place, Reading] = {}
    for line in done.stdout.splitlines():
        said = json.loads(line)
        found[said["partition"], said["offset"]] = _of_java(said)
    return found


def _of_java(said: dict[str, Any]) -> Reading:
    if "refused" in said:
        return Reading(None, {}, None, said["refused"])
    data = None if said["data"] is None else base64.b64decode(said["data"])
    return _reading(said["mode"], said["attributes"], data)


def our_reading(record: Record) -> Reading:
    """What our recognition rules read."""
    try:
        mode, event = read(record)
    except Invalid as why:
        return Reading(None, {}, None, str(why))
    return _reading(mode, _all_attributes(event), event.data)


def _all_attributes(event: CloudEvent) -> dict[str, str]:
    kind = {} if event.content_type is None else {"datacontenttype": event.content_type}
    return {**event.attributes, **kind}


def _reading(mode: str, attributes: dict[str, Any], data: bytes | None) -> Reading:
    """With the time as a moment, and JSON as the value that it is: 1e-9 is 1.0E-9."""
    found = dict(attributes)
    if "time" in found:
        found["time"] = datetime.fromisoformat(found["time"].upper()).isoformat()
    value: Any = data
    if data is not None and "json" in found.get("datacontenttype", ""):
        value = ("json", json.loads(data))
    return Reading(mode, found, value)
