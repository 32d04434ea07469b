"""`python -m tests.cluster COMMAND`: LearnFlow on the testbed's Kubernetes and Knative."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable
from statistics import quantiles
from typing import Final

from learnflow.cluster.errors import ClusterError
from tests.cluster import checks, coldstart, deploy, images, node, streams, subscriptions
from tests.cluster.acting import acting
from tests.cluster.metrics import queries
from tests.cluster.story import main_job


def _images(given: argparse.Namespace) -> None:
    for name in images.build(given.testbed):
        print(name)


def _prepare(given: argparse.Namespace) -> None:
    deploy.prepare(given.testbed)


def _up(given: argparse.Namespace) -> None:
    for name, url in sorted(asyncio.run(deploy.deploy()).items()):
        print(f"{name:20} {url}")


def _down(given: argparse.Namespace) -> None:
    print(f"{asyncio.run(deploy.remove())} resources deleted")


def _act(given: argparse.Namespace) -> None:
    asyncio.run(_acting())


async def _acting() -> None:
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    async with acting() as carrier:
        if carrier is None:
            raise node.Refused("another process acts already")
        print("acting until Ctrl-C", flush=True)
        await over.wait()


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
    if sources:
        delivered, dead = (sum(each[key] for each in sources) for key in ("delivered", "dead"))
        print(f"{delivered} deliveries by {len(sources)} KafkaSources, {dead} dead letters")
    if not result.audit.fine:
        raise node.Refused("not everybody was matched or told: see the counts above")


def _stream(given: argparse.Namespace) -> None:
    print(asyncio.run(streams.lives(given.seconds)))


def _metrics(given: argparse.Namespace) -> None:
    found = asyncio.run(queries())
    for each in found:
        print(f"{each.state:8} {each.title}: {each.query}\n         {each.where}")
    if any(each.state == "missing" for each in found):
        raise node.Refused("somebody asks for a metric that nobody tells: see above")


def _subscriptions(given: argparse.Namespace) -> None:
    told = asyncio.run(subscriptions.one_match_by_dapr())
    print(
        f"matched and told by Dapr's subscriptions alone, {told['seconds']:.1f} s after registering"
    )


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
    "up": (_up, "learnflow cluster up, the operators that are not here acted for"),
    "act": (_act, "act for them until Ctrl-C, so that events flow"),
    "check": (_check, "webhooks, 0-1-0, Dapr's invocation, JobSink, CronJobs"),
    "story": (_story, "the main job: registered, matched, told, events from the real Kafka"),
    "stream": (_stream, "streams on both wires, until the function closes them, and resumed"),
    "metrics": (_metrics, "each query of dashboards and alerts: who tells its metrics, or nobody"),
    "subscriptions": (
        _subscriptions,
        "the overlay dapr-subscriptions instead, and one match by it",
    ),
    "figures": (_figures, "image sizes, memory at rest, cold start beside a hello"),
    "down": (_down, "learnflow cluster down, data too; the node stays"),
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
    except (node.Refused, ClusterError) as why:
        sys.stderr.write(f"{why}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
