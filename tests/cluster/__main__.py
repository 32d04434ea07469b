"""`python -m tests.cluster COMMAND`: LearnFlow on the testbed's Kubernetes and Knative."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from statistics import quantiles
from typing import Final

from tests.cluster import checks, coldstart, deploy, images, node, streams
from tests.cluster.story import main_job


def _images(given: argparse.Namespace) -> None:
    for name in images.build(given.testbed):
        print(name)


def _prepare(given: argparse.Namespace) -> None:
    deploy.prepare(given.testbed)


def _up(given: argparse.Namespace) -> None:
    for what, seconds in deploy.deploy(deploy.known_crds()):
        print(f"{seconds:6.1f} s  {what}", flush=True)


def _down(given: argparse.Namespace) -> None:
    deploy.remove()


def _check(given: argparse.Namespace) -> None:
    for overlay in checks.OVERLAYS:
        passed, unknown = checks.admitted(overlay)
        print(f"{overlay}: {passed} resources pass the webhooks; kinds not here: {dict(unknown)}")
    answer, zero = asyncio.run(checks.scaled())
    print(f"register-student: answers from zero in {answer:.2f} s, at zero again in {zero:.0f} s")
    seconds = asyncio.run(checks.invoked())
    print(f"match-student at zero asked list-tutors at zero through Dapr: {seconds:.2f} s in all")
    print(f"one event to the JobSink, one Job: {asyncio.run(checks.trained()).splitlines()[0]}")
    for name in ("maintain", "train-ranker"):
        print(f"CronJob {name}, run once: {checks.scheduled(name):.1f} s")


def _story(given: argparse.Namespace) -> None:
    result, sources = asyncio.run(main_job())
    told = sorted(result.audit.first_told_ms)
    kept = {key: getattr(result.audit, key) for key in AUDITED}
    print(json.dumps(kept))
    cut = quantiles(told, n=100)
    print(f"registered to told: p50 {cut[49] / 1000:.2f} s, p99 {cut[98] / 1000:.2f} s")
    delivered, dead = (sum(each[key] for each in sources) for key in ("delivered", "dead"))
    print(f"{delivered} deliveries by {len(sources)} KafkaSources, {dead} dead letters")
    if not result.audit.fine:
        raise node.Refused("not everybody was matched or told: see the counts above")


def _stream(given: argparse.Namespace) -> None:
    print(asyncio.run(streams.lives(given.seconds)))


def _figures(given: argparse.Namespace) -> None:
    for name, size in checks.image_sizes().items():
        print(f"{size:>8}  {name}")
    for name, megabytes in sorted(asyncio.run(checks.at_rest()).items()):
        print(f"{megabytes:5.0f} MB  {name}")
    print(asyncio.run(coldstart.race(given.rounds)))


AUDITED: Final = (
    "matched", "waiting", "notified", "lost", "duplicated", "over_capacity", "mismatched",
)  # fmt: skip
COMMANDS: Final[dict[str, tuple[Callable[[argparse.Namespace], None], str]]] = {
    "images": (_images, "build our images and the stand-ins, and load them into the node"),
    "prepare": (_prepare, "the types of operators that are not here, a setting of Dapr's"),
    "up": (_up, "apply everything, wave by wave, and wait until it is ready"),
    "check": (_check, "webhooks, 0-1-0, Dapr's invocation, JobSink, CronJobs"),
    "story": (_story, "the main job: registered, matched, told, events from the real Kafka"),
    "stream": (_stream, "a stream that lives until the function closes it, and is resumed"),
    "figures": (_figures, "image sizes, memory at rest, cold start beside a hello"),
    "down": (_down, "take everything of ours away; the node stays"),
}


def main() -> int:
    """Run the commands in turn; 1 when the cluster refused something."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster",
        description="\n".join(f"{name:8} {what}" for name, (_, what) in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("commands", nargs="+", choices=COMMANDS, metavar="COMMAND")
    parser.add_argument("--testbed", help="images, prepare: the testbed's folder")
    parser.add_argument("--rounds", type=int, default=10, help="figures: cold starts of each")
    parser.add_argument("--seconds", type=float, default=620, help="stream: how long to watch")
    given = parser.parse_args()
    reason = node.missing()
    if reason:
        parser.error(reason)
    try:
        for name in given.commands:
            COMMANDS[name][0](given)
    except node.Refused as why:
        sys.stderr.write(f"{why}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
