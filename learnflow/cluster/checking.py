"""Everything that is looked at before anything is changed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from learnflow.cluster.client import Cluster
from learnflow.cluster.errors import ClusterError
from learnflow.cluster.operators import Operator, absent, half_installed, needed
from learnflow.cluster.plan import Plan
from learnflow.cluster.requirements import check_kinds, check_kubernetes, check_room

DAPR: Final = "Dapr"


class View(Protocol):
    """Shows what happens, while it does."""

    def now(self, text: str) -> None:
        """What is under way; the next text replaces it."""
        ...

    def line(self, state: str, stage: str, detail: str) -> None:
        """A line that stays; `state` is done or warn."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator may leave out, and how long a wave may take, in seconds."""

    skip_operators: bool = False
    skip_room: bool = False
    patience: float = 600.0


Check = Callable[[], Awaitable[str]]


def checks(cluster: Cluster, plan: Plan, options: Options) -> list[tuple[str, Check]]:
    """Each check by what it looks at; it says what it found, or raises ClusterError."""

    async def kubernetes() -> str:
        version = await cluster.version()
        check_kubernetes(version)
        return f"{cluster.context}, Kubernetes {version}"

    async def room() -> str:
        found = check_room(plan, await cluster.all("v1", "Node"))
        return f"{found[0]:.1f} of {found[2]:.1f} CPU, {found[1]:.0f} of {found[3]:.0f} MiB"

    async def kinds() -> str:
        wanted = plan.kinds
        if not options.skip_operators:
            ours = {group for each in needed(wanted) for group in each.groups}
            wanted = [each for each in wanted if each[0].rpartition("/")[0] not in ours]
        check_kinds([each for each in wanted if not await cluster.serves(*each)])
        return f"{len(wanted)} served"

    async def operators() -> str:
        missing = await to_install(cluster, plan)
        return f"to install: {', '.join(each.name for each in missing) or 'none'}"

    found: list[tuple[str, Check]] = [("kubernetes", kubernetes)]
    if not options.skip_room:
        found.append(("room", room))
    if not options.skip_operators:
        found.append(("operators", operators))
    return [*found, ("kinds", kinds)]


async def to_install(cluster: Cluster, plan: Plan) -> tuple[Operator, ...]:
    """The operators that the plan needs and the cluster lacks. Raises ClusterError."""
    wanted = needed(plan.kinds)
    there: dict[str, dict[str, Any] | None] = {}
    for each in wanted:
        metadata = {"name": each.proof, "namespace": each.namespace}
        found = await cluster.get(
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
        )
        there[each.name] = None if found is None or half_installed(found) else found
    return absent(wanted, lambda each: there[each.name])


async def check(cluster: Cluster, plan: Plan, options: Options, view: View) -> None:
    """All checks, the first that fails ends it."""
    for name, look in checks(cluster, plan, options):
        view.line("done", name, await look())


async def look_at_all(cluster: Cluster, plan: Plan, options: Options, view: View) -> int:
    """All checks, however many fail; how many did."""
    failed = 0
    for name, look in checks(cluster, plan, options):
        try:
            view.line("done", name, await look())
        except ClusterError as error:
            failed += 1
            view.line("warn", name, f"{error.what} To do: {error.fix}")
    return failed
